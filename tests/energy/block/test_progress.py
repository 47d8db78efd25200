"""Figures while the block runs, against closed-form integrals."""

import pytest

from physbias.energy import EnergyMeter
from physbias.energy.block import progress
from physbias.energy.integration.timeline import Timeline
from physbias.energy.simulated import (
    Constant,
    Sensor,
    SimulatedGpu,
    SquareWave,
    simulate,
)


@pytest.mark.parametrize("refresh", [0.1, None])
def test_an_hour_is_followed_looking_at_seconds(monkeypatch, refresh):
    """60 and 300 W in turn for 3.3 s; counter and power alone."""
    sizes, measure = [], progress.measure

    def count(info, timeline, start, end):
        sizes.append(end - start)
        return measure(info, timeline, start, end)

    monkeypatch.setattr(progress, "measure", count)
    load = SquareWave(60.0, 300.0, 6.6)
    machine = simulate([SimulatedGpu(load, Sensor(counter_refresh=refresh))])
    with EnergyMeter(cpu=False, machine=machine) as meter:
        for _ in range(360):
            machine.clock.sleep(10.0)
            shot = meter.snapshot()
            truth = load.energy(shot.seconds)
            assert shot.interval.low <= truth <= shot.interval.high
    assert shot.joules == pytest.approx(truth, rel=2e-3)
    assert shot.seconds > 3599.0
    assert max(sizes) < 31.0


def test_devices_are_added_up():
    machine = simulate([SimulatedGpu(Constant(w)) for w in (300.0, 100.0)])
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(10.0)
        shot = meter.snapshot()
    assert shot.joules == pytest.approx(400.0 * shot.seconds, rel=0.01)


def test_tail_is_a_copy_from_one_edge_before():
    timeline = Timeline()
    for second in range(10):
        timeline.add_energy(float(second), 100.0 * second)
    cut = progress.tail(timeline, 6.5)
    assert list(cut.energy.after) == [6.0, 7.0, 8.0, 9.0]
    assert list(cut.energy.values) == [600.0, 700.0, 800.0, 900.0]
    assert (cut.energy.last, len(timeline.energy.values)) == (9.0, 10)
