"""What the tests of equations share."""

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from physbias.pdes import PDE, Derivatives


@pytest.fixture
def growth_matrix() -> Callable[..., Tensor]:
    """How small waves about a uniform state feed each other, ``(batch, i, j)``.

    Column j is the projection on the wave of the tendency that a wave in channel j
    causes, by forward differentiation of the right-hand side on a grid.
    """

    def measure(
        equation: PDE, d: Derivatives, state: Sequence[Tensor | float], wave: Tensor
    ) -> Tensor:
        rest = torch.cat(
            [torch.as_tensor(s, dtype=wave.dtype) + 0 * wave for s in state], 1
        )
        columns = []
        for j in range(len(state)):
            bump = torch.zeros_like(rest)
            bump[:, j : j + 1] = wave
            _, slope = torch.func.jvp(lambda u: equation.rhs(u, d), (rest,), (bump,))
            assert isinstance(slope, Tensor)
            columns.append((slope * wave).flatten(2).sum(2) / wave.square().sum())
        return torch.stack(columns, dim=2)

    return measure
