from itertools import pairwise

import pytest

from physbias.energy.integration.timeline import (
    Staircase,
    Timeline,
    counter_knots,
    lock_edges,
    power_knots,
)


def staircase(*readings):
    series = Staircase()
    for time, value in readings:
        series.append(time, value)
    return series


def test_only_changes_are_kept():
    series = staircase((0.0, 1.0), (0.1, 1.0), (0.2, 1.0), (0.3, 2.0), (0.4, 2.0))
    assert list(series.values) == [1.0, 2.0]
    assert (series.before[1], series.after[1]) == (0.2, 0.3)
    assert (series.count, series.edges, series.last) == (5, 1, 0.4)
    assert (series.edges_since(0.25), series.edges_since(0.3)) == (1, 0)


def test_holes_between_readings_are_noted():
    assert staircase((0.0, 1.0), (0.4, 1.0), (2.0, 1.0)).gaps == [(0.4, 2.0)]


def test_refresh_is_found_in_the_edges_and_bridges_a_missed_one():
    edges = [0.0, 0.08, 0.16, 0.24, 0.40, 0.48, 0.56, 0.64]
    series = staircase(*((t, float(i)) for i, t in enumerate(edges)))
    assert series.refresh() == pytest.approx(0.04 + 0.04, rel=0.6)
    fine = staircase(*((0.01 * i, float(i // 8)) for i in range(200)))
    assert fine.refresh() == pytest.approx(0.08, rel=1e-6)
    assert staircase((0.0, 1.0), (9.0, 2.0)).refresh() == 0.1


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


def test_edges_are_sharpened_by_the_regular_refresh():
    true = [0.037 + 0.1 * k for k in range(60)]
    seen = [(0.017 * int(t / 0.017) + 0.0085, 0.0085) for t in true]
    times, slacks = zip(*seen, strict=True)
    locked, sharpened = lock_edges(times, slacks, 0.1)
    rough = max(abs(a - b) for a, b in zip(times, true, strict=True))
    fine = max(abs(a - b) for a, b in zip(locked, true, strict=True))
    assert fine < 0.4 * rough
    assert max(sharpened) < max(slacks)


def test_irregular_edges_stay_where_they_were_seen():
    times = [0.0, 0.1, 0.26, 0.3, 0.41, 0.5, 0.58, 0.7, 0.83, 0.9]
    slacks = [0.004] * 10
    locked, _ = lock_edges(times, slacks, 0.1)
    assert all(abs(a - b) <= 0.004 + 1e-12 for a, b in zip(times, locked, strict=True))
    assert all(b > a for a, b in pairwise(locked))


def test_counter_that_goes_back_is_a_reset_and_one_that_leaps_a_glitch():
    back, leap = Timeline(), Timeline(power_limit=300.0)
    for timeline, values in ((back, (5.0, 6.0, 1.0)), (leap, (5.0, 6.0, 9000.0))):
        for i, value in enumerate(values):
            timeline.add_energy(0.1 * i, value)
    assert (back.counter_fault, back.counter_fault_kind) == (0.2, "reset")
    assert (leap.counter_fault, leap.counter_fault_kind) == (0.2, "glitch")


@pytest.mark.parametrize("watts", [0.0, -3.0, 451.0, float("nan"), float("inf")])
def test_impossible_power_is_left_out(watts):
    timeline = Timeline(power_limit=300.0)
    timeline.add_power(0.0, watts)
    timeline.add_power(0.1, 449.0)
    assert (timeline.power.count, timeline.dropped) == (1, 1)


def test_window_is_settled_three_edges_after_its_end():
    timeline = Timeline()
    for i in range(6):
        timeline.add_energy(0.1 * i, float(i))
    assert timeline.settled(0.25)
    assert not timeline.settled(0.35)
    timeline.add_failure(0.6, "gone", lost=True)
    assert timeline.settled(0.35)
