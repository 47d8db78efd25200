"""Witness: a burst of 300 W over 60 W, refresh 0.1 s, borders inside a refresh."""

from itertools import pairwise

import pytest

from physbias.energy.integration.curve import averaged, reconstruct
from physbias.energy.integration.timeline import Knots, Staircase


def energy(time, start=0.23, end=1.58):
    return 60.0 * time + 240.0 * (min(max(time, start), end) - start)


def knots(first=0, last=20, power=energy):
    times = [0.1 * k for k in range(first, last)]
    return Knots(times, list(map(power, times)), [0.0] * len(times), [0.0] * len(times))


def test_borders_are_reconstructed_exactly():
    curve = reconstruct(knots(), 0.23, 1.58, before=60.0)
    assert curve.total == pytest.approx(300.0 * 1.35, rel=1e-12)


def test_plain_difference_of_the_counter_would_be_low():
    shown = energy(1.5) - energy(0.2)  # what the counter shows at both borders
    assert shown < 300.0 * 1.35 * 0.99


def test_parts_add_up_to_the_whole():
    curve = reconstruct(knots(), 0.23, 1.58, before=60.0)
    cuts = [0.0, 0.23, 0.31, 0.5, 0.77, 1.2, 1.55, 1.58, 3.0]
    parts = [curve.between(a, b) for a, b in pairwise(cuts)]
    assert sum(parts) == pytest.approx(curve.total, rel=1e-12)
    assert parts[0] == parts[-1] == 0.0


@pytest.mark.parametrize("stale", [5.0, 60.0, 900.0])
def test_outside_power_that_does_not_fit_does_no_harm(stale):
    """Load of 300 W on both sides of the start, and a wrong power before it."""
    steady = knots(power=lambda t: 300.0 * t)
    curve = reconstruct(steady, 0.23, 1.58, before=stale)
    assert curve.total == pytest.approx(300.0 * 1.35, rel=0.01)


def test_scaling_the_power_scales_the_energy():
    double = knots(power=lambda t: 2 * energy(t))
    one = reconstruct(knots(), 0.23, 1.58, before=60.0)
    two = reconstruct(double, 0.23, 1.58, before=120.0)
    assert two.total == pytest.approx(2 * one.total, rel=1e-12)


def test_origin_of_the_clock_does_not_matter():
    one = reconstruct(knots(), 0.23, 1.58, before=60.0)
    moved = Knots([t + 7000.0 for t in knots().times], *_columns(knots()))
    two = reconstruct(moved, 7000.23, 7001.58, before=60.0)
    assert two.total == pytest.approx(one.total, rel=1e-9)


def _columns(points):
    return points.joules, points.slacks, points.variances


def test_window_inside_one_refresh_uses_both_outside_powers():
    def blip(time):
        return energy(time, 0.53, 0.57)

    curve = reconstruct(knots(power=blip), 0.53, 0.57, before=60.0)
    assert curve.total == pytest.approx(300.0 * 0.04, rel=1e-9)
    assert curve.error(0.53, 0.57) > 0.02 * curve.total


def test_missing_end_is_bridged_with_a_wide_error():
    curve = reconstruct(knots(last=16), 0.23, 1.58, before=60.0)
    assert curve.total == pytest.approx(300.0 * 1.35, rel=0.01)
    known = reconstruct(knots(), 0.23, 1.58, before=60.0)
    assert curve.error(0.23, 1.58) > 2 * known.error(0.23, 1.58)


def test_too_few_points_give_nothing():
    assert reconstruct(knots(last=1), 0.0, 1.0, before=None) is None


def mean_readings(start, end, until):
    series = Staircase()
    for i in range(int(until / 0.01)):
        now = 0.1 * (i // 10)
        series.append(
            2.0 + 0.01 * i, energy(now, start, end) - energy(now - 1, start, end)
        )
    return series


def test_trailing_mean_is_corrected_on_both_sides():
    """A plain sum of such readings misses half a window of load."""
    series = mean_readings(0.0, 5.0, until=6.3)
    curve = averaged(series, 1.0, 2.0, 7.0)
    assert curve.total == pytest.approx(1500.0, rel=0.01)
    assert curve.between(4.0, 5.0) == pytest.approx(300.0, rel=0.01)
    assert curve.error(4.0, 5.0) > 0.05 * 300.0
