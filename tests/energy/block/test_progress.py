"""Figures while the block runs, against closed-form integrals."""

from dataclasses import replace

import pytest

from physbias.energy import EnergyMeter, Status
from physbias.energy.block import progress
from physbias.energy.block.run import Run
from physbias.energy.integration.timeline import Timeline
from physbias.energy.sensors.probe import SensorError
from physbias.energy.simulated import (
    Constant,
    Fault,
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


def test_a_lost_device_keeps_what_it_has_used():
    """100 W up to 20 s on a clock that began at 5 s, and 100 W to the end."""
    boards = [SimulatedGpu(Constant(100.0), lost_at=20.0), SimulatedGpu(Constant(100))]
    machine = simulate(boards)
    machine.clock.sleep(5.0)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        for _ in range(12):
            machine.clock.sleep(10.0)
            shot = meter.snapshot()
    assert shot.seconds == pytest.approx(120.0, abs=0.2)
    assert shot.joules == pytest.approx(1500.0 + 100.0 * shot.seconds, abs=25.0)
    assert shot.joules == pytest.approx(meter.joules, abs=25.0)


def test_a_silent_device_does_not_stop_the_others():
    """The second one fails from 15 s on, without being lost."""
    fault = Fault(call="energy", start=15.0, board=1)
    mute = Fault(call="instant_power", start=15.0, board=1)
    boards = [SimulatedGpu(Constant(100.0)), SimulatedGpu(Constant(100.0))]
    machine = simulate(boards, faults=(fault, mute))
    with EnergyMeter(cpu=False, machine=machine) as meter:
        for _ in range(12):
            machine.clock.sleep(10.0)
            shot = meter.snapshot()
    assert shot.seconds == pytest.approx(120.0, abs=0.2)
    assert shot.joules == pytest.approx(1500.0 + 100.0 * shot.seconds, abs=25.0)


@pytest.mark.parametrize("seconds", [10.0, 90.0])
@pytest.mark.parametrize("delay", [None, 0.0])
def test_delay_is_in_the_interval(seconds, delay):
    """From 60 W to 300 W, a delay of up to one refresh of 0.1 s moves 24 J.

    On one side if nothing is known of it, and twice as much on both if that is the
    standard uncertainty of a known one.
    """
    machine = simulate([SimulatedGpu(SquareWave(60.0, 300.0, 1.2 * seconds))])
    machine.clock.sleep(1.0)
    found = machine.discover("used", cpu=False)
    (probe,) = found.probes
    exact = SensorError(0.0, 0.0)
    info = replace(probe.info, delay=delay, delay_error=0.1, error=exact)
    probe.adopt(info)
    run = Run(machine, found)
    for _ in range(round(seconds / 10)):
        machine.clock.sleep(10.0)
        shot = run.so_far(None)
    run.stop(Status.FINISHED, None)
    run.wait()
    below, above = shot.joules - shot.interval.low, shot.interval.high - shot.joules
    if delay is None:
        assert above > max(24.0, below + 10.0)
    else:
        assert below == pytest.approx(above)
        assert 48.0 < below < 60.0


def test_tail_is_a_copy_from_one_edge_before():
    timeline = Timeline()
    for second in range(10):
        timeline.add_energy(float(second), 100.0 * second)
    cut = progress.tail(timeline, 6.5)
    assert list(cut.energy.after) == [6.0, 7.0, 8.0, 9.0]
    assert list(cut.energy.values) == [600.0, 700.0, 800.0, 900.0]
    assert (cut.energy.last, len(timeline.energy.values)) == (9.0, 10)
