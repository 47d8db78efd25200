import json
import os

import pytest

from physbias.energy import EnergyMeter, FlagCode, recover
from physbias.energy.simulated import Constant, SimulatedGpu, simulate


@pytest.fixture
def machine():
    return simulate([SimulatedGpu(Constant(300.0))])


def lines(path):
    return [json.loads(text) for text in path.read_text().splitlines()]


def meter_of(machine, path, **options):
    return EnergyMeter(cpu=False, machine=machine, journal=path, **options)


def test_lines_of_a_run(tmp_path, machine):
    path = tmp_path / "j"
    with meter_of(machine, path, label="demo", tags={"seed": "3"}) as meter:
        with meter.region("epoch"):
            machine.clock.sleep(10.5)
            meter.step(7, "sample")
            newest = lines(path)[-1]
        meter.annotate("loss", 0.5)
        machine.clock.sleep(20.0)
    machine.clock.sleep(2.0)
    header, *readings = lines(path)
    assert (header["label"], header["tags"]) == ("demo", {"seed": "3"})
    assert newest["open"] == [["epoch", None, False, 0.0]]
    assert readings[-1]["status"] == "finished"
    assert readings[-1]["end"] == pytest.approx(30.5)
    assert readings[-1]["t"] > 30.5
    left = recover(path)
    assert (left.label, left.tags) == ("demo", {"seed": "3"})
    assert left.annotations == {"loss": 0.5}
    assert [(unit.unit, unit.count) for unit in left.units] == [("sample", 7)]
    assert meter.result.label == "demo"
    assert "record" in lines(path)[-1]


def test_a_full_disk_costs_a_flag_and_nothing_else(tmp_path, machine, monkeypatch):
    def full(file, data):
        raise OSError(28, os.strerror(28))

    with meter_of(machine, tmp_path / "j") as meter:
        machine.clock.sleep(5.0)
        monkeypatch.setattr(os, "write", full)
        machine.clock.sleep(5.0)
    assert meter.joules == pytest.approx(3000.0, rel=1e-3)
    (flag,) = meter.result.flags
    assert flag.code is FlagCode.JOURNAL_OFF
    assert "No space left on device" in flag.text


def test_a_path_that_cannot_be_written_costs_a_flag(tmp_path, machine):
    with meter_of(machine, tmp_path / "missing" / "j") as meter:
        machine.clock.sleep(5.0)
    assert meter.joules == pytest.approx(1500.0, rel=1e-2)
    assert [flag.code for flag in meter.result.flags] == [FlagCode.JOURNAL_OFF]


def test_the_user_writes_no_line_inside_the_block(tmp_path, machine, monkeypatch):
    """On a virtual clock the sampler runs in sleep(); regions alone write nothing."""
    writes, write = [], os.write
    with meter_of(machine, tmp_path / "j") as meter:
        machine.clock.sleep(5.0)
        monkeypatch.setattr(os, "write", lambda f, d: writes.append(d) or write(f, d))
        for _ in range(10_000):
            with meter.region("step"):
                pass
        assert writes == []


def test_many_regions_cost_a_small_file(tmp_path, machine):
    """1e5 regions of 1 ms, at 300 W for 100 s."""
    with meter_of(machine, tmp_path / "j") as meter:
        for _ in range(100):
            for _ in range(1000):
                with meter.region("step"):
                    pass
            machine.clock.sleep(1.0)
        left = recover(tmp_path / "j")
    assert (tmp_path / "j").stat().st_size < 100_000
    assert left.region("step").count >= 98_000
    assert meter.result.region("step").count == 100_000
