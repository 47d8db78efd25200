"""What comes outside a block harms nothing and is told once."""

import pytest

from physbias.energy import (
    EnergyMeter,
    FlagCode,
    MeterNotRunningWarning,
)
from physbias.energy.session.states import (
    MeterStateError,
    Strays,
    no_block,
    no_result,
    no_result_in_fork,
)
from physbias.energy.simulated import Constant, SimulatedGpu, simulate


def board(watts=300.0, **options):
    return simulate([SimulatedGpu(Constant(watts))], **options)


def codes(meter):
    return [flag.code for flag in meter.result.flags]


def test_regions_and_steps_outside_the_block_warn_once_and_do_no_harm():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)
    with (
        pytest.warns(MeterNotRunningWarning, match="region 'before' is not") as told,
        meter.region("before"),
    ):
        meter.step()
    assert [warning.filename for warning in told] == [__file__]
    with meter:
        machine.clock.sleep(1.0)
    assert codes(meter) == [FlagCode.REGIONS_OUTSIDE]
    assert "2 regions or steps" in meter.result.flags[0].text
    assert meter.result.regions == meter.result.units == ()
    with pytest.warns(MeterNotRunningWarning, match="step of 'token' is not counted"):
        meter.step(7, "token")


def test_strays_are_counted_told_once_and_counted_anew():
    strays = Strays()
    with pytest.warns(MeterNotRunningWarning, match="step of 'a' is not counted"):
        strays.add("step of 'a'")
    strays.add("step of 'b'")
    assert (strays.take(), strays.take()) == (2, 0)
    with pytest.warns(MeterNotRunningWarning, match="'c'"):
        strays.add("step of 'c'")


def test_errors_say_what_to_do():
    assert isinstance(no_block(), MeterStateError)
    assert "EnergyMeter(tags=...)" in str(no_block())
    assert "found an unused meter" in str(no_result(running=False))
    assert "found a running meter" in str(no_result(running=True))
    assert "make a new EnergyMeter here" in str(no_result_in_fork())
