"""Idle power before and after a block on boards whose idle power is known."""

import threading

import pytest

from physbias.energy.baseline import Baseline
from physbias.energy.clock import MonotonicClock, VirtualClock
from physbias.energy.idle import IdleWatch, measure_idle
from physbias.energy.machine import Machine
from physbias.energy.meter import EnergyMeter
from physbias.energy.record.flags import FlagCode
from physbias.energy.sensors.condition import Condition
from physbias.energy.sensors.probe import SensorUnavailableError
from physbias.energy.simulated import (
    Constant,
    FromIntegral,
    Sensor,
    SimulatedGpu,
    SimulatedLoad,
    SimulatedNvml,
    SimulatedStream,
    simulate,
)
from physbias.errors import ArgumentError


def machine_with_load(sensor=Sensor()):  # noqa: B008 - frozen
    clock = VirtualClock()
    stream = SimulatedStream(clock)
    return simulate([SimulatedGpu(stream, sensor)], clock), SimulatedLoad(stream)


def measure_block(machine, load, seconds=10.0, **options):
    with EnergyMeter(cpu=False, machine=machine, **options) as meter:
        load.begin(seconds, "heavy")
        machine.clock.sleep(seconds)
    return meter


def test_idle_power_of_two_boards():
    machine = simulate([SimulatedGpu(Constant(60.0)), SimulatedGpu(Constant(25.0))])
    found = measure_idle(cpu=False, machine=machine)
    assert [idle.watts for idle in found.devices] == pytest.approx([60, 25], rel=2e-3)
    assert found.watts == pytest.approx(85.0, rel=2e-3)
    assert 0 < found.error_watts < 1.0
    assert found.seconds == pytest.approx(5.0)
    assert machine.clock.now() == pytest.approx(6.0, abs=1.0)


class Chilly(SimulatedNvml):
    def condition(self, index):
        return Condition(31.0, 8)


def test_temperature_and_performance_state_are_kept_where_readable():
    clock = VirtualClock()
    nvml = Chilly([SimulatedGpu(Constant(60.0))], clock)
    machine = Machine(nvml=nvml, clock=clock, environ={})
    (idle,) = measure_idle(cpu=False, machine=machine).devices
    assert (idle.temperature_celsius, idle.performance_state) == (31.0, 8)


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(ArgumentError, match="5 s or more"):
        measure_idle(1.0, machine=simulate([]))
    with pytest.raises(SensorUnavailableError, match="no driver"):
        measure_idle(cpu=False, machine=simulate([]))


def test_a_measured_baseline_gives_the_energy_above_idle():
    """300 W over 60 W for 10 s are 2400 J above idle."""
    machine, load = machine_with_load()
    meter = measure_block(machine, load, baseline="measure")
    assert meter.joules == pytest.approx(3000.0, rel=2e-3)
    net = meter.result.net
    assert net is not None
    assert net.joules == pytest.approx(2400.0, rel=3e-3)
    assert net.interval.low < 2400.0 < net.interval.high
    assert net.joules + net.idle_joules == pytest.approx(meter.joules)
    assert net.drift_watts == pytest.approx(0.0, abs=0.5)
    assert net.stable


def test_the_block_waits_before_it_and_not_after_it():
    machine, load = machine_with_load()
    before = machine.clock.now()
    meter = measure_block(machine, load, baseline="measure")
    assert machine.clock.now() - before == pytest.approx(16.0, abs=0.7)
    assert meter.result.net is not None
    assert machine.clock.now() - before >= 22.0


def test_a_result_read_late_does_not_take_later_work_for_idling():
    machine, load = machine_with_load()
    meter = measure_block(machine, load, baseline="measure")
    machine.clock.sleep(7.0)
    load.begin(30.0, "heavy")
    machine.clock.sleep(30.0)
    net = meter.result.net
    assert net is not None
    assert net.stable
    assert net.idle_watts == pytest.approx(60.0, abs=0.5)


def test_idle_power_that_changes_is_flagged_and_the_interval_spans_both():
    """Idle at 60 W, from 16.5 s on at 90 W; the block of 300 W ends before."""
    clock = VirtualClock()
    stream = SimulatedStream(clock)

    def joules(time):
        return stream.energy(time) + 30.0 * max(0.0, time - 16.5)

    machine = simulate([SimulatedGpu(FromIntegral(joules))], clock)
    meter = measure_block(machine, SimulatedLoad(stream), baseline="measure")
    codes = [flag.code for flag in meter.result.flags]
    assert FlagCode.BASELINE_UNSTABLE in codes
    net = meter.result.net
    assert net is not None
    assert not net.stable
    assert net.drift_watts == pytest.approx(30.0, abs=1.0)
    assert net.joules == pytest.approx(3000.0 - 750.0, rel=0.01)
    assert net.interval.low < 3000.0 - 900.0
    assert net.interval.high > 3000.0 - 600.0


def test_work_right_after_the_block_is_seen_as_an_unstable_baseline():
    machine, load = machine_with_load()
    meter = measure_block(machine, load, baseline="measure")
    load.begin(5.0, "heavy")
    net = meter.result.net
    assert net is not None
    assert not net.stable
    assert net.interval.high > 2400.0


def test_work_that_is_still_queued_is_not_taken_for_idling():
    machine, load = machine_with_load()
    load.begin(3.0, "heavy")
    found = measure_idle(cpu=False, machine=machine)
    assert found.watts == pytest.approx(60.0, abs=0.5)
    assert machine.clock.now() == pytest.approx(9.0, abs=1.0)


def test_a_late_counter_does_not_carry_work_into_the_idle_power():
    machine, load = machine_with_load(Sensor(counter_delay=0.09))
    net = measure_block(machine, load, baseline="measure").result.net
    assert net is not None
    assert net.stable
    assert net.idle_watts == pytest.approx(60.0, abs=0.3)


def test_on_the_real_clock_it_ends_and_leaves_no_thread():
    clock = MonotonicClock()
    machine = simulate([SimulatedGpu(Constant(60.0))], clock)
    found = machine.discover("used", cpu=False)
    baseline = IdleWatch(machine, found, 0.6).result()
    assert baseline is not None
    assert baseline.watts == pytest.approx(60.0, rel=0.05)
    assert not [t for t in threading.enumerate() if t.name == "physbias-energy"]


def test_a_given_baseline_is_subtracted_without_waiting():
    machine, load = machine_with_load()
    saved = measure_idle(cpu=False, machine=machine)
    began = machine.clock.now()
    for baseline in (saved, 60.0):
        meter = measure_block(machine, load, baseline=baseline)
        net = meter.result.net
        assert net is not None
        assert net.joules == pytest.approx(2400.0, rel=3e-3)
        machine.clock.sleep(2.0)
    assert machine.clock.now() - began < 26.0


def test_nothing_is_subtracted_unless_asked():
    machine, load = machine_with_load()
    assert measure_block(machine, load).result.net is None


def test_a_meter_used_twice_measures_its_surroundings_twice():
    machine, load = machine_with_load()
    meter = EnergyMeter(cpu=False, baseline="measure", machine=machine)
    for _ in range(2):
        with meter:
            load.begin(4.0, "heavy")
            machine.clock.sleep(4.0)
        net = meter.result.net
        assert net is not None
        assert net.joules == pytest.approx(960.0, rel=5e-3)


def test_where_nothing_can_be_read_the_block_runs_all_the_same():
    machine = simulate([])
    meter = EnergyMeter(cpu=False, baseline="measure", machine=machine)
    with pytest.warns(match="no energy sensor"):
        meter.start()
    meter.stop()
    assert meter.result.net is None
    assert machine.clock.now() < 1.0


def test_a_board_lost_in_the_block_leaves_no_thread_and_no_error():
    clock = VirtualClock()
    stream = SimulatedStream(clock)
    machine = simulate([SimulatedGpu(stream, lost_at=9.0)], clock)
    meter = measure_block(machine, SimulatedLoad(stream), baseline="measure")
    record = meter.result
    assert record.joules is not None
    assert record.net is None or record.net.joules < record.joules
    assert not [t for t in threading.enumerate() if t.name == "physbias-energy"]


def test_a_bad_baseline_is_refused_at_once():
    with pytest.raises(ArgumentError, match="baseline: found 'idle'"):
        EnergyMeter(baseline="idle")  # pyright: ignore[reportArgumentType]


def test_a_baseline_from_a_file(tmp_path):
    machine, load = machine_with_load()
    measure_idle(cpu=False, machine=machine).save(tmp_path / "idle.json")
    baseline = Baseline.load(tmp_path / "idle.json")
    net = measure_block(machine, load, baseline=baseline).result.net
    assert net is not None
    assert net.source.startswith("measured 20")
