"""Boundary conditions as numbers: what a manufactured field must obey."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, product

import torch
from torch import Tensor

from physbias.grid import Grid
from physbias.grid.boundary import narrow
from physbias.grid.conditions import (
    Boundary,
    Dirichlet,
    Inflow,
    Mirror,
    Neumann,
    Outflow,
    PerField,
    Periodic,
    Robin,
)
from physbias.grid.edge_values import Part
from physbias.pdes import PDE


class DataError(Exception):
    """Data on an edge that are not one number."""


@dataclass(frozen=True, slots=True)
class Side:
    r"""A condition :math:`\alpha u + \beta\,\partial_n u = \gamma`, n outward.

    Both weights are zero where nothing is asked.

    Args:
        alpha: weight of the value [1].
        beta: weight of the outward normal derivative [m].
        gamma: what they add up to [unit of the field].
        exact: the field must be odd (or even) in the wall, not only zero (or level).
    """

    alpha: float
    beta: float
    gamma: float
    exact: bool = False

    @property
    def asks(self) -> bool:
        """Whether anything is asked of the field."""
        return self.alpha != 0 or self.beta != 0


Pair = tuple[Side, Side] | None


def channel_conditions(pde: PDE, grid: Grid, axis: int, which: int) -> list[Boundary]:
    """Return the condition of every channel on one side.

    Args:
        pde: knows the fields.
        grid: knows the conditions.
        axis: axis across the side.
        which: 0 for the lower side, 1 for the upper.
    """
    condition, result = grid.boundary[axis][which], []
    for name, where in pde.channels(grid.ndim).items():
        for offset in range(where.stop - where.start):
            across = pde.fields[name] == "vector" and offset == axis
            start, sign = where.start + offset, -1 if across else 1
            result.append(
                narrow(condition, name, start=start, offset=offset, size=1, sign=sign)
            )
    return result


def as_side(condition: Boundary) -> Side:
    """Return the condition of one channel as numbers.

    Raises:
        DataError: it holds something that is not one number.
    """
    match condition:
        case Dirichlet():
            return Side(1.0, 0.0, _number(condition.value))
        case Neumann():
            return Side(0.0, 1.0, _number(condition.slope))
        case Robin():
            weights = _number(condition.a), _number(condition.b)
            return Side(*weights, _number(condition.value))
        case Mirror():
            odd = condition.sign < 0
            return Side(float(odd), float(not odd), 0.0, exact=True)
        case _:
            return Side(0.0, 0.0, 0.0)


def channel_sides(pde: PDE, grid: Grid) -> list[list[Pair]]:
    """Return, for every channel, the sides of every axis; None for a periodic one.

    Raises:
        DataError: a wall whose data are not one number.
    """
    result: list[list[Pair]] = [[] for _ in range(pde.num_channels(grid.ndim))]
    for axis, (lower, _) in enumerate(grid.boundary):
        if isinstance(lower, Periodic):
            for sides in result:
                sides.append(None)
            continue
        both = [channel_conditions(pde, grid, axis, which) for which in (0, 1)]
        for channel, sides in enumerate(result):
            sides.append((as_side(both[0][channel]), as_side(both[1][channel])))
    return result


def _number(value: object) -> float:
    if isinstance(value, Part):
        inner = value.value
        if isinstance(inner, tuple):
            return float(inner[value.start if len(inner) > 1 else 0])
        value = inner
    if isinstance(value, int | float):
        return float(value)
    raise DataError(repr(value))


def walls(grid: Grid) -> list[int]:
    """Return the axes that have walls."""
    return [
        axis
        for axis, (lower, _) in enumerate(grid.boundary)
        if not isinstance(lower, Periodic)
    ]


def lowest_outflow(grid: Grid) -> int | None:
    """Return the lowest degree by which a field leaves; None where none does."""
    inner = chain.from_iterable(
        c.conditions.values() if isinstance(c, PerField) else (c,)
        for c in chain(*grid.boundary)
    )
    return min((c.degree for c in inner if isinstance(c, Outflow)), default=None)


def common_level(sides: Sequence[Pair]) -> float | None:
    """Return the first value asked for; None where only slopes are."""
    for pair in sides:
        for one in pair or ():
            if one.alpha != 0:
                return one.gamma / one.alpha
    return None


def without_clash(sides: Sequence[Pair], level: float) -> bool:
    """Return whether the data of two walled axes can be met by one smooth field.

    What is left of an axis' data after the common level must be invisible to the
    walls of the other axes, which it is where those ask for slopes only.
    """
    rest = [
        any(abs(s.gamma - s.alpha * level) > 0 for s in pair) if pair else False
        for pair in sides
    ]
    values = [any(s.alpha != 0 for s in pair) if pair else False for pair in sides]
    pairs = product(range(len(sides)), repeat=2)
    return not any(rest[a] and values[b] for a, b in pairs if a != b)


def smooth_grid(pde: PDE, grid: Grid) -> Grid:
    """Return the grid, with data of zero where no smooth field is sure to meet them.

    That is where data vary along an edge or in time, or clash in a corner.
    """
    try:
        every = channel_sides(pde, grid)
    except DataError:
        return homogeneous(grid)
    clash = any(not without_clash(s, common_level(s) or 0.0) for s in every)
    return homogeneous(grid) if clash else grid


def homogeneous(grid: Grid) -> Grid:
    """Return the grid with the same kinds of conditions and zero data."""
    return grid.with_boundary([tuple(map(_emptied, pair)) for pair in grid.boundary])


def _emptied(side: Boundary) -> Boundary:
    match side:
        case Dirichlet():
            return Dirichlet(0.0)
        case Neumann():
            return Neumann(0.0)
        case Robin():
            return Robin(_mean(side.a), _mean(side.b), 0.0)
        case Inflow():
            values = side.values
            named = isinstance(values, dict)
            return Inflow(dict.fromkeys(values, 0.0) if named else 0.0)
        case PerField():
            inner = {name: _emptied(c) for name, c in side.conditions.items()}
            return PerField(inner)
        case _:
            return side


def _mean(value: object) -> float:
    """Return a weight as one number."""
    if callable(value) and not isinstance(value, Tensor):
        return 1.0
    return float(torch.as_tensor(value, dtype=torch.float64).mean())
