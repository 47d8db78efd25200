"""Derivatives of states on a grid: what every scheme shares."""

from copy import copy
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from physbias.errors import ArgumentError, ShapeError, explain
from physbias.grid import Grid
from physbias.grid.boundary import FieldSizes
from physbias.grid.edges import Edges
from physbias.numerics.fourier import FourierSymbols, multiply
from physbias.numerics.vector_calculus import AbstractDerivatives
from physbias.pdes import Coefficient


@dataclass(frozen=True, slots=True)
class FramePairs:
    """How the two frames around each time interval are folded into the batch.

    The earlier frames of all samples and intervals come first, then the later ones.

    Args:
        dt: time between frames [s].
        intervals: intervals per sample.
    """

    dt: float
    intervals: int


class GridDerivatives(AbstractDerivatives):
    """A derivative scheme bound to a grid, at one time.

    Args:
        grid: where states live.
        coords: coordinates of its points [m], ``(1, ndim, *space)``.
        fourier: the scheme's symbols where the grid is periodic, else None.
        time: time [s]; a number or a tensor that broadcasts against states.
        pairs: set where states of neighbouring times are folded into the batch.
        edges: the grid's edges as the fields meet them; all alike if not given.
    """

    def __init__(
        self,
        grid: Grid,
        coords: Tensor,
        *,
        fourier: FourierSymbols | None = None,
        time: Tensor | float = 0.0,
        pairs: FramePairs | None = None,
        edges: Edges | None = None,
    ) -> None:
        self.grid = grid
        self.edges = edges or Edges(grid)
        self.coords = coords
        self.fourier = fourier
        self.time = _clock(time)
        self.pairs = pairs

    def at(self, time: Tensor | float, pairs: FramePairs | None = None) -> Self:
        """Return the same scheme at another time.

        Args:
            time: time [s]; a number or a tensor that broadcasts against states.
            pairs: set where states of neighbouring times are folded into the batch.
        """
        result = copy(self)
        result.time, result.pairs = _clock(time), pairs
        result.edges = result._folded_edges()
        return result

    @property
    def ndim(self) -> int:
        """Number of space axes."""
        return self.grid.ndim

    def _check_space(self, u: Tensor) -> None:
        if tuple(u.shape[-self.ndim :]) != self.grid.num_points or u.ndim <= self.ndim:
            raise ShapeError(
                explain(
                    "u",
                    found=f"shape {tuple(u.shape)}",
                    expected=f"(batch, channel, *{self.grid.num_points})",
                    remedy="bind the scheme to the grid the field was sampled on",
                )
            )

    def t(self, u: Tensor) -> Tensor:
        """Return the difference quotient between the two frames of each interval."""
        if self.pairs is None:
            raise ArgumentError(
                explain(
                    "d.t",
                    found="a single time",
                    expected="states of several times",
                    remedy="take time derivatives in a residual, not in rhs",
                )
            )
        earlier, later = u.chunk(2)
        rate = (later - earlier) / self.pairs.dt
        return torch.cat([rate, rate])

    def coefficient(self, value: Coefficient) -> Coefficient:
        """Return a coefficient in a shape that multiplies states.

        Args:
            value: a number, a tensor with one value per sample, or a tensor that
                already broadcasts.
        """
        if not isinstance(value, Tensor) or value.ndim == 0:
            return value
        if value.is_floating_point():
            value = value.to(self.coords.dtype)  # do not promote the state
        if value.ndim == 1:
            value = value.reshape(-1, *[1] * (self.ndim + 1))
        return self._folded(value, self.ndim + 2)

    def bound_to(self, fields: FieldSizes) -> "GridDerivatives":
        """Return the same scheme for states of named fields.

        Args:
            fields: name of each field and its number of channels, as in a ``PDE``.

        Raises:
            ArgumentError: the grid has conditions for other fields, or lacks one.
        """
        return self.with_edges(Edges(self.grid, fields, degree=self.edges.degree))

    @property
    def derived(self) -> Self:
        """The same scheme for what is made from the state and is no field of it.

        A product or a derivative of fields does not obey their conditions at walls:
        this continues it by its own cells instead. Without walls nothing changes.
        """
        if self.grid.is_periodic:
            return self
        return self.with_edges(self.edges.derived)

    def of(self, field: str) -> Self:
        """Return the same scheme for one field, which may have its own conditions.

        Args:
            field: name of the field.

        Raises:
            ArgumentError: no such field.
        """
        edges = self.edges.of(field)
        return self if edges is self.edges else self.with_edges(edges)

    def _component(self, index: int) -> Self:
        edges = self.edges.component(index)
        return self if edges is self.edges else self.with_edges(edges)

    def with_edges(self, edges: Edges) -> Self:
        """Return the same scheme at the same time with other edges.

        Args:
            edges: of the same grid.
        """
        result = copy(self)
        result.edges = edges
        return result

    def _folded_edges(self) -> Edges:
        """Return the edges with one value per frame where there is one per sample."""
        if self.pairs is None:
            return self.edges
        return self.edges.map_values(lambda value: self._folded(value, self.ndim + 1))

    def _folded(self, value: Tensor, ndim: int) -> Tensor:
        """Return one value per sample as one per frame, where frames are folded."""
        if self.pairs is not None and value.ndim == ndim and len(value) > 1:
            value = value.repeat_interleave(self.pairs.intervals, dim=0)
            value = torch.cat([value, value])
        return value

    def leray(self, v: Tensor) -> Tensor:
        """Return the part of a vector that has no divergence in this scheme.

        Source:
            A. J. Chorin (1968), Mathematics of Computation 22, 745-762.
        """
        self._check_vector(v)
        return self._symbols("the Leray projection").project(v)

    def inverse_laplacian(self, f: Tensor) -> Tensor:
        """Return the field of zero mean whose ``div(grad)`` is ``f`` less its mean."""
        symbols = self._symbols("a Poisson solve")
        return multiply(f, -symbols.inverse_square, self.grid.num_points)

    def integral(self, u: Tensor) -> Tensor:
        """Return the integral over the domain, ``(batch, channel)``."""
        return u.flatten(2).sum(2) * self.grid.cell_volume

    def symbol(self, axis: int, order: int = 1) -> Tensor:
        """Return the multiplier of a derivative on Fourier modes."""
        self._check_axis(axis, order)
        return self._symbols("a Fourier symbol").symbol(axis, order)

    def laplacian_symbol(self) -> Tensor:
        """Return the multiplier of the Laplacian on Fourier modes [1/m²]."""
        return self._symbols("a Fourier symbol").laplacian

    def dealias(self, u: Tensor) -> Tensor:
        """Return ``u`` without the modes that products of states would alias into."""
        if self.fourier is None or self.fourier.mask is None:
            return u
        return multiply(u, self.fourier.mask, self.grid.num_points)

    def _symbols(self, purpose: str) -> FourierSymbols:
        if self.fourier is None:
            raise ArgumentError(
                explain(
                    "grid",
                    found="an axis with walls",
                    expected=f"a periodic grid for {purpose}",
                    remedy="make every boundary Periodic(), or between walls use "
                    "Staggered() for a velocity and SDIRK2() for stiff terms",
                )
            )
        return self.fourier


def _clock(time: Tensor | float) -> Tensor:
    """Return a time as a tensor, so that ``torch.sin(d.time)`` works in every use.

    A number becomes one without axes, so that float64 does not promote a float32 state.
    """
    return torch.as_tensor(
        time, dtype=None if isinstance(time, Tensor) else torch.float64
    )
