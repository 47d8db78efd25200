"""Witness: integrals worked out by hand."""

import pytest

from physbias.energy import DeviceLostError
from physbias.energy.simulated import (
    Burst,
    Constant,
    Sensor,
    SimulatedGpu,
    last_refresh,
    simulate,
)
from physbias.errors import ArgumentError


@pytest.mark.parametrize(
    "wrong",
    [
        {"gain": -1.0},
        {"counter_refresh": 0.0},
        {"instant_window": -0.1},
        {"jitter": 0.5},
        {"noise": -1.0},
        {"counter_delay": -0.1},
    ],
)
def test_impossible_sensors_are_refused(wrong):
    with pytest.raises(ArgumentError, match=f"{next(iter(wrong))}: found"):
        Sensor(**wrong)


def test_refreshes_come_at_their_phase():
    assert last_refresh(0.99, 0.1, 0.03) == pytest.approx(0.93)
    assert last_refresh(1.03, 0.1, 0.03) == pytest.approx(1.03)


def test_counter_is_a_staircase_in_millijoules():
    machine = simulate([SimulatedGpu(Constant(300.0))])
    machine.clock.sleep(5.0)
    first = machine.nvml.energy(0)
    machine.clock.sleep(0.09)
    assert machine.nvml.energy(0) == first
    machine.clock.sleep(0.02)
    assert machine.nvml.energy(0) - first == pytest.approx(30.0, abs=2e-3)


def test_registers_look_back_over_their_windows():
    load = Burst(inside=Constant(300.0), start=5.0, stop=9.0, idle=60.0)
    machine = simulate([SimulatedGpu(load)])
    machine.clock.sleep(5.25)
    assert machine.nvml.instant_power(0) == pytest.approx(300.0)
    assert machine.nvml.plain_power(0) == pytest.approx(0.8 * 60.0 + 0.2 * 300.0)


def test_power_comes_in_milliwatts():
    """Like the driver's: a constant power shows no change of the last bit."""
    board = SimulatedGpu(Constant(300.0), Sensor(phase=0.0371))
    assert {board.register(0.01 * k, 0.1) for k in range(1000)} == {300.0}


def test_gain_offset_and_delay_change_what_is_shown():
    sensor = Sensor(gain=1.1, offset=5.0, counter_delay=0.1)
    board = SimulatedGpu(Constant(100.0), sensor)
    assert board.register(1.0, 0.1) == pytest.approx(115.0)
    plain = SimulatedGpu(Constant(100.0), Sensor(gain=1.1, offset=5.0))
    late = plain.counter(3.0, 0.1) - board.counter(3.0, 0.1)
    assert late == pytest.approx(11.5, abs=2e-3)


def test_faults_happen_when_they_should():
    board = SimulatedGpu(Constant(100.0), reset_at=2.0, frozen_at=4.0, lost_at=9.0)
    machine = simulate([board])
    assert machine.nvml.energy(0) >= 1e5
    machine.clock.sleep(3.0)
    assert machine.nvml.energy(0) == pytest.approx(100.0, abs=2e-3)
    machine.clock.sleep(5.0)
    assert machine.nvml.energy(0) == pytest.approx(200.0, abs=2e-3)
    machine.clock.sleep(1.0)
    with pytest.raises(DeviceLostError):
        machine.nvml.energy(0)
