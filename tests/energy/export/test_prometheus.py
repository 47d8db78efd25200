import sys

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from physbias.energy.export import EnergyCollector
from physbias.energy.record.region import RegionEnergy
from physbias.errors import MissingExtraError


def samples(text):
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def two_runs(make_record):
    region = RegionEnergy(
        "forward", 9.0, 4.0, None, 2.0, 3, device_joules={"GPU-1": 9.0}
    )
    collector = EnergyCollector(host="node-1")
    collector.add(make_record(3000.0, regions=(region,)))
    collector.add(make_record(1000.0, regions=(region,)))
    return collector


DEVICE = frozenset(
    {
        ("uuid", "GPU-1"),
        ("host", "node-1"),
        ("device", "GPU 0"),
        ("kind", "gpu"),
        ("source", "counter"),
    }
)
REGION = frozenset({("uuid", "GPU-1"), ("host", "node-1"), ("region", "forward")})
EXPECTED = {
    ("physbias_energy_joules_total", DEVICE): 4000.0,
    ("physbias_region_energy_joules_total", REGION): 18.0,
}


def test_scrape_shows_sums(two_runs):
    registry = CollectorRegistry()
    registry.register(two_runs)
    assert samples(generate_latest(registry).decode()) == EXPECTED
    assert samples(generate_latest(registry).decode()) == EXPECTED


def test_text_file_is_replaced_whole(two_runs, tmp_path):
    path = tmp_path / "energy.prom"
    path.write_text("old")
    two_runs.write(path)
    assert samples(path.read_text()) == EXPECTED
    assert [entry.name for entry in tmp_path.iterdir()] == ["energy.prom"]


def test_no_figure_has_no_series(make_record):
    collector = EnergyCollector()
    collector.add(make_record(None))
    registry = CollectorRegistry()
    registry.register(collector)
    assert samples(generate_latest(registry).decode()) == {}


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(MissingExtraError, match=r"physbias\[prometheus\]"):
        EnergyCollector()
