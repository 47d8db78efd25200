import io
from itertools import product

import pytest
import torch
from scipy import ndimage
from torch import pi

from physbias import none
from physbias.errors import ArgumentError, ShapeError
from physbias.grid import (
    Dirichlet,
    Grid,
    Inflow,
    Neumann,
    Outflow,
    Periodic,
    Robin,
    Symmetry,
)
from physbias.none import Conv
from physbias.strength import Strength

BOX = ((6, 8), (1.0, 3.0))


def field(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def with_kernel(grid, kernel):
    """A layer of one channel and no bias with a given kernel."""
    conv = Conv(grid, 1, 1, kernel_size=kernel.shape[-1]).double()
    with torch.no_grad():
        conv.conv.weight.copy_(kernel)
        conv.conv.bias.zero_()
    return conv


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize(
    ("boundary", "mode"), [(Periodic(), "grid-wrap"), (Neumann(), "reflect")]
)
def test_agrees_with_scipy(ndim, boundary, mode):
    grid = Grid((5, 6, 7)[:ndim], (1.0,) * ndim, boundary=boundary)
    kernel, u = field(*(5,) * ndim), field(1, 1, *grid.num_points, seed=1)
    expected = ndimage.correlate(u[0, 0].numpy(), kernel.numpy(), mode=mode)
    result = with_kernel(grid, kernel)(u)[0, 0]
    torch.testing.assert_close(result.detach(), torch.from_numpy(expected))


def test_agrees_with_loops_when_every_side_differs():
    """Odd below, even above along x; periodic along y; values play no part."""
    grid = Grid(*BOX, boundary=[(Dirichlet(3.0), Neumann(2.0)), Periodic()])
    conv = Conv(grid, 2, 3).double()
    u = field(1, 2, *grid.num_points)

    def value(channel, i, j):
        sign = -1 if i < 0 else 1
        i = -1 - i if i < 0 else min(i, 11 - i)
        return sign * u[0, channel, i, j % 8]

    expected = conv.conv.bias.detach()[None, :, None, None].repeat(1, 1, 6, 8)
    weight = conv.conv.weight.detach()
    for o, c, i, j, a, b in product(*map(range, (3, 2, 6, 8, 3, 3))):
        expected[0, o, i, j] += weight[o, c, a, b] * value(c, i + a - 1, j + b - 1)
    torch.testing.assert_close(conv(u).detach(), expected)


@pytest.mark.parametrize(("wall", "sign"), [(Neumann(), 1), (Dirichlet(), -1)])
@pytest.mark.parametrize(("kernel_size", "stride"), [(5, 1), (4, 2), (2, 2)])
def test_is_the_periodic_convolution_of_the_extension(wall, sign, kernel_size, stride):
    conv = Conv(
        Grid((8,), (1.0,), boundary=wall), 2, 3, kernel_size=kernel_size, stride=stride
    ).double()
    ring = Conv(
        Grid((16,), (2.0,), boundary=Periodic()),
        2,
        3,
        kernel_size=kernel_size,
        stride=stride,
    ).double()
    ring.load_state_dict(conv.state_dict())
    u = field(1, 2, 8)
    doubled = ring(torch.cat([u, sign * u.flip(-1)], -1))
    torch.testing.assert_close(conv(u), doubled[..., : 8 // stride])


@pytest.mark.parametrize(
    ("wall", "wave"), [(Neumann(), torch.cos), (Dirichlet(), torch.sin)]
)
def test_waves_that_fit_between_walls_are_eigenvectors(wall, wave):
    """a u(x-h) + b u(x) + a u(x+h) = (b + 2 a cos(k h)) u for sine and cosine."""
    grid = Grid((10,), (1.0,), boundary=wall)
    (x,) = grid.axes(dtype=torch.float64)
    u = wave(3 * pi * x)[None, None]
    result = with_kernel(grid, torch.tensor([[[0.7, -0.2, 0.7]]]).double())(u)
    factor = -0.2 + 1.4 * torch.cos(torch.tensor(3 * pi / 10, dtype=torch.float64))
    torch.testing.assert_close(result.detach(), factor * u)


def test_serves_coarse_levels_and_merges_cells():
    grid = Grid(*BOX, boundary=[Neumann(), Dirichlet()])
    conv = Conv(grid, 1, 1, kernel_size=2, stride=2).double()
    assert conv(field(2, 1, 12, 4)).shape == (2, 1, 6, 2)
    with torch.no_grad():
        conv.conv.weight.fill_(0.25)
        conv.conv.bias.zero_()
    u = field(1, 1, 6, 8)
    cells = u.reshape(1, 1, 3, 2, 4, 2).mean((3, 5))
    torch.testing.assert_close(conv(u).detach(), cells)


def test_gradients():
    grid = Grid((4, 3), (1.0, 1.0), boundary=[Dirichlet(), Neumann()])
    conv = Conv(grid, 1, 2).double()
    assert torch.autograd.gradcheck(conv, field(1, 1, 4, 3).requires_grad_())


def test_save_and_load():
    grid = Grid(*BOX, boundary=Periodic())
    conv, other = Conv(grid, 2, 2).double(), Conv(grid, 2, 2).double()
    buffer = io.BytesIO()
    torch.save(conv.state_dict(), buffer)
    buffer.seek(0)
    other.load_state_dict(torch.load(buffer))
    u = field(1, 2, 6, 8)
    assert torch.equal(conv(u), other(u))


def test_strength_and_public_names():
    for name in none.__all__:
        assert getattr(none, name).strength is Strength.NONE
    assert "ghosts=1" in repr(Conv(Grid(*BOX, boundary=Periodic()), 1, 1))


def test_errors():
    grid = Grid(*BOX, boundary=Periodic())
    with pytest.raises(ArgumentError, match="kernel_size: found 4 with stride 1"):
        Conv(grid, 1, 1, kernel_size=4)
    with pytest.raises(ArgumentError, match="kernel_size: found 1 with stride 3"):
        Conv(grid, 1, 1, kernel_size=1, stride=3)
    with pytest.raises(ArgumentError, match="in_channels: found 0"):
        Conv(grid, 0, 1)
    with pytest.raises(ArgumentError, match="out_channels: found 0"):
        Conv(grid, 1, 0)
    with pytest.raises(ArgumentError, match="grid: found None, expected Grid"):
        Conv(None, 1, 1)
    conv = Conv(grid, 2, 1, kernel_size=2, stride=2)
    with pytest.raises(ShapeError, match=r"3 channels.*expected 2 channels"):
        conv(torch.zeros(1, 3, 6, 8))
    with pytest.raises(ShapeError, match=r"expected .* with 2 space axes"):
        conv(torch.zeros(1, 2, 6))
    with pytest.raises(ShapeError, match="7 points along y, expected a multiple"):
        conv(torch.zeros(1, 2, 6, 7))


def test_sides_whose_values_are_known_are_odd_and_others_even():
    """Per-field sides too: odd only where every field has a known value."""
    known = [Inflow(2.0), {"u": Dirichlet(1.0), "v": Inflow(0.0)}]
    free = [Outflow(), Symmetry(), Robin(1.0, 1.0), {"u": Dirichlet(), "v": Neumann()}]
    for sides, kept in ((known, Dirichlet()), (free, Neumann())):
        for side in sides:
            conv = Conv(Grid((4,), (1.0,), boundary=side), 2, 3)
            assert conv.grid.boundary == ((kept, kept),)


@pytest.mark.parametrize("name", ["in_channels", "out_channels", "stride"])
def test_counts_that_are_none_are_refused(name):
    grid = Grid((6, 8), (1.0, 1.0), boundary=Periodic())
    sizes = {"in_channels": 1, "out_channels": 1, "kernel_size": 3, "stride": 1}
    for value in (0, 1.5, "a", None, True):
        with pytest.raises(ArgumentError, match=f"{name}: found .* whole number of at"):
            Conv(grid, **{**sizes, name: value})
    with pytest.raises(ArgumentError, match="kernel_size: found 'a', expected a whole"):
        Conv(grid, 1, 1, kernel_size="a")
