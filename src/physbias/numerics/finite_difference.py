"""Central finite differences."""

from dataclasses import dataclass

import torch
from torch import Tensor

from physbias.arguments import check_kind, is_whole
from physbias.errors import ArgumentError, explain
from physbias.grid import Grid, Periodic
from physbias.grid.boundary import outflow_degrees
from physbias.grid.edges import Edges
from physbias.numerics.derivatives import GridDerivatives
from physbias.numerics.fourier import FourierSymbols, stencil_symbol
from physbias.numerics.linear.diffusion import diffuse, face_coefficients
from physbias.numerics.places import Cells
from physbias.pdes import Place
from physbias.stencil import (
    central_weights,
    prepare_weights,
    rounded_central_weights,
)


@dataclass(frozen=True, slots=True)
class FiniteDifference:
    """Central differences of even order on periodic and walled grids.

    Beyond a wall the field is continued by the polynomial of degree ``order + 1``
    through what is known there (a value, a slope or a mix of both) and the cells beside
    it, so that second derivatives keep the order up to the wall. A plane of symmetry
    mirrors the field exactly, and an outflow continues it by its own degree p, with
    which the n-th derivative beside it has order ``p + 1 - n``.

    Diffusion is stable with that at every order. Advection with order 6 or 8 needs a
    cell Péclet number (speed times spacing over diffusivity) below 15 or 6, and one
    with a Dirichlet value where the flow leaves below 3 at order 2; ``mirror=True`` has
    no such limit.

    Args:
        order: order of accuracy, 2, 4, 6 or 8.
        mirror: mirror the field in the wall instead, odd about a Dirichlet value and
            even about a Neumann slope. Diffusion then keeps its integral between
            Neumann walls to round-off, and advection is stable at any Péclet number;
            the order falls to 2 unless the solution itself is odd or even there.

    Raises:
        ArgumentError: another order.

    Source:
        B. Fornberg (1988), Mathematics of Computation 51, 699-706.
    """

    order: int = 2
    mirror: bool = False

    def __post_init__(self) -> None:
        check_kind(self.mirror, "mirror", bool, remedy="write True or False")
        if not is_whole(self.order) or self.order not in (2, 4, 6, 8):
            raise ArgumentError(
                explain(
                    "order",
                    found=repr(self.order),
                    expected="2, 4, 6 or 8",
                    remedy="use Spectral() where more is needed on a periodic grid",
                )
            )

    def bind(
        self,
        grid: Grid,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
    ) -> "FiniteDifferenceDerivatives":
        """Return the derivatives on a grid."""
        degree = None if self.mirror else self.order + 1
        edges = Edges(grid, degree=self.order)
        if grid.is_periodic:
            prepare_weights(self.order, None)
        else:
            walls = [side for pair in grid.boundary for side in pair]
            leaving = [self.order, *outflow_degrees(walls)]
            prepare_weights(self.order, degree, outflow_degrees=leaving)
        symbols = None
        with torch.inference_mode(False):  # made once, also used in training
            if grid.is_periodic:
                symbols = FourierSymbols(grid, self._symbol, dtype=dtype, device=device)
            coords = grid.coords(dtype=dtype, device=device)
        return FiniteDifferenceDerivatives(
            grid,
            coords,
            order=self.order,
            degree=degree,
            fourier=symbols,
            edges=edges,
        )

    def _symbol(self, derivative: int, theta: Tensor) -> Tensor:
        """Return what the stencil does to a wave of phase ``theta`` per point."""
        weights = [float(w) for w in central_weights(derivative, self.order)]
        return stencil_symbol(weights, derivative, theta)


class FiniteDifferenceDerivatives(GridDerivatives):
    """Central differences bound to a grid; made by :meth:`FiniteDifference.bind`."""

    def __init__(
        self,
        grid: Grid,
        coords: Tensor,
        *,
        order: int,
        degree: int | None,
        fourier: FourierSymbols | None = None,
        edges: Edges | None = None,
    ) -> None:
        super().__init__(grid, coords, fourier=fourier, edges=edges)
        self.order = order
        self.degree = degree

    def partial(self, u: Tensor, axis: int, order: int = 1) -> Tensor:
        """Return the derivative of every channel along one space axis.

        Args:
            u: state.
            axis: 0 for x, 1 for y, 2 for z.
            order: order of the derivative, at least 1.
        """
        self._check_axis(axis, order)
        self._check_space(u)
        width = len(rounded_central_weights(order, self.order)) // 2
        return self._stencil(self._shifts(u, axis, width), axis, order)

    def continued(self, u: Tensor, axis: int) -> Tensor:
        """Return a state with the ghost cells that a first derivative needs.

        Args:
            u: state.
            axis: 0 for x, 1 for y, 2 for z.
        """
        if isinstance(self.grid.boundary[axis][0], Periodic):
            return u
        width = self.order // 2
        return self.edges.pad(u, axis, width, degree=self.degree, time=self.time)

    def slope(self, w: Tensor, axis: int) -> Tensor:
        """Return the derivative, on the grid, of what was made of continued states.

        Args:
            w: made of what :meth:`continued` gives for the same axis.
            axis: 0 for x, 1 for y, 2 for z.
        """
        if isinstance(self.grid.boundary[axis][0], Periodic):
            return self.partial(w, axis)
        dim, count = w.ndim - self.ndim + axis, self.grid.num_points[axis]
        around = _Shifts(w, dim, width=self.order // 2, count=count)
        return self._stencil(around, axis, 1)

    def continued_place(self, axis: int) -> Place:
        """Return the place of the padded cells; coefficients are even there.

        Args:
            axis: 0 for x, 1 for y, 2 for z.
        """
        if isinstance(self.grid.boundary[axis][0], Periodic):
            return self
        return Cells(self, axis, self.order // 2)

    def _stencil(self, shifted: "_Shifts", axis: int, order: int) -> Tensor:
        """Return a derivative from the neighbours of every point."""
        weights = rounded_central_weights(order, self.order)
        width = len(weights) // 2
        scale = self.grid.spacing[axis] ** -order
        pair = torch.sub if order % 2 else torch.add
        result = None
        for offset in range(1, width + 1):
            weight = weights[width + offset] * scale
            both = pair(shifted(offset), shifted(-offset))
            result = (
                both * weight
                if result is None
                else torch.add(result, both, alpha=weight)
            )
        assert result is not None  # a stencil of a derivative has neighbours
        if order % 2:
            return result
        return torch.add(result, shifted(0), alpha=weights[width] * scale)

    def diffuse(self, u: Tensor, a: Tensor) -> Tensor:
        """Return ``div(a grad u)`` of a single channel.

        At order 2 it is the compact form, with harmonic means on the faces, which
        linear solves invert.

        Args:
            u: state of one channel.
            a: positive coefficient, one channel, that varies in space.
        """
        if self.order != 2:
            return super().diffuse(u, a)
        spread = a.expand(len(a), 1, *self.grid.num_points)
        faces = face_coefficients(self.grid, spread)
        return diffuse(u, faces, self.grid, pad=self._pad_by_one)

    def _pad_by_one(self, u: Tensor, axis: int) -> Tensor:
        return self.edges.pad(u, axis, 1, degree=self.degree, time=self.time)

    def _shifts(self, u: Tensor, axis: int, width: int) -> "_Shifts":
        dim = u.ndim - self.ndim + axis
        periodic = isinstance(self.grid.boundary[axis][0], Periodic)
        if periodic and torch.compiler.is_compiling():
            # a roll becomes index arithmetic inside one kernel; eagerly, views of
            # one padded copy cost fewer passes over memory
            return _Shifts(u, dim, width=0, count=u.shape[dim])
        padded = self.edges.pad(u, axis, width, degree=self.degree, time=self.time)
        return _Shifts(padded, dim, width=width, count=u.shape[dim])


@dataclass(frozen=True, slots=True)
class _Shifts:
    """Neighbours of every point at a given offset."""

    u: Tensor
    dim: int
    width: int
    count: int

    def __call__(self, offset: int) -> Tensor:
        if self.width == 0:
            return torch.roll(self.u, -offset, self.dim)
        return self.u.narrow(self.dim, self.width + offset, self.count)
