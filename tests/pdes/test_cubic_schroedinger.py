from math import pi

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Periodic
from physbias.numerics import RK4, FiniteDifference, Spectral
from physbias.pdes import CubicSchroedinger, Schroedinger
from physbias.strong import Solver

F64 = torch.float64
LINE = Grid((192,), (30.0,), boundary=Periodic(), origin=(-15.0,))


def test_solitons_of_two_media_keep_their_shape():
    equation = CubicSchroedinger(torch.tensor([1.0, 0.5]), torch.tensor([2.0, 0.7]))
    coords = LINE.coords(dtype=F64)
    u0 = equation.soliton(coords, 0.0, steepness=1.2)
    solve = Solver(equation, LINE, scheme=Spectral(1 / 2), stepper=RK4(), dt=5e-3)
    u = solve(u0, [0.0, 1.0, 2.0])
    expected = equation.soliton(coords, 2.0, steepness=1.2)
    torch.testing.assert_close(u[:, 2], expected, atol=2e-5, rtol=0)
    d = solve.system(u0).derivatives
    first, last = (equation.invariants(u[:, n], d) for n in (0, 2))
    for key in ("norm", "energy", "momentum_x"):
        torch.testing.assert_close(last[key], first[key], rtol=1e-6, atol=1e-9)
    # 4 D kappa / g, and v / 2D times it
    norm = torch.tensor([4 * 1.2 / 2, 4 * 0.5 * 1.2 / 0.7], dtype=F64)
    torch.testing.assert_close(first["norm"], norm, rtol=1e-6, atol=0)
    momentum = norm * torch.tensor([0.25, 0.5], dtype=F64)
    torch.testing.assert_close(first["momentum_x"], momentum, rtol=1e-6, atol=0)


def test_soliton_by_hand():
    """D = 1, g = 2: psi = sech(x - vt) e^i(vx/2 + (1 - v²/4)t)."""
    x = torch.linspace(-3, 3, 20, dtype=F64)
    found = CubicSchroedinger().soliton(x[None, None], 0.7, speed=0.8)[0]
    psi = torch.exp(1j * (0.4 * x + (1 - 0.16) * 0.7)) / torch.cosh(x - 0.56)
    torch.testing.assert_close(found, torch.stack([psi.real, psi.imag]))


@pytest.mark.parametrize("order", [2, 4])
def test_soliton_on_differences(order, observed):
    errors, counts = [], (150, 225)
    for count in counts:
        grid = Grid((count,), (24.0,), boundary=Periodic(), origin=(-12.0,))
        equation, coords = CubicSchroedinger(), grid.coords(dtype=F64)
        scheme = FiniteDifference(order)
        solve = Solver(equation, grid, scheme=scheme, stepper=RK4(), dt=2e-3)
        u = solve(equation.soliton(coords, 0.0), [0.0, 0.3])[:, -1]
        errors.append(float((u - equation.soliton(coords, 0.3)).abs().max()))
    assert -observed(counts, errors)[0] == pytest.approx(order, abs=0.1)


def test_plane_waves_turn_and_are_modulated_at_benjamin_and_feirs_rate():
    """About A: side waves grow at sqrt(D k² (2 g A² - D k²))."""
    grid = Grid((16, 20), (2.0, 5.0), boundary=Periodic())
    equation, coords = CubicSchroedinger(0.3, 1.5), grid.coords(dtype=F64)
    k = (pi, -0.4 * pi)
    solve = Solver(equation, grid, scheme=Spectral(1 / 2), stepper=RK4(), dt=5e-3)
    u = solve(equation.plane_wave(coords, 0.0, wavenumbers=k), [0.0, 1.0])[:, -1]
    expected = equation.plane_wave(coords, 1.0, wavenumbers=k)
    torch.testing.assert_close(u, expected, atol=1e-7, rtol=0)

    line = Grid((16,), (2 * pi,), boundary=Periodic())
    x = line.coords(dtype=F64)
    rate = (0.3 * (2 * 1.5 - 0.3)) ** 0.5
    # the growing mode: imaginary over real part is rate / (D k²)
    bump = torch.cat([torch.cos(x), rate / 0.3 * torch.cos(x)], 1) * 1e-7
    still = torch.cat([1 + 0 * x, 0 * x], 1)
    solve = Solver(equation, line, scheme=Spectral(1 / 2), stepper=RK4(), dt=2e-3)
    u = solve(still + bump, [0.0, 1.0])[:, -1]
    angle = torch.tensor(1.5, dtype=F64)  # g A² t, which the bump turns with
    back = torch.stack(
        [
            torch.cos(angle) * u[:, 0] + torch.sin(angle) * u[:, 1],
            torch.cos(angle) * u[:, 1] - torch.sin(angle) * u[:, 0],
        ],
        1,
    )
    grown = torch.exp(torch.tensor(rate, dtype=F64)) * bump
    torch.testing.assert_close(back - still, grown, atol=1e-10, rtol=0)


def test_without_the_product_it_is_the_linear_equation(smooth):
    grid = Grid((12, 15), (2 * pi, 3.0), boundary=Periodic())
    u, d = smooth(grid, 2), Spectral().bind(grid, dtype=F64)
    linear = Schroedinger(0.7).rhs(u, d)
    torch.testing.assert_close(CubicSchroedinger(0.7, 0.0).rhs(u, d), linear)
    # and a uniform |psi|² acts like the potential -g |psi|²
    state = torch.tensor([0.6, 0.8], dtype=F64)[None, :, None, None] + 0 * u
    found = CubicSchroedinger(0.7, 3.0).rhs(state, d)
    torch.testing.assert_close(found, Schroedinger(0.7, -3.0).rhs(state, d))


def test_dispersion_must_be_positive():
    with pytest.raises(ArgumentError, match="dispersion: found 0, expected more"):
        CubicSchroedinger(0.0)
