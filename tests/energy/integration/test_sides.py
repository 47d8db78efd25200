"""Witness: means and standard deviations of the cells, by hand."""

from statistics import mean, variance

import pytest

from physbias.energy.integration.sides import sides

BEFORE = [60.0, 64.0, 62.0]
INSIDE = [300.0, 320.0, 280.0, 310.0, 290.0, 330.0, 270.0, 305.0]
AFTER = [58.0, 66.0]
WATTS = [*BEFORE, 150.0, *INSIDE, 170.0, *AFTER]
TIMES = [0.1 * k for k in range(len(WATTS) + 1)]
START, END = 0.36, 1.25


def test_cells_that_the_border_cuts_do_not_count():
    seen = sides(TIMES, WATTS, START, END, 0.0, 0.0)
    assert seen.before.watts == pytest.approx(mean(BEFORE))
    assert seen.head.watts == pytest.approx(mean(INSIDE[:6]))
    assert seen.tail.watts == pytest.approx(mean(INSIDE[-6:]))
    assert seen.after.watts == pytest.approx(mean(AFTER))
    assert [s.cells for s in (seen.before, seen.head, seen.after)] == [3, 6, 2]
    assert seen.swing == pytest.approx(330.0 - 58.0)


def test_sway_is_the_standard_deviation_of_the_cells():
    seen = sides(TIMES, WATTS, START, END, 0.0, 0.0)
    head = variance(INSIDE[:6]) ** 0.5
    assert seen.head.sway == pytest.approx(head, rel=0.02)
    assert seen.head.error == pytest.approx(seen.head.sway / 6**0.5)
    both = (2 * variance(BEFORE) + variance(AFTER)) / 3
    assert seen.before.sway == seen.after.sway
    assert both**0.5 < seen.before.sway < variance(INSIDE) ** 0.5


def test_late_sensor_leaves_out_the_cell_behind_the_border():
    seen = sides(TIMES, WATTS, START, END, 0.1, 0.0)
    assert seen.head.watts == pytest.approx(mean(INSIDE[1:7]))
    assert seen.after.watts == pytest.approx(AFTER[1])
    assert seen.before.watts == pytest.approx(mean(BEFORE))


def test_early_knots_leave_out_the_cell_before_the_border():
    seen = sides(TIMES, WATTS, START, END, 0.0, 0.1)
    assert seen.before.watts == pytest.approx(mean(BEFORE[:2]))
    assert seen.tail.watts == pytest.approx(mean(INSIDE[-7:-1]))


def test_power_outside_that_no_cell_shows_lies_between_what_is_known():
    seen = sides(TIMES[3:], WATTS[3:], START, END, 0.0, 0.0)
    middle = (mean(INSIDE[:6]) + mean(AFTER)) / 2
    assert seen.before.watts == pytest.approx(middle)
    assert seen.before.error == pytest.approx((mean(INSIDE[:6]) - mean(AFTER)) / 2)


def test_window_inside_one_cell_has_no_cells_inside():
    seen = sides(TIMES, WATTS, 0.52, 0.56, 0.0, 0.0)
    assert seen.head.cells == seen.tail.cells == 0
    assert seen.head.error >= seen.swing
