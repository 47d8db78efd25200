from math import exp, pi

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Dirichlet, Grid, Periodic
from physbias.numerics import ETDRK4, RK4, Autodiff, FiniteDifference, Spectral
from physbias.pdes import NavierStokes, VorticityFlow
from physbias.strong import Solver

F64 = torch.float64
BOX = Grid((24, 32), (2.0, 5.0), boundary=Periodic())
K = (pi, 0.4 * pi)


@pytest.mark.parametrize("stepper", [RK4(), ETDRK4()], ids=repr)
def test_taylor_green_decays(stepper):
    """Each sample with its own viscosity and drag; velocity by hand."""
    equation = VorticityFlow(torch.tensor([0.05, 0.1]), torch.tensor([0.0, 0.3]))
    coords = BOX.coords(dtype=F64)
    solve = Solver(equation, BOX, scheme=Spectral(), stepper=stepper, dt=0.01)
    u = solve(
        equation.taylor_green(coords, 0.0, wavenumbers=K).expand(2, -1, -1, -1),
        [0.0, 0.5],
    )[:, -1]
    expected = equation.taylor_green(coords, 0.5, wavenumbers=K)
    torch.testing.assert_close(u, expected, atol=1e-7, rtol=0)
    k, l = K  # noqa: E741
    x, y = coords.split(1, dim=1)
    by_hand = torch.cat(
        [
            l * torch.sin(k * x) * torch.cos(l * y),
            -k * torch.cos(k * x) * torch.sin(l * y),
        ],
        1,
    )
    found = solve.diagnose(u)["velocity"]
    slow = exp(-0.05 * (k**2 + l**2) * 0.5)
    torch.testing.assert_close(found[:1], slow * by_hand, atol=1e-7, rtol=0)


@pytest.mark.parametrize("scheme", [Spectral(), FiniteDifference(8)], ids=repr)
def test_the_force_sets_up_kolmogorovs_flow(scheme):
    """From rest to the wind A/s sin(ny) with s = nu n² + mu."""
    n = 0.8 * pi
    amplitude = torch.tensor([0.5, -1.0], dtype=F64)
    equation = VorticityFlow(0.2, 0.1, amplitude, wavenumber=n)
    coords = BOX.coords(dtype=F64)
    solve = Solver(equation, BOX, scheme=scheme, stepper=RK4(), dt=0.01)
    u = solve(torch.zeros(2, 1, 24, 32, dtype=F64), [0.0, 1.0])[:, -1]
    expected = equation.kolmogorov(coords, 1.0)
    torch.testing.assert_close(u, expected, atol=2e-5, rtol=0)
    rate = 0.2 * n**2 + 0.1
    laminar = -n * amplitude[:, None, None, None] / rate * torch.cos(n * coords[:, 1:])
    torch.testing.assert_close(equation.kolmogorov(coords, 99.0), laminar)
    d = scheme.bind(BOX, dtype=F64)
    wind = equation.velocity(laminar, d)[:, :1]
    by_hand = amplitude[:, None, None, None] / rate * torch.sin(n * coords[:, 1:])
    torch.testing.assert_close(wind, by_hand.expand_as(wind), atol=1e-4, rtol=0)


def test_it_is_the_curl_of_the_velocity_form(smooth):
    """An independent equation with a pressure, from the same random flow."""
    grid = Grid((32, 36), (2 * pi, 5.0), boundary=Periodic())
    d = Spectral().bind(grid, dtype=F64)
    omega = smooth(grid, 1)
    omega = omega - omega.mean((2, 3), keepdim=True)
    v = VorticityFlow().velocity(omega, d)
    options = {"scheme": Spectral(), "stepper": RK4(), "dt": 0.02}
    flow = Solver(NavierStokes(0.01), grid, **options)(v, [0.0, 1.0])[:, -1]
    found = Solver(VorticityFlow(0.01), grid, **options)(omega, [0.0, 1.0])[:, -1]
    torch.testing.assert_close(d.curl(flow), found, atol=1e-8, rtol=0)


def test_without_viscosity_energy_and_enstrophy_stay(smooth):
    grid = Grid((24, 30), (2 * pi, 5.0), boundary=Periodic())
    omega = smooth(grid, 1)
    omega = omega - omega.mean((2, 3), keepdim=True)
    solve = Solver(VorticityFlow(0.0), grid, scheme=Spectral(), stepper=RK4(), dt=0.02)
    u = solve(omega, [0.0, 2.0])
    d = solve.system(u[:, 0]).derivatives
    first, last = (solve.pde.dissipated(u[:, n], d) for n in range(2))
    for key in ("energy", "enstrophy"):
        torch.testing.assert_close(last[key], first[key], rtol=1e-8, atol=0)


def test_symbol_is_viscosity_and_drag():
    symbol = VorticityFlow(0.1, 0.2).stiff_symbol(Spectral().bind(BOX, dtype=F64))
    assert float(symbol[0, 0, 1, 2]) == pytest.approx(
        -0.1 * (K[0] ** 2 + 4 * K[1] ** 2) - 0.2
    )


def test_refusals():
    u = torch.ones(1, 1, 8, 8)
    walled = Grid((8, 8), (1.0, 1.0), boundary=Dirichlet())
    with pytest.raises(ArgumentError, match="grid: found an axis with walls"):
        VorticityFlow().rhs(u, FiniteDifference().bind(walled))
    line = Grid((8,), (1.0,), boundary=Periodic())
    with pytest.raises(ShapeError, match="found 1 space axes, expected 2 for Vort"):
        VorticityFlow().velocity(u[0], Spectral().bind(line))
    points = torch.rand(5, 3, requires_grad=True)
    with pytest.raises(ArgumentError, match="expected a grid for a Poisson solve"):
        VorticityFlow().rhs(points.square().prod(1, keepdim=True), Autodiff(points, 2))
    with pytest.raises(ArgumentError, match="wavenumber: found 0, expected more"):
        VorticityFlow(wavenumber=0)


@pytest.mark.parametrize("n", [4.0, torch.tensor([0.4 * pi, 0.5 * pi]), 0.1])
def test_a_force_that_does_not_fit_the_box_is_refused(n):
    """Its mean is not zero: the integral of cos 4y over 5 m is sin(20) / 4."""
    y = BOX.coords(dtype=F64)[:, 1:]
    still = torch.zeros(2, 1, 24, 32, dtype=F64)
    rate = VorticityFlow(0.1, 0.0, 1.0, wavenumber=n).rhs(
        still, Spectral().bind(BOX, dtype=F64)
    )
    mean = rate.mean((1, 2, 3))[-1]
    last = float(torch.as_tensor(n).flatten()[-1])
    assert float(mean) == pytest.approx(-last * float(torch.cos(last * y).mean()))
    assert abs(float(mean)) > 1e-3
    message = "wavenumber: found .* waves in the 5 m of the grid along y, expected a wh"
    with pytest.raises(ArgumentError, match=message):
        Solver(VorticityFlow(forcing=1.0, wavenumber=n), BOX)
    learned = torch.nn.Parameter(torch.zeros(()))
    with pytest.raises(ArgumentError, match=message):
        Solver(VorticityFlow(forcing=learned, wavenumber=n), BOX)
    Solver(VorticityFlow(wavenumber=n), BOX)  # no force: nothing to fit


def test_forces_that_fit_are_taken_also_in_single_precision():
    fits = 2 * pi / 5 * torch.arange(1.0, 9.0)
    Solver(VorticityFlow(forcing=1.0, wavenumber=fits), BOX)
    with pytest.raises(
        ArgumentError, match=r"use 3.7699111843077\d*, or a length of 4.7"
    ):
        Solver(VorticityFlow(forcing=1.0), BOX)
    with pytest.raises(ShapeError, match="found 1 space axes, expected 2 for Vort"):
        Solver(VorticityFlow(), Grid((8,), (1.0,), boundary=Periodic()))
