"""Projection of vector fields onto divergence zero."""

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from physbias.arguments import check_count, check_kind
from physbias.errors import ShapeError, explain
from physbias.grid import Grid
from physbias.numerics import FiniteDifference, GridDerivatives, Scheme
from physbias.strength import Strength


class LerayProjection(nn.Module):
    r"""Remove the gradient part of a vector field, so that its divergence vanishes.

    :math:`P v = v - \nabla \Delta^{-1} \nabla\cdot v` with the divergence and gradient
    of one scheme, so that the scheme's own divergence is zero to round-off. It is
    linear, idempotent and self-adjoint, and leaves the mean alone. Channels besides
    the vector pass through.

    Args:
        grid: a periodic grid.
        scheme: whose divergence is to vanish.
        first: channel at which the vector starts.

    Shape:
        ``u`` and the result: ``(batch, channel, *space)``.

    Raises:
        ArgumentError: the grid has walls.
        ShapeError: too few channels for a vector.

    Source:
        A. J. Chorin (1968), Mathematics of Computation 22, 745-762.
    """

    strength: ClassVar[Strength] = Strength.STRONG

    def __init__(
        self,
        grid: Grid,
        *,
        scheme: Scheme = FiniteDifference(4),  # noqa: B008 (a frozen value)
        first: int = 0,
    ) -> None:
        super().__init__()
        check_kind(grid, "grid", Grid, remedy="describe the points by a Grid")
        remedy = "use a scheme of physbias.numerics, such as FiniteDifference(4)"
        check_kind(scheme, "scheme", Scheme, remedy=remedy)
        check_count(first, "first", minimum=0)
        self.grid = grid
        self.scheme = scheme
        self.first = first
        scheme.bind(grid).leray(torch.zeros(1, grid.ndim, *grid.num_points))
        self._bound: dict[tuple[torch.dtype, torch.device], GridDerivatives] = {}

    def forward(
        self, u: Float[Tensor, "batch channel *space"]
    ) -> Float[Tensor, "batch channel *space"]:
        """Return the field with its vector part free of divergence."""
        self.grid.check(u, "u")
        last = self.first + self.grid.ndim
        if u.shape[1] < last:
            raise ShapeError(
                explain(
                    "u",
                    found=f"{u.shape[1]} channels",
                    expected=f"a vector in channels {self.first} to {last - 1}",
                    remedy="give one channel per space axis, or another first",
                )
            )
        free = self._derivatives(u).leray(u[:, self.first : last])
        return torch.cat([u[:, : self.first], free, u[:, last:]], dim=1)

    def divergence(self, u: Tensor) -> Tensor:
        """Return the divergence that the projection makes vanish."""
        d = self._derivatives(u)
        return d.div(u[:, self.first : self.first + self.grid.ndim])

    def _derivatives(self, u: Tensor) -> GridDerivatives:
        key = (u.dtype, u.device)
        if key not in self._bound:
            self._bound[key] = self.scheme.bind(
                self.grid, dtype=u.dtype, device=u.device
            )
        return self._bound[key]
