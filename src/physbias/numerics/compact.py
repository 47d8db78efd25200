"""Compact finite differences: an implicit formula along every line."""

from dataclasses import dataclass

import torch
from torch import Tensor

from physbias.arguments import is_whole
from physbias.errors import ArgumentError, explain
from physbias.grid import Grid, Periodic
from physbias.grid.boundary import outflow_degrees
from physbias.grid.edges import Edges
from physbias.numerics.derivatives import GridDerivatives
from physbias.numerics.fourier import FourierSymbols, stencil_symbol
from physbias.numerics.linear.tridiagonal import Tridiagonal
from physbias.numerics.places import Cells
from physbias.pdes import Place
from physbias.stencil import (
    prepare_weights,
    rounded_central_weights,
    rounded_compact_weights,
)


@dataclass(frozen=True, slots=True)
class Compact:
    r"""Compact differences of order 4 or 6 on periodic and walled grids.

    The derivatives of neighbours are solved for together,

    .. math::
        \alpha f^{(m)}_{i-1} + f^{(m)}_i + \alpha f^{(m)}_{i+1}
        = h^{-m} \sum_k c_k f_{i+k},

    on as few points as the order allows, and short waves travel far more truly than
    with :class:`FiniteDifference` of the same order:

    ========== ======================= =======================
    derivative order 4                 order 6
    ========== ======================= =======================
    first      :math:`\alpha = 1/4`    :math:`\alpha = 1/3`
    second     :math:`\alpha = 1/10`   :math:`\alpha = 2/11`
    third      as order 6              :math:`\alpha = 7/16`
    fourth     :math:`\alpha = 1/4`    :math:`\alpha = 7/26`
    ========== ======================= =======================

    The third derivative of order 4 would have :math:`\alpha = 1/2`, which is singular
    for the shortest wave of a periodic grid: that of order 6 stands in for it.
    Higher derivatives are refused.

    The row beside a wall is the central difference of the same order through ghost
    cells, which continue the field by the polynomial through what is known on the wall
    and the cells beside it, of degree ``order`` for first derivatives and ``order + 1``
    for the others. First and second derivatives keep the order up to the wall, the
    third and fourth have ``order - 1`` and ``order - 2`` there. A plane of symmetry
    mirrors the field exactly, an outflow continues it by its own degree p, with which
    the n-th derivative beside it has order ``p + 1 - n``. Diffusion is stable between
    all walls, and so is advection at order 4, but without diffusion towards an outflow
    of degree 0; at order 6 it needs a cell Péclet number (speed times spacing over
    diffusivity) below 30.

    Args:
        order: order of accuracy, 4 or 6.

    Raises:
        ArgumentError: another order.

    Source:
        S. K. Lele (1992), Journal of Computational Physics 103, 16-42, sections 2.1
        to 2.4.
    """

    order: int = 6

    def __post_init__(self) -> None:
        if not is_whole(self.order) or self.order not in (4, 6):
            raise ArgumentError(
                explain(
                    "order",
                    found=repr(self.order),
                    expected="4 or 6",
                    remedy="use FiniteDifference for order 2 or 8",
                )
            )

    def bind(
        self,
        grid: Grid,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
    ) -> "CompactDerivatives":
        """Return the derivatives on a grid."""
        walls = [side for pair in grid.boundary for side in pair]
        leaving = [self.order, *outflow_degrees(walls)]
        for degree in (self.order, self.order + 1):
            prepare_weights(self.order, degree, outflow_degrees=leaving)
        symbols = None
        with torch.inference_mode(False):  # made once, also used in training
            systems = {
                (axis, derivative): self._system(grid, axis, derivative, dtype, device)
                for axis in range(grid.ndim)
                for derivative in (1, 2, 3, 4)
            }
            if grid.is_periodic:
                symbols = FourierSymbols(grid, self._symbol, dtype=dtype, device=device)
            coords = grid.coords(dtype=dtype, device=device)
        return CompactDerivatives(
            grid,
            coords,
            order=self.order,
            systems=systems,
            fourier=symbols,
            edges=Edges(grid, degree=self.order),
        )

    def _system(
        self,
        grid: Grid,
        axis: int,
        derivative: int,
        dtype: torch.dtype,
        device: torch.device | None,
    ) -> Tridiagonal:
        """Return the left-hand side along one axis; rows beside walls stand alone."""
        alpha, _ = rounded_compact_weights(derivative, self.order)
        beside = torch.full((grid.num_points[axis],), alpha, dtype=torch.float64)
        if not isinstance(grid.boundary[axis][0], Periodic):
            beside[0] = beside[-1] = 0
        return Tridiagonal(beside, beside, dtype=dtype, device=device)

    def _symbol(self, derivative: int, theta: Tensor) -> Tensor:
        """Return what the formula does to a wave of phase ``theta`` per point."""
        alpha, weights = rounded_compact_weights(derivative, self.order)
        total = stencil_symbol(weights, derivative, theta)
        return total / (1 + 2 * alpha * torch.cos(theta))


class CompactDerivatives(GridDerivatives):
    """Compact differences bound to a grid; made by :meth:`Compact.bind`."""

    def __init__(
        self,
        grid: Grid,
        coords: Tensor,
        *,
        order: int,
        systems: dict[tuple[int, int], Tridiagonal],
        fourier: FourierSymbols | None = None,
        edges: Edges | None = None,
    ) -> None:
        super().__init__(grid, coords, fourier=fourier, edges=edges)
        self.order = order
        self._systems = systems

    def partial(self, u: Tensor, axis: int, order: int = 1) -> Tensor:
        """Return the derivative of every channel along one space axis.

        Args:
            u: state.
            axis: 0 for x, 1 for y, 2 for z.
            order: order of the derivative, 1 to 4.
        """
        self._check_axis(axis, order)
        if order > 4:
            raise ArgumentError(
                explain(
                    "order",
                    found=str(order),
                    expected="a derivative of order 1 to 4 of a compact scheme",
                    remedy="use FiniteDifference or Spectral for higher ones",
                )
            )
        return self._solved(self._padded(u, axis, order), axis, order)

    def continued(self, u: Tensor, axis: int) -> Tensor:
        """Return a state with the ghost cells that a first derivative needs.

        Args:
            u: state.
            axis: 0 for x, 1 for y, 2 for z.
        """
        return self._padded(u, axis, 1)

    def slope(self, w: Tensor, axis: int) -> Tensor:
        """Return the derivative, on the grid, of what was made of continued states.

        Args:
            w: made of what :meth:`continued` gives for the same axis.
            axis: 0 for x, 1 for y, 2 for z.
        """
        return self._solved(w, axis, 1)

    def continued_place(self, axis: int) -> Place:
        """Return the place of the padded cells; coefficients are even there.

        Args:
            axis: 0 for x, 1 for y, 2 for z.
        """
        return Cells(self, axis, self._width(axis, 1))

    def _width(self, axis: int, derivative: int) -> int:
        """Return the number of ghosts: the explicit rows at walls reach further."""
        if isinstance(self.grid.boundary[axis][0], Periodic):
            return len(rounded_compact_weights(derivative, self.order)[1]) // 2
        return len(rounded_central_weights(derivative, self.order)) // 2

    def _padded(self, u: Tensor, axis: int, derivative: int) -> Tensor:
        degree = self.order if derivative == 1 else self.order + 1
        width = self._width(axis, derivative)
        return self.edges.pad(u, axis, width, degree=degree, time=self.time)

    def _solved(self, w: Tensor, axis: int, derivative: int) -> Tensor:
        """Return a derivative on the grid from cells and their ghosts."""
        dim, count = w.ndim - self.ndim + axis, self.grid.num_points[axis]
        ghosts = self._width(axis, derivative)
        scale = self.grid.spacing[axis] ** -derivative
        pair = torch.sub if derivative % 2 else torch.add

        def rows(weights: tuple[float, ...], first: int, number: int) -> Tensor:
            here, half = ghosts + first, len(weights) // 2
            total = (scale * weights[half]) * w.narrow(dim, here, number)
            for k in range(1, half + 1):
                after = w.narrow(dim, here + k, number)
                both = pair(after, w.narrow(dim, here - k, number))
                total = torch.add(total, both, alpha=scale * weights[half + k])
            return total

        _, inner = rounded_compact_weights(derivative, self.order)
        if isinstance(self.grid.boundary[axis][0], Periodic):
            right = rows(inner, 0, count)
        else:
            edge = rounded_central_weights(derivative, self.order)
            parts = [
                rows(edge, 0, 1),
                rows(inner, 1, count - 2),
                rows(edge, count - 1, 1),
            ]
            right = torch.cat(parts, dim)
        return self._systems[axis, derivative].solve(right, dim)
