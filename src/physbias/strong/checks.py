"""What a solver refuses before it starts."""

from collections.abc import Mapping, Sequence, Set
from itertools import pairwise
from math import isfinite

import torch
from torch import Tensor

from physbias.arguments import check_kind, check_positive, is_number
from physbias.errors import ArgumentError, explain
from physbias.numerics import DormandPrince, Stepper
from physbias.pdes import PDE
from physbias.strong.gradients import (
    Adjoint,
    BinomialCheckpoint,
    Checkpoint,
    Gradient,
    LinearAdjoint,
)

FIXED_STEPS = Checkpoint | BinomialCheckpoint | LinearAdjoint


def check_times(times: Sequence[float] | Tensor) -> list[float]:
    """Return the times as numbers, or raise."""
    try:
        instants = _numbers(times)
    except (TypeError, RuntimeError):
        raise ArgumentError(
            explain(
                "times",
                found=repr(times),
                expected="a sequence of numbers, or a tensor (time,)",
                remedy="list the times at which states are wanted [s]",
            )
        ) from None
    rising = all(b > a for a, b in pairwise(instants))
    rising = rising and all(map(isfinite, instants))
    if not instants or not rising:
        raise ArgumentError(
            explain(
                "times",
                found=f"{instants[:8]}",
                expected="at least one time, finite and strictly increasing",
                remedy="sort them; the first is the time of u0",
            )
        )
    return instants


def _numbers(times: Sequence[float] | Tensor) -> list[float]:
    """Return the times as numbers, or raise ``TypeError`` where they are none."""
    if isinstance(times, Tensor):
        if times.ndim != 1 or times.is_complex() or times.dtype == torch.bool:
            raise TypeError
        return times.detach().tolist()
    instants = [t.item() if isinstance(t, Tensor) else t for t in times]
    if isinstance(times, str | Set | Mapping) or not all(map(is_number, instants)):
        raise TypeError
    return list(map(float, instants))


def check_choices(
    dt: float | None, gradient: Gradient, *, adaptive: bool, compiled: bool
) -> None:
    """Raise where options exclude each other."""
    check_kind(gradient, "gradient", Gradient, remedy="use Backprop() or Checkpoint()")
    if dt is not None:
        remedy = "leave it out to take it from the stability limit"
        check_positive(dt, "dt", remedy=remedy)
    if isinstance(gradient, Adjoint) and not adaptive:
        raise ArgumentError(
            explain(
                "gradient",
                found="Adjoint() with fixed steps",
                expected="Adjoint() with stepper=DormandPrince(...)",
                remedy="use Backprop() or Checkpoint(), which differentiate the steps",
            )
        )
    given = [] if dt is None else [f"dt={dt!r}"]
    given += ["compile=True"] if compiled else []
    given += [f"gradient={gradient!r}"] if isinstance(gradient, FIXED_STEPS) else []
    if adaptive and given:
        raise ArgumentError(
            explain(
                "stepper",
                found=f"DormandPrince with {' and '.join(given)}",
                expected="a stepper of fixed steps for that",
                remedy=f"leave out {' and '.join(given)}, or use RK4()",
            )
        )


def check_compiles(stepper: Stepper | DormandPrince) -> None:
    """Raise where a step cannot be compiled as a whole."""
    if not getattr(stepper, "compiles", True):
        raise ArgumentError(
            explain(
                "compile",
                found=f"True with {stepper!r}",
                expected="a stepper without iterations or complex arithmetic",
                remedy="leave compile out, or use an explicit or IMEX stepper",
            )
        )


def check_evolves(pde: PDE) -> None:
    """Raise where an equation gives no time derivative."""
    if getattr(pde.rhs, "__func__", None) is PDE.rhs:
        raise ArgumentError(
            explain(
                "pde",
                found=f"{type(pde).__name__}, which has no rhs",
                expected="an equation in time",
                remedy="write rhs(u, d), or use EllipticSolver for an equation of rest",
            )
        )
