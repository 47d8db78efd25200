"""What the walls of a grid mean for a linear solve of one field."""

from collections.abc import Mapping

from physbias.errors import ArgumentError, explain
from physbias.grid import (
    Boundary,
    Dirichlet,
    Grid,
    Inflow,
    Neumann,
    Outflow,
    Periodic,
    Robin,
    Symmetry,
)
from physbias.grid.conditions import PerField


def of_field(grid: Grid, field: str) -> Grid:
    """Return the grid as one scalar field meets it.

    A plane of symmetry and an outflow of degree 0 are walls without slope, an inflow
    is a wall with a value, and of conditions by name only the field's own remains.

    Args:
        grid: where the field lives.
        field: its name.

    Raises:
        ArgumentError: conditions by name that leave the field out.
    """
    boundary = [[_resolved(side, field) for side in pair] for pair in grid.boundary]
    return Grid(grid.num_points, grid.lengths, boundary=boundary, origin=grid.origin)


def homogeneous(grid: Grid) -> Grid:
    """Return the grid with the same kinds of walls, holding zeros.

    Raises:
        ArgumentError: a wall that gives no symmetric positive operator.
    """
    boundary = [[_without_datum(side) for side in pair] for pair in grid.boundary]
    return Grid(grid.num_points, grid.lengths, boundary=boundary, origin=grid.origin)


def keeps_constants(grid: Grid) -> bool:
    """Return whether div(grad) of a constant is zero with homogeneous walls."""
    return all(
        isinstance(side, Periodic | Neumann)
        or (isinstance(side, Robin) and side.a == 0.0)
        for pair in grid.boundary
        for side in pair
    )


def transformable(grid: Grid) -> bool:
    """Return whether sines, cosines and Fourier modes fit the walls."""
    return all(
        isinstance(side, Periodic | Dirichlet | Neumann)
        for pair in grid.boundary
        for side in pair
    )


def nearly(grid: Grid) -> Grid:
    """Return the grid with a homogeneous wall that transforms fit for each Robin one.

    A value of zero, or no slope where the condition has no part of the value: the
    Laplacian differs by what happens at those walls alone, and remains definite.
    """
    boundary = [[_nearest(side) for side in pair] for pair in grid.boundary]
    return Grid(grid.num_points, grid.lengths, boundary=boundary, origin=grid.origin)


def _nearest(side: Boundary) -> Boundary:
    if not isinstance(side, Robin):
        return _without_datum(side)
    return Neumann(0.0) if side.a == 0.0 else Dirichlet(0.0)


def _resolved(side: Boundary, field: str) -> Boundary:
    if isinstance(side, PerField):
        if field not in side.conditions:
            raise ArgumentError(
                explain(
                    "boundary",
                    found=f"conditions of {', '.join(side.conditions)}",
                    expected=f"one of the field {field}",
                    remedy="name the equation's field, or give one condition for all",
                )
            )
        side = side.conditions[field]
    if isinstance(side, Inflow):
        if not isinstance(side.values, Mapping):
            return Dirichlet(side.values)
        given = side.values.get(field)
        return Neumann(0.0) if given is None else Dirichlet(given)
    if isinstance(side, Symmetry) or (isinstance(side, Outflow) and side.degree == 0):
        return Neumann(0.0)
    return side


def _without_datum(side: Boundary) -> Boundary:
    if isinstance(side, Periodic):
        return side
    if isinstance(side, Dirichlet):
        return Dirichlet(0.0)
    if isinstance(side, Neumann):
        return Neumann(0.0)
    weights = (side.a, side.b) if isinstance(side, Robin) else (None, None)
    a, b = weights
    if isinstance(a, float) and isinstance(b, float) and a * b >= 0:
        return Robin(a, b, 0.0)
    raise ArgumentError(
        explain(
            "grid",
            found=repr(side),
            expected="Periodic, Dirichlet, Neumann, or Robin with two numbers of one "
            "sign as weights, for a linear solve",
            remedy="use one of them",
        )
    )
