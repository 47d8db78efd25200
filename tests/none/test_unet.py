import io

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Dirichlet, Grid, Neumann, Periodic
from physbias.none import UNet

GRID = Grid((8, 16), (1.0, 3.0), boundary=Periodic())
WALLS = Grid((8, 16), (1.0, 3.0), boundary=[Periodic(), (Dirichlet(), Neumann())])


def field(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def make(grid=GRID, *, width=4, levels=2, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return UNet(grid, 2, 3, width=width, levels=levels).double()


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("boundary", [Periodic(), Dirichlet(), Neumann(1.0)])
def test_shape_and_type(ndim, boundary):
    grid = Grid((8, 4, 12)[:ndim], (1.0,) * ndim, boundary=boundary)
    net = UNet(grid, 2, 3, width=4, levels=2)
    assert net(torch.zeros(2, 2, *grid.num_points)).dtype == torch.float32
    result = net.double()(field(2, 2, *grid.num_points))
    assert result.shape == (2, 3, *grid.num_points)
    assert result.dtype == torch.float64


def test_commutes_with_shifts_of_whole_coarse_cells():
    net, u = make(), field(1, 2, 8, 16)
    moved = net(u.roll((4, -8), (2, 3)))
    torch.testing.assert_close(moved, net(u).roll((4, -8), (2, 3)), atol=1e-10, rtol=0)
    off = net(u.roll(1, 3)) - net(u).roll(1, 3)
    assert off.abs().max() > 1e-3  # the levels do have a raster


def test_walls_are_felt_along_their_axis_only():
    net, u = make(WALLS), field(1, 2, 8, 16)
    along, across = net(u.roll(4, 2)), net(u.roll(8, 3))
    torch.testing.assert_close(along, net(u).roll(4, 2), atol=1e-10, rtol=0)
    assert (across - net(u).roll(8, 3)).abs().max() > 1e-3


@pytest.mark.parametrize("grid", [GRID, WALLS])
def test_every_parameter_receives_a_gradient(grid):
    net = make(grid)
    net(field(2, 2, 8, 16)).square().sum().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 1e-8, name


def test_coarsest_level_reaches_the_output():
    net, u = make(), field(1, 2, 8, 16)
    before = net(u)
    with torch.no_grad():
        for parameter in net.bottom.parameters():
            parameter.zero_()
    assert (net(u) - before).abs().max() > 1e-3


def test_skips_reach_the_output():
    """With the way up cut, the input is felt through the skips alone."""
    net = make()
    with torch.no_grad():
        for parameter in net.up.parameters():
            parameter.zero_()
    change = net(field(1, 2, 8, 16)) - net(field(1, 2, 8, 16, seed=1))
    assert change.abs().max() > 1e-3


def test_samples_do_not_mix():
    net, u = make(), field(2, 2, 8, 16)
    other = u.clone()
    other[1] += 1
    assert torch.equal(net(u)[0], net(other)[0])


def test_norm_groups_hold_two_channels_or_more():
    """A channel normalised alone would lose its mean, and its bias its gradient."""
    for width in (2, 3, 4, 5, 6, 16, 24, 32):
        groups = make(width=width, levels=1).norm.num_groups
        assert width % groups == 0
        assert width // groups >= 2


def test_gradients():
    net = make(Grid((4,), (1.0,), boundary=Dirichlet()), width=2, levels=1)
    assert torch.autograd.gradcheck(net, field(1, 2, 4).requires_grad_())


def test_save_and_load():
    net, other = make(), make(seed=1)
    u = field(1, 2, 8, 16)
    assert not torch.equal(net(u), other(u))
    buffer = io.BytesIO()
    torch.save(net.state_dict(), buffer)
    buffer.seek(0)
    other.load_state_dict(torch.load(buffer))
    assert torch.equal(net(u), other(u))


@pytest.mark.parametrize("grid", [GRID, WALLS])
def test_compiles_without_a_break(grid):
    net, u = make(grid), field(1, 2, 8, 16)
    compiled = torch.compile(net, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(u), net(u))


@pytest.mark.slow
def test_compiled_code_agrees_with_eager():
    net, u = make(WALLS, levels=1), field(1, 2, 8, 16).requires_grad_()
    compiled = torch.compile(net, fullgraph=True)
    torch.testing.assert_close(compiled(u), net(u))
    (expected,) = torch.autograd.grad(net(u).square().sum(), u)
    (result,) = torch.autograd.grad(compiled(u).square().sum(), u)
    torch.testing.assert_close(result, expected)


def test_errors():
    uneven = Grid((8, 20), (1.0, 1.0), boundary=Periodic())
    with pytest.raises(ArgumentError, match=r"20 points along y.* = 8; use 16 or 24"):
        UNet(uneven, 1, 1, levels=3)
    with pytest.raises(ArgumentError, match=r"4 points along x.*use 8 points"):
        UNet(Grid((4,), (1.0,), boundary=Periodic()), 1, 1, levels=3)
    with pytest.raises(ArgumentError, match="levels: found 0"):
        UNet(GRID, 1, 1, levels=0)
    with pytest.raises(ArgumentError, match="width: found 0"):
        UNet(GRID, 1, 1, width=0)
    with pytest.raises(ShapeError, match=r"1 channels.*expected 2 channels"):
        make()(field(1, 1, 8, 16))
    with pytest.raises(ShapeError, match=r"spatial shape \(8, 8\).*resample"):
        make()(field(1, 2, 8, 8))


def test_a_grid_that_is_none_is_refused():
    with pytest.raises(ArgumentError, match="grid: found 'line', expected Grid"):
        UNet("line", 1, 1)
