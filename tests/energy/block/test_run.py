"""One block: its length, its end, and faults inside the meter."""

import pytest

from physbias.energy import FlagCode, Status
from physbias.energy.block.run import Run
from physbias.energy.sensors import cuda
from physbias.energy.simulated import Constant, SimulatedGpu, simulate


def make_run(machine):
    found = machine.discover("used", cpu=False)
    return Run(machine.clock, found, period=0.017, cpu=False)


def test_a_second_stop_changes_nothing():
    machine = simulate([SimulatedGpu(Constant(300.0))])
    run = make_run(machine)
    machine.clock.sleep(4.0)
    run.stop(Status.FINISHED, None)
    machine.clock.sleep(4.0)
    run.stop(Status.FAILED, "ValueError")
    record = run.settle(None, 0)
    assert record.status is Status.FINISHED
    assert record.seconds == pytest.approx(4.0)
    assert record.joules == pytest.approx(1200.0, rel=1e-3)


def test_a_fault_inside_the_meter_is_a_flag(monkeypatch):
    def broken():
        raise RuntimeError("driver in trouble")

    monkeypatch.setattr(cuda, "synchronize", broken)
    machine = simulate([SimulatedGpu(Constant(300.0))])
    run = make_run(machine)
    machine.clock.sleep(1.0)
    run.stop(Status.FINISHED, None)
    record = run.settle(None, 0)
    assert record.joules is not None
    assert FlagCode.METER_FAULT in [flag.code for flag in record.flags]
