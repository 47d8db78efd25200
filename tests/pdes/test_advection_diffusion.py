from math import pi

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Grid, Periodic
from physbias.numerics import ARS443, RK4, Spectral
from physbias.pdes import AdvectionDiffusion
from physbias.strong import Solver

F64 = torch.float64


def test_rhs_by_hand():
    """u = sin(x + 2y): u_t = -5 D u - (c1 + 2 c2) cos(x + 2y)."""
    grid = Grid((12, 14), (2 * pi, 2 * pi), boundary=Periodic())
    x, y = grid.coords(dtype=F64).split(1, dim=1)
    d = Spectral().bind(grid, dtype=F64)
    found = AdvectionDiffusion(0.1, (3.0, -1.0)).rhs(torch.sin(x + 2 * y), d)
    expected = -0.5 * torch.sin(x + 2 * y) - torch.cos(x + 2 * y)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("stepper", [RK4(), ARS443()], ids=repr)
def test_drifting_gaussian(stepper):
    """Centre (1, -2) t, variance 0.5 + 2 D t, on an anisotropic plane."""
    grid = Grid((64, 80), (16.0, 20.0), boundary=Periodic(), origin=(-7.0, -12.0))
    x, y = grid.coords(dtype=F64).split(1, dim=1)

    def gaussian(t: float) -> torch.Tensor:
        variance = 0.5 + 2 * 0.1 * t
        square = (x - t) ** 2 + (y + 2 * t) ** 2
        return torch.exp(-square / (2 * variance)) / variance

    equation = AdvectionDiffusion(0.1, (1.0, -2.0))
    solve = Solver(equation, grid, scheme=Spectral(None), stepper=stepper, dt=0.01)
    u = solve(gaussian(0.0), [0.0, 1.0])[:, -1]
    torch.testing.assert_close(u, gaussian(1.0), atol=3e-5, rtol=0)


def test_a_wind_per_sample():
    grid = Grid((32,), (2 * pi,), boundary=Periodic())
    u0 = torch.sin(grid.coords(dtype=F64)).repeat(2, 1, 1)
    wind = torch.tensor([[1.0], [-2.0]], dtype=F64)
    solve = Solver(AdvectionDiffusion(0.0, wind), grid, scheme=Spectral(), dt=0.01)
    u = solve(u0, [0.0, 0.5])[:, -1]
    x = grid.coords(dtype=F64)[0]
    expected = torch.stack([torch.sin(x - 0.5), torch.sin(x + 1.0)])
    torch.testing.assert_close(u, expected, atol=1e-6, rtol=0)
    single = u0.float()
    assert solve(single, [0.0, 0.1]).dtype == torch.float32


def test_mistakes_are_named():
    grid = Grid((8, 8), (1.0, 1.0), boundary=Periodic())
    with pytest.raises(
        ShapeError, match=r"wind: found 1 entries.*axis \(2\); give one"
    ):
        Solver(AdvectionDiffusion(0.1, (1.0,)), grid)(
            torch.ones(1, 1, 8, 8), [0.0, 1.0]
        )
    with pytest.raises(ArgumentError, match=r"wind: found 1\.0, .*in a tuple"):
        AdvectionDiffusion(0.1, 1.0)
    with pytest.raises(ArgumentError, match=r"wind: found \('west',\), expected one"):
        AdvectionDiffusion(0.1, ("west",))
    with pytest.raises(ArgumentError, match="wind: found 'west', expected one"):
        AdvectionDiffusion(0.1, "west")
    with pytest.raises(ArgumentError, match="wind: found NaN"):
        AdvectionDiffusion(0.1, (float("nan"),))
    with pytest.raises(ArgumentError, match="diffusivity: found -1"):
        AdvectionDiffusion(-1)
