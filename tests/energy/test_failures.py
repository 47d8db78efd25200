"""What a meter does when something fails; each fault is injected by a schedule."""

import threading
import time
import warnings

import pytest

from physbias.energy import (
    DeviceLostError,
    EnergyMeter,
    FlagCode,
    MonotonicClock,
    SensorUnavailableError,
    SensorUnavailableWarning,
    Source,
    UnsupportedReadingError,
    VirtualClock,
)
from physbias.energy.simulated import (
    Burst,
    Constant,
    Fault,
    Sensor,
    SimulatedGpu,
    simulate,
)

UNSUPPORTED = UnsupportedReadingError("Not Supported")


def measure(*boards, faults=(), seconds=10.0, wait=0.5):
    machine = simulate(boards, faults=faults)
    machine.clock.sleep(wait)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(seconds)
    return meter


def codes(meter):
    return [flag.code for flag in meter.result.flags]


@pytest.mark.parametrize(
    "error", [SensorUnavailableError("no driver"), OSError("library half unloaded")]
)
def test_driver_that_cannot_be_opened_gives_none_and_a_reason(error):
    with pytest.warns(SensorUnavailableWarning):
        meter = measure(
            SimulatedGpu(Constant(300.0)), faults=[Fault(call="gpus", error=error)]
        )
    assert meter.joules is None
    assert str(error) in meter.reason
    assert meter.seconds == pytest.approx(10.0)


def test_counter_refused_on_a_new_board_leaves_the_power():
    """As in a virtual machine with a part of a board."""
    meter = measure(
        SimulatedGpu(Constant(300.0)), faults=[Fault(call="energy", error=UNSUPPORTED)]
    )
    assert meter.joules == pytest.approx(3000.0, rel=2e-3)
    assert meter.result.devices[0].source is Source.POWER
    assert FlagCode.COUNTER_MISSING in codes(meter)


def test_each_field_refused_leads_to_the_next():
    refused = [
        Fault(call=call, error=UNSUPPORTED) for call in ("instant_power", "energy")
    ]
    meter = measure(SimulatedGpu(Constant(300.0)), faults=refused)
    assert meter.joules == pytest.approx(3000.0, rel=1e-6)
    assert FlagCode.AVERAGED_FIELD_ONLY in codes(meter)


def test_all_fields_refused_is_none():
    with pytest.warns(SensorUnavailableWarning):
        meter = measure(
            SimulatedGpu(Constant(300.0)), faults=[Fault(error=UNSUPPORTED)]
        )
    assert meter.joules is None


def test_lost_device_keeps_its_energy_and_the_other_goes_on():
    lost = Fault(board=0, start=5.5, error=DeviceLostError("GPU requires reset"))
    meter = measure(
        SimulatedGpu(Constant(300.0)), SimulatedGpu(Constant(100.0)), faults=[lost]
    )
    first, second = meter.result.devices
    assert first.joules == pytest.approx(1500.0, abs=25.0)
    assert first.interval.low <= 1500.0 <= first.interval.high
    assert second.joules == pytest.approx(1000.0, rel=2e-3)
    assert FlagCode.DEVICE_LOST in [flag.code for flag in first.flags]
    assert FlagCode.DEVICE_LOST not in [flag.code for flag in second.flags]


def test_failures_of_one_kind_of_reading_leave_the_other():
    trouble = Fault(call="instant_power", start=3.0, stop=8.0)
    meter = measure(SimulatedGpu(Constant(300.0)), faults=[trouble])
    assert meter.joules == pytest.approx(3000.0, rel=2e-3)
    assert FlagCode.READ_ERRORS in codes(meter)


def test_readings_that_cannot_be_true_are_dropped():
    lies = [
        Fault(call="instant_power", every=7, value=value)
        for value in (0.0, float("nan"), float("inf"), 1e6)
    ]
    load = Burst(inside=Constant(300.0), start=0.5, stop=10.5, idle=60.0)
    meter = measure(SimulatedGpu(load, Sensor(counter_refresh=None)), faults=lies)
    assert meter.joules == pytest.approx(3000.0, rel=0.02)
    assert FlagCode.READ_ERRORS in codes(meter)


def test_suspension_breaks_the_line_and_is_told():
    machine = simulate([SimulatedGpu(Constant(300.0))])
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(5.0)
        machine.clock.suspend(3600.0)
        machine.clock.sleep(5.0)
    assert FlagCode.SUSPENDED in codes(meter)
    assert meter.joules == pytest.approx(3000.0, rel=0.02)


def test_a_step_of_the_wall_clock_has_no_effect(monkeypatch):
    machine = simulate([SimulatedGpu(Constant(300.0))], MonotonicClock())
    with EnergyMeter(cpu=False, machine=machine) as meter:
        time.sleep(0.3)
        monkeypatch.setattr(time, "time", lambda: 0.0)
        time.sleep(0.5)
    assert 0.75 < meter.seconds < 10.0
    assert meter.joules == pytest.approx(300.0 * meter.seconds, rel=0.05)
    assert FlagCode.SUSPENDED not in codes(meter)


def test_two_meters_share_readings_and_are_both_exact():
    """300 W for 20 s, of which a second meter sees 5 s of 100 W more."""
    clock = VirtualClock()
    more = Burst(inside=Constant(400.0), start=8.0, stop=13.0, idle=300.0)
    machine = simulate([SimulatedGpu(more, Sensor(phase=0.037))], clock)
    clock.sleep(1.0)
    with EnergyMeter(cpu=False, machine=machine) as outer:
        clock.sleep(7.0)
        with EnergyMeter(cpu=False, machine=machine) as inner:
            clock.sleep(5.0)
        clock.sleep(8.0)
        middle = machine.nvml.reads
        clock.sleep(1.0)
        both = machine.nvml.reads - middle
    assert inner.joules == pytest.approx(2000.0, rel=1e-3)
    assert outer.joules == pytest.approx(21 * 300.0 + 500.0, rel=1e-3)
    assert both == pytest.approx(2 * 2 * 10, abs=4)  # two quantities, two readings


def test_overlapping_meters_do_not_disturb_one_another():
    clock = VirtualClock()
    machine = simulate([SimulatedGpu(Constant(300.0))], clock)
    first = EnergyMeter(cpu=False, machine=machine).start()
    clock.sleep(3.0)
    second = EnergyMeter(cpu=False, machine=machine).start()
    clock.sleep(3.0)
    first.stop()
    assert first.joules == pytest.approx(1800.0, rel=2e-3)
    clock.sleep(3.0)
    second.stop()
    assert second.joules == pytest.approx(300.0 * second.seconds, rel=2e-3)
    assert not clock._tickers


def test_many_short_meters_in_a_long_one_leave_nothing_behind():
    before = set(threading.enumerate())
    machine = simulate([SimulatedGpu(Constant(300.0))], MonotonicClock())
    with EnergyMeter(cpu=False, machine=machine) as outer:
        for _ in range(20):
            with EnergyMeter(cpu=False, machine=machine):
                time.sleep(0.01)
        assert len(set(threading.enumerate()) - before) == 1
    assert outer.joules > 0
    assert set(threading.enumerate()) == before


def test_nothing_to_read_gives_one_warning_and_steps_go_on():
    machine = simulate([])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with EnergyMeter(cpu=False, machine=machine) as meter:
            machine.clock.sleep(1.0)
    assert len(caught) == 1
    assert (meter.joules, meter.seconds) == (None, 1.0)
