"""Simulated boards whose refresh, windows and delay are known are found again."""

from math import hypot

import pytest

from physbias.energy.calibration.calibrate import Series, calibrate
from physbias.energy.calibration.store import recall
from physbias.energy.clock import VirtualClock
from physbias.energy.machine import Machine
from physbias.energy.sensors.probe import ReadError, SensorUnavailableError
from physbias.energy.simulated import (
    Sensor,
    SimulatedGpu,
    SimulatedLoad,
    SimulatedNvml,
    SimulatedStream,
    simulate,
)
from physbias.errors import ArgumentError

BOARDS = {
    "100 of 100 ms": Sensor(phase=0.037),
    "25 of 100 ms, late counter": Sensor(
        instant_window=0.025, counter_delay=0.08, phase=0.011
    ),
    "25 of 101 ms, both fields alike": Sensor(
        power_refresh=0.101,
        instant_window=0.025,
        plain_window=0.025,
        counter_refresh=0.103,
        counter_delay=0.04,
        gain=1.05,
        offset=4.0,
    ),
    "mean over 1 s only": Sensor(instant_window=None, counter_delay=0.02),
    "10 of 20 ms, no counter": Sensor(
        power_refresh=0.02,
        instant_window=None,
        plain_window=0.01,
        counter_refresh=None,
        phase=0.003,
    ),
    "noise and jitter": Sensor(
        instant_window=0.025, counter_delay=0.03, noise=0.3, jitter=0.03, seed=3
    ),
    "fast counter": Sensor(counter_refresh=0.02, counter_delay=0.015),
}


def machine_of(sensor, environ=None, *, lost_at=float("inf")):
    clock = VirtualClock(5.0)
    stream = SimulatedStream(clock)
    board = SimulatedGpu(stream, sensor, lost_at=lost_at)
    return simulate([board], clock, environ=environ), SimulatedLoad(stream)


@pytest.fixture(scope="module", params=BOARDS)
def case(request):
    sensor = BOARDS[request.param]
    machine, load = machine_of(sensor)
    return sensor, calibrate(0, load=load, machine=machine)


def test_refreshes_are_found_to_a_thousandth(case):
    sensor, found = case
    assert found.refresh == pytest.approx(sensor.power_refresh, rel=1e-3)
    if sensor.counter_refresh is None:
        assert found.counter_refresh is None
    else:
        assert found.counter_refresh == pytest.approx(sensor.counter_refresh, rel=1e-3)


def test_windows_are_found_within_one_millisecond_or_one_per_cent(case):
    sensor, found = case
    assert found.average == pytest.approx(sensor.plain_window, rel=0.01, abs=1e-3)
    if sensor.instant_window is None:
        assert found.window is None
    else:
        expected = pytest.approx(sensor.instant_window, rel=0.01, abs=1e-3)
        assert found.window == expected
    assert found.power_delay == pytest.approx(0.0, abs=1e-3)


def test_the_delay_is_found_within_one_millisecond_and_three_of_its_errors(case):
    sensor, found = case
    if sensor.counter_refresh is None:
        assert found.delay is None
        assert found.delay_error is None
    else:
        error = abs(found.delay - sensor.counter_delay)
        assert error < min(1e-3, 3 * found.delay_error)
        assert found.delay_error < 1e-3


def test_counter_and_power_are_compared_at_three_levels(case):
    sensor, found = case
    if sensor.counter_refresh is None:
        assert found.levels == ()
        return
    shown = [sensor.gain * watts + sensor.offset for watts in (60.0, 180.0, 300.0)]
    assert [level.level for level in found.levels] == ["idle", "light", "heavy"]
    assert [level.counter for level in found.levels] == pytest.approx(shown, rel=1e-3)
    assert [level.register for level in found.levels] == pytest.approx(shown, rel=1e-3)


def test_gain_and_offset_are_left_to_an_external_meter(case):
    _, found = case
    assert (found.gain, found.offset, found.absolute) == (1.0, 0.0, False)


def test_a_counter_that_reads_low_shows_in_the_levels():
    class Low(SimulatedNvml):
        def energy(self, index):
            return 0.8 * super().energy(index)

    clock = VirtualClock()
    stream = SimulatedStream(clock)
    machine = Machine(nvml=Low([SimulatedGpu(stream)], clock), clock=clock, environ={})
    load = SimulatedLoad(stream)
    found = calibrate(0, load=load, machine=machine)
    for level in found.levels:
        assert level.difference == pytest.approx(0.25, abs=2e-3)


LATE = Sensor(counter_delay=0.05)


class SlowAndFlaky(SimulatedNvml):
    """Every counter reading takes 3 ms, and every seventh reading fails."""

    def energy(self, index):
        self.clock.sleep(0.003)
        if self.reads % 7 == 3:
            self.reads += 1
            text = "timeout"
            raise ReadError(text)
        return super().energy(index)


def test_latencies_are_reported_and_failed_readings_left_out():
    clock = VirtualClock()
    stream = SimulatedStream(clock)
    boards, load = [SimulatedGpu(stream, LATE)], SimulatedLoad(stream)
    machine = Machine(nvml=SlowAndFlaky(boards, clock), clock=clock, environ={})
    found = calibrate(0, load=load, machine=machine)
    energy, instant, _ = found.latencies
    assert (energy.call, instant.call) == ("energy", "instant_power")
    assert energy.median == pytest.approx(0.003)
    assert energy.worst == pytest.approx(0.003)
    assert instant.median == pytest.approx(0.0, abs=1e-9)
    # the edge lies anywhere between two calls, and the reading anywhere in a call
    assert found.delay_error > hypot(0.003, 0.003) / 12**0.5 * 0.999
    assert abs(found.delay - 0.05) < 3 * found.delay_error


def test_the_result_is_kept_for_this_driver(tmp_path):
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    machine, load = machine_of(Sensor(), environ)
    found = calibrate("cuda:0", seconds=20.0, load=load, machine=machine)
    assert found.driver == "0.simulated"
    assert recall(found.uuid, environ, driver="0.simulated") == found
    assert recall(found.uuid, environ, driver="1.0") is None


def test_nothing_is_kept_where_that_is_not_wanted(tmp_path):
    machine, load = machine_of(Sensor(), {"XDG_CACHE_HOME": str(tmp_path)})
    calibrate(0, seconds=20.0, load=load, machine=machine, store=False)
    assert list(tmp_path.iterdir()) == []


def test_the_time_asked_for_is_kept():
    machine, load = machine_of(Sensor())
    before = machine.clock.now()
    calibrate(0, seconds=20.0, load=load, machine=machine)
    assert machine.clock.now() - before == pytest.approx(20.0, abs=2.0)


def test_what_cannot_be_done_is_refused():
    machine, load = machine_of(Sensor())
    with pytest.raises(ArgumentError, match="15 to 600 s"):
        calibrate(0, seconds=5.0, load=load, machine=machine)
    with pytest.raises(ArgumentError, match="one GPU that this process can see"):
        calibrate(3, load=load, machine=machine)
    lost, load = machine_of(Sensor(), lost_at=9.0)
    with pytest.raises(SensorUnavailableError, match="stopped answering"):
        calibrate(0, load=load, machine=lost)
    mute, load = machine_of(
        Sensor(counter_refresh=None, instant_window=None, plain_window=None)
    )
    with pytest.raises(SensorUnavailableError, match="neither energy nor power"):
        calibrate(0, load=load, machine=mute)
    with pytest.raises(SensorUnavailableError, match="no driver"):
        calibrate(0, load=load, machine=simulate([]))


def test_the_slope_of_a_counter_ignores_the_stairs_at_both_ends():
    series = Series()
    series.times.extend([0.0, 0.1, 0.2, 0.3, 0.4])
    series.values.extend([0.0, 10.0, 10.0, 30.0, 30.0])
    assert series.slope() == pytest.approx(20.0 / 0.2)
    series.clear()
    assert series.slope() is None
