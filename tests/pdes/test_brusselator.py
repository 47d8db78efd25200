from math import pi, sqrt

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Periodic
from physbias.numerics import ETDRK4, RK4, Spectral
from physbias.pdes import Brusselator
from physbias.strong import Solver

F64 = torch.float64
BOX = Grid((12, 14), (2 * pi, 4.0), boundary=Periodic())


def test_rest_and_jacobian(growth_matrix):
    """(A, B/A): [[B - 1 - Du k², A²], [-B, -A² - Dv k²]], each sample its own."""
    d = Spectral().bind(BOX, dtype=F64)
    feed = torch.tensor([1.2, 0.8], dtype=F64)
    equation = Brusselator(0.3, 1.5, feed, 2.5)
    rest = [feed[:, None, None, None], (2.5 / feed)[:, None, None, None]]
    u = torch.cat(rest, 1).expand(2, 2, 12, 14)
    torch.testing.assert_close(equation.rhs(u, d), 0 * u, atol=1e-12, rtol=0)
    x, y = d.coords.split(1, dim=1)
    square = 4 + (pi / 2) ** 2
    wave = torch.sin(2 * x + pi / 2 * y)
    found = growth_matrix(equation, d, rest, wave)
    for n, a in enumerate((1.2, 0.8)):
        expected = [[1.5 - 0.3 * square, a * a], [-2.5, -a * a - 1.5 * square]]
        torch.testing.assert_close(found[n], torch.tensor(expected, dtype=F64))
    symbol = equation.stiff_symbol(d)[0, :, 2, 1].tolist()
    assert symbol == pytest.approx([-0.3 * square, -1.5 * square])


def test_rates_by_hand():
    d = Spectral().bind(BOX, dtype=F64)
    u = torch.tensor([2.0, 0.5], dtype=F64)[None, :, None, None].expand(1, 2, 12, 14)
    found = Brusselator(feed=1.0, control=3.0).rhs(u, d)[0, :, 0, 0].tolist()
    assert found == pytest.approx([1 - 8 + 2, 6 - 2])


def test_patterns_grow_only_beyond_turings_threshold():
    """B_c = (1 + A sqrt(Du/Dv))², at the wave of k² = A / sqrt(Du Dv)."""
    a, du, dv = 2.0, 1.0, 8.0
    threshold, k = (1 + a * sqrt(du / dv)) ** 2, sqrt(a / sqrt(du * dv))
    grid = Grid((16,), (2 * pi / k,), boundary=Periodic())
    control = threshold * torch.tensor([0.95, 1.05], dtype=F64)
    equation = Brusselator(du, dv, a, control)
    coords = grid.coords(dtype=F64)
    rest = torch.stack([torch.full_like(control, a), control / a], 1)[..., None]
    bump = torch.cat([torch.cos(k * coords), -0.3 * torch.cos(k * coords)], 1)
    solve = Solver(equation, grid, scheme=Spectral(), stepper=ETDRK4(), dt=0.05)
    u = solve(rest + 1e-4 * bump, [0.0, 5.0, 20.0])
    size = (u - u.mean(3, keepdim=True)).abs().amax((2, 3))
    assert float(size[0, 2]) < 0.5 * float(size[0, 1])
    assert float(size[1, 2]) > 1.5 * float(size[1, 1])
    for n, factor in enumerate((0.95, 1.05)):
        b = factor * threshold
        jacobian = torch.tensor(
            [[b - 1 - du * k**2, a * a], [-b, -a * a - dv * k**2]], dtype=F64
        )
        rate = torch.linalg.eigvals(jacobian).real.max()
        measured = torch.log(size[n, 2] / size[n, 1]) / 15
        torch.testing.assert_close(measured, rate, rtol=2e-2, atol=0)


def test_it_oscillates_at_hopfs_frequency():
    """At B = 1 + A² small departures turn with the frequency A."""
    grid = Grid((4,), (1.0,), boundary=Periodic())
    u0 = torch.tensor([1.5 + 1e-5, 3.25 / 1.5], dtype=F64)[None, :, None].expand(
        1, 2, 4
    )
    solve = Solver(
        Brusselator(0.1, 0.1, 1.5, 3.25),
        grid,
        scheme=Spectral(),
        stepper=RK4(),
        dt=0.01,
    )
    u = solve(u0, [0.0, 2 * pi / 1.5])[:, -1]
    torch.testing.assert_close(u, u0, atol=2e-9, rtol=0)


def test_negative_feed():
    with pytest.raises(ArgumentError, match="feed: found -1, expected at least 0"):
        Brusselator(feed=-1.0)
