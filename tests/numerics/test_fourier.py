from math import pi

import pytest
import torch

from physbias.grid import Grid, Periodic
from physbias.numerics import FiniteDifference, Spectral
from physbias.numerics.fourier import multiply, stencil_symbol

F64 = torch.float64
SCHEMES = [FiniteDifference(2), FiniteDifference(8), Spectral()]


def test_multiply_by_one_gives_the_field_back():
    for shape in [(9,), (8, 9), (4, 5, 7)]:
        u = torch.randn(2, 3, *shape, dtype=F64)
        for one in (torch.ones(()), torch.ones((), dtype=torch.complex128)):
            torch.testing.assert_close(multiply(u, one.to(one), shape), u)


def test_multiply_by_a_shift():
    """e^{ik h} moves a field one point to the left."""
    u = torch.randn(2, 1, 9, dtype=F64)
    phase = torch.exp(2j * pi * torch.arange(5, dtype=F64) / 9)
    torch.testing.assert_close(multiply(u, phase, (9,)), u.roll(-1, -1))


def test_symbol_of_a_stencil_by_hand():
    """(u_1 - u_-1)/2 gives i sin, u_1 - 2 u_0 + u_-1 gives 2 cos - 2."""
    theta = torch.linspace(-pi, pi, 7, dtype=F64)
    slope = stencil_symbol((-0.5, 0.0, 0.5), 1, theta)
    bend = stencil_symbol((1.0, -2.0, 1.0), 2, theta)
    torch.testing.assert_close(slope, theta.sin())
    torch.testing.assert_close(bend, 2 * theta.cos() - 2)


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
@pytest.mark.parametrize("points", [(12, 15), (13, 8), (6, 7, 8), (9,)])
def test_symbols_are_what_the_scheme_does(scheme, points):
    grid = Grid(points, [1.0, 2.0, 3.5][: len(points)], boundary=Periodic())
    d = scheme.bind(grid, dtype=F64)
    u = torch.randn(2, 1, *points, dtype=F64)
    for axis in range(len(points)):
        for order in (1, 2, 3, 5):
            found = multiply(u, d.symbol(axis, order), points)
            torch.testing.assert_close(
                found, d.partial(u, axis, order), rtol=1e-9, atol=1e-7 * 10**order
            )
    found = multiply(u, d.laplacian_symbol(), points)
    torch.testing.assert_close(found, d.laplacian(u), rtol=1e-9, atol=1e-9)


def test_symbol_of_a_second_difference_by_hand():
    """(2 cos(k h) - 2) / h²."""
    grid = Grid((6,), (3.0,), boundary=Periodic())
    symbol = FiniteDifference(2).bind(grid, dtype=F64).symbol(0, 2).flatten()
    expected = [
        (2 * torch.tensor(pi * k / 3).cos().item() - 2) / 0.25 for k in range(4)
    ]
    assert symbol.tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("points", [(1,), (2, 1), (2, 2, 2)])
def test_grids_too_small_for_any_wave(points):
    """No wave has a gradient there: the projection changes nothing."""
    grid = Grid(points, [1.0] * len(points), boundary=Periodic())
    d = Spectral().bind(grid, dtype=F64)
    v = torch.randn(2, len(points), *points, dtype=F64)
    torch.testing.assert_close(d.leray(v), v)
    assert float(d.inverse_laplacian(v[:, :1]).abs().max()) == 0
