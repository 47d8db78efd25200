"""Energy of a stage, against a simulated device of known power."""

import pytest

from physbias.energy import EnergyMeter
from physbias.energy.simulated import Constant, SimulatedGpu, simulate
from physbias.study.costs import add, figure_of, make_meter


def record(watts, seconds):
    machine = simulate([SimulatedGpu(Constant(watts))])
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(seconds)
    return meter.result


def test_blocks_add_up_and_a_share_is_a_share():
    figure = figure_of([record(300.0, 2.0), record(100.0, 4.0)], share=0.5)
    assert figure.joules == pytest.approx(500.0, rel=1e-2)
    assert figure.low < 500.0 < figure.high
    assert figure.seconds == pytest.approx(3.0)
    assert figure.source == "counter"


def test_nothing_is_none_and_not_zero():
    figure = figure_of([])
    assert figure.joules is None
    known = figure_of([record(300.0, 1.0)])
    assert add(known, figure).joules is None


def test_parts_of_one_stage_add():
    a, b = figure_of([record(300.0, 1.0)]), figure_of([record(200.0, 1.0)])
    total = add(a, b)
    assert total.joules == pytest.approx(500.0, rel=1e-2)
    assert total.high == pytest.approx(a.high + b.high)


@pytest.mark.parametrize(("device", "watts"), [("cuda", 100.0), ("cuda:1", 300.0)])
def test_only_the_gpu_in_use_is_counted(monkeypatch, device, watts):
    """The meter that the study makes, on a machine of two GPUs."""
    machine = simulate([SimulatedGpu(Constant(100.0)), SimulatedGpu(Constant(300.0))])
    monkeypatch.setattr("physbias.energy.meter.Machine", lambda: machine)
    with make_meter(device) as meter:
        machine.clock.sleep(5.0)
    assert figure_of([meter.result]).joules == pytest.approx(5 * watts, rel=1e-2)
    assert figure_of([meter.result]).source == "counter"


def test_a_study_on_the_processor_leaves_gpus_out(monkeypatch):
    machine = simulate([SimulatedGpu(Constant(100.0))])
    monkeypatch.setattr("physbias.energy.meter.Machine", lambda: machine)
    with make_meter("cpu") as meter:
        machine.clock.sleep(5.0)
    assert figure_of([meter.result]).source != "counter"
