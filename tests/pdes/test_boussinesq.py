from math import cos, exp, pi, sin, sqrt

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Grid, Periodic
from physbias.numerics import ETDRK4, RK4, Spectral
from physbias.pdes import BoussinesqFlow
from physbias.strong import Solver

F64 = torch.float64
PLANE = Grid((12, 15), (2 * pi, 4 * pi), boundary=Periodic())
BOX = Grid((10, 6, 12), (2 * pi, 3.0, 4 * pi), boundary=Periodic())


@pytest.mark.parametrize("stepper", [RK4(), ETDRK4()], ids=repr)
@pytest.mark.parametrize("grid", [PLANE, BOX], ids=["2", "3"])
def test_internal_waves_swing_decay_and_overturn(grid, stepper):
    """Stable, unstable, and without stratification, each sample with its own."""
    equation = BoussinesqFlow(
        torch.tensor([0.05, 0.1, 0.2], dtype=F64),
        torch.tensor([0.1, 0.02, 0.0], dtype=F64),
        torch.tensor([4.0, -2.0, 0.0], dtype=F64),
    )
    coords, ndim = grid.coords(dtype=F64), grid.ndim
    solve = Solver(equation, grid, scheme=Spectral(), stepper=stepper, dt=0.02)
    u0 = equation.internal_wave(coords, 0.0)[:, : ndim + 1]
    u = solve(u0, [0.0, 1.0])[:, -1]
    expected = equation.internal_wave(coords, 1.0)
    torch.testing.assert_close(u, expected[:, : ndim + 1], atol=1e-6, rtol=0)
    pressure = solve.diagnose(u)["pressure"]
    torch.testing.assert_close(pressure, expected[:, ndim + 1 :], atol=1e-6, rtol=0)


def test_the_frequency_is_that_of_the_dispersion_relation():
    """N |k| / |K|, decaying like e^(-nu K² t) for equal coefficients, by hand."""
    point = torch.tensor([[0.3, 0.5]], dtype=F64)
    found = BoussinesqFlow(0.1, 0.1, 4.0).internal_wave(point, 0.7)[0].tolist()
    frequency, slow = 2 / sqrt(2), exp(-0.1 * 2 * 0.7)
    w = slow * cos(frequency * 0.7) * cos(0.8)
    b = -slow * 4 / frequency * sin(frequency * 0.7)
    expected = [-w, w, b * cos(0.8), b / 2 * sin(0.8)]
    assert found == pytest.approx(expected)


def test_light_fluid_rises():
    """A warm column starts upwards, a cold one downwards."""
    x = PLANE.coords(dtype=F64)[:, :1]
    b = torch.cos(x)
    u = torch.cat([0 * b, 0 * b, b], 1)
    d = Spectral().bind(PLANE, dtype=F64)
    rate = BoussinesqFlow().tendency(u, d)
    torch.testing.assert_close(rate[:, 1:2], b)
    torch.testing.assert_close(rate[:, :1], 0 * b, atol=1e-12, rtol=0)


def test_energy_is_kept_without_friction(smooth):
    grid = Grid((24, 27), (2 * pi, 4 * pi), boundary=Periodic())
    equation = BoussinesqFlow(0.0, 0.0, torch.tensor([1.0, 3.0]))
    solve = Solver(equation, grid, scheme=Spectral(), stepper=RK4(), dt=0.02)
    u = solve(smooth(grid, 3), [0.0, 1.0])
    d = solve.system(u[:, 0]).derivatives
    first, last = (equation.dissipated(u[:, n], d)["energy"] for n in range(2))
    torch.testing.assert_close(last, first, rtol=1e-7, atol=0)


def test_viscosity_serves_as_diffusivity_and_symbol():
    assert BoussinesqFlow(0.3).diffusivity == 0.3
    d = Spectral().bind(PLANE, dtype=F64)
    symbol = BoussinesqFlow(0.1, 0.2).stiff_symbol(d)[0, :, 1, 2].tolist()
    assert symbol == pytest.approx([-0.2, -0.2, -0.4])


def test_refusals():
    with pytest.raises(ArgumentError, match="diffusivity: found -1, expected at least"):
        BoussinesqFlow(0.1, -1.0)
    line = Grid((8,), (1.0,), boundary=Periodic())
    with pytest.raises(ShapeError, match="found 1 space axes, expected 2 or 3 for"):
        BoussinesqFlow().rhs(torch.ones(1, 2, 8), Spectral().bind(line))


def test_the_exact_wave_refuses_a_line():
    message = "d: found 1 space axes, expected 2 or 3 for BoussinesqFlow"
    with pytest.raises(ShapeError, match=message):
        BoussinesqFlow().internal_wave(torch.zeros(4, 1), 0.0)


def test_friction_that_varies_presses_too():
    """nu = a (1 + e cos x cos y) on cells of vortices, the divergence by hand.

    The friction is -2 nu v, whose divergence is a e (cos 2y - cos 2x): the pressure is
    that of Taylor and Green and a e (cos 2x - cos 2y) / 4.
    """
    grid = Grid((24, 40), (2 * pi, 4 * pi), boundary=Periodic())
    x, y = grid.coords(dtype=F64).split(1, dim=1)
    a, e = torch.tensor([0.1, 0.4], dtype=F64).reshape(2, 1, 1, 1), 0.5
    flow = BoussinesqFlow(a * (1 + e * torch.cos(x) * torch.cos(y)), 0.1, 0.0)
    v = [torch.sin(x) * torch.cos(y), -torch.cos(x) * torch.sin(y)]
    u = torch.cat([*v, 0 * x], 1).expand(2, -1, -1, -1)
    found = Solver(flow, grid, scheme=Spectral(None)).diagnose(u)["pressure"]
    p, q = torch.cos(2 * x), torch.cos(2 * y)
    torch.testing.assert_close(found, (p + q + a * e * (p - q)) / 4)
