from math import inf, pi

import pytest
import torch

from physbias.errors import StabilityError
from physbias.grid import Dirichlet, Grid, Periodic
from physbias.numerics import (
    ETDRK4,
    MUSCL,
    RK4,
    SSPRK3,
    DormandPrince,
    Euler,
    FiniteDifference,
    SemiDiscrete,
    Spectral,
)
from physbias.pdes import Heat, InviscidBurgers, KortewegDeVries, pde
from physbias.strong import Solver
from physbias.strong.limits import SAFETY, accurate_step, admitted_step, stable_step

LINE = Grid((16,), (2 * pi,), boundary=Periodic())
OPTIONS = {"stepper": Euler(), "scheme": FiniteDifference(2)}


def test_the_limit_of_diffusion():
    """Euler with central differences: h^2 / (2 D), less the margin of the spectrum."""
    scheme = FiniteDifference(2).bind(LINE, dtype=torch.float64)
    system = SemiDiscrete(Heat(0.5), scheme)
    u = torch.sin(LINE.coords(dtype=torch.float64))
    limit = LINE.spacing[0] ** 2
    assert 0.9 * limit < stable_step(system, Euler(), u, 0.0) < 1.001 * limit
    assert stable_step(system, RK4(), u, 0.0) > 1.2 * limit
    assert stable_step(system, DormandPrince(), u, 0.0) == inf


def test_modes_that_a_scheme_removes_do_not_count():
    """Exponential steps of a soliton: advection limits them, dispersion does not."""
    line = Grid((128,), (40.0,), boundary=Periodic(), origin=(-20.0,))
    equation = KortewegDeVries()
    u = equation.soliton(line.coords(dtype=torch.float64), 0.0)
    system = SemiDiscrete(equation, Spectral().bind(line, dtype=torch.float64))
    wavenumber = 42 * 2 * pi / 40  # the highest that is kept
    fastest = 6 * 0.5 * wavenumber  # of RK4's 2.8, less the margin
    assert stable_step(system, ETDRK4(), system.admit(u), 0.0) > 2 / fastest
    assert stable_step(system, RK4(), system.admit(u), 0.0) < 3 / wavenumber**3


def test_the_step_shrinks_until_it_is_accurate():
    """One step and two halves of u' = -u by Euler differ by dt^2 / 4."""

    def step(u, time, dt):
        return u * (1 - dt)

    limit = accurate_step(step, torch.ones(1), 0.0, limit=2.0, span=10.0)
    dt = SAFETY * limit
    # relative to the state, which is one at the start: the first power of two below
    assert (dt / 2) ** 2 < 1e-4 < dt**2
    assert accurate_step(step, torch.ones(1), 0.0, limit=0.0, span=1.0) == 0.0


def test_a_state_near_zero_does_not_ask_for_ever_shorter_steps():
    """A wall at 1 beside zeros: the error counts against what the wall soon makes.

    Relative to the first state alone 5760 evaluations went into 0.1 s.
    """
    calls = []

    def rhs(u, d):
        calls.append(1)
        return 0.05 * d.laplacian(u)

    grid = Grid((32, 24), (1.0, 0.5), boundary=Dirichlet(1.0))
    u0 = torch.zeros(1, 1, 32, 24, dtype=torch.float64)
    found = Solver(pde(rhs, "u"), grid)(u0, [0.0, 0.1])[:, -1]
    number = len(calls)
    fine = Solver(pde(rhs, "u"), grid, dt=2e-4)(u0, [0.0, 0.1])[:, -1]
    assert number < 2000
    torch.testing.assert_close(found, fine, rtol=0, atol=1e-6)


def test_a_forcing_in_step_with_the_output_is_seen():
    """u' = sin^2(pi t): every half, quarter and end of a day of 1 or 8 s is a zero."""

    def rhs(u, d):
        return torch.sin(pi * d.time) ** 2 + 0 * u

    u0 = torch.zeros(2, 1, 16, dtype=torch.float64)
    for times in ([0.0, 8.0], [float(day) for day in range(9)]):
        for stepper in (SSPRK3(), RK4()):
            solve = Solver(pde(rhs, "u"), LINE, stepper=stepper)
            torch.testing.assert_close(
                solve(u0, times)[:, -1], u0 + 4.0, rtol=0, atol=2e-3
            )


def test_a_law_that_adds_diffusion_is_held_to_its_limit():
    """SSPRK3 allows 2.51 h^2 / (4 D); the speeds alone would allow 400 times more."""

    class Viscous(InviscidBurgers):
        def rhs(self, u, d):
            return super().rhs(u, d) + 0.5 * d.laplacian(u)

    grid = Grid((100,), (1.0,), boundary=Periodic())
    u = 0.1 * torch.sin(2 * pi * grid.coords(dtype=torch.float64))
    limit = Solver(Viscous(), grid, scheme=MUSCL()).stable_step(u)
    textbook = 2.51 / (4 * 0.5 * 100**2)
    assert 0.5 * textbook < limit < textbook


def test_a_step_is_taken_or_refused():
    assert admitted_step(0.1, 0.2, **OPTIONS) == 0.1
    assert admitted_step(None, 0.2, **OPTIONS) == pytest.approx(0.16)
    with pytest.raises(StabilityError, match=r"dt: found 0.3, expected at most 0.2"):
        admitted_step(0.3, 0.2, **OPTIONS)
    for limit in (0.0, inf):
        with pytest.raises(StabilityError, match="dt: found no dt, and a stability"):
            admitted_step(None, limit, **OPTIONS)
