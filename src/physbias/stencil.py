"""Exact weights of finite-difference formulas, as fractions.

Weights are found by asking a formula to be exact for every power of x up to its
degree, and solved over the rational numbers: nothing is lost before the weights
are rounded once, in the dtype of the field that they meet.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import factorial


def _solve(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction]:
    """Solve a small square system by Gauss-Jordan elimination over fractions."""
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for column in range(size):
        pivot = next(r for r in range(column, size) if rows[r][column] != 0)
        rows[column], rows[pivot] = rows[pivot], rows[column]
        scale = rows[column][column]
        rows[column] = [entry / scale for entry in rows[column]]
        for r in range(size):
            factor = rows[r][column]
            if r != column and factor != 0:
                rows[r] = [
                    a - factor * b for a, b in zip(rows[r], rows[column], strict=True)
                ]
    return [row[size] for row in rows]


def _derivative_of_power(power: int, at: Fraction, derivative: int) -> Fraction:
    """Return the derivative of x**power at a point."""
    if derivative > power:
        return Fraction(0)
    factor = factorial(power) // factorial(power - derivative)
    return factor * at ** (power - derivative)


def formula_weights(
    data: Sequence[tuple[Fraction, int]], target: tuple[Fraction, int]
) -> tuple[Fraction, ...]:
    """Return the weights that build one derivative from values and derivatives.

    Args:
        data: the known quantities, each a position [spacings] and the order of the
            derivative known there (0 for the value itself).
        target: position [spacings] and order of the derivative that is wanted.

    Returns:
        One weight per entry of ``data``; the formula is exact for polynomials of
        degree ``len(data) - 1``.

    Source:
        B. Fornberg (1988), Mathematics of Computation 51, 699-706, for the problem;
        solved here by undetermined coefficients.

    Example:
        >>> one = Fraction(1)
        >>> [str(w) for w in formula_weights([(-one, 0), (0 * one, 0), (one, 0)],
        ...                                  (0 * one, 2))]
        ['1', '-2', '1']
    """
    powers = range(len(data))
    matrix = [[_derivative_of_power(p, at, m) for at, m in data] for p in powers]
    right = [_derivative_of_power(p, *target) for p in powers]
    return tuple(_solve(matrix, right))


@lru_cache
def central_weights(derivative: int, order: int) -> tuple[Fraction, ...]:
    """Return the central stencil of a derivative on unit spacing.

    Args:
        derivative: order of the derivative, at least 1.
        order: even order of accuracy.

    Returns:
        Weights at the offsets ``-width ... width``.
    """
    width = (derivative + 1) // 2 + order // 2 - 1
    offsets = [(Fraction(k), 0) for k in range(-width, width + 1)]
    return formula_weights(offsets, (Fraction(0), derivative))


@lru_cache
def compact_weights(
    derivative: int, order: int
) -> tuple[Fraction, tuple[Fraction, ...]]:
    """Return the compact formula of a derivative on unit spacing.

    Args:
        derivative: order of the derivative, 1 to 4.
        order: order of accuracy, 4 or 6; a third derivative has 6 also where 4 is
            asked for, whose own formula is singular.

    Returns:
        The weight of the derivative at both neighbours, on the left, and the weights
        of the values at the offsets ``-width ... width``, on the right.

    Source:
        S. K. Lele (1992), Journal of Computational Physics 103, 16-42.

    Example:
        >>> alpha, weights = compact_weights(2, 4)
        >>> str(alpha), [str(w) for w in weights]
        ('1/10', ['6/5', '-12/5', '6/5'])
    """
    reached = 6 if derivative == 3 else order
    width = (derivative + 1) // 2 + reached // 2 - 2
    slopes = [(Fraction(side), derivative) for side in (-1, 1)]
    values = [(Fraction(k), 0) for k in range(-width, width + 1)]
    left, _, *right = formula_weights([*slopes, *values], (Fraction(0), derivative))
    return -left, tuple(right)


@lru_cache
def ghost_weights(
    datum: int, degree: int, depth: int
) -> tuple[Fraction, tuple[Fraction, ...]]:
    """Return the weights of a ghost cell beyond a wall.

    The ghost is the value, at its centre, of the polynomial through what is known on
    the wall and the ``degree`` cells next to it. Lengths are in spacings, and the
    coordinate points from the wall into the domain.

    Args:
        datum: 0 where the wall knows the value, 1 where it knows the slope.
        degree: degree of the polynomial.
        depth: which ghost, 0 for the one that touches the wall.

    Returns:
        The weight of the wall's datum and the weights of the cells, nearest first.
    """
    cells = [(Fraction(2 * k + 1, 2), 0) for k in range(degree)]
    ghost = (-Fraction(2 * depth + 1, 2), 0)
    wall, *rest = formula_weights([(Fraction(0), datum), *cells], ghost)
    return wall, tuple(rest)


@lru_cache
def wall_slope_weights(degree: int) -> tuple[Fraction, tuple[Fraction, ...]]:
    """Return the weights of the slope at a wall, along the inward normal.

    Args:
        degree: degree of the polynomial through the wall's value and the ``degree``
            cells next to it. Lengths are in spacings.

    Returns:
        The weight of the wall's value and the weights of the cells, nearest first.
    """
    cells = [(Fraction(2 * k + 1, 2), 0) for k in range(degree)]
    wall, *rest = formula_weights([(Fraction(0), 0), *cells], (Fraction(0), 1))
    return wall, tuple(rest)


@lru_cache
def extrapolation_weights(degree: int, depth: int) -> tuple[Fraction, ...]:
    """Return the weights of a ghost cell beyond an edge where nothing is known.

    Args:
        degree: degree of the polynomial through the ``degree + 1`` cells at the edge.
        depth: which ghost, 0 for the one that touches the edge.

    Returns:
        The weights of the cells, nearest first.
    """
    cells = [(Fraction(k), 0) for k in range(degree + 1)]
    return formula_weights(cells, (Fraction(-depth - 1), 0))


# plain dictionaries, not lru_cache: torch.compile reads them, and would trace the
# arithmetic of fractions behind a cache that it does not know
_CENTRAL: dict[tuple[int, int], tuple[float, ...]] = {}
_COMPACT: dict[tuple[int, int], tuple[float, tuple[float, ...]]] = {}
_GHOSTS: dict[tuple[int, int, int], tuple[float, tuple[float, ...]]] = {}
_WALL_SLOPES: dict[int, tuple[float, tuple[float, ...]]] = {}
_EXTRAPOLATIONS: dict[tuple[int, int], tuple[float, ...]] = {}


def rounded_central_weights(derivative: int, order: int) -> tuple[float, ...]:
    """Return ``central_weights`` as numbers."""
    key = derivative, order
    if key not in _CENTRAL:
        _CENTRAL[key] = tuple(map(float, central_weights(derivative, order)))
    return _CENTRAL[key]


def rounded_compact_weights(
    derivative: int, order: int
) -> tuple[float, tuple[float, ...]]:
    """Return ``compact_weights`` as numbers."""
    key = derivative, order
    if key not in _COMPACT:
        alpha, right = compact_weights(derivative, order)
        _COMPACT[key] = float(alpha), tuple(map(float, right))
    return _COMPACT[key]


def rounded_ghost_weights(
    datum: int, degree: int, depth: int
) -> tuple[float, tuple[float, ...]]:
    """Return ``ghost_weights`` as numbers."""
    key = datum, degree, depth
    if key not in _GHOSTS:
        wall, cells = ghost_weights(datum, degree, depth)
        _GHOSTS[key] = float(wall), tuple(map(float, cells))
    return _GHOSTS[key]


def rounded_wall_slope_weights(degree: int) -> tuple[float, tuple[float, ...]]:
    """Return ``wall_slope_weights`` as numbers."""
    if degree not in _WALL_SLOPES:
        wall, cells = wall_slope_weights(degree)
        _WALL_SLOPES[degree] = float(wall), tuple(map(float, cells))
    return _WALL_SLOPES[degree]


def rounded_extrapolation_weights(degree: int, depth: int) -> tuple[float, ...]:
    """Return ``extrapolation_weights`` as numbers."""
    key = degree, depth
    if key not in _EXTRAPOLATIONS:
        _EXTRAPOLATIONS[key] = tuple(map(float, extrapolation_weights(degree, depth)))
    return _EXTRAPOLATIONS[key]


def prepare_weights(
    order: int, degree: int | None, *, outflow_degrees: Sequence[int] = ()
) -> None:
    """Round the weights of derivatives 1 to 4, before a step is compiled.

    Args:
        order: order of accuracy.
        degree: degree of the ghosts' polynomial; None where there are none.
        outflow_degrees: degrees of extrapolations.
    """
    if degree is not None:
        rounded_wall_slope_weights(degree)
    for derivative in (1, 2, 3, 4):
        width = len(rounded_central_weights(derivative, order)) // 2
        for depth in range(width):
            for outflow in outflow_degrees:
                rounded_extrapolation_weights(outflow, depth)
            if degree is not None:
                rounded_ghost_weights(0, degree, depth)
                rounded_ghost_weights(1, degree, depth)
