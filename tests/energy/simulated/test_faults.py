"""Faults of the simulated driver happen when and where they should."""

import pytest

from physbias.energy import DeviceLostError, ReadError
from physbias.energy.simulated import Constant, Fault, SimulatedGpu, simulate
from physbias.errors import ArgumentError


def machine_with(*faults):
    boards = [SimulatedGpu(Constant(300.0)), SimulatedGpu(Constant(100.0))]
    return simulate(boards, faults=faults)


def test_a_fault_has_a_call_a_board_and_a_time():
    fault = Fault(call="energy", board=1, start=2.0, stop=3.0)
    machine = machine_with(fault)
    machine.nvml.energy(1)
    machine.clock.sleep(2.0)
    machine.nvml.energy(0)
    machine.nvml.instant_power(1)
    with pytest.raises(ReadError, match="Unknown Error"):
        machine.nvml.energy(1)
    machine.clock.sleep(1.0)
    machine.nvml.energy(1)


def test_a_call_that_does_not_exist_is_refused():
    with pytest.raises(ArgumentError, match="call: found 'power'"):
        Fault(call="power")


def test_every_third_call_fails():
    machine = machine_with(Fault(every=3, error=DeviceLostError("lost")))
    for _ in range(2):
        machine.nvml.energy(0)
        machine.nvml.energy(0)
        with pytest.raises(DeviceLostError):
            machine.nvml.energy(0)


def test_a_call_may_be_slow_or_lie():
    machine = machine_with(
        Fault(call="energy", error=None, seconds=0.05),
        Fault(call="instant_power", value=0.0),
    )
    machine.nvml.energy(0)
    assert machine.clock.now() == pytest.approx(0.05)
    assert machine.clock.work() == pytest.approx(0.05)
    assert machine.nvml.instant_power(0) == 0.0
