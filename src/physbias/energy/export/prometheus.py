"""Records as Prometheus counters, scraped or written to a text file."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from physbias.energy.record.check import check_record
from physbias.energy.record.record import EnergyRecord
from physbias.errors import MissingExtraError, explain

if TYPE_CHECKING:
    from prometheus_client.core import CounterMetricFamily

_DEVICE_LABELS = ("uuid", "host", "device", "kind", "source")
_REGION_LABELS = ("uuid", "host", "region")


class EnergyCollector:
    """Sums records up into counters of joules.

    ``physbias_energy_joules_total`` has one series per device (labels ``uuid``,
    ``host``, ``device``, ``kind``, ``source``), and
    ``physbias_region_energy_joules_total`` one per device and region (``uuid``,
    ``host``, ``region``). Regions count what runs in regions inside them, so their
    series are not to be added up. A device without a figure has no series.

    For a scrape, register the collector:
    ``prometheus_client.REGISTRY.register(collector)``.

    Args:
        host: value of the label ``host``.

    Raises:
        MissingExtraError: prometheus-client is not installed.
    """

    def __init__(self, host: str = "") -> None:
        _client()
        self._host = host
        self._lock = Lock()
        self._devices: defaultdict[tuple[str, ...], float] = defaultdict(float)
        self._regions: defaultdict[tuple[str, ...], float] = defaultdict(float)

    def add(self, record: EnergyRecord) -> None:
        """Add the energy of each device and region of a record.

        Raises:
            ArgumentError: ``record`` is no record.
        """
        check_record(record, "record")
        with self._lock:
            for device in record.devices:
                if device.joules is not None:
                    who = (device.uuid, self._host, device.label)
                    key = (*who, str(device.kind), str(device.source))
                    self._devices[key] += device.joules
            for region in record.regions:
                for uuid, joules in region.device_joules.items():
                    self._regions[uuid, self._host, region.name] += joules

    def collect(self) -> Iterator["CounterMetricFamily"]:
        """Yield the counters, for a registry of prometheus-client."""
        from prometheus_client.core import CounterMetricFamily

        with self._lock:
            devices, regions = dict(self._devices), dict(self._regions)
        for name, text, labels, series in (
            ("physbias_energy_joules", "Energy of devices.", _DEVICE_LABELS, devices),
            (
                "physbias_region_energy_joules",
                "Energy of devices within regions, regions inside included.",
                _REGION_LABELS,
                regions,
            ),
        ):
            family = CounterMetricFamily(name, text, labels=labels)
            for key, joules in series.items():
                family.add_metric(key, joules)
            yield family

    def write(self, path: str | Path) -> None:
        """Write the counters for the node exporter's textfile collector.

        The file is replaced in one step, so that a scrape never reads half of it.

        Args:
            path: file to write; the node exporter reads those that end in ``.prom``.
        """
        _client()
        from prometheus_client import CollectorRegistry, write_to_textfile

        registry = CollectorRegistry()
        registry.register(self)
        write_to_textfile(str(path), registry)


def _client() -> None:
    try:
        import prometheus_client  # noqa: F401, RUF100 - whether it can be imported
    except ImportError as error:
        text = explain(
            "EnergyCollector",
            found="no package prometheus_client",
            expected="prometheus-client",
            remedy='run: pip install "physbias[prometheus]"',
        )
        raise MissingExtraError(text) from error
