from math import pi, sqrt

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Periodic
from physbias.numerics import ETDRK4, RK4, Spectral
from physbias.pdes import GrayScott
from physbias.strong import Solver

F64 = torch.float64
BOX = Grid((16, 18), (2 * pi, 4.0), boundary=Periodic())


def mature(feed: float, kill: float) -> tuple[float, float]:
    """The state at rest with more catalyst."""
    u = (1 - sqrt(1 - 4 * (feed + kill) ** 2 / feed)) / 2
    return u, feed * (1 - u) / (feed + kill)


def test_catalyst_consumes_substrate():
    """The signs, by hand: u = 0.5, v = 0.25 give -uv² + F(1 - u), uv² - (F + k)v."""
    d = Spectral().bind(BOX, dtype=F64)
    u = torch.tensor([0.5, 0.25], dtype=F64)[None, :, None, None].expand(1, 2, 16, 18)
    rate = GrayScott(1.0, 0.5, feed=0.04, kill=0.06).rhs(u, d)[0, :, 3, 3]
    expected = [-0.03125 + 0.02, 0.03125 - 0.025]
    torch.testing.assert_close(rate, torch.tensor(expected, dtype=F64))


def test_uniform_states_are_at_rest():
    d = Spectral().bind(BOX, dtype=F64)
    for feed, kill in ((0.04, 0.06), (0.02, 0.04)):
        states = [(1.0, 0.0)]
        if feed >= 4 * (feed + kill) ** 2:
            states.append(mature(feed, kill))
        for state in states:
            u = torch.tensor(state, dtype=F64)[None, :, None, None] + 0 * d.coords
            rate = GrayScott(feed=feed, kill=kill).rhs(u, d)
            torch.testing.assert_close(rate, 0 * rate, atol=1e-16, rtol=0)


def test_small_waves_obey_the_jacobian(growth_matrix):
    """[[-v² - F - Du k², -2uv], [v², 2uv - F - k - Dv k²]], each sample its own."""
    x, y = BOX.coords(dtype=F64).split(1, dim=1)
    square = 4 + (pi / 2) ** 2
    wave = torch.cos(2 * x + pi / 2 * y)
    diffusivity = torch.tensor([0.02, 0.05], dtype=F64)
    equation = GrayScott(diffusivity, 0.01, feed=0.02, kill=0.04)
    u, v = mature(0.02, 0.04)
    d = Spectral().bind(BOX, dtype=F64)
    found = growth_matrix(equation, d, [u, v], wave)
    for n, fast in enumerate((0.02, 0.05)):
        expected = [
            [-v * v - 0.02 - fast * square, -2 * u * v],
            [v * v, 2 * u * v - 0.06 - 0.01 * square],
        ]
        torch.testing.assert_close(found[n], torch.tensor(expected, dtype=F64))
    symbol = equation.stiff_symbol(d)
    assert float(symbol[1, 0, 2, 1]) == pytest.approx(-0.05 * square)
    assert float(symbol[1, 1, 2, 1]) == pytest.approx(-0.01 * square)


def test_a_catalyst_that_cannot_live_dies_at_the_known_rate():
    """About (1, 0): v decays like e^-(F + k + Dv k²)t."""
    grid = Grid((16,), (2 * pi,), boundary=Periodic())
    x = grid.coords(dtype=F64)
    wave = 1e-7 * torch.cos(x)
    solve = Solver(
        GrayScott(0.2, 0.1), grid, scheme=Spectral(), stepper=ETDRK4(), dt=0.05
    )
    u = solve(torch.cat([1 + 0 * x, wave], 1), [0.0, 2.0])[:, -1]
    expected = wave * torch.exp(torch.tensor(-(0.04 + 0.06 + 0.1) * 2.0))
    torch.testing.assert_close(u[:, 1:], expected, atol=1e-13, rtol=1e-5)


@pytest.mark.parametrize("stepper", [RK4(), ETDRK4()], ids=repr)
def test_substrate_alone_is_fed_back(stepper):
    grid = Grid((10, 12), (2 * pi, 4 * pi), boundary=Periodic())
    equation = GrayScott(
        torch.tensor([0.3, 0.6]), feed=torch.tensor([0.5, 0.2]), kill=0.1
    )
    coords = grid.coords(dtype=F64)
    solve = Solver(equation, grid, scheme=Spectral(), stepper=stepper, dt=0.05)
    u = solve(equation.barren(coords, 0.0).expand(2, -1, -1, -1), [0.0, 1.0])[:, -1]
    torch.testing.assert_close(u, equation.barren(coords, 1.0), atol=1e-7, rtol=0)


def test_negative_kill():
    with pytest.raises(ArgumentError, match=r"kill: found -0\.06, expected at least 0"):
        GrayScott(kill=-0.06)
