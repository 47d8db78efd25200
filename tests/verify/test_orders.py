"""Observed orders."""

from math import inf

import pytest

from physbias.verify.orders import observed_order


def test_it_is_the_exponent_of_the_two_finest_levels():
    sizes = [0.4, 0.2, 0.1]
    assert observed_order(sizes, [9.0, 0.2**3, 0.1**3]) == pytest.approx(3)
    assert observed_order(sizes, [1.0, 1.0, 4.0]) == pytest.approx(-2)


def test_levels_under_rounding_do_not_count():
    sizes = [0.4, 0.2, 0.1]
    assert observed_order(sizes, [0.4**6, 0.2**6, 1e-15]) == pytest.approx(6)
    assert observed_order(sizes, [1e-14] * 3) == inf
    assert observed_order(sizes, [1e-3, 1e-14, 1e-15]) == inf
    assert observed_order(sizes, [1e-14, 1e-14, 1e-3]) == 0
