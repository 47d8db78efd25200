from math import pi, sqrt, tanh

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Neumann, Periodic
from physbias.numerics import ETDRK4, RK4, FiniteDifference, Spectral
from physbias.pdes import AllenCahn
from physbias.strong import Solver

F64 = torch.float64


def test_the_kink_stays_between_insulating_walls():
    """tanh(x sqrt(r/2D)) in two media, on a line 20 borders long."""
    grid = Grid((160,), (24.0,), boundary=Neumann(), origin=(-12.0,))
    equation = AllenCahn(torch.tensor([0.5, 1.0]), torch.tensor([1.0, 2.0]))
    u0 = equation.kink(grid.coords(dtype=F64), 0.0)
    x = float(grid.coords()[0, 0, 85])
    assert float(u0[0, 0, 85]) == pytest.approx(tanh(x), rel=1e-6)
    solve = Solver(equation, grid, scheme=FiniteDifference(6), stepper=RK4(), dt=5e-3)
    u = solve(u0, [0.0, 1.0])[:, -1]
    torch.testing.assert_close(u, u0, atol=1e-5, rtol=0)


def test_small_waves_about_both_states(growth_matrix):
    """r - D k² about 0, which is unstable, and -2r - D k² about 1."""
    grid = Grid((12, 15), (2 * pi, 3.0), boundary=Periodic())
    x, y = grid.coords(dtype=F64).split(1, dim=1)
    square = 4 + (2 * pi / 3) ** 2
    wave = torch.cos(2 * x + 2 * pi / 3 * y)
    d = Spectral(None).bind(grid, dtype=F64)
    for state, slope in ((0.0, 3.0), (1.0, -6.0), (-1.0, -6.0)):
        found = growth_matrix(AllenCahn(0.2, 3.0), d, [state], wave)
        assert float(found) == pytest.approx(slope - 0.2 * square, rel=1e-9)
    symbol = AllenCahn(0.2, 3.0).stiff_symbol(d)
    assert float(symbol[0, 0, 2, 1]) == pytest.approx(-0.2 * square)


def test_energy_of_a_kink_and_its_fall(smooth):
    """sqrt(8 D r)/3 per border; and no step of a random state gains energy."""
    line = Grid((400,), (40.0,), boundary=Periodic(), origin=(-20.0,))
    x = line.coords(dtype=F64)
    pair = torch.tanh(x + 10) - torch.tanh(x - 10) - 1  # D = r/2
    d = Spectral(None).bind(line, dtype=F64)
    energy = AllenCahn(1.5, 3.0).dissipated(pair, d)["energy"]
    assert float(energy) == pytest.approx(2 * sqrt(8 * 4.5) / 3, rel=1e-6)

    grid = Grid((16, 20), (3.0, 4.0), boundary=Periodic())
    equation = AllenCahn(torch.tensor([0.01, 0.1]), 2.0)
    solve = Solver(equation, grid, scheme=Spectral(), stepper=ETDRK4(), dt=0.02)
    u = solve(smooth(grid, 1), [0.2 * n for n in range(8)])
    d = solve.system(u[:, 0]).derivatives
    fall = torch.stack([equation.dissipated(u[:, n], d)["energy"] for n in range(8)])
    assert bool((fall.diff(dim=0) < 0).all())


def test_no_borders_without_width():
    with pytest.raises(ArgumentError, match="diffusivity: found 0, expected more"):
        AllenCahn(0.0)
