"""Interpolation between a grid and one of half the cells, and its transpose."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from physbias.grid import Grid, Periodic
from physbias.numerics.linear.diffusion import Faces


@dataclass(frozen=True, slots=True)
class Transfer:
    """Interpolation along one axis, from half the cells.

    A fine cell lies a quarter of the way from the centre of its coarse cell to that
    of the next one, and takes a share of it: a quarter where the coefficient does not
    vary, less where the face between the two coarse cells conducts badly, and up to a
    half where it conducts better than the face inside the coarse cell.

    Args:
        grid: the grid with homogeneous walls, any number of points along the axis.
        axis: axis along which it goes.
        lower: share that the lower fine cell of each pair takes of the cell below.
        upper: share that the upper one takes of the cell above.
    """

    grid: Grid
    axis: int
    lower: Tensor
    upper: Tensor

    def interpolate(self, u: Tensor) -> Tensor:
        """Return a coarse field on the fine cells, through the walls' ghosts."""
        dim = u.ndim - self.grid.ndim + self.axis
        count = u.shape[dim]
        padded = self.grid.pad(u, self.axis, 1)
        below, above = padded.narrow(dim, 0, count), padded.narrow(dim, 2, count)
        lower = u + self.lower * (below - u)
        upper = u + self.upper * (above - u)
        return torch.stack([lower, upper], dim + 1).flatten(dim, dim + 1)

    def restrict(self, r: Tensor) -> Tensor:
        """Return half the transpose of the interpolation."""
        dim = r.ndim - self.grid.ndim + self.axis
        lower, upper = r.unflatten(dim, (-1, 2)).unbind(dim + 1)
        down, up = self.lower * lower, self.upper * upper
        return (lower - down + upper - up + self._arrivals(down, up)) / 2

    def _arrivals(self, down: Tensor, up: Tensor) -> Tensor:
        """Return what each coarse cell gets of its neighbours' fine cells.

        The ghost at a wall is a multiple of the wall cell, to which its part returns.
        """
        dim = down.ndim - self.grid.ndim + self.axis
        if isinstance(self.grid.boundary[self.axis][0], Periodic):
            return torch.roll(up, 1, dim) + torch.roll(down, -1, dim)
        count = down.shape[dim]
        below = self.grid.pad(down, self.axis, 1).narrow(dim, 0, 1)
        above = self.grid.pad(up, self.axis, 1).narrow(dim, count + 1, 1)
        from_below = torch.cat([below, up.narrow(dim, 0, count - 1)], dim)
        from_above = torch.cat([down.narrow(dim, 1, count - 1), above], dim)
        return from_below + from_above


def make_transfers(grid: Grid, faces: Faces, axes: Sequence[int]) -> list[Transfer]:
    """Return the interpolations that lead from the coarse grid to the fine one.

    They are to be applied in this order, and their transposes in the opposite one.

    Args:
        grid: the fine grid, with homogeneous walls.
        faces: the coefficient on its faces.
        axes: axes of which the coarse grid has half the cells.
    """
    transfers = []
    for place, axis in enumerate(axes):
        # later axes are still coarse when this one is interpolated
        coefficient = pair_means(faces[axis], grid.ndim, axes[place + 1 :])
        dim = coefficient.ndim - grid.ndim + axis
        count = coefficient.shape[dim] // 2
        outer, inner = (
            coefficient.narrow(dim, 0, 2 * count)
            .unflatten(dim, (-1, 2))
            .unbind(dim + 1)
        )
        last = coefficient.narrow(dim, 2 * count, 1)
        next_outer = torch.cat([outer.narrow(dim, 1, count - 1), last], dim)
        transfers.append(
            Transfer(
                half_grid(grid, axes[place:]),
                axis,
                outer / (2 * (outer + inner)),
                next_outer / (2 * (next_outer + inner)),
            )
        )
    return transfers


def half_grid(grid: Grid, axes: Sequence[int]) -> Grid:
    """Return the grid with half the points along some axes."""
    counts = [n // 2 if a in axes else n for a, n in enumerate(grid.num_points)]
    return Grid(counts, grid.lengths, boundary=grid.boundary, origin=grid.origin)


def pair_means(u: Tensor, ndim: int, axes: Sequence[int]) -> Tensor:
    """Return the means of neighbouring pairs along some axes.

    Args:
        u: any tensor whose last axes are those of a grid.
        ndim: number of space axes.
        axes: space axes of even length.
    """
    for axis in axes:
        dim = u.ndim - ndim + axis
        u = u.unflatten(dim, (-1, 2)).mean(dim + 1)
    return u
