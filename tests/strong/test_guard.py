from math import inf
from typing import ClassVar

import pytest
import torch
from torch import nn

from physbias.errors import ArgumentError, StabilityError
from physbias.grid import Grid, Periodic
from physbias.numerics import RK2, Euler
from physbias.pdes import PDE, Advection, AdvectionDiffusion, Burgers, Heat, pde
from physbias.strong import Solver
from physbias.strong.guard import StepGuard

LINE = Grid((32,), (1.0,), boundary=Periodic())


def wave():
    return torch.sin(2 * torch.pi * LINE.coords())


class Count:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> float:
        self.calls += 1
        return 1.0


@pytest.mark.parametrize(
    ("factor", "again"), [(1.0, 0), (1.05, 0), (0.9, 0), (1.2, 1), (0.3, 1), (0.0, 1)]
)
def test_a_limit_serves_while_the_state_is_alike(factor, again):
    guard, count, equation = StepGuard(), Count(), Burgers(0.1)
    guard.limit(equation, wave(), compute=count)
    limit = guard.limit(equation, factor * wave(), compute=count)
    assert count.calls == 1 + again
    assert limit <= 1.0
    if not again:  # lowered as much as the state has grown
        assert limit == pytest.approx(1 / max(1.0, factor))


def test_a_rougher_state_of_the_same_size_is_looked_at_anew():
    guard, count, equation = StepGuard(), Count(), Burgers(0.1)
    guard.limit(equation, wave(), compute=count)
    sharp = torch.sign(wave() + 0.01)
    guard.limit(equation, sharp, compute=count)
    assert count.calls == 2


@pytest.mark.parametrize("value", [0.2, 0.05, 0.0, float("nan")])
def test_coefficients_are_watched_both_ways(value):
    """Less diffusion is a danger to central differences of advection."""
    guard, count = StepGuard(), Count()
    for equation in (
        Burgers(nn.Parameter(torch.tensor(0.1))),
        Burgers(torch.tensor([0.1, 0.1])),
        Burgers(0.1),
    ):
        guard.forget()
        count.calls = 0
        guard.limit(equation, wave(), compute=count)
        if isinstance(equation.viscosity, float):
            if value != value:  # a number is looked at when it is set
                continue
            equation.viscosity = value
        else:
            equation.viscosity.data.fill_(value)
        guard.limit(equation, wave(), compute=count)
        assert count.calls == 2


def test_a_wind_that_turns_is_looked_at_anew():
    """From the coarse to the fine axis, as large as before: a fourth of the step."""
    grid = Grid((16, 64), (1.0, 1.0), boundary=Periodic())
    u = torch.rand(2, 1, 16, 64)
    equation = Advection(torch.tensor([1.0, 0.0]))
    solve = Solver(equation, grid, dt=0.05)
    solve(u, [0.0, 0.1])
    with torch.no_grad():
        equation.velocity.copy_(torch.tensor([0.0, 1.0]))
    with pytest.raises(StabilityError, match=r"dt: found 0.05, expected at most 0.0"):
        solve(u, [0.0, 0.1])


@pytest.mark.parametrize(
    ("before", "after"),
    [(2, 3), ((1.0, 2.0), (1.0, 2.5)), ([torch.ones(2)], [torch.ones(2)])],
    ids=["int", "tuple", "list of tensors"],
)
def test_coefficients_of_any_kind_must_not_change_before_the_backward(before, after):
    class Odd(PDE):
        fields: ClassVar[dict[str, int]] = {"u": 1}

        def __init__(self) -> None:
            super().__init__()
            self.held = before

        def rhs(self, u, d):
            factor = torch.as_tensor(
                self.held if isinstance(self.held, int) else self.held[0]
            )
            return -0.1 * factor.sum() * u

    equation = Odd()
    u = torch.ones(2, 1, 32, requires_grad=True)
    solve = Solver(equation, LINE, dt=0.01)  # more steps than the tape is kept for
    loss = solve(u, [0.0, 0.3]).sum()
    equation.held = after
    with pytest.raises(ArgumentError, match="set between the forward and the backward"):
        loss.backward()


def test_a_field_is_watched_by_channel():
    guard, count = StepGuard(), Count()
    equation = Heat(0.1)
    equation.register_buffer("wind", torch.ones(1, 2, 8, 16))
    guard.limit(equation, wave(), compute=count)
    equation.wind[:, 1] = 0.5
    guard.limit(equation, wave(), compute=count)
    assert count.calls == 2


def test_a_step_near_the_limit_is_judged_by_a_fresh_one():
    guard, count, equation = StepGuard(), Count(), Burgers(0.1)
    guard.limit(equation, wave(), compute=count, wanted=0.99)
    guard.limit(equation, 1.05 * wave(), compute=count, wanted=0.9)
    assert count.calls == 1
    guard.limit(equation, 1.05 * wave(), compute=count, wanted=0.99)
    assert count.calls == 2


def test_odd_members_of_an_equation():
    """Counters, masks and empty tensors are no obstacle."""

    class Term(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("mask", torch.tensor([True, False]))
            self.register_buffer("count", torch.tensor(3))
            self.register_buffer("nothing", torch.zeros(0))

        def forward(self, u, d):
            return d.laplacian(u)

    guard, count, equation = StepGuard(), Count(), pde(Term(), "u")
    guard.limit(equation, wave(), compute=count)
    assert guard.limit(equation, wave(), compute=count) == 1.0
    equation.extra = torch.ones(2)
    guard.limit(equation, wave(), compute=count)
    assert count.calls == 2


def test_a_limitless_equation_stays_limitless():
    guard, equation = StepGuard(), Heat(0.0)
    for _ in range(2):
        assert guard.limit(equation, wave(), compute=lambda: inf) == inf


def test_an_unstable_step_is_not_accepted_from_memory():
    """A faster flow, more diffusion, and less of it: each must be refused."""
    quiet = Solver(Burgers(1e-4), LINE, dt=0.02)
    quiet(0.1 * wave(), [0.0, 0.02])
    with pytest.raises(ValueError, match=r"dt: found 0.02, expected at most"):
        quiet(10 * wave(), [0.0, 0.02])
    nu = nn.Parameter(torch.tensor(1e-3))
    solve = Solver(Heat(nu), LINE, dt=0.1)
    solve(wave(), [0.0, 0.1])
    with torch.no_grad():
        nu.fill_(0.1)
    with pytest.raises(ValueError, match=r"dt: found 0.1, expected at most"):
        solve(wave(), [0.0, 0.1])
    diffusivity = nn.Parameter(torch.tensor(0.01))
    for stepper in (Euler(), RK2()):
        with torch.no_grad():
            diffusivity.fill_(0.01)
        windy = AdvectionDiffusion(diffusivity, (1.0,))
        solve = Solver(windy, LINE, stepper=stepper, dt=0.015)
        solve(wave(), [0.0, 0.015])
        with torch.no_grad():
            diffusivity.fill_(0.0)
        with pytest.raises(ValueError, match=r"dt: found 0.015, expected at most"):
            solve(wave(), [0.0, 0.015])
