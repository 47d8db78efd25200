from itertools import pairwise
from math import pi

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Dirichlet, Grid, Periodic
from physbias.numerics import Spectral
from physbias.numerics.sine_cosine import SineCosineDerivatives

F64 = torch.float64
GRID = Grid((10, 13, 8), (2 * pi, 3.0, 5.0), boundary=Periodic())


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_derivatives_of_waves_are_exact_on_every_axis(axis, order):
    """d^m/dx^m sin kx = k^m sin(kx + m pi/2), on even and odd counts."""
    d = Spectral().bind(GRID, dtype=F64)
    x = GRID.coords(dtype=F64)[:, axis : axis + 1]
    for mode in range(1, (GRID.num_points[axis] - 1) // 2 + 1):
        k = 2 * pi * mode / GRID.lengths[axis]
        u = torch.sin(k * x + 0.3).repeat(2, 3, 1, 1, 1)
        exact = k**order * torch.sin(k * x + 0.3 + order * pi / 2).expand_as(u)
        torch.testing.assert_close(
            d.partial(u, axis, order), exact, atol=1e-11 * k**order, rtol=0
        )


def test_nyquist_mode_of_an_even_grid():
    """Odd derivatives of (-1)^i vanish; even ones are (-1)^(m/2) (pi/h)^m times it."""
    grid = Grid((8,), (4.0,), boundary=Periodic())
    d = Spectral(dealias=None).bind(grid, dtype=F64)
    u = torch.tensor([1.0, -1.0] * 4, dtype=F64)[None, None]
    assert float(d.x(u).abs().max()) == 0
    assert float(d.partial(u, 0, 3).abs().max()) == 0
    torch.testing.assert_close(d.partial(u, 0, 2), -((2 * pi) ** 2) * u)
    torch.testing.assert_close(d.partial(u, 0, 4), (2 * pi) ** 4 * u)
    torch.testing.assert_close(d.laplacian(u), -((2 * pi) ** 2) * u)


def test_error_falls_faster_than_any_power():
    """exp(sin x): the error falls by more than a factor of 50 per four points."""
    errors = []
    for count in (8, 12, 16, 20, 24):
        grid = Grid((count,), (2 * pi,), boundary=Periodic())
        x = grid.coords(dtype=F64)
        u = torch.exp(torch.sin(x))
        gap = Spectral().bind(grid, dtype=F64).x(u) - torch.cos(x) * u
        errors.append(float(gap.abs().max()))
    assert all(later < earlier / 50 for earlier, later in pairwise(errors))


@pytest.mark.parametrize("count", range(4, 200))
def test_two_thirds_rule_leaves_no_alias(count):
    """Kept modes k: the sum of two of them must not fold back onto a kept one."""
    grid = Grid((count,), (1.0,), boundary=Periodic())
    mask = Spectral().bind(grid, dtype=F64).fourier.mask
    largest = int(mask.flatten().nonzero().max())
    assert count - 2 * largest > largest
    assert largest >= (count - 1) // 3 - (count % 3 == 0)


def test_dealias_keeps_the_low_modes_and_drops_the_rest():
    grid = Grid((12, 15), (2 * pi, 2 * pi), boundary=Periodic())
    d = Spectral().bind(grid, dtype=F64)
    x, y = grid.coords(dtype=F64).split(1, dim=1)
    kept = torch.sin(3 * x) * torch.cos(4 * y)
    dropped = torch.sin(4 * x) + torch.cos(5 * y) + torch.cos(6 * x)
    torch.testing.assert_close(d.dealias(kept + dropped), kept)
    all_modes = Spectral(dealias=None).bind(grid, dtype=F64)
    assert all_modes.dealias(dropped) is dropped


def test_walls_take_sines_and_cosines():
    grid = Grid((8, 8), (1.0, 1.0), boundary=[Periodic(), Dirichlet()])
    assert isinstance(Spectral().bind(grid), SineCosineDerivatives)


@pytest.mark.parametrize("dealias", [0.0, -0.5, 1.01, float("nan"), "a", True])
def test_dealias_outside_its_range_is_refused(dealias):
    with pytest.raises(ArgumentError, match=r"dealias: found .*\(0, 1\].*2/3 suits"):
        Spectral(dealias=dealias)
