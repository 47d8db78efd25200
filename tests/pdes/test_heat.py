from math import exp, pi

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Dirichlet, Grid, Neumann, Periodic
from physbias.numerics import ARS443, RK4, FiniteDifference, Spectral
from physbias.pdes import Heat
from physbias.strong import Solver

F64 = torch.float64


def test_rhs_by_hand():
    """u = sin x cos 2y: u_t = -5 D u."""
    grid = Grid((16, 12), (2 * pi, 2 * pi), boundary=Periodic())
    x, y = grid.coords(dtype=F64).split(1, dim=1)
    u = torch.sin(x) * torch.cos(2 * y)
    d = Spectral().bind(grid, dtype=F64)
    torch.testing.assert_close(Heat(0.3).rhs(u, d), -1.5 * u)
    # the symbol says the same
    symbol = Heat(0.3).stiff_symbol(d)
    assert float(symbol[0, 0, 1, 2]) == pytest.approx(-1.5)


@pytest.mark.parametrize("stepper", [RK4(), ARS443()], ids=repr)
def test_heat_kernel(stepper):
    """A Gaussian of variance s² + 2 D t, far from its images, in 2-D."""
    grid = Grid((64, 48), (16.0, 12.0), boundary=Periodic(), origin=(-8.0, -6.0))
    square = grid.coords(dtype=F64).square().sum(1, keepdim=True)

    def kernel(t: float) -> torch.Tensor:
        variance = 0.5 + 2 * 0.2 * t
        return torch.exp(-square / (2 * variance)) / variance

    solve = Solver(Heat(0.2), grid, scheme=Spectral(), stepper=stepper, dt=0.01)
    u = solve(kernel(0.0), [0.0, 0.5, 1.0])
    torch.testing.assert_close(u[:, 1], kernel(0.5), atol=2e-6, rtol=0)
    torch.testing.assert_close(u[:, 2], kernel(1.0), atol=2e-6, rtol=0)


@pytest.mark.parametrize("mirror", [False, True])
def test_modes_between_all_kinds_of_walls_decay(mirror):
    """Periodic, value-value, slope-slope and value-slope, each with its eigenvalue."""
    cases = [
        (Periodic(), lambda s: torch.sin(2 * pi * s), 2 * pi),
        (Dirichlet(), lambda s: torch.sin(2 * pi * s), 2 * pi),
        (Neumann(), lambda s: torch.cos(3 * pi * s), 3 * pi),
        ((Dirichlet(), Neumann()), lambda s: torch.sin(1.5 * pi * s), 1.5 * pi),
        ((Neumann(), Dirichlet()), lambda s: torch.cos(2.5 * pi * s), 2.5 * pi),
    ]
    for along_x, f, p in cases:
        for along_y, g, q in cases:
            grid = Grid((20, 24), (2.0, 1.5), boundary=[along_x, along_y])
            x, y = grid.coords(dtype=F64).split(1, dim=1)
            u0 = f(x / 2.0) * g(y / 1.5)
            scheme = FiniteDifference(4, mirror=mirror)
            rate = 0.1 * ((p / 2.0) ** 2 + (q / 1.5) ** 2)
            u = Solver(Heat(0.1), grid, scheme=scheme)(u0, [0.0, 1 / rate])[:, -1]
            torch.testing.assert_close(u, exp(-1) * u0, atol=4e-3, rtol=0)


def test_steady_state_between_different_temperatures():
    """Walls at 1 and 3, or a slope of 1 outward: both lead to 1 + x on [0, 2]."""
    for upper in (Dirichlet(3.0), Neumann(1.0)):
        grid = Grid((10,), (2.0,), boundary=[(Dirichlet(1.0), upper)])
        u0 = 1 + grid.coords(dtype=F64)
        for scheme in (FiniteDifference(2), FiniteDifference(8)):
            u = Solver(Heat(1.0), grid, scheme=scheme)(u0, [0.0, 0.5])
            torch.testing.assert_close(u[:, -1], u0)
        solve = Solver(Heat(1.0), grid, scheme=FiniteDifference(2), dt=0.016)
        ran = solve(0 * u0, [0.0, 12.0])  # the slowest mode lasts 1.6 s
        torch.testing.assert_close(ran[:, -1], u0, atol=5e-3, rtol=0)


@pytest.mark.parametrize("order", [2, 4, 6, 8])
def test_integral_is_kept_to_round_off(order):
    """On periodic grids, and between insulating walls where the field is mirrored."""
    for boundary, scheme in [
        (Periodic(), FiniteDifference(order)),
        (Neumann(0.0), FiniteDifference(order, mirror=True)),
    ]:
        grid = Grid((16, 13), (1.0, 2.0), boundary=boundary)
        u0 = torch.rand(2, 1, 16, 13, dtype=F64)
        u = Solver(Heat(0.1), grid, scheme=scheme)(u0, [0.0, 0.1, 0.5])
        mass = u.sum((2, 3, 4))
        torch.testing.assert_close(mass, mass[:, :1].expand(2, 3), rtol=1e-14, atol=0)


def test_integral_drifts_with_the_order_between_polynomial_walls(observed):
    """The sharper closure does not keep the integral: the loss falls like h³."""
    drift, counts = [], (24, 48)
    for count in counts:
        grid = Grid((count,), (1.0,), boundary=Neumann(0.0))
        x = grid.coords(dtype=F64)
        u0 = torch.cos(pi * x) + x**2 * (1 - x) ** 2
        u = Solver(Heat(0.1), grid, scheme=FiniteDifference(4))(u0, [0.0, 0.5])
        drift.append(abs(float((u[:, 1] - u0).mean())))
    assert drift[-1] < 1e-5
    assert -observed(counts, drift)[0] > 2.5


def test_bad_diffusivity():
    for bad, text in [(-1.0, "at least 0; correct its sign"), (True, "a number")]:
        with pytest.raises(ArgumentError, match=f"diffusivity: found .*{text}"):
            Heat(bad)
