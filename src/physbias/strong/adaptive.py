"""Adaptive steps through torchdiffeq."""

from collections.abc import Iterator
from typing import cast

import torch
from torch import Tensor, nn

from physbias.errors import DivergenceError, explain
from physbias.numerics import DormandPrince, SemiDiscrete


class _Tendency(nn.Module):
    """The right-hand side in torchdiffeq's order of arguments."""

    def __init__(self, system: SemiDiscrete) -> None:
        super().__init__()
        self.pde = system.pde
        self.system = system

    def forward(self, time: Tensor, u: Tensor) -> Tensor:
        """Return the tendency."""
        return self.system(u, time)


def integrate(
    system: SemiDiscrete,
    u0: Tensor,
    times: list[float],
    *,
    stepper: DormandPrince,
    adjoint: bool,
) -> Iterator[Tensor]:
    """Yield the states at the given times.

    Args:
        system: gives the tendency.
        u0: state at the first time.
        times: increasing times [s].
        stepper: tolerances.
        adjoint: solve the adjoint equation for the gradients.
    """
    from torchdiffeq import odeint, odeint_adjoint  # imports SciPy: not before use

    if len(times) == 1:
        yield u0
        return
    instants = torch.tensor(times, dtype=torch.float64, device=u0.device)
    solve = odeint_adjoint if adjoint else odeint
    try:
        states = solve(
            _Tendency(system),
            u0,
            instants,  # float64: close times may be one number in float32
            rtol=stepper.rtol,
            atol=stepper.atol,
            method="dopri5",
        )
    except AssertionError as error:
        # torchdiffeq asserts that its step has not shrunk to nothing
        raise DivergenceError(
            explain(
                "solution",
                found=f"adaptive steps that shrank to nothing ({error})",
                expected="a solution that stays smooth",
                remedy="loosen rtol and atol, or check the equation's sign",
            )
        ) from error
    yield from cast(Tensor, states).unbind(0)
