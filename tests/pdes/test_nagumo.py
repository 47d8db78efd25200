from math import exp, pi, sqrt

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Neumann, Periodic
from physbias.numerics import RK4, FiniteDifference, Spectral
from physbias.pdes import Nagumo
from physbias.strong import Solver

F64 = torch.float64


def test_fronts_advance_and_retreat():
    """Speed sqrt(rD/2)(1 - 2a): a = 0.1 invades, 0.8 retreats, 0.5 stands."""
    grid = Grid((120,), (36.0,), boundary=Neumann(), origin=(-18.0,))
    thresholds = torch.tensor([0.1, 0.8, 0.5], dtype=F64)
    equation = Nagumo(0.5, 4.0, thresholds)
    coords = grid.coords(dtype=F64)
    solve = Solver(equation, grid, scheme=FiniteDifference(6), stepper=RK4(), dt=0.02)
    u = solve(equation.front(coords, 0.0), [0.0, 3.0])[:, -1]
    torch.testing.assert_close(u, equation.front(coords, 3.0), atol=1e-3, rtol=0)
    place = grid.spacing[0] * u.sum(2)[:, 0] - 18  # where a step would stand
    torch.testing.assert_close(place, 3 * (1 - 2 * thresholds), atol=1e-3, rtol=0)


def test_front_by_hand():
    x = torch.tensor([[0.3, 0.2]], dtype=F64)
    s = sqrt(4 / (2 * 0.5)) * (0.3 - sqrt(4 * 0.5 / 2) * (1 - 0.2) * 0.7)
    found = Nagumo(0.5, 4.0, 0.1).front(x, 0.7)
    assert float(found) == pytest.approx(1 / (1 + exp(s)))


def test_small_waves_about_the_three_states(growth_matrix):
    """Slopes of r u (1 - u)(u - a): -ra, ra(1 - a), -r(1 - a)."""
    grid = Grid((12, 14), (2 * pi, 3.0), boundary=Periodic())
    wave = torch.sin(3 * grid.coords(dtype=F64)[:, :1]) + 0 * grid.coords()[:, :1]
    d, equation = Spectral(None).bind(grid, dtype=F64), Nagumo(0.2, 2.0, 0.3)
    for state, slope in ((0.0, -0.6), (0.3, 0.42), (1.0, -1.4)):
        found = growth_matrix(equation, d, [state], wave)
        assert float(found) == pytest.approx(slope - 9 * 0.2, rel=1e-9)
    assert float(equation.stiff_symbol(d)[0, 0, 3, 0]) == pytest.approx(-9 * 0.2)


def test_refusals():
    with pytest.raises(ArgumentError, match="rate: found -1, expected at least 0"):
        Nagumo(1.0, -1.0)
    with pytest.raises(ArgumentError, match="diffusivity: found 0, expected more"):
        Nagumo(0.0)
