import sys

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from physbias.energy.export import EnergyTelemetry
from physbias.energy.sensors.probe import DeviceKind, Source
from physbias.errors import MissingExtraError


@pytest.fixture
def points():
    """Adds records through the real SDK and reads its data points by name."""

    def read(*records):
        reader = InMemoryMetricReader()
        provider = MeterProvider(metric_readers=[reader])
        telemetry = EnergyTelemetry(provider)
        for record in records:
            telemetry.add(record)
        data = reader.get_metrics_data()
        provider.shutdown()
        if data is None:
            return {}
        metrics = data.resource_metrics[0].scope_metrics[0].metrics
        return {m.name: (m.unit, m.data) for m in metrics}

    return read


def test_energy_is_a_monotonic_sum_in_joules(points, make_record):
    unit, data = points(make_record(3000.0), make_record(1000.0))["hw.energy"]
    (point,) = data.data_points
    assert (unit, point.value, data.is_monotonic) == ("J", 4000.0, True)
    assert dict(point.attributes) == {
        "hw.id": "GPU-1",
        "hw.name": "a board",
        "hw.type": "gpu",
        "physbias.source": "counter",
    }


def test_power_is_that_of_the_last_block(points, make_record):
    unit, data = points(make_record(3000.0), make_record(1000.0))["hw.power"]
    assert (unit, data.data_points[0].value) == ("W", 100.0)


def test_memory_has_the_conventions_name(points, make_record, make_device):
    dram = make_device(kind=DeviceKind.DRAM, source=Source.RAPL)
    _, data = points(make_record(devices=(dram,)))["hw.energy"]
    assert data.data_points[0].attributes["hw.type"] == "memory"


def test_no_figure_adds_nothing(points, make_record):
    assert points(make_record(None)) == {}


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.metrics", None)
    with pytest.raises(MissingExtraError, match=r"physbias\[opentelemetry\]"):
        EnergyTelemetry()
