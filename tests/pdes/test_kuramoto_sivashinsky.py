from math import exp, pi

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Grid, Periodic
from physbias.numerics import ETDRK4, FiniteDifference, Spectral
from physbias.pdes import KuramotoSivashinsky
from physbias.strong import Solver

F64 = torch.float64


def test_rhs_by_hand():
    """u = sin 2x: u_t = -sin 4x + (4a - 16b) sin 2x."""
    grid = Grid((20,), (2 * pi,), boundary=Periodic())
    x = grid.coords(dtype=F64)
    d = Spectral(None).bind(grid, dtype=F64)
    equation = KuramotoSivashinsky(3.0, 0.5)
    found = equation.rhs(torch.sin(2 * x), d)
    torch.testing.assert_close(found, -torch.sin(4 * x) + 4 * torch.sin(2 * x))
    assert float(equation.stiff_symbol(d)[0, 0, 2]) == pytest.approx(4.0)


def test_small_waves_grow_at_the_known_rates():
    """e^((k² - k⁴) t), growing and decaying, in 32 units of length."""
    grid = Grid((64,), (32.0,), boundary=Periodic())
    x = grid.coords(dtype=F64)
    modes = [1, 3, 5, 6]
    waves = [2 * pi * n / 32 for n in modes]
    u0 = torch.cat([1e-7 * torch.cos(k * x) for k in waves])
    solve = Solver(
        KuramotoSivashinsky(), grid, scheme=Spectral(), stepper=ETDRK4(), dt=0.25
    )
    u = solve(u0, [0.0, 4.0])[:, -1]
    for n, k in enumerate(waves):
        expected = exp((k**2 - k**4) * 4) * u0[n]
        torch.testing.assert_close(u[n], expected, atol=1e-12, rtol=1e-5)


def test_growth_on_differences_of_own_coefficients(growth_matrix):
    grid = Grid((48,), (2 * pi,), boundary=Periodic())
    d = FiniteDifference(8).bind(grid, dtype=F64)
    a, b = torch.tensor([1.0, 2.0]), torch.tensor([0.5, 0.1])
    wave = torch.cos(3 * grid.coords(dtype=F64))
    found = growth_matrix(KuramotoSivashinsky(a, b), d, [0.0], wave)
    expected = (9 * a - 81 * b).double()
    torch.testing.assert_close(found[:, 0, 0], expected, rtol=1e-5, atol=0)


def test_chaos_stays_bounded_and_keeps_its_mean():
    """The run of Kassam and Trefethen (2005), whose |u| stays below 3.5."""
    grid = Grid((128,), (32 * pi,), boundary=Periodic())
    x = grid.coords(dtype=F64)
    u0 = torch.cos(x / 16) * (1 + torch.sin(x / 16))
    solve = Solver(
        KuramotoSivashinsky(), grid, scheme=Spectral(), stepper=ETDRK4(), dt=0.25
    )
    u = solve(u0, [0.0, 75.0, 150.0])
    assert 1.5 < float(u[:, 1:].abs().max()) < 3.5
    d = Spectral().bind(grid, dtype=F64)
    momentum = [solve.pde.invariants(u[:, n], d)["momentum"] for n in range(3)]
    for value in momentum:
        torch.testing.assert_close(value, momentum[0], atol=1e-10, rtol=0)


def test_refusals():
    with pytest.raises(
        ArgumentError, match="hyperdiffusion: found 0, expected more than 0"
    ):
        KuramotoSivashinsky(1.0, 0.0)
    with pytest.raises(ArgumentError, match="antidiffusion: found -1, expected at"):
        KuramotoSivashinsky(-1.0)
    grid = Grid((8, 8), (1.0, 1.0), boundary=Periodic())
    with pytest.raises(ShapeError, match="expected 1 for KuramotoSivashinsky"):
        KuramotoSivashinsky().rhs(torch.ones(1, 1, 8, 8), Spectral().bind(grid))
