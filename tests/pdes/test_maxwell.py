from math import pi, sqrt

import numpy as np
import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Periodic
from physbias.numerics import RK4, Autodiff, FiniteDifference, Leapfrog, Spectral
from physbias.pdes import Maxwell
from physbias.strong import Solver

F64 = torch.float64
GRIDS = [
    Grid((16,), (3.0,), boundary=Periodic()),
    Grid((14, 18), (2.0, 3.0), boundary=Periodic()),
    Grid((8, 10, 9), (2.0, 3.0, 5.0), boundary=Periodic()),
]


@pytest.mark.parametrize("grid", GRIDS, ids=lambda g: str(g.ndim))
@pytest.mark.parametrize("stepper", [RK4(), Leapfrog()], ids=repr)
def test_plane_waves_travel_at_the_speed_of_light_of_each_medium(grid, stepper):
    """E x H points along k, |E| = sqrt(mu/eps) |H|, and w = |k|/sqrt(eps mu)."""
    k = np.array([2 * pi / length for length in grid.lengths] + [0.0] * (3 - grid.ndim))
    equation = Maxwell(torch.tensor([1.0, 2.0]), torch.tensor([0.5, 1.5]))
    coords = grid.coords(dtype=F64)
    solve = Solver(equation, grid, scheme=Spectral(None), stepper=stepper, dt=2e-3)
    own = tuple(k[: grid.ndim].tolist())
    u = solve(
        equation.plane_wave(coords, 0.0, wavenumbers=own).contiguous(), [0.0, 0.4]
    )
    moved = u[:, 1]
    travelled = 0.4 / torch.sqrt(equation.permittivity * equation.permeability).double()
    for n in range(2):
        step = float(travelled[n]) * k[: grid.ndim] / np.linalg.norm(k)
        at = torch.tensor(step, dtype=F64).reshape(1, -1, *[1] * grid.ndim)
        same = equation.plane_wave(coords - at, 0.0, wavenumbers=own)[n]
        torch.testing.assert_close(moved[n], same, atol=1e-4, rtol=0)
        electric, magnetic = (f.flatten(1).T.numpy() for f in moved[n].split(3))
        flow = np.cross(electric, magnetic)
        assert np.allclose(np.cross(flow, k), 0, atol=1e-4)
        assert (flow @ k > -1e-9).all()
        impedance = sqrt(float(equation.permeability[n] / equation.permittivity[n]))
        ratio = np.linalg.norm(electric) / np.linalg.norm(magnetic)
        assert ratio == pytest.approx(impedance, rel=1e-4)
    d = solve.system(u[:, 0]).derivatives
    first, last = (equation.invariants(u[:, n], d)["energy"] for n in range(2))
    torch.testing.assert_close(last, first, rtol=1e-5, atol=0)
    volume = float(np.prod(grid.lengths))
    expected = volume / 2 * torch.tensor([1.0, 2.0], dtype=F64)  # eps/2 |E|², twice
    torch.testing.assert_close(first, expected, rtol=1e-6, atol=0)


def test_the_curl_has_the_sign_of_the_right_hand():
    """On the plane: E = (0, 0, f) drives H = (-f_y, f_x, 0)/mu."""
    grid = GRIDS[1]
    d = Spectral().bind(grid, dtype=F64)
    x, y = d.coords.split(1, dim=1)
    k, l = pi, 2 * pi / 3  # noqa: E741
    f = torch.sin(k * x) * torch.cos(l * y)
    zero = 0 * f
    rate = Maxwell(1.0, 2.0).rhs(torch.cat([zero, zero, f, zero, zero, zero], 1), d)
    f_x = k * torch.cos(k * x) * torch.cos(l * y)
    f_y = -l * torch.sin(k * x) * torch.sin(l * y)
    expected = torch.cat([zero, zero, zero, -f_y / 2, f_x / 2, zero], 1)
    torch.testing.assert_close(rate, expected)


@pytest.mark.parametrize("order", [2, 4])
def test_waves_on_differences(order, observed):
    errors, counts = [], (24, 36)
    for count in counts:
        grid = Grid((count, count), (2 * pi, 2 * pi), boundary=Periodic())
        equation, coords = Maxwell(), grid.coords(dtype=F64)
        scheme = FiniteDifference(order)
        solve = Solver(equation, grid, scheme=scheme, stepper=RK4(), dt=0.02)
        u = solve(equation.plane_wave(coords, 0.0), [0.0, 1.0])[:, -1]
        errors.append(float((u - equation.plane_wave(coords, 1.0)).abs().max()))
    assert -observed(counts, errors)[0] == pytest.approx(order, abs=0.1)


def test_divergence_stays(smooth):
    """Neither field gains charges, with media that vary only in the magnetic law."""
    grid = GRIDS[2]
    d = FiniteDifference(4).bind(grid, dtype=F64)
    rate = Maxwell(2.0, 0.7).rhs(smooth(grid, 6), d)
    for part in rate.split(3, dim=1):
        torch.testing.assert_close(d.div(part), 0 * part[:, :1], atol=1e-12, rtol=0)


def test_energy_stays_where_the_medium_varies(smooth):
    grid = GRIDS[1]
    x = grid.coords(dtype=F64)[:, :1]
    glass = 1.5 + 0.5 * torch.cos(pi * x)
    equation, u = Maxwell(glass, 1.0), smooth(grid, 6)
    d = FiniteDifference(2).bind(grid, dtype=F64)
    rate = equation.rhs(u, d)
    weight = torch.cat([glass.expand(1, 3, 14, 18), torch.ones(1, 3, 14, 18)], 1)
    power = (weight * u * rate).sum((1, 2, 3))
    torch.testing.assert_close(power, 0 * power, atol=1e-12, rtol=0)


def test_points_have_all_six_components():
    points = torch.rand(7, 3, dtype=F64, requires_grad=True)
    u = Maxwell().plane_wave(points[:, :2], points[:, 2:])
    assert u.shape == (7, 6)
    assert Maxwell().rhs(u, Autodiff(points, 2)).shape == (7, 6)


def test_permittivity_must_be_positive():
    with pytest.raises(ArgumentError, match="permittivity: found 0, expected more"):
        Maxwell(0.0)
