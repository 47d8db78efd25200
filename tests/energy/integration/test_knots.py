import pytest

from physbias.energy.integration.knots import (
    Knots,
    counter_knots,
    power_knots,
)
from physbias.energy.integration.timeline import Staircase


def staircase(*readings):
    series = Staircase()
    for time, value in readings:
        series.append(time, value)
    return series


def test_counter_knots_put_energy_at_edges():
    """100 W, refreshed every 0.1 s: at edge k the counter shows 10 k joules."""
    series = staircase(*((0.004 * i, 10.0 * (i // 25)) for i in range(200)))
    knots = counter_knots(series, None)
    assert knots.joules == [10.0 * k for k in range(8)]
    for k, time in enumerate(knots.times):
        assert abs(time - 0.1 * k) <= 0.004
    assert knots.watts() == pytest.approx([100.0] * 7, rel=0.05)


def test_counter_that_refreshes_faster_than_it_is_read_has_no_lag():
    knots = counter_knots(staircase(*((0.02 * i, 2.0 * i) for i in range(50))), 1e-3)
    for i, time in enumerate(knots.times[1:], start=1):
        assert 0.02 * i - 1e-3 <= time <= 0.02 * i


@pytest.mark.parametrize("gap", [0.16, 0.27])
def test_the_first_value_is_as_old_as_its_last_reading(gap):
    """A counter of 60 W with edges at 0.05 + 0.1 k, not read from 0.02 s on."""

    def shown(time):
        return 6.0 * int((time + 0.05) / 0.1 + 1e-9)

    late = 0.02 + gap
    times = [0.0, 0.02, late, *(late + 0.004 * i for i in range(1, 200))]
    knots = counter_knots(staircase(*((t, shown(t)) for t in times)), 0.1)
    assert knots.times[0] == pytest.approx(-0.05, abs=0.003)
    assert knots.watts()[:3] == pytest.approx([60.0] * 3, rel=0.05)


def test_the_first_value_may_be_of_either_refresh_about_its_last_reading():
    """The counter refreshes within a millisecond of the only reading of its value."""

    def shown(time):
        return 6.0 * int(time / 0.1 + 1e-9)

    times = [0.0, 0.13, *(0.13 + 0.004 * i for i in range(1, 200))]
    knots = counter_knots(staircase(*((t, shown(t)) for t in times)), 0.1)
    assert knots.times[0] == pytest.approx(-0.05, abs=0.01)
    assert knots.slacks[0] > 0.04


def doubtful(first, power, noise=0.0):
    """A first value of either 0 or 0.1 s, then cells of 0.1 s that two sensors see."""
    times = [0.05, *(0.1 * k for k in range(2, 8))]
    joules = [0.0, first, *(first + 0.1 * power * k for k in range(1, 6))]
    knots = Knots(times, joules, [0.051, *[0.001] * 6], [0.0] * 7)
    ends = [0.1 * k for k in range(-1, 8)]
    read = [power * t + noise * (k % 2) for k, t in enumerate(ends)]
    return knots, Knots(ends, read, [0.0] * 9, [0.0] * 9)


@pytest.mark.parametrize(("first", "start"), [(12.0, 0.0), (6.0, 0.1)])
def test_another_sensor_tells_of_which_refresh_the_first_value_is(first, start):
    """At 60 W throughout, 12 J take 0.2 s and 6 J take 0.1 s."""
    knots, readings = doubtful(first, 60.0)
    found = knots.begun(readings, 0.04)
    assert found.times[0] == pytest.approx(start, abs=1e-6)
    assert found.slacks[0] == 0.001
    assert found.times[1:] == knots.times[1:]


def test_a_sensor_that_differs_elsewhere_leaves_the_doubt():
    """Off by 20 J from cell to cell, it cannot tell 6 J from 12 J."""
    knots, readings = doubtful(12.0, 60.0, noise=20.0)
    found = knots.begun(readings, 0.04)
    assert found.times[0] == pytest.approx(0.05, abs=0.02)
    assert found.slacks[0] > 0.04


def test_a_first_value_without_doubt_stays():
    knots, readings = doubtful(12.0, 60.0)
    assert knots.begun(readings, 0.06) is knots


def test_power_is_held_backwards():
    """A register at 0.1 k s shows the mean of the refresh before it."""
    means = [60.0, 60.0, 180.0, 300.0, 300.0, 120.0, 60.0, 61.0]
    series = staircase(*((0.01 * i, means[i // 10]) for i in range(80)))
    knots = power_knots(series)

    def until(time):
        return next(
            joules
            for t, joules in zip(knots.times, knots.joules, strict=True)
            if abs(t - time) < 0.006
        )

    spent = until(0.5) - until(0.1)  # what was shown from 0.2 to 0.6
    assert spent == pytest.approx(0.1 * (180 + 300 + 300 + 120), rel=1e-6)


def test_jump_between_readings_adds_the_variance_of_its_place():
    knots = power_knots(staircase((0.0, 60.0), (0.3, 300.0), (0.4, 300.0)))
    assert knots.variances[-1] == pytest.approx((240.0 * 0.3) ** 2 / 12)


def test_quicker_sensor_tells_the_shape_between_two_knots():
    """1 s with 60 W for 0.5 s, then 300 W; the quick sensor reads 10 % too little."""
    slow = Knots([0.0, 1.0], [0.0, 180.0], [0.0, 0.0], [0.0, 0.0])
    times = [0.1 * k for k in range(11)]
    shown = [0.9 * (60.0 * t + 240.0 * max(0.0, t - 0.5)) for t in times]
    fine = slow.refined(Knots(times, shown, [0.0] * 11, [0.0] * 11))
    assert fine.joules[0] == 0.0
    assert fine.joules[-1] == pytest.approx(180.0)
    assert fine.times == pytest.approx(times)
    # 27 J shown, and half of the 18 J that are missing
    assert fine.joules[5] == pytest.approx(27.0 + 9.0)


def test_what_the_quicker_sensor_shows_too_much_is_scaled_down():
    """A spike that the late counter has not seen yet must not make energy fall."""
    slow = Knots([0.0, 1.0], [0.0, 60.0], [0.0, 0.0], [0.0, 0.0])
    times = [0.1 * k for k in range(11)]
    shown = [60.0 * t + (60.0 if t > 0.45 else 0.0) for t in times]
    fine = slow.refined(Knots(times, shown, [0.0] * 11, [0.0] * 11))
    assert fine.joules == pytest.approx([0.5 * joules for joules in shown])


def test_where_the_quicker_sensor_shows_nothing_its_first_power_goes_on():
    slow = Knots([0.0, 1.0], [0.0, 100.0], [0.0, 0.0], [0.0, 0.0])
    times = [0.8, 0.9, 1.0]
    fine = slow.refined(Knots(times, [0.0, 10.0, 20.0], [0.0] * 3, [0.0] * 3))
    assert fine.joules == pytest.approx([0.0, 80.0, 90.0, 100.0])
