from math import pi
from typing import ClassVar

import pytest
import torch

from physbias.grid import Dirichlet, Grid, Neumann, Outflow, Periodic, Symmetry
from physbias.numerics import (
    HLL,
    MUSCL,
    WENO5,
    FiniteDifference,
    Godunov,
    Spectral,
    Upwind,
    van_leer,
)
from physbias.pdes import (
    Advection,
    CompressibleEuler,
    ConservationLaw,
    InviscidBurgers,
    ShallowWater,
)
from physbias.strong import Solver

F64 = torch.float64
UPWIND = [Godunov(), MUSCL(van_leer), MUSCL(van_leer, HLL()), Upwind(3), WENO5()]


def test_a_law_must_say_its_flux_and_its_speeds():
    u = torch.ones(1, 1, 8)
    d = FiniteDifference(2).bind(Grid((8,), (1.0,), boundary=Periodic()))
    with pytest.raises(NotImplementedError, match="ConservationLaw gives no flux"):
        ConservationLaw().rhs(u, d)
    with pytest.raises(NotImplementedError, match="ConservationLaw gives no speeds"):
        ConservationLaw().speeds(u, 0, d)


class Traffic(ConservationLaw):
    """Cars at density u drive at 1 - u (Lighthill, Whitham, Richards 1955)."""

    fields: ClassVar = {"u": 1}

    def flux(self, u, axis, d):
        return u * (1 - u)

    def speeds(self, u, axis, d):
        return 1 - 2 * u, 1 - 2 * u


@pytest.mark.parametrize("scheme", UPWIND, ids=repr)
def test_a_law_of_ones_own_needs_two_methods(scheme):
    """A jam of 0.9 behind 0.3 dissolves backwards; 0.3 behind 0.9 grows at -0.2."""
    grid = Grid((100,), (2.0,), boundary=Neumann(), origin=(-1.0,))
    x = grid.coords(dtype=F64)
    u0 = torch.where(x < 0, 0.3, 0.9).to(F64)
    solve = Solver(Traffic(), grid, scheme=scheme, dt=0.01)
    u = solve(u0, [0.0, 1.0])[:, -1]
    gained = float((u - u0).sum() * grid.spacing[0])
    assert gained == pytest.approx(0.3 * 0.7 - 0.9 * 0.1, rel=1e-6)
    front = x[u > 0.6].min()
    assert float(front) == pytest.approx(-0.2, abs=0.04)


@pytest.mark.parametrize("scheme", [*UPWIND, FiniteDifference(4)], ids=repr)
@pytest.mark.parametrize("law", [CompressibleEuler(), ShallowWater()])
def test_nothing_passes_a_wall_and_it_pushes_back(scheme, law):
    """A box of slip walls: mass and energy stay; the flow is its own mirror image.

    The image method: a box beside its reflection is a periodic box twice as long.
    """
    grid = Grid((12, 9), (1.0, 1.5), boundary=[Symmetry(), Periodic()])
    twice = Grid((24, 9), (2.0, 1.5), boundary=Periodic())
    channels = law.num_channels(2)
    w = 0.2 * torch.rand(2, channels, 12, 9, dtype=F64)
    w = w + torch.tensor([1.0, 0.3, -0.2, 1.0][:channels])[:, None, None]
    sign = torch.tensor([1.0, -1.0, 1.0, 1.0][:channels], dtype=F64)[:, None, None]
    if isinstance(law, CompressibleEuler):
        w = law.conserved(w, FiniteDifference(2).bind(grid, dtype=F64))
    d = scheme.bind(grid, dtype=F64).bound_to(law.fields)
    found = law.rhs(w, d)
    both = torch.cat([w, sign * w.flip(2)], 2)
    whole = law.rhs(both, scheme.bind(twice, dtype=F64))
    torch.testing.assert_close(found, whole[:, :, :12], atol=1e-10, rtol=1e-10)
    if not isinstance(scheme, FiniteDifference):
        kept = found.sum((2, 3)) * grid.cell_volume
        names = list(law.invariants(w, d))
        for n, name in enumerate(["density", "momentum_x", "momentum_y", "energy"]):
            if name in names and name != "momentum_x":
                assert float(kept[:, n].abs().max()) < 1e-12


@pytest.mark.parametrize("scheme", UPWIND, ids=repr)
def test_a_shock_reflects_from_a_wall_like_two_gases_that_meet(scheme):
    """Water thrown at a wall: Rankine-Hugoniot depth behind the bore."""
    wall = {"depth": Neumann(), "discharge": Dirichlet(0.0)}
    grid = Grid((50,), (1.0,), boundary=[(Outflow(0), wall)])
    x = grid.coords(dtype=F64)
    v, g = 1.0, 9.81
    u0 = torch.cat([torch.ones_like(x), v * torch.ones_like(x)], 1)
    solve = Solver(ShallowWater(g), grid, scheme=scheme, dt=0.0015)
    u = solve(u0, [0.0, 0.1])[0, -1]
    low, high = 1.0, 3.0
    for _ in range(60):  # v = (h - 1) sqrt(g (h + 1) / 2 h)
        h = (low + high) / 2
        slow = (h - 1) * (g * (h + 1) / (2 * h)) ** 0.5 < v
        low, high = (h, high) if slow else (low, h)
    torch.testing.assert_close(
        u[0, -5:], torch.full((5,), h, dtype=F64), atol=0.03, rtol=0
    )
    assert float(u[1, -5:].abs().max()) < 0.1
    assert float(u[0, :20].sum()) == pytest.approx(20, rel=1e-3)


@pytest.mark.parametrize("scheme", [Spectral(None), FiniteDifference(4)], ids=repr)
def test_central_schemes_serve_smooth_flow(scheme):
    """A sound wave of small amplitude, after a quarter of its period."""
    grid = Grid((32,), (1.0,), boundary=Periodic())
    x, eps, c = grid.coords(dtype=F64), 1e-5, 1.4**0.5
    law, t = CompressibleEuler(), 0.25 / 1.4**0.5

    def wave(t):
        s = eps * torch.sin(2 * pi * (x - c * t))
        w = torch.cat([1 + s, c * s, 1 + c * c * s], 1)
        return law.conserved(w, scheme.bind(grid, dtype=F64))

    u = Solver(law, grid, scheme=scheme, dt=2e-3)(wave(0.0), [0.0, t])[:, -1]
    assert float((u - wave(t)).abs().max()) < 1e-3 * eps + 20 * eps**2


def test_a_wall_of_central_differences_lets_the_known_value_in():
    """u = 2 + sin(x - t) enters at x = 0: the flux at the wall is that of the datum."""
    errors = []
    for count in (40, 120):
        grid = Grid((count,), (2.0,), boundary=[(Dirichlet(2.0), Outflow(4))])
        x = grid.coords(dtype=F64)
        u = 2 + torch.sin(x)
        for law, exact in (
            (InviscidBurgers(), -u * torch.cos(x)),
            (Advection((3.0,)), -3 * torch.cos(x)),
        ):
            d = FiniteDifference(4).bind(grid, dtype=F64)
            errors.append(float((law.rhs(u, d) - exact).abs().max()))
    assert errors[2] < errors[0] / 3**3.7
    assert errors[3] < errors[1] / 3**3.7
