"""Records as OpenTelemetry metrics."""

from typing import TYPE_CHECKING

from physbias.energy.record.check import check_record
from physbias.energy.record.record import EnergyRecord
from physbias.errors import MissingExtraError, explain

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider


class EnergyTelemetry:
    """Adds records to the instruments ``hw.energy`` [J] and ``hw.power`` [W].

    Attributes are ``hw.id`` (UUID), ``hw.name``, ``hw.type`` (``gpu``, ``cpu`` or
    ``memory``) and ``physbias.source``. A device without a figure adds nothing.

    Args:
        provider: where the instruments are made; the global one if ``None``.

    Raises:
        MissingExtraError: OpenTelemetry is not installed.

    Source:
        OpenTelemetry semantic conventions for hardware metrics, which are still in
        development.
    """

    def __init__(self, provider: "MeterProvider | None" = None) -> None:
        try:
            from opentelemetry.metrics import get_meter_provider
        except ImportError as error:
            text = explain(
                "EnergyTelemetry",
                found="no package opentelemetry",
                expected="OpenTelemetry",
                remedy='run: pip install "physbias[opentelemetry]"',
            )
            raise MissingExtraError(text) from error
        meter = (provider or get_meter_provider()).get_meter("physbias.energy")
        self._energy = meter.create_counter(
            "hw.energy", unit="J", description="Energy used by a device in blocks."
        )
        self._power = meter.create_gauge(
            "hw.power",
            unit="W",
            description="Mean power in the last block.",
        )

    def add(self, record: EnergyRecord) -> None:
        """Add the energy of each device of a record, and set its mean power.

        Raises:
            ArgumentError: ``record`` is no record.
        """
        check_record(record, "record")
        for device in record.devices:
            if device.joules is None:
                continue
            kind = "memory" if device.kind == "dram" else str(device.kind)
            attributes = {
                "hw.id": device.uuid,
                "hw.name": device.name,
                "hw.type": kind,
                "physbias.source": str(device.source),
            }
            self._energy.add(device.joules, attributes)
            if device.seconds > 0:
                self._power.set(device.joules / device.seconds, attributes)
