import pytest

from physbias.energy.integration.bounds import added, interval_around


def test_interval_is_two_standard_uncertainties_and_not_below_zero():
    assert interval_around(100.0, 10.0) == (80.0, 120.0)
    assert interval_around(10.0, 10.0) == (0.0, 30.0)


def test_error_on_one_side_moves_the_interval_to_that_side():
    """Even between 0 and 12 J: mean 6, standard deviation 12/sqrt(12)."""
    low, high = interval_around(100.0, 0.0, (6.0, 12.0))
    assert low == pytest.approx(106.0 - 2 * 12 / 12**0.5)
    assert high == pytest.approx(106.0 + 2 * 12 / 12**0.5)
    assert interval_around(100.0, 0.0, (-12.0,)).low < 89.0


def test_lag_takes_nothing_from_the_other_side():
    """Without any lag the interval is 80 to 120, so it stays in."""
    low, high = interval_around(100.0, 10.0, (30.0,))
    assert low <= 80.0
    assert high > 120.0
    assert interval_around(100.0, 10.0, (-30.0,)).high >= 120.0


def test_gain_at_an_age_between_widens_the_interval():
    """What it gains at half the age can be more than at the whole: from -2 to 10 J."""
    low, high = interval_around(100.0, 0.0, (10.0, -2.0))
    assert low == pytest.approx(104.0 - 2 * 12 / 12**0.5)
    assert high == pytest.approx(104.0 + 2 * 12 / 12**0.5)


def test_parts_gain_age_by_age():
    assert added((1.0, 2.0), (), (10.0, -2.0)) == (11.0, 0.0)
    assert added() == ()
