from math import inf, pi

import pytest
import torch

from physbias.errors import StabilityError
from physbias.grid import Grid, Periodic
from physbias.numerics import (
    ETDRK4,
    RK4,
    DormandPrince,
    Euler,
    FiniteDifference,
    SemiDiscrete,
    Spectral,
)
from physbias.pdes import Heat, KortewegDeVries
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


def test_a_step_is_taken_or_refused():
    assert admitted_step(0.1, 0.2, **OPTIONS) == 0.1
    assert admitted_step(None, 0.2, **OPTIONS) == pytest.approx(0.16)
    with pytest.raises(StabilityError, match=r"dt: found 0.3, expected at most 0.2"):
        admitted_step(0.3, 0.2, **OPTIONS)
    for limit in (0.0, inf):
        with pytest.raises(StabilityError, match="dt: found no dt, and a stability"):
            admitted_step(None, limit, **OPTIONS)
