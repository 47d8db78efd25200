import pytest

from physbias.energy.record.interval import Interval, both, without


def test_ends_have_names():
    interval = Interval(1.0, 3.0)
    assert (interval.low, interval.high) == (1.0, 3.0) == interval


def test_sides_are_measured_from_the_figure():
    assert Interval(95.0, 113.0).sides(100.0) == (5.0, 13.0)


def test_around_a_figure_it_never_falls_below_zero():
    assert Interval.around(100.0, (5.0, 13.0)) == (95.0, 113.0)
    assert Interval.around(3.0, (5.0, 13.0)) == (0.0, 16.0)


def test_sides_add_and_are_taken_apart_in_quadrature():
    """5² = 3² + 4² below, 13² = 5² + 12² above."""
    assert both((3.0, 5.0), (4.0, 12.0)) == pytest.approx((5.0, 13.0))
    assert without((5.0, 13.0), (3.0, 5.0)) == pytest.approx((4.0, 12.0))
    assert without((3.0, 5.0), (3.1, 5.1)) == (0.0, 0.0)
