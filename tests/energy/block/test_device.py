"""One device of several blocks: holes, conditions, refusals; witness: the board."""

import pytest

from physbias.energy import EnergyMeter, FlagCode, ReadError, VirtualClock
from physbias.energy.block.device import Device, Watch, identity
from physbias.energy.sensors.condition import Condition
from physbias.energy.simulated import (
    Constant,
    Fault,
    Ramp,
    Sensor,
    SimulatedGpu,
    simulate,
)


def probe_of(machine):
    (probe,) = machine.discover("used", cpu=False).probes
    return probe


def test_equal_probes_are_one_device_and_others_are_not():
    machine = simulate([SimulatedGpu(Constant(300.0))])
    assert identity(probe_of(machine)) == identity(probe_of(machine))
    other = simulate([SimulatedGpu(Constant(300.0))])
    assert identity(probe_of(machine)) != identity(probe_of(other))


def test_a_probe_that_cannot_be_hashed_is_its_own_device():
    class Odd:
        __hash__ = None

    odd = Odd()
    assert identity(odd) == identity(odd) != identity(Odd())


def test_every_watch_gets_the_reading_of_one_call():
    machine = simulate([SimulatedGpu(Constant(300.0))])
    probe = probe_of(machine)
    device = Device(probe)
    device.watches += [Watch(probe), Watch(probe)]
    before = machine.nvml.reads
    device.read(machine.clock)
    assert machine.nvml.reads - before == 2  # counter and power
    for watch in device.watches:
        assert watch.timeline.energy.count == watch.timeline.power.count == 1


@pytest.mark.parametrize(("kept", "flagged"), [(None, True), (10.0, False)])
def test_a_hole_is_filled_from_what_the_driver_kept(kept, flagged):
    """The board goes from 100 W to 700 W; without a counter a hole of 3 s hides it."""
    sensor = Sensor(counter_refresh=None, kept_seconds=kept, phase=0.03)
    hole = Fault(call="instant_power", start=4.0, stop=7.0, error=ReadError("busy"))
    machine = simulate([SimulatedGpu(Ramp(100.0, 60.0), sensor)], faults=[hole])
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(10.0)
    record = meter.result
    assert (FlagCode.GAP in [f.code for f in record.flags]) is flagged
    if not flagged:
        assert record.joules == pytest.approx(1000.0 + 60.0 * 50.0, rel=2e-3)


def test_condition_at_the_borders_is_told():
    hot = Condition(temperature_celsius=91.0, throttled=True, others=2)
    machine = simulate([SimulatedGpu(Constant(300.0), condition=hot)])
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(2.0)
    codes = [flag.code for flag in meter.result.flags]
    assert FlagCode.SHARED_GPU in codes
    assert FlagCode.THROTTLED in codes


def test_unknown_condition_is_not_told():
    machine = simulate([SimulatedGpu(Constant(300.0))])
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(2.0)
    codes = [flag.code for flag in meter.result.flags]
    assert FlagCode.SHARED_GPU not in codes
    assert FlagCode.THROTTLED not in codes


def test_slow_calls_do_not_shift_the_energy():
    """Each call takes 50 ms; the reading is put in the middle of it."""
    slow = Fault(error=None, seconds=0.05, start=0.5)
    clock = VirtualClock()
    machine = simulate(
        [SimulatedGpu(Constant(300.0), Sensor(phase=0.04))], clock, faults=[slow]
    )
    clock.sleep(1.0)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        clock.sleep(20.0)
    record = meter.result
    assert record.interval.low <= 300.0 * record.seconds <= record.interval.high
    assert record.joules == pytest.approx(300.0 * record.seconds, rel=0.01)


@pytest.mark.parametrize("refresh", [0.02, 0.1, 0.25, 0.5, 1.0, 3.0])
@pytest.mark.parametrize(("window", "longest"), [(0.1, 0.5), (None, 1.5)])
def test_readings_end_soon_after_the_block_however_slow_the_sensor(
    refresh, window, longest
):
    """0.5 s after its end, or 0.5 s after its last part has left the mean of 1 s.

    A slow counter has 2.2 refreshes, 1.2 s at most.
    """
    sensor = Sensor(
        counter_refresh=refresh, power_refresh=refresh, instant_window=window
    )
    machine = simulate([SimulatedGpu(Ramp(100.0, 5.0), sensor)])
    with EnergyMeter(cpu=False, machine=machine):
        machine.clock.sleep(30.0)
    if window is not None:
        longest = max(longest, min(1.2, 2.2 * refresh))
    machine.clock.sleep(longest + 0.02)
    before = machine.nvml.reads
    machine.clock.sleep(10.0)
    assert machine.nvml.reads == before


def test_module_scope_is_used_and_told():
    sensor = Sensor(instant_window=None, module_window=0.1)
    machine = simulate([SimulatedGpu(Constant(300.0), sensor)])
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(5.0)
    codes = [flag.code for flag in meter.result.flags]
    assert FlagCode.SCOPE_MODULE in codes
    assert FlagCode.AVERAGED_FIELD_ONLY not in codes
    assert meter.joules == pytest.approx(1500.0, rel=2e-3)
