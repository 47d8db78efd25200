"""Grids, and what happens at their edges."""

from physbias.grid.conditions import (
    AxisBoundary,
    Boundary,
    BoundarySpec,
    Dirichlet,
    Inflow,
    Neumann,
    Outflow,
    Periodic,
    Robin,
    Symmetry,
    Wall,
)
from physbias.grid.grid import Grid

__all__ = [
    "AxisBoundary",
    "Boundary",
    "BoundarySpec",
    "Dirichlet",
    "Grid",
    "Inflow",
    "Neumann",
    "Outflow",
    "Periodic",
    "Robin",
    "Symmetry",
    "Wall",
]
