"""Windows on simulated boards, judged by the closed-form energy."""

import random
from dataclasses import replace

import pytest

from physbias.energy import EnergyMeter, FlagCode, Verdict, VirtualClock
from physbias.energy.sensors.probe import SensorError
from physbias.energy.simulated import (
    Burst,
    Constant,
    Cycle,
    Fault,
    FromIntegral,
    Ramp,
    Sensor,
    SimulatedGpu,
    SquareWave,
    simulate,
)

SQUARE = SquareWave(60.0, 300.0, 0.7)
TRACES = {
    "constant": Constant(300.0),
    "square": SQUARE,
    "ramp": Ramp(60.0, 20.0),
    "cubic": FromIntegral(lambda t: 80.0 * t + 0.2 * t**3),
}
START = 1.2345


def energy(trace, start, end):
    return trace.energy(end) - trace.energy(start)


def isolated(trace, seconds, sensor=None, **board):
    """The trace inside the block, 60 W outside; returns the meter and the truth."""
    load = Burst(inside=trace, start=START, stop=START + seconds, idle=60.0)
    return window(load, seconds, sensor, **board)


def window(trace, seconds, sensor=None, *, start=START, **board):
    sensor = Sensor(phase=0.0371) if sensor is None else sensor
    machine = simulate([SimulatedGpu(trace, sensor, **board)])
    machine.clock.sleep(start)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(seconds)
    return meter, energy(trace, start, start + seconds)


def codes(meter):
    return [flag.code for flag in meter.result.flags]


def assert_close(meter, truth, relative=0.01):
    assert meter.joules == pytest.approx(truth, rel=relative)
    low, high = meter.interval
    assert low <= truth <= high
    low, high = meter.result.comparison
    assert low <= truth <= high


@pytest.mark.parametrize("seconds", [2.0, 10.0])
@pytest.mark.parametrize("name", TRACES)
def test_isolated_block(name, seconds):
    meter, truth = isolated(TRACES[name], seconds)
    assert_close(meter, truth, 0.001)
    assert meter.result.devices[0].source == "counter"
    assert meter.result.devices[0].cross_check.verdict is Verdict.CONSISTENT
    assert codes(meter) == []


@pytest.mark.parametrize("seconds", [2.0, 10.0])
@pytest.mark.parametrize("name", TRACES)
def test_block_inside_a_load(name, seconds):
    meter, truth = window(TRACES[name], seconds)
    assert_close(meter, truth)


@pytest.mark.parametrize("offset", [0.07 * i for i in range(10)])
def test_block_that_ends_in_a_lull_of_the_load(offset):
    """A register that sees a quarter of the time shows lulls as if power were quiet."""
    sensor = Sensor(instant_window=0.025, phase=0.0371, noise=0.3)
    meter, truth = window(SQUARE, 10.0, sensor, start=START + offset)
    assert_close(meter, truth, 0.002)
    burst, truth = isolated(SQUARE, 5.0 + offset, sensor)
    assert_close(burst, truth, 0.0005)


@pytest.mark.parametrize("phase", [0.01 * i for i in range(10)])
def test_no_bias_at_any_phase_of_the_counter(phase):
    """A plain difference loses (P_in - P_out) 0.05 s = 12 J of 300 J on average."""
    meter, truth = isolated(Constant(300.0), 1.0, Sensor(phase=phase))
    assert_close(meter, truth, 0.003)


@pytest.mark.parametrize("seconds", [2.0, 10.0])
@pytest.mark.parametrize("name", TRACES)
def test_power_stands_in_for_an_absent_counter(name, seconds):
    sensor = Sensor(phase=0.0371, counter_refresh=None)
    meter, truth = isolated(TRACES[name], seconds, sensor)
    assert_close(meter, truth)
    assert meter.result.devices[0].source == "power"
    assert codes(meter) == [FlagCode.COUNTER_MISSING]


def test_trailing_mean_is_corrected_and_flagged():
    """A sum of such readings over the block alone would be 10 % low."""
    sensor = Sensor(phase=0.0371, counter_refresh=None, instant_window=None)
    meter, truth = isolated(Constant(300.0), 4.0, sensor)
    assert_close(meter, truth, 0.005)
    assert codes(meter) == [FlagCode.COUNTER_MISSING, FlagCode.AVERAGED_FIELD_ONLY]


@pytest.mark.parametrize("refresh", [0.01, 0.02, 0.104])
def test_other_refresh_periods(refresh):
    sensor = Sensor(
        phase=0.0071,
        counter_refresh=refresh,
        power_refresh=refresh,
        instant_window=refresh,
    )
    meter, truth = isolated(SquareWave(90.0, 330.0, 0.46), 5.0, sensor)
    assert_close(meter, truth, 0.003)


def test_counter_reset_is_stitched_and_bridged_by_power():
    meter, truth = isolated(Constant(300.0), 10.0, reset_at=START + 4.0)
    assert_close(meter, truth, 0.003)
    assert meter.result.devices[0].source == "counter"
    assert codes(meter) == [FlagCode.COUNTER_RESET]


def test_counter_reset_without_power_is_bridged_by_the_mean_with_its_error():
    sensor = Sensor(instant_window=None, plain_window=None)
    meter, truth = isolated(Constant(300.0), 10.0, sensor, reset_at=START + 4.0)
    assert meter.joules == pytest.approx(truth, rel=0.01)
    low, high = meter.result.comparison
    assert low <= truth <= high
    assert high - low > 10.0
    assert codes(meter) == [FlagCode.COUNTER_RESET]


def test_frozen_counter_falls_back_to_power():
    meter, truth = isolated(Constant(300.0), 10.0, frozen_at=START + 4.0)
    assert_close(meter, truth)
    assert codes(meter) == [FlagCode.COUNTER_FROZEN]


def test_counter_alone_is_enough():
    sensor = Sensor(phase=0.0371, instant_window=None, plain_window=None)
    meter, truth = isolated(Constant(300.0), 10.0, sensor)
    assert_close(meter, truth)
    assert meter.result.devices[0].cross_check is None


def test_lost_device_keeps_the_record_up_to_then():
    meter, _ = isolated(Constant(300.0), 10.0, lost_at=START + 4.0)
    (device,) = meter.result.devices
    assert meter.joules == pytest.approx(300.0 * device.seconds, rel=0.01)
    assert device.seconds == pytest.approx(4.0, abs=0.11)
    assert codes(meter) == [FlagCode.DEVICE_LOST]
    assert meter.seconds == pytest.approx(10.0)


def test_device_lost_at_once_gives_none_with_the_reason():
    meter, _ = isolated(Constant(300.0), 10.0, lost_at=START + 0.001)
    assert meter.joules is None
    assert "was lost" in meter.reason


def test_part_time_power_that_disagrees_is_told_and_the_counter_kept():
    """The register sees 20 ms of each 100 ms and always meets the high half."""
    load = SquareWave(60.0, 300.0, 0.1)
    sensor = Sensor(instant_window=0.02)
    meter, truth = window(load, 10.0, sensor, start=3.0)
    (device,) = meter.result.devices
    assert device.joules == pytest.approx(truth, rel=0.01)
    assert device.cross_check.verdict is Verdict.INCONSISTENT
    assert device.cross_check.difference == pytest.approx(300 / 180 - 1, rel=0.05)
    assert codes(meter) == [FlagCode.CROSS_CHECK_FAILED]
    assert device.interval.high >= device.cross_check.joules


def test_gain_and_offset_of_a_board_are_inside_the_interval_but_not_random():
    sensor = Sensor(phase=0.0371, gain=1.05, offset=5.0)
    meter, truth = isolated(Constant(300.0), 10.0, sensor)
    assert meter.joules == pytest.approx(1.05 * truth + 50.0, rel=0.002)
    assert meter.interval.low <= truth <= meter.interval.high
    assert meter.result.comparison.low > truth


def test_interval_holds_the_stated_sensor_error():
    meter, _ = isolated(Constant(300.0), 10.0)
    joules, (low, high) = meter.joules, meter.interval
    systematic = ((0.037 * joules) ** 2 + (5.9 * 10.0) ** 2) ** 0.5
    assert (high - low) / 2 == pytest.approx(2 * systematic, rel=0.01)


def test_short_block_is_flagged_and_never_zero():
    meter, truth = isolated(Constant(300.0), 0.03)
    assert FlagCode.SHORT_WINDOW in codes(meter)
    assert meter.joules > 0
    assert meter.interval.low <= truth <= meter.interval.high


def test_random_intervals_cover_the_truth():
    """120 windows on an ideal sensor, where only the random part is at work."""
    chance, hits = random.Random(0), 0
    for _ in range(120):
        seconds = chance.choice([1.0, 3.0])
        trace = TRACES[chance.choice(list(TRACES))]
        sensor = Sensor(phase=0.1 * chance.random())
        start = 1 + chance.random()
        if chance.random() < 0.5:
            load = Burst(inside=trace, start=start, stop=start + seconds, idle=60.0)
        else:
            load = trace
        meter, truth = window(load, seconds, sensor, start=start)
        low, high = meter.result.comparison
        hits += low - 1e-6 <= truth <= high + 1e-6
    assert hits >= 0.93 * 120


def test_starved_sampler_without_counter_flags_the_hole():
    machine = simulate(
        [SimulatedGpu(Constant(300.0), Sensor(counter_refresh=None, phase=0.03))]
    )
    binding, power = machine.nvml, machine.nvml.instant_power
    hole = (3.0, 6.0)

    def starved(index):
        if hole[0] < machine.clock.now() < hole[1]:
            raise UnknownError
        return power(index)

    binding.instant_power = starved
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(10.0)
    assert meter.joules == pytest.approx(3000.0, rel=0.01)
    assert FlagCode.GAP in codes(meter)
    assert FlagCode.READ_ERRORS in codes(meter)
    hole = (1.0, 9.0)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        hole = (machine.clock.now() + 1.0, machine.clock.now() + 9.0)
        machine.clock.sleep(10.0)
    assert meter.joules is None
    assert "half of the window" in meter.reason


class UnknownError(Exception):
    """An error that no driver is known to raise."""


def test_single_wrong_reading_of_the_counter_costs_nothing():
    machine = simulate([SimulatedGpu(Constant(300.0), Sensor(phase=0.0371))])
    binding, energy_of = machine.nvml, machine.nvml.energy
    odd = iter([None] * 300 + [0.0] + [None] * 5000)
    binding.energy = lambda index: (
        energy_of(index) if (value := next(odd)) is None else value
    )
    machine.clock.sleep(START)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(10.0)
    assert meter.joules == pytest.approx(3000.0, rel=1e-3)
    assert codes(meter) == [FlagCode.COUNTER_GLITCH]


def test_zero_watts_and_spikes_are_left_out_of_the_power():
    sensor = Sensor(counter_refresh=None, phase=0.0371)
    machine = simulate([SimulatedGpu(Constant(300.0), sensor)])
    binding, power_of = machine.nvml, machine.nvml.instant_power
    odd = iter([None] * 100 + [0.0, 9e4, float("nan")] * 3 + [None] * 5000)
    binding.instant_power = lambda index: (
        power_of(index) if (value := next(odd)) is None else value
    )
    machine.clock.sleep(START)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(10.0)
    assert meter.joules == pytest.approx(3000.0, rel=2e-3)
    assert FlagCode.READ_ERRORS in codes(meter)


def test_frozen_counter_without_power_gives_none_where_most_is_unknown():
    sensor = Sensor(instant_window=None, plain_window=None)
    meter, _ = isolated(Constant(300.0), 10.0, sensor, frozen_at=START + 2.0)
    assert meter.joules is None
    assert "fewer than half" in meter.reason
    assert FlagCode.COUNTER_FROZEN in codes(meter)


@pytest.mark.parametrize("delay", [0.0, 0.03, 0.06, 0.09])
def test_delay_of_the_counter_does_not_harm_an_isolated_block(delay):
    """A plain difference would lose (300 - 60) W * delay of 90 J."""
    sensor = Sensor(phase=0.0371, counter_delay=delay)
    meter, truth = isolated(Constant(300.0), 0.3, sensor)
    assert meter.joules == pytest.approx(truth, rel=0.005)


def test_delay_of_the_counter_is_inside_the_interval_of_a_part():
    """The part holds a jump from 60 to 300 W that the counter shows 0.09 s late."""
    sensor = Sensor(phase=0.0371, counter_delay=0.09)
    load = Burst(inside=Constant(300.0), start=5.0, stop=100.0, idle=60.0)
    machine = simulate([SimulatedGpu(load, sensor)])
    machine.clock.sleep(2.0)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(2.9)
        with meter.region("part"):
            machine.clock.sleep(1.0)
        machine.clock.sleep(2.0)
    part, truth = meter.result.region("part"), energy(load, 4.9, 5.9)
    assert part.joules < 0.95 * truth
    low, high = part.interval
    assert low <= truth <= high
    assert high - part.joules > 1.2 * (part.joules - low)


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_scaling_the_power_scales_the_energy(factor):
    pair = [window(SquareWave(60.0 * f, 200.0 * f, 0.7), 3.0) for f in (1.0, factor)]
    (one, _), (other, _) = pair
    assert other.joules == pytest.approx(factor * one.joules, rel=1e-4)


def test_parts_and_the_rest_add_up_to_the_whole_however_it_is_split():
    chance = random.Random(1)
    machine = simulate([SimulatedGpu(SquareWave(60.0, 300.0, 0.37), Sensor())])
    machine.clock.sleep(START)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        for i in range(40):
            machine.clock.sleep(0.1 * chance.random())
            with meter.region(f"{i}"):
                machine.clock.sleep(0.3 * chance.random())
    record = meter.result
    parts = sum(region.joules for region in record.regions)
    assert parts + record.unattributed == pytest.approx(record.joules, rel=1e-9)


@pytest.mark.parametrize("lost", [2.80, 2.83, 2.87])
def test_a_lost_device_is_told_up_to_its_loss(lost):
    board = SimulatedGpu(Constant(300.0), Sensor(phase=0.0371), lost_at=lost)
    machine = simulate([board])
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(10.0)
    assert meter.joules == pytest.approx(300.0 * lost, abs=30.0)
    assert meter.seconds >= lost
    low, high = meter.result.devices[0].comparison
    assert low <= 300.0 * lost <= high
    assert meter.result.devices[0].seconds >= lost


@pytest.mark.parametrize("after", [5.0, 12.0])
def test_power_takes_over_from_a_counter_that_fails_for_good(after):
    """200 W for 20 s are 4000 J."""
    fault = Fault(call="energy", start=START + after)
    machine = simulate([SimulatedGpu(Constant(200.0))], faults=(fault,))
    machine.clock.sleep(START)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(20.0)
    assert meter.joules == pytest.approx(4000.0, rel=1e-3)
    low, high = meter.interval
    assert high - low < 0.25 * 4000.0
    assert FlagCode.READ_ERRORS in codes(meter)


@pytest.mark.parametrize(("watts", "least"), [(100.0, 0.9), (300.0, 0.9)])
@pytest.mark.parametrize("seconds", [1.0, 5.0])
def test_intervals_cover_a_steady_block_inside_a_busy_load(watts, least, seconds):
    """330, 180 and 90 W in turn outside; without parting the cells, 0.2 to 0.7."""
    chance, hits, count = random.Random(7), 0, 100
    cycle = Cycle([(0.13, 330.0), (0.06, 180.0), (0.04, 90.0)])
    for _ in range(count):
        start = 5.0 + chance.random()
        steps = energy(cycle, start, start + seconds)

        def used(t, start=start, steps=steps):
            inside = min(max(t - start, 0.0), seconds)
            if t <= start:
                return cycle.energy(t)
            if t <= start + seconds:
                return cycle.energy(start) + watts * inside
            return cycle.energy(t) - steps + watts * seconds

        sensor = Sensor(phase=0.1 * chance.random(), noise=0.3)
        board = SimulatedGpu(FromIntegral(used), sensor)
        machine = simulate([board])
        machine.clock.sleep(start)
        with EnergyMeter(cpu=False, machine=machine) as meter:
            machine.clock.sleep(seconds)
        low, high = meter.result.comparison
        hits += low <= watts * seconds <= high
    assert hits >= least * count


@pytest.mark.parametrize(("refresh", "seconds"), [(0.5, 0.5), (0.5, 2.0), (1.0, 3.0)])
def test_slow_counter_is_shared_out_by_the_power(refresh, seconds):
    """An isolated block that may lie inside two refreshes of the counter."""
    for phase in (0.1, 0.35, 0.8):
        sensor = Sensor(counter_refresh=refresh, phase=phase)
        meter, truth = isolated(Constant(300.0), seconds, sensor)
        assert meter.joules == pytest.approx(truth, rel=0.01)


AVERAGED = Sensor(counter_refresh=None, instant_window=None)


@pytest.mark.parametrize(
    ("trace", "seconds", "least"),
    [
        (SquareWave(60.0, 300.0, 1.9), 0.3, 0.8),
        (SquareWave(60.0, 300.0, 1.9), 2.0, 0.8),
        (Cycle([(0.13, 330.0), (0.06, 180.0), (0.04, 90.0)]), 1.0, 0.85),
    ],
)
def test_intervals_of_a_trailing_mean_in_a_load_that_varies(trace, seconds, least):
    """Outside the block the power varies, so a mean from before it does not hold."""
    chance, inside = random.Random(7), 0
    for _ in range(60):
        start = 5.0 + 3.0 * chance.random()
        machine = simulate([SimulatedGpu(trace, AVERAGED)])
        machine = replace(machine, gpu_error=SensorError(0.002, 0.2))
        machine.clock.sleep(start)
        with EnergyMeter(cpu=False, machine=machine) as meter:
            machine.clock.sleep(seconds)
        truth = energy(trace, start, start + seconds)
        inside += meter.interval.low <= truth <= meter.interval.high
    assert inside >= least * 60


@pytest.mark.parametrize("phase", [0.0, 0.03, 0.06])
def test_part_time_power_that_misses_a_short_block_still_tells_the_quiet_outside(phase):
    """The register sees 25 of each 100 ms; the block of 40 ms lies between."""
    sensor = Sensor(phase=phase, instant_window=0.025)
    meter, truth = isolated(Constant(300.0), 0.04, sensor)
    assert meter.joules == pytest.approx(truth, rel=0.02)


@pytest.mark.parametrize(("seconds", "most"), [(1.0, 0.005), (5.0, 0.0008)])
def test_late_readings_cost_little_and_the_interval_says_how_much(seconds, most):
    """One reading in twenty comes 0.1 s late on average: 60 windows of two loads."""
    errors, inside = [], 0
    for seed in range(60):
        chance = random.Random(seed)
        start = 1.0 + chance.random()
        trace = SQUARE if seed % 2 else Constant(300.0)
        load = Burst(inside=trace, start=start, stop=start + seconds, idle=60.0)
        clock = VirtualClock(
            late=lambda c=chance: c.expovariate(10.0) if c.random() < 0.05 else 0.0
        )
        sensor = Sensor(phase=chance.random(), noise=0.3)
        machine = simulate([SimulatedGpu(load, sensor)], clock)
        clock.sleep(start)
        with EnergyMeter(cpu=False, machine=machine) as meter:
            clock.sleep(seconds)
        truth = energy(load, start, start + seconds)
        errors.append(meter.joules / truth - 1)
        low, high = meter.result.interval
        inside += low <= truth <= high
    assert sum(e * e for e in errors) / len(errors) < most**2
    assert inside >= 55
