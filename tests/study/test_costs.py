"""Energy of a stage, against a simulated device of known power."""

import pytest

from physbias.energy import EnergyMeter
from physbias.energy.simulated import Constant, SimulatedGpu, simulate
from physbias.study.costs import add, figure_of


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
