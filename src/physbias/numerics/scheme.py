"""What a solver or a loss asks of a derivative scheme."""

from typing import Protocol, runtime_checkable

import torch

from physbias.grid import Grid
from physbias.numerics.derivatives import GridDerivatives


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
