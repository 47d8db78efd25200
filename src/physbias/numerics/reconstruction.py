"""Values on a face, from the cells around it, biased to one side.

Every reconstruction takes the cells upwind first and returns the value on the face
downwind of the middle one. It is exact for the means of cells, so that differences of
reconstructed fluxes are derivatives at the points.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

# weights of the cells, upwind first, that give the face value from means of cells
LINEAR = {
    1: (1.0,),
    3: (-1 / 6, 5 / 6, 2 / 6),
    5: (2 / 60, -13 / 60, 47 / 60, 27 / 60, -3 / 60),
}
# keeps the ratio of two indicators finite, so that its square fits in float32
RATIO = 1e-13
TINY = 1e-30


def linear(cells: Sequence[Tensor]) -> Tensor:
    """Return the value of the polynomial through one, three or five cells.

    Source:
        C.-W. Shu (1998), in Advanced Numerical Approximation of Nonlinear Hyperbolic
        Equations, Lecture Notes in Mathematics 1697, Springer, table 2.1.
    """
    weights = LINEAR[len(cells)]
    total = weights[0] * cells[0]
    for weight, cell in zip(weights[1:], cells[1:], strict=True):
        total = torch.add(total, cell, alpha=weight)
    return total


def weno_z(cells: Sequence[Tensor]) -> Tensor:
    """Return the value from three parabolas, weighted by how smooth they are.

    The exponent is 2, which keeps order 5 where the first derivative vanishes.

    Source:
        R. Borges, M. Carmona, B. Costa, W. S. Don (2008), Journal of Computational
        Physics 227, 3191-3211; indicators by G.-S. Jiang and C.-W. Shu (1996),
        Journal of Computational Physics 126, 202-228.
    """
    a, b, c, d, e = cells
    parabolas = (
        (2 * a - 7 * b + 11 * c) / 6,
        (-b + 5 * c + 2 * d) / 6,
        (2 * c + 5 * d - e) / 6,
    )
    rough = (
        13 / 12 * (a - 2 * b + c).square() + (a - 4 * b + 3 * c).square() / 4,
        13 / 12 * (b - 2 * c + d).square() + (b - d).square() / 4,
        13 / 12 * (c - 2 * d + e).square() + (3 * c - 4 * d + e).square() / 4,
    )
    span = (rough[0] - rough[2]).abs()
    floor = RATIO * (rough[0] + rough[1] + rough[2]) + TINY
    ideal = (1 / 10, 6 / 10, 3 / 10)
    weights = [
        g * (1 + (span / (beta + floor)).square())
        for g, beta in zip(ideal, rough, strict=True)
    ]
    total = weights[0] + weights[1] + weights[2]
    value = weights[0] * parabolas[0]
    for weight, parabola in zip(weights[1:], parabolas[1:], strict=True):
        value = value + weight * parabola
    return value / total
