from math import atan, exp, pi, sqrt

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Neumann, Periodic
from physbias.numerics import RK4, FiniteDifference, Spectral, Yoshida4
from physbias.pdes import SineGordon
from physbias.strong import Solver

F64 = torch.float64


def test_kinks_of_two_media_move_between_walls():
    grid = Grid((200,), (50.0,), boundary=Neumann(), origin=(-25.0,))
    equation = SineGordon(torch.tensor([1.0, 1.5]), torch.tensor([1.0, 2.0]))
    coords = grid.coords(dtype=F64)
    solve = Solver(equation, grid, scheme=FiniteDifference(6), stepper=RK4(), dt=0.05)
    u = solve(equation.kink(coords, 0.0), [0.0, 4.0])[:, -1]
    torch.testing.assert_close(u, equation.kink(coords, 4.0), atol=2e-3, rtol=0)


def test_kink_by_hand():
    """4 atan exp((x - vt)/sqrt(1 - v²)) and its rate."""
    found = SineGordon().kink(torch.tensor([[0.4]], dtype=F64), 0.7, velocity=0.6)
    s = (0.4 - 0.42) / 0.8
    rate = -4 * 0.6 / 0.8 * exp(s) / (1 + exp(2 * s))
    assert found[0].tolist() == pytest.approx([4 * atan(exp(s)), rate])


@pytest.mark.parametrize("stepper", [RK4(), Yoshida4()], ids=repr)
def test_a_breather_returns_with_its_energy(stepper):
    """After one period 2 pi/(0.6 m); its energy is 16 m c sqrt(1 - 0.6²)."""
    grid = Grid((96,), (36.0,), boundary=Periodic(), origin=(-18.0,))
    equation, coords = SineGordon(1.5, 2.0), grid.coords(dtype=F64)
    u0 = equation.breather(coords, 0.0)
    period = 2 * pi / 1.2
    solve = Solver(
        equation, grid, scheme=Spectral(None), stepper=stepper, dt=period / 400
    )
    u = solve(u0, [0.0, period / 4, period])
    half = equation.breather(coords, period / 4)
    torch.testing.assert_close(u[:, 1], half, atol=1e-4, rtol=0)
    torch.testing.assert_close(u[:, 2], u0, atol=1e-4, rtol=0)
    d = solve.system(u0).derivatives
    for n in range(3):
        energy = equation.invariants(u[:, n], d)["energy"]
        assert float(energy) == pytest.approx(16 * 3 * sqrt(1 - 0.36), rel=1e-5)


def test_small_waves_obey_the_jacobian(growth_matrix):
    """[[0, 1], [-c² k² - m² cos q, 0]]: stable about 0, not about pi."""
    grid = Grid((12, 14), (2 * pi, 4.0), boundary=Periodic())
    d = Spectral().bind(grid, dtype=F64)
    x, y = d.coords.split(1, dim=1)
    wave = torch.cos(2 * x + pi / 2 * y)
    speed = torch.tensor([1.0, 2.0], dtype=F64)
    for state, sign in ((0.0, 1), (pi, -1)):
        rest = [torch.full((2, 1, 1, 1), q, dtype=F64) for q in (state, 0.0)]
        found = growth_matrix(SineGordon(speed, 3.0), d, rest, wave)
        expected = -(speed**2) * (4 + (pi / 2) ** 2) - sign * 9.0
        torch.testing.assert_close(found[:, 1, 0], expected)
        assert found[:, 0, 1].tolist() == pytest.approx([1.0, 1.0])
        assert float(found.diagonal(dim1=1, dim2=2).abs().max()) < 1e-12


def test_frequency_must_be_positive():
    with pytest.raises(ArgumentError, match="frequency: found 0, expected more than 0"):
        SineGordon(1.0, 0.0)
