"""Long runs, many regions, deep nesting; the witness is the power of the board."""

import gc
import tracemalloc
from contextlib import ExitStack, contextmanager

import pytest

from physbias.energy import EnergyMeter
from physbias.energy.simulated import Constant, Ramp, Sensor, SimulatedGpu, simulate


@contextmanager
def allocated(found):
    """Append how many bytes are kept of what is allocated inside."""
    gc.collect()
    tracemalloc.start()
    try:
        yield
        gc.collect()
        found.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()


def ramp(refresh):
    sensor = Sensor(counter_refresh=refresh, power_refresh=refresh, phase=0.003)
    return SimulatedGpu(Ramp(100.0, 0.05), sensor)


HOUR = 100.0 * 3600.0 + 0.05 * 3600.0**2 / 2
"""Energy of an hour that begins at 100 W and gains 0.05 W each second [J]."""


@pytest.mark.parametrize("boards", [1, 2])
def test_an_hour_is_exact(boards):
    machine = simulate([ramp(0.1)] * boards)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(3600.0)
    assert meter.joules == pytest.approx(boards * HOUR, rel=1e-4)
    assert meter.interval.low <= boards * HOUR <= meter.interval.high


def test_fifty_regions_inside_one_another():
    """At 300 W; each begins a second after the one around it, and all end together."""
    machine = simulate([SimulatedGpu(Constant(300.0))])
    with EnergyMeter(cpu=False, machine=machine) as meter, ExitStack() as stack:
        for level in range(50):
            stack.enter_context(meter.region(f"level {level}"))
            machine.clock.sleep(1.0)
    record = meter.result
    for level in range(50):
        region = record.region(f"level {level}")
        truth = 300.0 * (50 - level)
        assert region.seconds == pytest.approx(50 - level)
        assert region.interval.low <= truth <= region.interval.high
        assert region.own_joules == pytest.approx(300.0, rel=0.01)
    own = sum(region.own_joules for region in record.regions)
    assert own + record.unattributed == pytest.approx(record.joules, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("refresh", [0.1, 0.02])
def test_an_hour_takes_less_than_two_megabytes(refresh):
    machine, found = simulate([ramp(refresh)]), []
    with EnergyMeter(cpu=False, machine=machine) as meter, allocated(found):
        machine.clock.sleep(3600.0)
    print(f"an hour at {refresh} s takes {found[0]} bytes")
    assert found[0] < 2e6
    assert meter.joules == pytest.approx(HOUR, rel=1e-4)


@pytest.mark.slow
def test_a_hundred_thousand_regions_take_little_and_are_exact():
    machine, found = simulate([SimulatedGpu(Constant(300.0))]), []
    with EnergyMeter(cpu=False, machine=machine) as meter, allocated(found):
        for _ in range(100_000):
            with meter.region("step"):
                machine.clock.sleep(1e-3)
    print(f"1e5 regions take {found[0]} bytes")
    assert found[0] < 5e6
    region = meter.result.region("step")
    assert region.count == 100_000
    assert region.interval.low <= 30_000.0 <= region.interval.high
    assert region.joules == pytest.approx(30_000.0, rel=1e-4)
