from math import pi

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Neumann, Periodic
from physbias.numerics import RK4, FiniteDifference, Spectral
from physbias.pdes import FisherKPP
from physbias.strong import Solver

F64 = torch.float64


def test_rhs_moves_the_exact_front():
    """Ablowitz-Zeppetella: u = (1 + s)^-2, s = exp((x - 5t/√6)/√6), D = r = 1."""
    grid = Grid((500,), (40.0,), boundary=Neumann(), origin=(-20.0,))
    x = grid.coords(dtype=F64)
    s = (x / 6**0.5).exp()
    u, u_t = (1 + s) ** -2, 5 / 3 * s * (1 + s) ** -3
    torch.testing.assert_close(FisherKPP().front(x, 0.0), u)
    rhs = FisherKPP().rhs(u, FiniteDifference(6).bind(grid, dtype=F64))
    torch.testing.assert_close(rhs[..., 9:-9], u_t[..., 9:-9], atol=1e-8, rtol=0)


@pytest.mark.parametrize("order", [2, 4])
def test_front_between_walls(order, observed):
    """Each sample with its own medium and speed; the walls are far away."""
    equation = FisherKPP(torch.tensor([0.2, 0.4]), torch.tensor([3.0, 2.0]))
    errors, counts = [], (200, 300)
    for count in counts:
        grid = Grid((count,), (36.0,), boundary=Neumann(), origin=(-18.0,))
        coords = grid.coords(dtype=F64)
        solve = Solver(
            equation, grid, scheme=FiniteDifference(order), stepper=RK4(), dt=5e-3
        )
        u = solve(equation.front(coords, 0.0), [0.0, 1.0])[:, -1]
        errors.append(float((u - equation.front(coords, 1.0)).abs().max()))
    assert -observed(counts, errors)[0] == pytest.approx(order, abs=0.15)
    assert errors[-1] < {2: 2e-3, 4: 5e-5}[order]


def test_small_waves_about_none_and_all(growth_matrix):
    """r - D k² about 0, -r - D k² about 1."""
    grid = Grid((12, 14), (2 * pi, 3.0), boundary=Periodic())
    x, y = grid.coords(dtype=F64).split(1, dim=1)
    k = 2 * pi / 3
    wave = torch.cos(x - k * y)
    d, equation = Spectral(None).bind(grid, dtype=F64), FisherKPP(0.2, 2.0)
    for state, slope in ((0.0, 2.0), (1.0, -2.0)):
        found = growth_matrix(equation, d, [state], wave)
        assert float(found) == pytest.approx(slope - 0.2 * (1 + k**2), rel=1e-9)
    symbol = equation.stiff_symbol(d)
    assert float(symbol[0, 0, 1, 1]) == pytest.approx(-0.2 * (1 + k**2))


def test_negative_rate():
    with pytest.raises(ArgumentError, match="rate: found -1, expected at least 0"):
        FisherKPP(1.0, -1.0)
