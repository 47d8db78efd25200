"""Adaptive steps through torchdiffeq."""

from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import Tensor

from physbias.errors import DivergenceError, explain
from physbias.grid.edge_data import naming_walls
from physbias.numerics import DormandPrince, SemiDiscrete
from physbias.strong.captures import StandIns, find_captures
from physbias.strong.guard import check_unchanged, held_coefficients


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
    from torchdiffeq import odeint  # imports SciPy: not before use

    if len(times) == 1:
        yield u0
        return
    # float64: close times may be one number in float32
    instants = torch.tensor(times, dtype=torch.float64, device=u0.device)
    options = {"rtol": stepper.rtol, "atol": stepper.atol, "method": "dopri5"}
    try:
        with naming_walls():  # every step is looked at anyway
            if adjoint:
                states = _with_adjoint(system, u0, instants, options)
            else:
                states = odeint(lambda t, u: system(u, t), u0, instants, **options)
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


def _with_adjoint(
    system: SemiDiscrete, u0: Tensor, instants: Tensor, options: dict[str, Any]
) -> Tensor:
    """Return the states, whose gradients come back by the adjoint equation."""
    from torchdiffeq import odeint_adjoint

    equation = system.pde.known
    held = held_coefficients(equation)
    # what the tendency reads, whoever owns it: a value at a wall too
    found = find_captures(lambda u: system(u, instants[0]), u0, system.pde)
    stand_ins = StandIns(found)

    def tendency(time: Tensor, u: Tensor) -> Tensor:
        check_unchanged(held, equation)
        with stand_ins:
            return system(u, time)

    read = stand_ins.tensors
    states = odeint_adjoint(tendency, u0, instants, adjoint_params=read, **options)
    return cast(Tensor, states)
