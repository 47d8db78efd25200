"""When a stability limit has to be worked out again."""

from collections.abc import Callable

import torch
from torch import Tensor

from physbias.pdes import PDE

# a limit serves until a state or a coefficient grows by this factor
GROWTH = 1.1


class StepGuard:
    """Keeps a stability limit while the state and coefficients stay as large."""

    def __init__(self) -> None:
        self._sizes: list[float] | None = None
        self._limit = 0.0

    def limit(self, pde: PDE, u: Tensor, compute: Callable[[], float]) -> float:
        """Return the limit, computed anew where it may have become smaller."""
        sizes = _sizes(pde, u)
        known = self._sizes
        grown = known is None or any(
            new > GROWTH * old for new, old in zip(sizes, known, strict=True)
        )
        if grown:
            self._limit, self._sizes = compute(), sizes
        return self._limit


def _sizes(pde: PDE, u: Tensor) -> list[float]:
    """Return the largest value of each channel and of each coefficient."""
    with torch.no_grad():
        channels = u.abs().amax(dim=(0, *range(2, u.ndim)))
        own = [c.abs().max() for c in (*pde.parameters(), *pde.buffers())]
        return [*channels.tolist(), *(float(c) for c in own)]
