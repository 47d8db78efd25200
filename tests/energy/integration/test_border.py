"""Witness: conditional mean of a sum of two normal variables, done by hand."""

from math import sqrt

import pytest

from physbias.energy.integration.border import Cell, Side

STEADY = 1e-6


def test_steady_side_is_believed():
    """0.1 s hold 30 J, 0.06 s of it at exactly 100 W: the rest was used outside."""
    cell = Cell(30.0, 0.04, 0.06, swing=600.0)
    outside, inside = Side(500.0, 100.0, 1e-3), Side(100.0, STEADY, 0.0)
    found = cell.part(outside, inside)
    weight = _weight(30.0 - 26.0, outside, 0.04, 60.0)
    mixed = weight * 24.0 + (1 - weight) * 12.0
    assert found.joules == pytest.approx(mixed, rel=1e-5)
    assert weight > 0.7


def _weight(rest, side, time, wide):
    """Weight of a normal density against an even one over ``wide`` [J]."""
    spread = sqrt((1.3 * side.sway) ** 2 * 0.1 * time + (side.error * time) ** 2)
    odd = rest / spread
    density = 2.718281828459045 ** (-(odd**2) / 2) / sqrt(2 * 3.141592653589793)
    density *= wide / spread
    return density / (1 + density)


@pytest.mark.parametrize("outer", [0.02, 0.05, 0.08])
def test_sides_alike_share_evenly(outer):
    cell = Cell(20.0, outer, 0.1 - outer, swing=300.0)
    alike = Side(200.0, 80.0, 33.0)
    assert cell.part(alike, alike).joules == pytest.approx(200.0 * outer)


def test_sways_nearly_alike_count_as_alike():
    """Ten cells cannot tell 60 W from 90 W of sway."""
    cell = Cell(26.0, 0.05, 0.05, swing=300.0)
    found = cell.part(Side(200.0, 60.0, 33.0), Side(200.0, 90.0, 33.0))
    assert found.joules == pytest.approx(13.0)


def test_difference_that_chance_may_make_counts_as_none():
    cell = Cell(21.0, 0.05, 0.05, swing=300.0)
    found = cell.part(Side(190.0, 80.0, 33.0, 6), Side(220.0, 80.0, 33.0, 6))
    assert found.joules == pytest.approx(10.5)


def test_power_outside_that_no_cell_shows_keeps_its_doubt():
    """The cell has 234 W, inside are 450 W: what was outside may be nearly nothing."""
    cell = Cell(23.4, 0.05, 0.05, swing=400.0)
    found = cell.part(Side(450.0, 2.0, 109.0, 0), Side(450.0, 2.0, 1.0, 6))
    assert 2 * found.error > abs(found.joules - (23.4 - 22.5))


def test_clear_difference_moves_the_shares():
    """Expected 15 J and 5 J with like variances, found 22 J: one more joule each."""
    cell = Cell(22.0, 0.05, 0.05, swing=1e9)
    found = cell.part(Side(300.0, 20.0, 1e-9), Side(100.0, 20.0, 1e-9))
    assert found.joules == pytest.approx(16.0, abs=0.01)
    one = 1.3 * 20.0 * sqrt(0.1 * 0.05)
    assert found.error == pytest.approx(one / sqrt(2), rel=0.05)


def test_what_cannot_be_so_is_shared_evenly():
    """Both sides show about 100 W, and the cell holds 300 W: power rose elsewhere."""
    cell = Cell(30.0, 0.02, 0.08, swing=200.0)
    found = cell.part(Side(110.0, 5.0, 2.0), Side(90.0, 5.0, 2.0))
    assert found.joules == pytest.approx(6.0, rel=1e-3)


def test_border_at_the_end_of_a_cell_parts_nothing():
    side = Side(200.0, 80.0, 33.0)
    assert Cell(20.0, 0.0, 0.1, 300.0).part(side, side) == (0.0, 0.0)
    assert Cell(20.0, 0.1, 0.0, 300.0).part(side, side) == (20.0, 0.0)


def test_error_holds_half_the_difference_between_both_ways():
    """Even sharing says 12 J, a change at the border 24 J."""
    cell = Cell(30.0, 0.04, 0.06, swing=600.0)
    found = cell.part(Side(500.0, 100.0, 1e-3), Side(100.0, STEADY, 0.0))
    assert found.error > 0.9 * min(24.0 - found.joules, found.joules - 12.0)


@pytest.mark.parametrize(
    ("joules", "fits"), [(18.0, True), (30.0, False), (6.0, False)]
)
def test_quiet_side_must_fit_the_cell(joules, fits):
    """0.05 s at 60 W and 0.05 s at 300 W are 18 J; at 300 W all of it would be 30 J."""
    cell = Cell(joules, 0.05, 0.05, swing=240.0)
    quiet, inside = Side(60.0, 0.0, 1.0), Side(300.0, 2.0, 1.0, cells=6)
    assert cell.fits(quiet, inside, (0.05, 0.05)) is fits


def test_late_sensor_may_explain_the_cell():
    """30 J of 0.1 s at 300 W fit if nothing of the cell lies outside in truth."""
    cell = Cell(30.0, 0.05, 0.05, swing=240.0)
    quiet, inside = Side(60.0, 0.0, 1.0), Side(300.0, 2.0, 1.0, cells=6)
    assert cell.fits(quiet, inside, (0.0, 0.05))


def test_few_cells_inside_belie_nothing():
    cell = Cell(30.0, 0.05, 0.05, swing=240.0)
    quiet, inside = Side(60.0, 0.0, 1.0), Side(300.0, 2.0, 1.0, cells=2)
    assert cell.fits(quiet, inside, (0.05, 0.05))
