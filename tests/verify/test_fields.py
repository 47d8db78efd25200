"""Manufactured fields obey conditions, are smooth, and know their rate."""

import pytest
import torch

from physbias.grid import Dirichlet, Grid, Neumann, Periodic, Robin
from physbias.pdes import AdvectionDiffusion, TracerFlow
from physbias.verify.fields import ManufacturedField
from physbias.verify.sides import channel_sides

F64 = torch.float64


def field(grid: Grid, pde=None, **options) -> ManufacturedField:
    pde = pde or AdvectionDiffusion(1.0, (1.0,) * grid.ndim)
    sides = channel_sides(pde, grid)
    return ManufacturedField(sides, grid.lengths, grid.origin, seed=3, **options)


def values(make, coords: torch.Tensor, axis: int):
    """Return the field and its slope along an axis, at points."""
    coords = coords.clone().requires_grad_()
    u = make(coords, 0.4)
    (slope,) = torch.autograd.grad(u.sum(), coords)
    return u.detach(), slope[:, axis : axis + 1]


PAIRS = {
    "values": (Dirichlet(1.5), Dirichlet(-0.5)),
    "slopes": (Neumann(0.7), Neumann(2.0)),
    "value and slope": (Dirichlet(-1.0), Neumann(3.0)),
    "slope and mix": (Neumann(-1.0), Robin(2.0, 0.3, 1.2)),
}


def asked(condition, u, outward_slope):
    if isinstance(condition, Dirichlet):
        return u - condition.value
    if isinstance(condition, Neumann):
        return outward_slope - condition.slope
    return condition.a * u + condition.b * outward_slope - condition.value


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize("natural", [False, True])
def test_they_obey_the_conditions_of_both_walls(pair, natural):
    grid = Grid((8, 9), (1.7, 3.0), boundary=[Periodic(), pair], origin=(0.5, -1.0))
    make = field(grid, natural=natural)
    coords = torch.rand(20, 2, dtype=F64)
    for which in (0, 1):
        coords[:, 1] = -1.0 + 3.0 * which
        u, slope = values(make, coords, 1)
        missed = asked(pair[which], u, (2 * which - 1) * slope)
        assert float(missed.abs().max()) < 1e-12


def test_natural_ones_are_odd_about_values_and_even_about_slopes():
    pair = (Dirichlet(0.0), Neumann(0.0))
    make = field(Grid((8,), (1.7,), boundary=[pair]), natural=True)
    s = torch.linspace(0, 0.8, 9, dtype=F64)[:, None]
    torch.testing.assert_close(make(-s, 0.1), -make(s, 0.1))
    torch.testing.assert_close(make(1.7 - s, 0.1), make(1.7 + s, 0.1))


def test_they_repeat_along_periodic_axes_and_differ_by_channel():
    grid = Grid((8, 9), (1.7, 3.0), boundary=Periodic())
    make = field(grid, TracerFlow(0.1), mean=(1.0, 2.0, 3.0), amplitude=0.1)
    coords = torch.rand(30, 2, dtype=F64)
    u = make(coords, 0.2)
    assert u.shape == (30, 3)
    torch.testing.assert_close(make(coords + torch.tensor([1.7, -6.0]), 0.2), u)
    assert (u - torch.tensor([1.0, 2.0, 3.0])).abs().max() < 0.2


def test_both_layouts_are_one_field():
    grid = Grid((5, 4), (1.7, 3.0), boundary=Periodic())
    make, coords = field(grid, TracerFlow(0.1)), grid.coords(dtype=F64)
    at_points = make(coords.flatten(2)[0].T, 0.3)
    torch.testing.assert_close(make(coords, 0.3).flatten(2)[0].T, at_points)


def test_the_rate_is_the_derivative_in_time():
    make = field(Grid((8,), (1.7,), boundary=Dirichlet(1.0)), rate=2.5)
    coords = torch.rand(10, 1, dtype=F64)
    step = 1e-4
    wanted = (make(coords, 0.3 + step) - make(coords, 0.3 - step)) / (2 * step)
    torch.testing.assert_close(make.rate(coords, 0.3), wanted, atol=1e-7, rtol=0)
