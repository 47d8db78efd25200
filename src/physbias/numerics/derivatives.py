"""Derivatives of states: what every scheme shares."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Self, cast

import torch
from torch import Tensor

from physbias.boundary import FieldSizes
from physbias.edges import Edges
from physbias.errors import ArgumentError, ShapeError, explain
from physbias.grid import Grid
from physbias.numerics.fourier import FourierSymbols, multiply
from physbias.pdes import Coefficient, ConservationLaw, Derivatives, Place
from physbias.shapes import AXIS_NAMES


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


class AbstractDerivatives(ABC):
    """Vector calculus from partial derivatives, on a grid or at points."""

    coords: Tensor
    time: Tensor

    @property
    @abstractmethod
    def ndim(self) -> int:
        """Number of space axes."""

    @abstractmethod
    def partial(self, u: Tensor, axis: int, order: int = 1) -> Tensor:
        """Return the derivative of every channel along one space axis.

        Args:
            u: state.
            axis: 0 for x, 1 for y, 2 for z.
            order: order of the derivative, at least 1.
        """

    @abstractmethod
    def t(self, u: Tensor) -> Tensor:
        """Return the derivative in time."""

    @property
    def derived(self) -> Self:
        """The same scheme for what is made from the state and is no field of it.

        A product or a derivative of fields does not obey their conditions at walls:
        this continues it by its own cells instead. Without walls nothing changes.
        """
        return self

    def of(self, field: str) -> Self:
        """Return the same scheme for one field, which may have its own conditions.

        Args:
            field: name of the field.
        """
        return self

    def _component(self, index: int) -> "AbstractDerivatives":
        """Return the same scheme for one component of a vector."""
        return self

    def x(self, u: Tensor) -> Tensor:
        """Return the derivative along x."""
        return self.partial(u, 0)

    def y(self, u: Tensor) -> Tensor:
        """Return the derivative along y."""
        return self.partial(u, 1)

    def z(self, u: Tensor) -> Tensor:
        """Return the derivative along z."""
        return self.partial(u, 2)

    def grad(self, u: Tensor) -> Tensor:
        """Return the gradient of a single channel, one channel per space axis."""
        if u.shape[1] != 1:
            raise ShapeError(
                explain(
                    "u",
                    found=f"{u.shape[1]} channels",
                    expected="1 channel, to take a gradient of",
                    remedy="use d.partial for the derivatives of several channels",
                )
            )
        return torch.cat([self.partial(u, axis) for axis in range(self.ndim)], dim=1)

    def div(self, v: Tensor) -> Tensor:
        """Return the divergence of a vector, as one channel."""
        self._check_vector(v)
        result = self._component(0).partial(v[:, :1], 0)
        for axis in range(1, self.ndim):
            part = v[:, axis : axis + 1]
            result = result + self._component(axis).partial(part, axis)
        return result

    def curl(self, v: Tensor) -> Tensor:
        """Return the curl: one channel in two dimensions, three in three."""
        self._check_vector(v)
        if self.ndim == 1:
            raise ShapeError(
                explain(
                    "v",
                    found="one space axis",
                    expected="two or three",
                    remedy="a curl needs at least a plane",
                )
            )
        pairs = [(0, 1)] if self.ndim == 2 else [(1, 2), (2, 0), (0, 1)]
        parts = [
            self._component(b).partial(v[:, b : b + 1], a)
            - self._component(a).partial(v[:, a : a + 1], b)
            for a, b in pairs
        ]
        return torch.cat(parts, dim=1)

    def laplacian(self, u: Tensor) -> Tensor:
        """Return the sum of second derivatives of every channel."""
        result = self.partial(u, 0, 2)
        for axis in range(1, self.ndim):
            result = result + self.partial(u, axis, 2)
        return result

    def advect(self, v: Tensor, u: Tensor) -> Tensor:
        """Return ``(v . grad) u`` for every channel of ``u``."""
        self._check_vector(v)
        result = v[:, :1] * self.partial(u, 0)
        for axis in range(1, self.ndim):
            across = v[:, axis : axis + 1]
            result = torch.addcmul(result, across, self.partial(u, axis))
        return result

    def flux_divergence(self, u: Tensor, law: ConservationLaw) -> Tensor:
        """Return the divergence of a law's flux, and its other products.

        Args:
            u: state.
            law: gives flux and products.
        """
        total, here = torch.zeros_like(u), cast(Derivatives, self)
        for axis in range(self.ndim):
            flux = law.flux(u, axis, here)
            total = total + self.derived.partial(flux, axis)
            product = law.product(u, axis, here)
            total = total if product is None else total + product
        return total

    def diffuse(self, u: Tensor, a: Tensor) -> Tensor:
        """Return ``div(a grad u)`` of a single channel.

        Args:
            u: state of one channel.
            a: coefficient, one channel, that varies in space.
        """
        return self.derived.div(a * self.grad(u))

    def dealias(self, u: Tensor) -> Tensor:
        """Return ``u`` without the modes that products of states would alias into.

        Args:
            u: a tendency, or anything else that is zero where walls hold values.
        """
        return u

    def dealias_state(self, u: Tensor) -> Tensor:
        """Return a state without those modes, as it meets the data of its walls.

        Args:
            u: state.
        """
        return self.dealias(u)

    def _check_vector(self, v: Tensor) -> None:
        if v.shape[1] != self.ndim:
            raise ShapeError(
                explain(
                    "v",
                    found=f"{v.shape[1]} channels",
                    expected=f"a vector, one channel per space axis ({self.ndim})",
                    remedy="split the state into its fields first",
                )
            )

    def _check_axis(self, axis: int, order: int) -> None:
        if axis not in range(self.ndim):
            word = dict(enumerate(AXIS_NAMES)).get(axis, "no axis")
            raise ArgumentError(
                explain(
                    "axis",
                    found=f"{axis!r} ({word})",
                    expected=f"0 to {self.ndim - 1}",
                    remedy=f"the domain has {self.ndim} space axes",
                )
            )
        if not isinstance(order, int) or order < 1:
            raise ArgumentError(
                explain(
                    "order",
                    found=str(order),
                    expected="a derivative of order 1 or more",
                    remedy="use the field itself for order 0",
                )
            )


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
        # a tensor also where time is one number, so that torch.sin(d.time) works in
        # every use; without axes, so that float64 does not promote a float32 state
        self.time = torch.as_tensor(
            time, dtype=None if isinstance(time, Tensor) else torch.float64
        )
        self.pairs = pairs

    @abstractmethod
    def at(
        self, time: Tensor | float, pairs: FramePairs | None = None
    ) -> "GridDerivatives":
        """Return the same scheme at another time."""

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

    def continued(self, u: Tensor, axis: int) -> Tensor:
        """Return a state beyond the walls of an axis, as far as ``slope`` looks.

        What is made of it point by point can be differentiated up to the wall without
        conditions of its own.

        Args:
            u: state.
            axis: 0 for x, 1 for y, 2 for z.
        """
        return u

    def slope(self, w: Tensor, axis: int) -> Tensor:
        """Return the derivative, on the grid, of what was made of continued states.

        Args:
            w: made of what :meth:`continued` gives for the same axis.
            axis: 0 for x, 1 for y, 2 for z.
        """
        return self.derived.partial(w, axis)

    def continued_place(self, axis: int) -> Place:
        """Return where continued states are; it gives coefficients there.

        Args:
            axis: 0 for x, 1 for y, 2 for z.
        """
        return self

    def flux_divergence(self, u: Tensor, law: ConservationLaw) -> Tensor:
        """Return the divergence of a law's flux, and its other products.

        Beyond a wall the flux is that of the continued state.

        Args:
            u: state.
            law: gives flux and products.
        """
        total = torch.zeros_like(u)
        for axis in range(self.ndim):
            place = self.continued_place(axis)
            flux = law.flux(self.continued(u, axis), axis, place)
            total = total + self.slope(flux, axis)
            product = law.product(u, axis, self)
            total = total if product is None else total + product
        return total

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
        return cast(Self, self.with_edges(self.edges.derived))

    def of(self, field: str) -> Self:
        """Return the same scheme for one field, which may have its own conditions.

        Args:
            field: name of the field.

        Raises:
            ArgumentError: no such field.
        """
        edges = self.edges.of(field)
        return self if edges is self.edges else cast(Self, self.with_edges(edges))

    def _component(self, index: int) -> "GridDerivatives":
        edges = self.edges.component(index)
        return self if edges is self.edges else cast(Self, self.with_edges(edges))

    def with_edges(self, edges: Edges) -> "GridDerivatives":
        """Return the same scheme at the same time with other edges.

        Args:
            edges: of the same grid.
        """
        result = self.at(self.time)
        result.pairs, result.edges = self.pairs, edges
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
