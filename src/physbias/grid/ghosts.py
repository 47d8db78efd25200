"""Ghost cells: how a field is continued beyond one edge."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from physbias.errors import ShapeError, explain
from physbias.grid.conditions import (
    Boundary,
    Dirichlet,
    Mirror,
    Neumann,
    Outflow,
    Robin,
)
from physbias.shapes import AXIS_NAMES
from physbias.stencil import (
    rounded_extrapolation_weights,
    rounded_ghost_weights,
    rounded_wall_slope_weights,
)

Datum = float | Tensor


def ghost_cells(
    u: Tensor,
    dim: int,
    width: int,
    *,
    wall: Boundary,
    data: tuple[Any, ...],
    spacing: float,
    degree: int | None,
) -> Tensor:
    """Return the ghost cells before the first cell, nearest to the wall first.

    Args:
        u: field.
        dim: dimension across the wall.
        width: number of ghost cells.
        wall: a condition of a single field.
        data: what the condition holds, as numbers or tensors that broadcast against
            ``u`` with length one along ``dim``.
        spacing: distance between cells [m].
        degree: degree of the continuing polynomial; None to mirror.
    """
    if isinstance(wall, Mirror):
        mirror = u.narrow(dim, 0, width)
        return mirror if wall.sign > 0 else -mirror
    if isinstance(wall, Outflow):
        return extrapolate(u, dim, width, degree=wall.degree)
    if degree is None:
        return _mirrored(u, dim, width, wall=wall, data=data, spacing=spacing)
    if isinstance(wall, Neumann):
        # the weights measure lengths in spacings along the inward normal
        known_order, known = 1, data[0] * -spacing
    elif isinstance(wall, Robin):
        known_order = 0
        known = _wall_value(u, dim, data=data, spacing=spacing, degree=degree)
    else:
        known_order, known = 0, data[0]
    layers = []
    for depth in range(width):
        datum, cells = rounded_ghost_weights(known_order, degree, depth)
        ghost = _weighted(u, dim, cells)
        zero = isinstance(known, float) and not known
        layers.append(ghost if zero else ghost + known * datum)
    return torch.cat(layers, dim)


def extrapolate(u: Tensor, dim: int, width: int, *, degree: int) -> Tensor:
    """Return ghost cells of the polynomial through the first cells, nearest first.

    Args:
        u: field.
        dim: dimension to go beyond.
        width: number of ghost cells.
        degree: degree of the polynomial.
    """
    layers = [
        _weighted(u, dim, rounded_extrapolation_weights(degree, depth))
        for depth in range(width)
    ]
    return torch.cat(layers, dim)


def into_corners(
    known: Tensor,
    u: Tensor,
    axis: int,
    *,
    periodic: Sequence[bool],
    degree: int | None,
) -> Tensor:
    """Return values on an edge, continued to where the field has ghosts already.

    Args:
        known: values ``(batch, channel, *space)`` of length one along ``axis``.
        u: field whose other axes may have been padded.
        axis: space axis across the edge.
        periodic: whether each axis is periodic.
        degree: degree of the polynomial along the edge; one if None.

    Raises:
        ShapeError: other axes that are not as long as the edge and two equal pads.
    """
    for other, wraps in enumerate(periodic):
        dim, count = 2 + other, known.shape[2 + other]
        extra = u.shape[dim] - count
        if other == axis or count == 1 or extra == 0:
            continue
        if extra < 0 or extra % 2:
            raise ShapeError(
                explain(
                    "u",
                    found=f"{u.shape[dim]} points along {AXIS_NAMES[other]}",
                    expected=f"the {count} of the values on the edge, and as many "
                    "ghosts on either side",
                    remedy="pass a field on this grid",
                )
            )
        width = extra // 2
        if wraps:
            before = known.narrow(dim, count - width, width)
            after = known.narrow(dim, 0, width)
        else:
            power = min(count - 1, 1 if degree is None else degree)
            before = extrapolate(known, dim, width, degree=power).flip(dim)
            after = extrapolate(known.flip(dim), dim, width, degree=power)
        known = torch.cat([before, known, after], dim)
    return known


def cells_needed(wall: Boundary, width: int, degree: int | None) -> int:
    """Return how many cells the ghosts of a condition are made of."""
    if isinstance(wall, Outflow):
        return wall.degree + 1
    made_of_cells = isinstance(wall, Dirichlet | Neumann | Robin)
    return degree if made_of_cells and degree is not None else width


def _mirrored(
    u: Tensor,
    dim: int,
    width: int,
    *,
    wall: Boundary,
    data: tuple[Datum, ...],
    spacing: float,
) -> Tensor:
    """Return ghosts of second order: value and slope between each cell and its image.

    The mean of the two stands for the value at the wall, and their difference over
    the distance for the slope.
    """
    mirror = u.narrow(dim, 0, width)
    if isinstance(wall, Dirichlet):
        return 2 * data[0] - mirror
    if isinstance(wall, Neumann) and isinstance(data[0], float) and not data[0]:
        return mirror
    shape = [1] * u.ndim
    shape[dim] = width
    steps = 2 * torch.arange(width, dtype=u.dtype, device=u.device) + 1
    distance = (steps * spacing).reshape(shape)
    if isinstance(wall, Neumann):
        return mirror + data[0] * distance
    a, b, value = data
    slope = b / distance
    return (value + mirror * (slope - a / 2)) / (slope + a / 2)


def _wall_value(
    u: Tensor, dim: int, *, data: tuple[Datum, ...], spacing: float, degree: int
) -> Tensor:
    """Return the value at the wall of the polynomial that obeys a Robin condition.

    The slope of the polynomial is linear in its value at the wall and the cells, so
    the condition is one equation for that value.
    """
    a, b, value = data
    own, cells = rounded_wall_slope_weights(degree)
    ratio = b / spacing
    return (value + ratio * _weighted(u, dim, cells)) / (a - ratio * own)


def _weighted(u: Tensor, dim: int, weights: tuple[float, ...]) -> Tensor:
    """Return a weighted sum of the first cells."""
    total = u.narrow(dim, 0, 1) * weights[0]
    for k, weight in enumerate(weights[1:], start=1):
        total = total + weight * u.narrow(dim, k, 1)
    return total
