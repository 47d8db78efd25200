import io

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Dirichlet, Grid, Periodic
from physbias.none import FNO

GRID = Grid((9, 16), (1.0, 3.0), boundary=Periodic())


def field(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def make(grid=GRID, *, modes=(4, 5), width=6, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = FNO(grid, 2, 3, width=width, num_modes=modes, num_layers=3)
    return net.double()


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_shape_and_type(ndim):
    grid = Grid((8, 5, 6)[:ndim], (1.0,) * ndim, boundary=Periodic())
    net = FNO(grid, 2, 3, width=4, num_modes=3, num_layers=2)
    assert net(torch.zeros(2, 2, *grid.num_points)).dtype == torch.float32
    result = net.double()(field(2, 2, *grid.num_points))
    assert result.shape == (2, 3, *grid.num_points)
    assert result.dtype == torch.float64


def test_commutes_with_every_shift():
    net, u = make(), field(1, 2, 9, 16)
    for shift in [(1, 0), (0, 1), (-4, 7)]:
        moved, expected = net(u.roll(shift, (2, 3))), net(u).roll(shift, (2, 3))
        torch.testing.assert_close(moved, expected, atol=1e-10, rtol=0)


def test_fourier_blocks_reach_the_output():
    """A network that drops their result passes every test of shape and training."""
    u = field(1, 2, 9, 16)
    for layer in range(3):
        net = make()
        before = net(u)
        with torch.no_grad():
            net.blocks[layer].fourier.weight.zero_()
        assert (net(u) - before).abs().max() > 1e-2


def test_without_fourier_layers_nothing_looks_beyond_a_point():
    net = make()
    with torch.no_grad():
        for block in net.blocks:
            block.fourier.weight.zero_()
    u = field(1, 2, 9, 16)
    other = u.clone()
    other[..., 0, 0] += 1
    change = (net(u) - net(other)).abs().amax((0, 1))
    assert change[0, 0] > 1e-3
    change[0, 0] = 0
    assert change.max() < 1e-14


def test_output_depends_on_far_input():
    u = field(1, 2, 9, 16).requires_grad_()
    make()(u)[0, 0, 0, 0].backward()
    assert (u.grad.abs().amax(1) > 1e-8).all()


def test_every_parameter_receives_a_gradient():
    net = make()
    net(field(2, 2, 9, 16)).square().sum().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 1e-6, name


def test_samples_do_not_mix():
    net, u = make(), field(2, 2, 9, 16)
    other = u.clone()
    other[1] += 1
    assert torch.equal(net(u)[0], net(other)[0])


def test_weights_load_on_a_finer_grid():
    """A field constant along x stays so, and y needs no more than it has."""
    fine = Grid((18, 16), (1.0, 3.0), boundary=Periodic())
    net, finer = make(), make(fine, seed=1)
    finer.load_state_dict(net.state_dict())
    u = field(1, 2, 1, 16)
    result = finer(u.expand(1, 2, 18, 16))
    torch.testing.assert_close(result[..., ::2, :], net(u.expand(1, 2, 9, 16)))


def test_gradients():
    net = make(Grid((5,), (1.0,), boundary=Periodic()), modes=2, width=2)
    assert torch.autograd.gradcheck(net, field(1, 2, 5).requires_grad_())


def test_save_and_load():
    net, other = make(), make(seed=1)
    u = field(1, 2, 9, 16)
    assert not torch.equal(net(u), other(u))
    buffer = io.BytesIO()
    torch.save(net.state_dict(), buffer)
    buffer.seek(0)
    other.load_state_dict(torch.load(buffer))
    assert torch.equal(net(u), other(u))


def test_compiles_without_a_break():
    net, u = make(), field(1, 2, 9, 16).requires_grad_()
    compiled = torch.compile(net, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(u), net(u))
    (expected,) = torch.autograd.grad(net(u).square().sum(), u)
    (result,) = torch.autograd.grad(compiled(u).square().sum(), u)
    torch.testing.assert_close(result, expected)


@pytest.mark.slow
def test_compiled_code_agrees_with_eager():
    net, u = make(), field(1, 2, 9, 16).requires_grad_()
    compiled = torch.compile(net, fullgraph=True)
    torch.testing.assert_close(compiled(u), net(u))
    (expected,) = torch.autograd.grad(net(u).square().sum(), u)
    (result,) = torch.autograd.grad(compiled(u).square().sum(), u)
    torch.testing.assert_close(result, expected)


def test_errors():
    walls = Grid((8, 8), (1.0, 1.0), boundary=[Periodic(), Dirichlet()])
    with pytest.raises(ArgumentError, match=r"along y, expected a periodic.*use UNet"):
        FNO(walls, 1, 1, num_modes=2)
    with pytest.raises(ArgumentError, match="12 along x, expected at most 5"):
        FNO(GRID, 1, 1)
    with pytest.raises(ArgumentError, match="num_layers: found 0"):
        FNO(GRID, 1, 1, num_modes=2, num_layers=0)
    with pytest.raises(ArgumentError, match="width: found 0"):
        FNO(GRID, 1, 1, num_modes=2, width=0)
    with pytest.raises(ShapeError, match=r"1 channels.*expected 2 channels"):
        make()(field(1, 1, 9, 16))
    with pytest.raises(ShapeError, match=r"spatial shape \(8, 16\)"):
        make()(field(1, 2, 8, 16))


@pytest.mark.parametrize("name", ["in_channels", "out_channels"])
def test_channels_that_are_none_are_refused(name):
    sizes = {"in_channels": 1, "out_channels": 1, name: 0}
    with pytest.raises(
        ArgumentError, match=f"{name}: found 0, expected a whole number"
    ):
        FNO(GRID, **sizes, num_modes=2)
