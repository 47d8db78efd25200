"""Witness: a trapezoid by hand, and recordings beside an external meter."""

from pathlib import Path

import pytest

from physbias.energy import EnergyMeter, FlagCode
from physbias.energy.simulated import RecordedGpu, Sampled, simulate
from physbias.errors import ArgumentError

TRACES = Path(__file__).parents[4] / "shared" / "data" / "power_traces"


def test_energy_of_samples_is_that_of_straight_lines():
    trace = Sampled([1.0, 2.0, 4.0], [10.0, 20.0, 40.0])
    assert trace.energy(2.0) == 15.0
    assert trace.energy(3.0) == 15.0 + 25.0
    assert trace.energy(5.0) - trace.energy(4.0) == 40.0
    assert trace.energy(0.0) == -10.0


def test_register_holds_the_last_reading():
    board = RecordedGpu([0.0, 1.0], [50.0, 70.0], Sampled([0.0, 9.0], [1.0, 1.0]))
    assert [board.register(t, 0.1) for t in (-1.0, 0.5, 1.0, 7.0)] == [50, 50, 70, 70]
    with pytest.raises(ArgumentError, match="counter_refresh=None"):
        board.counter(1.0, 0.1)


@pytest.mark.parametrize("columns", [([0.0], [1.0]), ([0.0, 1.0], [1.0])])
def test_columns_that_do_not_fit_are_refused(columns):
    with pytest.raises(ArgumentError, match="as many times as powers"):
        Sampled(*columns)


def recorded(name, model):
    if not TRACES.exists():
        pytest.skip(f"no recordings in {TRACES}")
    import numpy as np

    data = np.load(TRACES / f"{name}.npz")
    columns = ["sensor_time", "sensor_power_draw_instant", "meter_time", "meter_power"]
    time, watts, meter_time, meter = (data[c].astype(float).tolist() for c in columns)
    return RecordedGpu(time, watts, Sampled(meter_time, meter), name=model)


def measured(board, start, seconds):
    machine = simulate([board])
    machine.clock.sleep(start)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(seconds)
    truth = board.trace.energy(start + seconds) - board.trace.energy(start)
    return meter, truth


@pytest.mark.parametrize("start", [1.7, 3.2, 4.9, 6.1])
@pytest.mark.parametrize("seconds", [1.0, 3.0])
def test_beat_of_a_real_part_time_sensor_is_flagged_and_inside_the_interval(
    start, seconds
):
    board = recorded("a100_burst", "NVIDIA A100-PCIE-40GB")
    meter, truth = measured(board, start, seconds)
    assert FlagCode.ALIASING_SUSPECTED in [f.code for f in meter.result.flags]
    assert meter.interval.low <= truth <= meter.interval.high


@pytest.mark.parametrize("start", [1.7, 3.2, 4.9, 6.1])
def test_full_time_sensor_is_right_up_to_its_gain(start):
    board = recorded("rtx3090_burst", "NVIDIA GeForce RTX 3090")
    meter, truth = measured(board, start, 3.0)
    gain, offset = 0.9509, -0.82  # of the step file, see benchmarks/energy_replay.py
    assert (meter.joules - offset * 3.0) / gain == pytest.approx(truth, rel=0.01)
    assert FlagCode.ALIASING_SUSPECTED not in [f.code for f in meter.result.flags]
    assert meter.interval.low <= truth <= meter.interval.high
