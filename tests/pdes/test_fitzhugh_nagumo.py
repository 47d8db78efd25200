from math import pi, sqrt

import numpy as np
import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Neumann, Periodic
from physbias.numerics import ETDRK4, RK4, FiniteDifference, Spectral
from physbias.pdes import FitzHughNagumo
from physbias.strong import Solver

F64 = torch.float64
BOX = Grid((12, 14), (2 * pi, 4.0), boundary=Periodic())


def test_fitzhughs_state_of_rest(growth_matrix):
    """v = -1.1994, w = -0.6243; small waves obey its Jacobian."""
    roots = np.roots([-1 / 3, 0, 1 - 1 / 0.8, -0.7 / 0.8])
    v = float(roots[np.isreal(roots)].real[0])
    w = (v + 0.7) / 0.8
    assert (v, w) == pytest.approx((-1.1994, -0.6243), abs=1e-4)
    d = Spectral().bind(BOX, dtype=F64)
    u = torch.tensor([v, w], dtype=F64)[None, :, None, None].expand(1, 2, 12, 14)
    rate = FitzHughNagumo().rhs(u, d)
    torch.testing.assert_close(rate, 0 * rate, atol=1e-12, rtol=0)
    x, y = d.coords.split(1, dim=1)
    square = 1 + (pi / 2) ** 2
    found = growth_matrix(
        FitzHughNagumo(0.5, 0.1), d, [v, w], torch.cos(x) * torch.cos(pi / 2 * y)
    )
    expected = [[1 - v * v - 0.5 * square, -1], [0.08, -0.08 * 0.8 - 0.1 * square]]
    torch.testing.assert_close(found[0], torch.tensor(expected, dtype=F64))
    symbol = FitzHughNagumo(0.5, 0.1).stiff_symbol(d)
    assert symbol[0, :, 1, 1].tolist() == pytest.approx([-0.5 * square, -0.1 * square])


def test_rates_by_hand():
    d = Spectral().bind(BOX, dtype=F64)
    u = torch.tensor([0.6, 0.2], dtype=F64)[None, :, None, None].expand(1, 2, 12, 14)
    equation = FitzHughNagumo(timescale=0.5, offset=0.1, damping=2.0, current=0.3)
    found = equation.rhs(u, d)[0, :, 0, 0].tolist()
    assert found == pytest.approx([0.6 - 0.072 - 0.2 + 0.3, 0.5 * (0.6 + 0.1 - 0.4)])


def test_without_recovery_the_voltage_has_a_kink():
    """w = I: v = sqrt(3) tanh(x / sqrt(2D)) stands."""
    grid = Grid((120,), (20.0,), boundary=Neumann(), origin=(-10.0,))
    x = grid.coords(dtype=F64)
    diffusivity = torch.tensor([0.5, 1.0], dtype=F64)
    v = sqrt(3) * torch.tanh(x / torch.sqrt(2 * diffusivity)[:, None, None])
    u0 = torch.cat([v, torch.full_like(v, 0.4)], 1)
    equation = FitzHughNagumo(diffusivity, timescale=0.0, current=0.4)
    solve = Solver(equation, grid, scheme=FiniteDifference(6), stepper=RK4(), dt=0.01)
    u = solve(u0, [0.0, 1.0])[:, -1]
    torch.testing.assert_close(u, u0, atol=5e-5, rtol=0)


def test_a_kick_makes_one_pulse_and_returns_to_rest():
    """Excitable: above the threshold v overshoots beyond 1.5, below it does not."""
    grid = Grid((4,), (1.0,), boundary=Periodic())
    rest = torch.tensor([-1.19941, -0.62426], dtype=F64)[None, :, None]
    kick = torch.tensor([[0.3, 0.0], [0.8, 0.0]], dtype=F64)[..., None]
    solve = Solver(FitzHughNagumo(), grid, scheme=Spectral(), stepper=ETDRK4(), dt=0.25)
    u = solve((rest + kick).expand(2, 2, 4), [4.0 * n for n in range(26)])
    highest = u[:, :, 0].amax((1, 2))
    assert float(highest[0]) < -0.5
    assert float(highest[1]) > 1.5
    torch.testing.assert_close(u[:, -1], rest.expand(2, 2, 4), atol=2e-2, rtol=0)


def test_negative_timescale():
    with pytest.raises(ArgumentError, match="timescale: found -1, expected at least 0"):
        FitzHughNagumo(timescale=-1.0)
