"""Geometric multigrid for diffusion with coefficients that vary in space."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from physbias.errors import ArgumentError, explain
from physbias.grid import Grid
from physbias.numerics.linear.conjugate_gradient import (
    check_limits,
    norm,
    raise_not_converged,
)
from physbias.numerics.linear.diffusion import (
    Faces,
    diagonal,
    diffuse,
    face_coefficients,
)
from physbias.numerics.linear.implicit import implicit_solve
from physbias.numerics.linear.transfer import (
    Transfer,
    half_grid,
    make_transfers,
    pair_means,
)
from physbias.numerics.linear.walls import homogeneous, keeps_constants

# cells that the coarsest grid may have: it is inverted densely
MAX_COARSEST = 512
# an axis is coarsened with the finest one if its spacing is at most this much larger
SEMI = 1.5


@dataclass(frozen=True, slots=True)
class _Level:
    """The operator on one grid."""

    grid: Grid
    faces: Faces
    reaction: Tensor
    diagonal: Tensor
    red: Tensor

    def apply(self, u: Tensor) -> Tensor:
        return self.reaction * u - diffuse(u, self.faces, self.grid)

    def smooth(self, u: Tensor, b: Tensor, *, red_first: bool) -> Tensor:
        """Return ``u`` after Gauss-Seidel on one colour, then on the other."""
        masks = (self.red, ~self.red) if red_first else (~self.red, self.red)
        for mask in masks:
            u = u + torch.where(mask, (b - self.apply(u)) / self.diagonal, 0.0)
        return u


class Multigrid:
    r"""V-cycles for :math:`-\nabla\cdot(a\nabla u) + c\,u = f`, with homogeneous walls.

    Cell-centred grids of half the points along the axes of strongest coupling
    (semi-coarsening: an axis waits until the finer ones have caught up), red-black
    Gauss-Seidel forwards before and backwards after the coarse correction,
    interpolation that leans to the side of the larger coefficient (linear where it is
    smooth) and its transpose, coefficients on coarse faces from the fine faces that
    they cover, and a dense inverse on the coarsest grid. A cycle is symmetric and
    positive: it also serves as the preconditioner of ``conjugate_gradient``, which
    coefficients with large jumps need.

    Args:
        grid: where states live; the data of its walls are ignored.
        a: positive coefficient ``(batch, 1, *space)``.
        c: reaction, not negative: a number or a tensor that broadcasts.
        sweeps: smoothing sweeps before and after the coarse correction.

    Raises:
        ArgumentError: a coefficient that is not positive or a negative reaction; too
            many cells left when no axis can be halved any more.

    Source:
        A. Brandt (1977), Mathematics of Computation 31, 333-390; P. Wesseling (1992),
        An Introduction to Multigrid Methods, for cell-centred grids.
    """

    def __init__(
        self, grid: Grid, a: Tensor, c: Tensor | float = 0.0, *, sweeps: int = 2
    ) -> None:
        self.grid = homogeneous(grid)
        self.sweeps = sweeps
        if not halves_far_enough(grid):
            coarsest = _coarsest(self.grid)
            raise ArgumentError(
                explain(
                    "num_points",
                    found=f"{grid.num_points}, which halves down to {coarsest} only, "
                    f"{prod(coarsest)} cells",
                    expected=f"at most {MAX_COARSEST} cells on the coarsest grid",
                    remedy="use numbers of points with more factors of two, or "
                    "HelmholtzTransforms as preconditioner",
                )
            )
        _check_sign("a", a, a > 0, "positive")
        reaction = torch.as_tensor(c, dtype=a.dtype, device=a.device)
        _check_sign("c", reaction, reaction >= 0, "not negative")
        a = a.expand(len(a), a.shape[1], *grid.num_points)
        reaction = reaction.expand(torch.broadcast_shapes(a.shape, reaction.shape))
        faces = face_coefficients(grid, a)
        self._coefficients = (reaction, *faces)
        with torch.no_grad():
            held = tuple(face.detach() for face in faces)
            self.levels = [_level(self.grid, held, reaction.detach())]
            self._transfers: list[list[Transfer]] = []
            while axes := _halved(self.levels[-1].grid):
                fine = self.levels[-1]
                self._transfers.append(make_transfers(fine.grid, fine.faces, axes))
                self.levels.append(_coarser(fine, axes))
            self._inverse = _dense_inverse(self.levels[-1])
            empty = (reaction == 0).flatten(1).all(1) & keeps_constants(grid)
            self._singular = empty.reshape(-1, *[1] * (a.ndim - 1))

    def cycle(self, r: Tensor) -> Tensor:
        """Return one V-cycle's approximate solution for a right-hand side.

        Args:
            r: right-hand side ``(batch, channel, *space)``.
        """
        return self.project(self._cycle(self.project(r), 0))

    def project(self, r: Tensor) -> Tensor:
        """Return ``r`` without its mean in the samples where nothing fixes it."""
        if not bool(self._singular.any()):
            return r
        mean = r.mean(tuple(range(2, r.ndim)), keepdim=True)
        return torch.where(self._singular, r - mean, r)

    def solve(
        self, f: Tensor, *, tolerance: float | None = None, max_cycles: int = 50
    ) -> Tensor:
        """Return the solution by repeated cycles, with gradients by one more solve.

        The mean of ``f`` is left out in the samples where nothing fixes that of the
        solution.

        Args:
            f: right-hand side ``(batch, channel, *space)``.
            tolerance: norm of the residual to reach, relative to that of ``f``;
                1e-10 in float64 and 1e-5 in float32 if not given. Where round-off of
                the operator itself is larger, that is reached.
            max_cycles: most cycles.

        Raises:
            ConvergenceError: not converged after ``max_cycles``; the message names
                the sample that is furthest away.
        """
        goal = check_limits(tolerance, max_cycles, f.dtype)
        grid = self.grid

        def operator(u: Tensor, c: Tensor, *faces: Tensor) -> Tensor:
            return c * u - diffuse(u, faces, grid)

        def inverse(b: Tensor) -> Tensor:
            return self._repeat(self.project(b), goal, max_cycles)

        return implicit_solve(operator, inverse, f, self._coefficients)

    def _repeat(self, b: Tensor, tolerance: float, max_cycles: int) -> Tensor:
        finest, size = self.levels[0], norm(b)
        stiffest = finest.diagonal.flatten(1).amax(1).reshape(self._singular.shape)
        noise = 4 * torch.finfo(b.dtype).eps * stiffest
        u, r, active = torch.zeros_like(b), b, ~(size <= 0)
        for _ in range(max_cycles):
            if not bool(active.any()):
                return u
            u = torch.where(active, u + self.cycle(r), u)
            r = b - finest.apply(u)
            active = active & ~(norm(r) <= tolerance * size + noise * norm(u))
        if bool(active.any()):
            raise_not_converged(
                torch.where(active, norm(r), 0.0),
                size,
                tolerance=tolerance,
                iterations=max_cycles,
            )
        return u

    def _cycle(self, b: Tensor, depth: int) -> Tensor:
        level = self.levels[depth]
        if depth == len(self.levels) - 1:
            flat = b.flatten(2).transpose(1, 2)
            return (self._inverse @ flat).transpose(1, 2).reshape(b.shape)
        u = torch.where(level.red, b / level.diagonal, 0.0)  # the first half sweep
        u = u + torch.where(level.red, 0.0, (b - level.apply(u)) / level.diagonal)
        for _ in range(self.sweeps - 1):
            u = level.smooth(u, b, red_first=True)
        coarse = b - level.apply(u)
        for transfer in reversed(self._transfers[depth]):
            coarse = transfer.restrict(coarse)
        correction = self._cycle(coarse, depth + 1)
        for transfer in self._transfers[depth]:
            correction = transfer.interpolate(correction)
        u = u + correction
        for _ in range(self.sweeps):
            u = level.smooth(u, b, red_first=False)
        return u


def halves_far_enough(grid: Grid) -> bool:
    """Return whether the coarsest grid that halving leads to can be inverted."""
    return prod(_coarsest(homogeneous(grid))) <= MAX_COARSEST


def _coarsest(grid: Grid) -> tuple[int, ...]:
    while axes := _halved(grid):
        grid = half_grid(grid, axes)
    return grid.num_points


def _halved(grid: Grid) -> list[int]:
    """Return the axes to coarsen next: even ones of the finest spacing."""
    even = [a for a, n in enumerate(grid.num_points) if n % 2 == 0]
    if not even:
        return []
    finest = min(grid.spacing[axis] for axis in even)
    return [axis for axis in even if grid.spacing[axis] <= SEMI * finest]


def _level(grid: Grid, faces: Faces, reaction: Tensor) -> _Level:
    index = sum(
        torch.arange(n, device=reaction.device).reshape(-1, *[1] * (grid.ndim - 1 - a))
        for a, n in enumerate(grid.num_points)
    )
    assert isinstance(index, Tensor)  # a grid has an axis
    total = reaction + diagonal(faces, grid)
    # a single cell without walls has nothing to divide by, and nothing to smooth
    safe = torch.where(total > 0, total, torch.ones_like(total))
    return _Level(grid, faces, reaction, safe, index % 2 == 0)


def _coarser(level: _Level, axes: Sequence[int]) -> _Level:
    grid = half_grid(level.grid, axes)
    faces = []
    for axis, fine in enumerate(level.faces):
        coarse = pair_means(fine, grid.ndim, [other for other in axes if other != axis])
        if axis in axes:  # every second face lies between coarse cells
            dim = coarse.ndim - grid.ndim + axis
            kept = torch.arange(0, coarse.shape[dim], 2, device=coarse.device)
            coarse = coarse.index_select(dim, kept)
        faces.append(coarse)
    reaction = pair_means(level.reaction, grid.ndim, axes)
    return _level(grid, tuple(faces), reaction)


def _dense_inverse(level: _Level) -> Tensor:
    """Return the pseudo-inverse on the coarsest grid, ``(batch, cells, cells)``."""
    cells = prod(level.grid.num_points)
    batch = len(level.reaction)
    unit = torch.eye(cells, dtype=level.reaction.dtype, device=level.reaction.device)
    columns = unit.reshape(cells, 1, 1, *level.grid.num_points)
    matrix = level.reaction * columns - diffuse(columns, level.faces, level.grid)
    matrix = matrix.reshape(cells, batch, cells).transpose(0, 1)
    return torch.linalg.pinv((matrix + matrix.mT) / 2, hermitian=True)


def _check_sign(name: str, value: Tensor, fine: Tensor, expected: str) -> None:
    if not bool(fine.all()):
        raise ArgumentError(
            explain(
                name,
                found=f"{value.min().item():g}",
                expected=f"{expected} everywhere",
                remedy="correct its sign, or fill missing values",
            )
        )
