import io
from itertools import product

import pytest
import torch
from torch import pi

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Grid, Neumann, Periodic
from physbias.none import FourierLayer

GRID = Grid((7, 10), (1.0, 3.0), boundary=Periodic())


def field(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def make(grid=GRID, modes=(3, 4)):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return FourierLayer(grid, 2, 3, num_modes=modes).double()


def waves(grid, wave):
    """exp(2 pi i k.j / n) at every point, by direct evaluation."""
    phase = torch.zeros(grid.num_points, dtype=torch.float64)
    for axis, (k, n) in enumerate(zip(wave, grid.num_points, strict=True)):
        shape = [1] * grid.ndim
        shape[axis] = n
        phase = phase + (k * torch.arange(n).double() / n).reshape(shape)
    return torch.polar(torch.ones_like(phase), 2 * pi * phase)


def direct(layer, grid, u):
    """Li et al., equation 4, as a sum over both signs of every frequency."""
    modes = layer.num_modes
    weight = layer.weight.detach()
    result = 0
    for wave in product(*(range(1 - m, m) for m in modes)):
        # where the last frequency is negative, reality asks for the conjugate
        sign = -1 if wave[-1] < 0 else 1
        stored = [sign * k for k in wave]
        index = [k + m - 1 for k, m in zip(stored[:-1], modes[:-1], strict=True)]
        block = weight[(*index, stored[-1])]
        matrix = torch.complex(block[:, 0], sign * block[:, 1])
        basis = waves(grid, wave)
        axes = tuple(range(2, u.ndim))
        hat = (u * basis.conj()).mean(axes) @ matrix
        result = result + hat.reshape(*hat.shape, *[1] * grid.ndim) * basis
    return result.real


@pytest.mark.parametrize(
    ("points", "modes"),
    [
        ((9,), (5,)),
        ((8,), (4,)),
        ((7, 10), (3, 4)),
        ((8, 6), (4, 3)),
        ((6, 5), (1, 1)),
        ((4, 5, 6), (2, 3, 2)),
    ],
)
def test_agrees_with_the_direct_sum(points, modes):
    grid = Grid(points, (1.0,) * len(points), boundary=Periodic())
    layer, u = make(grid, modes), field(2, 2, *points)
    expected = direct(layer, grid, u)
    torch.testing.assert_close(layer(u).detach(), expected, atol=1e-13, rtol=1e-12)


def test_agrees_with_the_fast_transform():
    """Along one axis, against torch.fft."""
    grid = Grid((16,), (2.0,), boundary=Periodic())
    layer, u = make(grid, (5,)), field(3, 2, 16)
    weight = torch.complex(*layer.weight.detach().unbind(2))
    hat = torch.einsum("bik,kio->bok", torch.fft.rfft(u)[..., :5], weight)
    torch.testing.assert_close(layer(u).detach(), torch.fft.irfft(hat, n=16))


def test_removes_the_other_frequencies():
    """Nyquist included: it has no sine, so its shift by half a point is undefined."""
    grid = Grid((8, 12), (1.0, 1.0), boundary=Periodic())
    layer = make(grid, (4, 3))
    for wave in [(4, 0), (4, 2), (0, 3), (1, 6)]:
        u = waves(grid, wave).real[None, None].repeat(1, 2, 1, 1)
        assert layer(u).abs().max() < 1e-13


def test_shift_by_a_fraction_of_a_point():
    """W(k) = exp(-i k s) translates a band-limited field by s."""
    grid = Grid((9, 12), (1.0, 1.0), boundary=Periodic())
    layer = FourierLayer(grid, 1, 1, num_modes=(3, 4)).double()
    shift = (0.37, -1.8)
    with torch.no_grad():
        for i, k in product(range(5), range(4)):
            turn = (i - 2) * shift[0] / 9 + k * shift[1] / 12
            angle = torch.tensor(-2 * pi * turn, dtype=torch.float64)
            layer.weight[i, k, 0, :, 0] = torch.stack([angle.cos(), angle.sin()])
    x, y = (torch.arange(n).double() for n in (9, 12))

    def smooth(x, y):
        first = torch.cos(2 * pi * (2 * x[:, None] / 9 - 3 * y / 12) + 0.3)
        return (first + torch.sin(2 * pi * x[:, None] / 9) + 0.5)[None, None]

    torch.testing.assert_close(layer(smooth(x, y)), smooth(x - 0.37, y + 1.8))


def test_commutes_with_every_shift():
    layer, u = make(), field(1, 2, 7, 10)
    for shift in [(1, 0), (0, 1), (3, -4)]:
        moved = layer(u.roll(shift, (2, 3)))
        expected = layer(u).roll(shift, (2, 3))
        torch.testing.assert_close(moved, expected, atol=1e-13, rtol=0)


def test_weights_transfer_to_twice_the_points():
    """A band-limited field gives the same function, seen at more points."""
    coarse = Grid((8, 6), (1.0, 1.0), boundary=Periodic())
    fine = Grid((16, 12), (1.0, 1.0), boundary=Periodic())
    layer, finer = make(coarse, (4, 3)), make(fine, (4, 3))
    finer.load_state_dict(layer.state_dict())

    def sample(grid):
        u = 0.0
        for seed, wave in enumerate([(0, 0), (3, 2), (-2, 1), (1, 0)]):
            amplitude = field(1, 2, 1, 1, seed=seed)
            basis = waves(grid, wave)
            u = u + amplitude * (basis.real + 0.4 * basis.imag)
        return u

    on_fine = finer(sample(fine))[..., ::2, ::2]
    torch.testing.assert_close(on_fine, layer(sample(coarse)))


def test_initial_weights_keep_the_variance_of_kept_frequencies():
    grid = Grid((15, 16), (1.0, 1.0), boundary=Periodic())
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = FourierLayer(grid, 32, 32, num_modes=8).double()
    variance = layer(field(8, 32, 15, 16)).var()
    assert abs(variance - 1) < 0.1  # 15/16 of the frequencies are kept


def test_stays_in_float32_under_autocast():
    layer, u = make().float(), field(2, 2, 7, 10).float()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(layer(u), layer(u.clone()))
        result = layer(u)
    assert torch.equal(result, layer(u))
    half = layer(u.bfloat16())
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), result, atol=2e-2, rtol=2e-2)


def test_gradients():
    layer = make(Grid((4, 3), (1.0, 1.0), boundary=Periodic()), (2, 2))
    u = field(1, 2, 4, 3).requires_grad_()
    assert torch.autograd.gradcheck(layer, u)
    layer(u).square().sum().backward()
    assert (layer.weight.grad.abs().amax((-3, -2, -1)) > 0).all()  # every frequency


def test_save_and_load():
    layer, other = make(), FourierLayer(GRID, 2, 3, num_modes=(3, 4)).double()
    buffer = io.BytesIO()
    torch.save(layer.state_dict(), buffer)
    buffer.seek(0)
    other.load_state_dict(torch.load(buffer))
    u = field(1, 2, 7, 10)
    assert torch.equal(layer(u), other(u))
    assert "num_modes=(3, 4)" in repr(layer)


def test_errors():
    with pytest.raises(
        ArgumentError, match=r"4 along x, expected at most 3, .* 6 points"
    ):
        FourierLayer(
            Grid((6, 8), (1.0, 1.0), boundary=Periodic()), 1, 1, num_modes=(4, 4)
        )
    FourierLayer(GRID, 1, 1, num_modes=(4, 5))  # the most that 7 and 10 points hold
    with pytest.raises(ArgumentError, match="6 along y, expected at most 5"):
        FourierLayer(GRID, 1, 1, num_modes=(4, 6))
    with pytest.raises(ArgumentError, match="num_modes: found 0"):
        FourierLayer(GRID, 1, 1, num_modes=0)
    with pytest.raises(ArgumentError, match="3 entries, expected one per axis"):
        FourierLayer(GRID, 1, 1, num_modes=(2, 2, 2))
    walls = Grid((6, 8), (1.0, 1.0), boundary=[Periodic(), Neumann()])
    with pytest.raises(ArgumentError, match=r"along y, expected a periodic.*use UNet"):
        FourierLayer(walls, 1, 1, num_modes=2)
    with pytest.raises(ShapeError, match=r"1 channels.*expected 2 channels"):
        make()(field(1, 1, 7, 10))
    with pytest.raises(ShapeError, match="resample"):
        make()(field(1, 2, 8, 10))


@pytest.mark.parametrize("name", ["in_channels", "out_channels"])
def test_channels_and_grids_that_are_none_are_refused(name):
    sizes = {"in_channels": 1, "out_channels": 1, name: 0}
    with pytest.raises(
        ArgumentError, match=f"{name}: found 0, expected a whole number"
    ):
        FourierLayer(GRID, **sizes, num_modes=2)
    with pytest.raises(
        ArgumentError, match="grid: found None, expected Grid; describe"
    ):
        FourierLayer(None, 1, 1, num_modes=2)
