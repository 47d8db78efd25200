from math import exp, pi

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Grid, Periodic
from physbias.numerics import ETDRK4, RK4, FiniteDifference, Spectral
from physbias.pdes import NavierStokes
from physbias.strong import Solver

F64 = torch.float64
NU = torch.tensor([0.05, 0.1], dtype=F64)


@pytest.mark.parametrize("stepper", [RK4(), ETDRK4()], ids=repr)
@pytest.mark.parametrize("wind", [(0.0, 0.0), (0.7, -0.4)])
def test_taylor_green_decays_in_a_wind_with_its_pressure(stepper, wind):
    grid = Grid((18, 25), (2.0, 5.0), boundary=Periodic())
    options = {"wavenumbers": (pi, 0.4 * pi), "wind": wind}
    equation, coords = NavierStokes(NU), grid.coords(dtype=F64)
    solve = Solver(equation, grid, scheme=Spectral(), stepper=stepper, dt=0.01)
    u0 = equation.taylor_green(coords, 0.0, **options)[:, :2].expand(2, -1, -1, -1)
    u = solve(u0, [0.0, 0.5])[:, -1]
    expected = equation.taylor_green(coords, 0.5, **options)
    torch.testing.assert_close(u, expected[:, :2], atol=2e-6, rtol=0)
    pressure = solve.diagnose(u)["pressure"]
    torch.testing.assert_close(pressure, expected[:, 2:], atol=1e-5, rtol=0)


def test_energy_of_taylor_green_falls_as_it_must():
    """area (k² + l²)/8 e^(-2 nu (k² + l²) t); the momentum is that of the wind."""
    grid = Grid((16, 20), (2.0, 5.0), boundary=Periodic())
    d, equation = Spectral().bind(grid, dtype=F64), NavierStokes(NU)
    k = (pi, 0.4 * pi)
    square = k[0] ** 2 + k[1] ** 2
    coords = grid.coords(dtype=F64)
    u = equation.taylor_green(coords, 0.3, wavenumbers=k)[:, :2]
    energy = 10 * square / 8 * torch.exp(-2 * NU * square * 0.3)
    torch.testing.assert_close(equation.dissipated(u, d)["energy"], energy)
    u = equation.taylor_green(coords, 0.3, wavenumbers=k, wind=(0.7, -0.4))[:, :2]
    momentum = equation.invariants(u, d)
    assert momentum["momentum_x"].tolist() == pytest.approx([7.0, 7.0])
    assert momentum["momentum_y"].tolist() == pytest.approx([-4.0, -4.0])


def test_beltrami_flow_decays_in_three_dimensions():
    """ABC flow: curl v = k v, so that v decays like e^(-nu k² t)."""
    grid = Grid((12, 14, 16), (pi,) * 3, boundary=Periodic())
    equation, coords = NavierStokes(NU), grid.coords(dtype=F64)
    whole = equation.beltrami(coords, 0.0, wavenumber=2.0)[:1]
    v = whole[:, :3]
    d = Spectral().bind(grid, dtype=F64)
    torch.testing.assert_close(d.curl(v), 2 * v)
    solve = Solver(equation, grid, scheme=Spectral(), stepper=RK4(), dt=0.02)
    u = solve(v.expand(2, -1, -1, -1, -1), [0.0, 0.2])[:, -1]
    for n in range(2):
        expected = exp(-float(NU[n]) * 4 * 0.2) * v
        torch.testing.assert_close(u[n : n + 1], expected, atol=1e-6, rtol=0)
    p = solve.diagnose(v.expand(2, -1, -1, -1, -1))["pressure"]
    expected = whole[:, 3:] - whole[:, 3:].mean()
    torch.testing.assert_close(p, expected.expand_as(p))


@pytest.mark.parametrize("order", [2, 4, 6])
def test_three_dimensions_on_differences(order, observed):
    errors, counts = [], {2: (24, 32), 4: (16, 24), 6: (16, 20)}[order]
    for count in counts:
        grid = Grid((count,) * 3, (2 * pi,) * 3, boundary=Periodic())
        equation, coords = NavierStokes(0.1), grid.coords(dtype=F64)
        solve = Solver(
            equation, grid, scheme=FiniteDifference(order), stepper=RK4(), dt=0.02
        )
        u = solve(equation.beltrami(coords, 0.0)[:, :3], [0.0, 0.1])[:, -1]
        expected = equation.beltrami(coords, 0.1)[:, :3]
        errors.append(float((u - expected).abs().max()))
    assert -observed(counts, errors)[0] == pytest.approx(order, abs=0.15)


def test_symbol_and_refusals():
    grid = Grid((8, 8), (2 * pi, 2 * pi), boundary=Periodic())
    symbol = NavierStokes(0.1).stiff_symbol(Spectral().bind(grid, dtype=F64))
    assert float(symbol[0, 0, 1, 2]) == pytest.approx(-0.5)
    with pytest.raises(ArgumentError, match="viscosity: found -1, expected at least"):
        NavierStokes(-1.0)
    with pytest.raises(ShapeError, match="found 2 space axes, expected 3 for Navier"):
        NavierStokes().beltrami(grid.coords(), 0.0)
    with pytest.raises(ShapeError, match="found 1 space axes, expected 2 for Navier"):
        NavierStokes().taylor_green(torch.ones(4, 1), 0.0)


def test_kovasznay_flow_is_the_published_one():
    """Reynolds 40 and k = 2π: λ = 20 - (400 + 4π²)^½ = -0.9637, at (1/2, 1/8)."""
    point = torch.tensor([[0.5, 0.125]], dtype=F64)
    v = NavierStokes(1 / 40).kovasznay(point, 0.0, wavenumber=2 * pi)[0]
    rate = 20 - (400 + 4 * pi**2) ** 0.5
    assert rate == pytest.approx(-0.96374, abs=1e-5)
    wake = exp(rate / 2) * 0.5**0.5
    assert v.tolist() == pytest.approx(
        [1 - wake, rate / (2 * pi) * wake, -exp(rate) / 2]
    )


@pytest.mark.parametrize("name", NavierStokes.exact)
def test_exact_solutions_of_the_plane_refuse_a_line(name):
    with pytest.raises(ShapeError, match=r"d: found 1 space axes, expected [23]"):
        getattr(NavierStokes(), name)(torch.zeros(4, 1), 0.0)
