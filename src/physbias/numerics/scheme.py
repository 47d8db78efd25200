"""What a solver or a loss asks of a derivative scheme."""

from typing import Protocol, runtime_checkable

import torch

from physbias.arguments import check_kind
from physbias.grid import Grid
from physbias.numerics.derivatives import GridDerivatives
from physbias.pdes import PDE


@runtime_checkable
class Scheme(Protocol):
    """Settings of a way to take derivatives, not yet tied to a grid."""

    def bind(
        self,
        grid: Grid,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
    ) -> GridDerivatives:
        """Return the derivatives on a grid."""
        ...


def check_kinds(pde: PDE, grid: Grid, scheme: Scheme) -> None:
    """Raise unless an equation, a grid and a scheme are such.

    Args:
        pde: the equation.
        grid: where states live.
        scheme: how derivatives are taken.
    """
    check_kind(pde, "pde", PDE, remedy="use one of physbias.pdes, or pde(rhs, fields)")
    check_kind(grid, "grid", Grid, remedy="describe the points by a Grid")
    remedy = "use a scheme of physbias.numerics, such as FiniteDifference(4)"
    check_kind(scheme, "scheme", Scheme, remedy=remedy)


def check_parts(pde: PDE, grid: Grid, scheme: Scheme) -> None:
    """Raise unless an equation, a grid and a scheme are such and fit together.

    Args:
        pde: the equation.
        grid: where states live.
        scheme: how derivatives are taken.
    """
    check_kinds(pde, grid, scheme)
    pde.num_channels(grid.ndim)
    pde.known.check_grid(grid)
    scheme.bind(grid).bound_to(pde.fields)
