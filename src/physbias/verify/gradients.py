"""Gradients through the solver, against central differences."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor

from physbias.numerics import DormandPrince
from physbias.pdes import PDE
from physbias.strong import Solver
from physbias.verify.case import TIME, Case
from physbias.verify.finding import Finding, judged

NAME = "gradients"
TOLERANCE = 1e-6
NUM_STEPS = 3
REACH = 1e-4
Function = Callable[[Tensor], Tensor]


def probe(case: Case) -> Finding:
    """Compare directional derivatives of a few steps with differences of order 4."""
    u = case.states(case.base, 1)
    generator = torch.Generator().manual_seed(case.seed)

    def draw(like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=generator, dtype=like.dtype)

    run = _run(case)
    weights = draw(run(case.pde, u).detach())
    scale = u.detach().abs().mean().clamp_min(1e-3)
    # noise sees every point, and a smooth direction what noise makes too little of
    directions = (scale * draw(u), case.states(case.base, 2)[1:] - u)

    def function_of_state(v: Tensor) -> Tensor:
        return (weights * run(case.pde, v)).sum()

    errors = {
        "the initial state": max(
            _error(function_of_state, u, direction) for direction in directions
        )
    }
    for name, value in case.pde.named_parameters():

        def function(v: Tensor, name: str = name) -> Tensor:
            pde = _with_parameter(case.pde, name, v)
            return (weights * run(pde, u)).sum()

        start = value.detach().clone()
        reach = start.abs().mean().clamp_min(1e-3)
        errors[name] = _error(function, start, reach * draw(start))
    worst = max(errors, key=lambda name: errors[name])
    passed = errors[worst] <= TOLERANCE
    what = ", ".join(errors)
    steps = f"{NUM_STEPS} steps" if case.evolves else "the residual"
    return judged(
        NAME,
        passed=passed,
        value=errors[worst],
        criterion=f"relative difference at most {TOLERANCE:g}",
        meaning=f"Gradients through {steps} agree with central differences for {what}."
        if passed
        else f"The gradient through {steps} with respect to {worst} differs from "
        f"central differences by {errors[worst]:.1e} of its size.",
        remedy="Look for detach(), .item(), .data, torch.no_grad(), a conversion to "
        "NumPy, or an operation in place on the way from there to the result.",
    )


def _run(case: Case) -> Callable[[PDE, Tensor], Tensor]:
    grid = case.base
    if not case.evolves:
        d = case.bind(grid).at(TIME)
        return lambda pde, u: pde.residual(u, d)
    step = 0.2 / case.spectral_radius(grid)
    adaptive = isinstance(case.stepper, DormandPrince)

    def run(pde: PDE, u: Tensor) -> Tensor:
        solve = Solver(
            pde,
            grid,
            scheme=case.scheme,
            stepper=case.stepper,
            dt=None if adaptive else step,
            allow_unstable=True,
        )
        # the change, in which the right-hand side is not lost beside the state
        return solve(u, [TIME, TIME + NUM_STEPS * step]).diff(dim=1)[:, 0] / step

    return run


def _with_parameter(pde: PDE, name: str, value: Tensor) -> PDE:
    """Return a copy of the equation that computes with a tensor of the graph."""
    other = copy.deepcopy(pde)
    path, _, leaf = name.rpartition(".")
    module = other.get_submodule(path)
    delattr(module, leaf)
    object.__setattr__(module, leaf, value)
    return other


def _error(function: Function, at: Tensor, direction: Tensor) -> float:
    """Return how far a directional derivative is from differences, relative."""
    start = at.detach().clone().requires_grad_()
    value = function(start)
    slope = 0.0
    if value.requires_grad:
        (gradient,) = torch.autograd.grad(value, start, materialize_grads=True)
        slope = float((gradient * direction).sum())
    with torch.no_grad():
        near, far = (
            float(function(at + k * REACH * direction))
            - float(function(at - k * REACH * direction))
            for k in (1, 2)
        )
    wanted = (8 * near - far) / (12 * REACH)
    size = max(abs(wanted), abs(slope))
    rounding = 1e-15 * abs(float(value.detach())) / REACH
    return 0.0 if size <= rounding else abs(slope - wanted) / size
