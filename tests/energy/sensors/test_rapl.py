import pytest

from physbias.energy import EnergyMeter, ReadError, Scope, VirtualClock
from physbias.energy.sensors.rapl import RaplProbe, find_zones
from physbias.energy.simulated import simulate

RANGE = 262_143_328_850


def zone(root, folder, name, microjoules=0):
    path = root / folder
    path.mkdir()
    (path / "name").write_text(name + "\n")
    (path / "energy_uj").write_text(f"{microjoules}\n")
    (path / "max_energy_range_uj").write_text(f"{RANGE}\n")
    return path


def tree(root):
    zone(root, "intel-rapl:0", "package-0")
    zone(root, "intel-rapl:0:0", "core")
    zone(root, "intel-rapl:0:1", "uncore")
    zone(root, "intel-rapl:0:2", "dram")
    zone(root, "intel-rapl:1", "package-1")
    zone(root, "intel-rapl:1:0", "dram")
    zone(root, "intel-rapl:2", "psys")
    zone(root, "intel-rapl-mmio:0", "package-0")


def test_packages_and_memories_are_counted_once(tmp_path):
    tree(tmp_path)
    found = find_zones(tmp_path)
    assert [(p.info.uuid, p.info.label) for p in found.probes] == [
        ("rapl:package-0", "CPU"),
        ("rapl:package-0/dram", "DRAM"),
        ("rapl:package-1", "CPU"),
        ("rapl:package-1/dram", "DRAM"),
    ]
    assert not found.missing
    scopes = [probe.info.scope for probe in found.probes]
    assert scopes == [Scope.PACKAGE, Scope.MEMORY] * 2


def test_wraps_are_undone_one_by_one(tmp_path):
    path = zone(tmp_path, "intel-rapl:0", "package-0", RANGE - 5_000_000)
    probe = RaplProbe(path, "rapl:package-0", "package-0")
    start = probe.energy()
    for raw in (7_000_000, RANGE - 1, 2_000_000):
        (path / "energy_uj").write_text(str(raw))
        end = probe.energy()
    assert end - start == pytest.approx(5.0 + RANGE / 1e6 + 2.0, abs=1e-5)


def test_meter_measures_through_a_wrap(tmp_path):
    """Packages at 50 W and 30 W and a memory at 8 W for 2 s; the first one wraps."""
    tree(tmp_path)
    start = {
        "intel-rapl:0": RANGE - 50_000_000,
        "intel-rapl:1": 3,
        "intel-rapl:0:2": 5,
    }
    watts = {"intel-rapl:0": 50.0, "intel-rapl:1": 30.0, "intel-rapl:0:2": 8.0}
    clock = VirtualClock()

    def update():
        for folder, first in start.items():
            joules = watts[folder] * clock.now()
            raw = (first + int(1e6 * joules)) % RANGE
            (tmp_path / folder / "energy_uj").write_text(str(raw))
        return clock.now() + 0.01

    clock.run(update)
    machine = simulate([], clock, powercap=tmp_path)
    with EnergyMeter(machine=machine) as meter:
        clock.sleep(2.0)
    assert meter.joules == pytest.approx(2.0 * 88.0, rel=0.01)
    record = meter.result
    assert {d.source for d in record.devices} == {"rapl", None}
    assert {d.label for d in record.devices} == {"CPU", "DRAM"}
    # the second package's memory stood still, so it has no figure rather than zero
    assert [d.joules for d in record.devices if d.uuid == "rapl:package-1/dram"] == [
        None
    ]
    cpu = sum(d.joules for d in record.devices if d.label == "CPU")
    assert cpu == pytest.approx(160.0, rel=0.01)
    assert str(meter).count("CPU") == 1


def test_counter_that_may_not_be_read_gives_the_reason(tmp_path):
    path = zone(tmp_path, "intel-rapl:0", "package-0")
    (path / "energy_uj").unlink()
    (path / "energy_uj").mkdir()  # root may read any file, but no folder
    found = find_zones(tmp_path)
    assert not found.probes
    (missing,) = found.missing
    assert "intel-rapl:0" in missing.reason
    assert "only root may do" in missing.remedy


def test_one_zone_that_may_not_be_read_leaves_the_others(tmp_path):
    zone(tmp_path, "intel-rapl:0", "package-0")
    shut = zone(tmp_path, "intel-rapl:1", "package-1")
    (shut / "energy_uj").unlink()
    (shut / "energy_uj").mkdir()
    found = find_zones(tmp_path)
    assert [probe.info.uuid for probe in found.probes] == ["rapl:package-0"]
    assert "intel-rapl:1" in found.missing[0].reason


def test_files_are_read_at_borders_and_every_two_seconds(tmp_path, monkeypatch):
    zone(tmp_path, "intel-rapl:0", "package-0")
    clock, times, read = VirtualClock(), [], RaplProbe.energy

    def noted(probe):
        times.append(clock.now())
        return read(probe)

    monkeypatch.setattr(RaplProbe, "energy", noted)
    machine = simulate([], clock, powercap=tmp_path)
    with EnergyMeter(machine=machine) as meter:
        clock.sleep(100.0)
    assert meter.joules is None
    inside = [t for t in times if 1.0 < t < 99.0]
    assert len(inside) == pytest.approx(49, abs=2)
    assert len([t for t in times if t >= 100.0]) >= 2


def test_a_small_range_is_read_before_it_can_wrap_unseen(tmp_path):
    path = zone(tmp_path, "intel-rapl:0", "package-0")
    (path / "max_energy_range_uj").write_text("1000000000")
    probe = RaplProbe(path, "rapl:package-0", "package-0")
    assert 2000.0 * probe.info.longest_pause <= 1000.0 / 4


def test_equal_files_are_one_device(tmp_path):
    path = zone(tmp_path, "intel-rapl:0", "package-0")
    one, two = (RaplProbe(path, "rapl:package-0", "package-0") for _ in range(2))
    assert one == two
    assert hash(one) == hash(two)
    assert one != object()


def test_no_tree_gives_the_reason(tmp_path):
    (missing,) = find_zones(tmp_path / "none").missing
    assert "no RAPL zone" in missing.reason
    assert "cpu=False" in missing.remedy


def test_failed_read_is_a_read_error(tmp_path):
    path = zone(tmp_path, "intel-rapl:0", "package-0")
    probe = RaplProbe(path, "rapl:package-0", "package-0")
    (path / "energy_uj").write_text("what")
    with pytest.raises(ReadError, match="cannot be read"):
        probe.energy()
    with pytest.raises(ReadError, match="is a counter"):
        probe.power()
