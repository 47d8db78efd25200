"""Witness: a burst of 300 W over 60 W, refresh 0.1 s, borders inside a refresh."""

from itertools import pairwise

import pytest

from physbias.energy.integration.curve import reconstruct
from physbias.energy.integration.knots import Knots
from physbias.energy.integration.outside import Quiet

IDLE = Quiet(60.0, 0.5)


def energy(time, start=0.23, end=1.58):
    return 60.0 * time + 240.0 * (min(max(time, start), end) - start)


def knots(first=0, last=20, power=energy):
    times = [0.1 * k for k in range(first, last)]
    return Knots(times, list(map(power, times)), [0.0] * len(times), [0.0] * len(times))


def test_borders_are_reconstructed_exactly():
    curve = reconstruct(knots(), 0.23, 1.58, before=IDLE, after=IDLE)
    assert curve.total == pytest.approx(300.0 * 1.35, rel=1e-12)


def test_plain_difference_of_the_counter_would_be_low():
    shown = energy(1.5) - energy(0.2)  # what the counter shows at both borders
    assert shown < 300.0 * 1.35 * 0.99


def test_parts_add_up_to_the_whole():
    curve = reconstruct(knots(), 0.23, 1.58, before=IDLE, after=IDLE)
    cuts = [0.0, 0.23, 0.31, 0.5, 0.77, 1.2, 1.55, 1.58, 3.0]
    parts = [curve.between(a, b) for a, b in pairwise(cuts)]
    assert sum(parts) == pytest.approx(curve.total, rel=1e-12)
    assert parts[0] == parts[-1] == 0.0


def test_late_counter_changes_an_isolated_block_by_nothing():
    """Each knot shows what was used 0.07 s before it; the sum does not mind."""
    late = knots(power=lambda t: energy(t - 0.07))
    curve = reconstruct(late, 0.23, 1.58, IDLE, IDLE, early=0.1)
    assert curve.total == pytest.approx(300.0 * 1.35, rel=1e-9)


def test_counter_taken_to_be_older_than_it_is_changes_an_isolated_block_by_nothing():
    """The knots are moved by 0.1 s although they show the very instant."""
    moved = knots().shifted(0.1)
    curve = reconstruct(moved, 0.23, 1.58, IDLE, IDLE, late=0.1)
    shifted = 300.0 * 1.35
    assert curve.total == pytest.approx(shifted, rel=1e-9)


def test_late_counter_moves_a_part_by_what_the_lag_says():
    late = knots(power=lambda t: energy(t - 0.1, 0.5, 1.0))
    curve = reconstruct(late.shifted(0.1), 0.1, 1.58, IDLE, IDLE, late=0.1)
    true = energy(0.7, 0.5, 1.0) - energy(0.3, 0.5, 1.0)
    assert curve.between(0.3, 0.7) == pytest.approx(true, rel=1e-9)


def test_jump_between_steady_powers_is_found_without_knowing_the_outside():
    curve = reconstruct(knots(), 0.23, 1.58)
    assert curve.total == pytest.approx(300.0 * 1.35, rel=1e-9)


def test_cell_of_unsteady_power_is_shared_out_evenly():
    """100 and 300 W in turn on both sides: a cut at 0.03 s leaves 0.07 s of 300 W."""
    steps = [10.0, 30.0] * 10
    unsteady = Knots(
        [0.1 * k for k in range(21)],
        [sum(steps[:k]) for k in range(21)],
        [0.0] * 21,
        [0.0] * 21,
    )
    curve = reconstruct(unsteady, 0.73, 1.4)
    assert curve.total == pytest.approx(0.07 * 300.0 + 3 * 40.0, abs=0.4)
    assert 2.0 < curve.error(0.73, 1.4) < 10.0


@pytest.mark.parametrize("outside", [(330.0, 120.0), (20.0, 180.0)])
def test_block_of_steady_power_in_an_unsteady_load(outside):
    """200 W between 1.04 and 2.06 s; around it cells of two powers in turn.

    With P outside in both cut cells, sharing them evenly errs by (P - 200 W) xy/0.1 s
    at each border: 130 W or 180 W times 2 × 0.04 s × 0.06 s/0.1 s.
    """

    def power(time):
        if 1.04 <= time < 2.06:
            return 200.0
        return outside[int(round(time, 6) * 10) % 2]

    fine = [0.005 + 0.01 * k for k in range(320)]
    joules = [0.0]
    for time in fine:
        joules.append(joules[-1] + 0.01 * power(time))
    points = Knots([0.1 * k for k in range(33)], joules[::10], [0.0] * 33, [0.0] * 33)
    curve = reconstruct(points, 1.04, 2.06)
    even = abs(outside[0] - 200.0) * 0.048
    error = abs(curve.total - 204.0)
    assert error < 2 * curve.error(1.04, 2.06)
    assert error < 0.85 * even


def test_scaling_the_power_scales_the_energy():
    double = knots(power=lambda t: 2 * energy(t))
    one = reconstruct(knots(), 0.23, 1.58, before=IDLE, after=IDLE)
    two = reconstruct(
        double, 0.23, 1.58, before=Quiet(120.0, 1.0), after=Quiet(120.0, 1.0)
    )
    assert two.total == pytest.approx(2 * one.total, rel=1e-12)


def test_origin_of_the_clock_does_not_matter():
    one = reconstruct(knots(), 0.23, 1.58, before=IDLE, after=IDLE)
    moved = Knots([t + 7000.0 for t in knots().times], *_columns(knots()))
    two = reconstruct(moved, 7000.23, 7001.58, before=IDLE, after=IDLE)
    assert two.total == pytest.approx(one.total, rel=1e-9)


def _columns(points):
    return points.joules, points.slacks, points.variances


def test_window_inside_one_refresh_uses_both_outside_powers():
    def blip(time):
        return energy(time, 0.53, 0.57)

    curve = reconstruct(knots(power=blip), 0.53, 0.57, before=IDLE, after=IDLE)
    assert curve.total == pytest.approx(300.0 * 0.04, rel=1e-9)
    assert 0 < curve.error(0.53, 0.57) < 0.1


def test_missing_end_is_bridged_with_a_wide_error():
    curve = reconstruct(knots(last=16), 0.23, 1.58, before=IDLE)
    assert curve.total == pytest.approx(300.0 * 1.35, rel=0.01)
    known = reconstruct(knots(), 0.23, 1.58, before=IDLE, after=IDLE)
    assert curve.error(0.23, 1.58) > 2 * known.error(0.23, 1.58)


def test_too_few_points_give_nothing():
    assert reconstruct(knots(last=1), 0.0, 1.0, before=None) is None
