from fractions import Fraction
from math import factorial

import pytest

from physbias.stencil import (
    central_weights,
    compact_weights,
    extrapolation_weights,
    formula_weights,
    ghost_weights,
    prepare_weights,
    rounded_extrapolation_weights,
    rounded_wall_slope_weights,
    wall_slope_weights,
)


@pytest.mark.parametrize(
    ("derivative", "order", "expected"),
    [
        (1, 2, "-1/2 0 1/2"),
        (1, 4, "1/12 -2/3 0 2/3 -1/12"),
        (1, 6, "-1/60 3/20 -3/4 0 3/4 -3/20 1/60"),
        (1, 8, "1/280 -4/105 1/5 -4/5 0 4/5 -1/5 4/105 -1/280"),
        (2, 2, "1 -2 1"),
        (2, 4, "-1/12 4/3 -5/2 4/3 -1/12"),
        (2, 6, "1/90 -3/20 3/2 -49/18 3/2 -3/20 1/90"),
        (3, 2, "-1/2 1 0 -1 1/2"),
        (4, 2, "1 -4 6 -4 1"),
        (4, 4, "-1/6 2 -13/2 28/3 -13/2 2 -1/6"),
    ],
)
def test_central_weights_of_the_tables(derivative, order, expected):
    """B. Fornberg (1988), table 1."""
    assert " ".join(map(str, central_weights(derivative, order))) == expected


# alpha, a and b of Lele's sections 2.1 to 2.4, and the stencils that they weigh
LELE = {
    (1, 4): ("1/4", "3/2", "0"),
    (1, 6): ("1/3", "14/9", "1/9"),
    (2, 4): ("1/10", "6/5", "0"),
    (2, 6): ("2/11", "12/11", "3/11"),
    (3, 6): ("7/16", "2", "-1/8"),
    (4, 4): ("1/4", "3/2", "0"),
    (4, 6): ("7/26", "19/13", "1/13"),
}
STENCILS = {
    1: ((0, 0, -1, 0, 1, 0, 0), 2, (0, -1, 0, 0, 0, 1, 0), 4),
    2: ((0, 0, 1, -2, 1, 0, 0), 1, (0, 1, 0, -2, 0, 1, 0), 4),
    3: ((0, -1, 2, 0, -2, 1, 0), 2, (-1, 0, 3, 0, -3, 0, 1), 8),
    4: ((0, 1, -4, 6, -4, 1, 0), 1, (1, 0, -9, 16, -9, 0, 1), 6),
}


@pytest.mark.parametrize(("derivative", "order"), LELE)
def test_compact_weights_of_the_source(derivative, order):
    """S. K. Lele (1992), equations 2.1 to 2.4 and the members of highest order."""
    alpha, a, b = map(Fraction, LELE[derivative, order])
    near, near_scale, far, far_scale = STENCILS[derivative]
    expected = [
        a * p / near_scale + b * q / far_scale for p, q in zip(near, far, strict=True)
    ]
    left, right = compact_weights(derivative, order)
    margin = (7 - len(right)) // 2
    assert left == alpha
    assert [0] * margin + list(right) + [0] * margin == expected


def test_the_singular_third_derivative_is_replaced():
    """Of order 4 it would have alpha = 1/2, which cannot see the shortest wave."""
    assert compact_weights(3, 4) == compact_weights(3, 6)


@pytest.mark.parametrize("derivative", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("order", [2, 4, 6, 8])
def test_central_weights_are_exact_up_to_their_order_and_no_further(derivative, order):
    weights = central_weights(derivative, order)
    width = len(weights) // 2

    def moment(power: int) -> Fraction:
        return sum(
            (w * k**power for k, w in enumerate(weights, start=-width)), Fraction(0)
        )

    for power in range(derivative + order):
        assert moment(power) == (factorial(derivative) if power == derivative else 0)
    assert moment(derivative + order) != 0


def test_ghosts_by_hand():
    """Through a value: -u0 + 2w. Through a slope: u0 - s, for s inward."""
    assert ghost_weights(0, 1, 0) == (2, (-1,))
    # p = w + a x + b x², u(1/2) and u(3/2) known: p(-1/2) = 8/3 w - 2 u0 + u1/3
    assert ghost_weights(0, 2, 0) == (Fraction(8, 3), (-2, Fraction(1, 3)))
    assert ghost_weights(1, 1, 0) == (-1, (1,))
    assert ghost_weights(1, 1, 1) == (-2, (1,))


@pytest.mark.parametrize("datum", [0, 1])
@pytest.mark.parametrize("degree", [1, 3, 5, 7, 9])
@pytest.mark.parametrize("depth", [0, 1, 4])
def test_ghosts_continue_every_power(datum, degree, depth):
    wall, cells = ghost_weights(datum, degree, depth)
    for power in range(degree + 1):
        value = sum(w * Fraction(2 * k + 1, 2) ** power for k, w in enumerate(cells))
        value += wall * (power == datum)
        assert value == Fraction(-2 * depth - 1, 2) ** power


def test_formula_reproduces_simpson_like_hermite_data():
    """Middle value from both ends and both slopes: (a + b)/2 + (a' - b')/8."""
    ends = [(Fraction(0), 0), (Fraction(1), 0), (Fraction(0), 1), (Fraction(1), 1)]
    weights = formula_weights(ends, (Fraction(1, 2), 0))
    assert [str(w) for w in weights] == ["1/2", "1/2", "1/8", "-1/8"]


def test_slopes_at_a_wall_by_hand():
    """Through w, u0 at 1/2 and u1 at 3/2: slope -8/3 w + 3 u0 - u1/3."""
    assert wall_slope_weights(1) == (-2, (2,))
    assert wall_slope_weights(2) == (Fraction(-8, 3), (3, Fraction(-1, 3)))
    assert rounded_wall_slope_weights(2) == (-8 / 3, (3.0, -1 / 3))


def test_extrapolation_is_binomial():
    """Beyond a polynomial of degree p: differences of order p + 1 vanish."""
    assert extrapolation_weights(0, 3) == (1,)
    assert extrapolation_weights(1, 0) == (2, -1)
    assert extrapolation_weights(1, 2) == (4, -3)
    assert extrapolation_weights(3, 0) == (4, -6, 4, -1)
    assert rounded_extrapolation_weights(3, 0) == (4.0, -6.0, 4.0, -1.0)


def test_prepared_weights_are_those_of_the_formulas():
    prepare_weights(2, 3, outflow_degrees=[2])
    prepare_weights(2, None)
    assert rounded_extrapolation_weights(2, 1) == (6.0, -8.0, 3.0)
