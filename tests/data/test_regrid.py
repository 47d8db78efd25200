import numpy as np
import pytest
import torch
from scipy.signal import resample

from physbias.data import band_limit
from physbias.errors import ArgumentError, ShapeError


def waves(nx, ny):
    """Trig polynomials with |k| up to 3 in x and 5 in y, for a batch of two."""
    x = 2 * torch.pi * torch.arange(nx, dtype=torch.float64)[:, None] / nx
    y = 2 * torch.pi * torch.arange(ny, dtype=torch.float64)[None, :] / ny
    a = 0.3 + torch.cos(3 * x + 0.4) * torch.sin(5 * y + 1.0) + torch.sin(2 * x)
    b = torch.sin(x - 4 * y) - 2 * torch.cos(5 * y - 0.2) + 0 * x
    return torch.stack((a, b))[:, None]


@pytest.mark.parametrize("old", [(16, 22), (15, 21), (64, 48)])
@pytest.mark.parametrize("new", [(8, 12), (7, 11), (9, 32), (40, 12)])
def test_trig_polynomials_are_exact(old, new):
    result = band_limit(waves(*old), new)
    torch.testing.assert_close(result, waves(*new), rtol=0, atol=1e-13)


def without_highest(u):
    """Remove the wave of two points per wave from an even number of points."""
    sign = torch.tensor([1.0, -1.0], dtype=u.dtype).repeat(u.shape[-1] // 2)
    return u - (u * sign).mean(dim=-1, keepdim=True) * sign


@pytest.mark.parametrize("old", [9, 10])
@pytest.mark.parametrize("new", [4, 5, 6, 9, 10, 13, 20])
def test_agrees_with_scipy_on_noise(old, new):
    """Noise fills every wave, the one with two points per wave included."""
    u = torch.randn(3, old, generator=torch.Generator().manual_seed(1)).double()
    expected = torch.from_numpy(np.asarray(resample(u.numpy(), new, axis=-1)))
    if new < old and new % 2 == 0:
        expected = without_highest(expected)
    torch.testing.assert_close(band_limit(u, (new,)), expected, rtol=0, atol=1e-13)


def test_waves_too_short_are_left_out_and_not_aliased():
    x = torch.arange(32, dtype=torch.float64) / 32 * 2 * torch.pi
    u = 1 + torch.cos(5 * x) + torch.cos(3 * x)
    expected = 1 + torch.cos(3 * x[::4])
    torch.testing.assert_close(band_limit(u, (8,)), expected, rtol=0, atol=1e-14)


def test_the_highest_wave_is_left_out():
    x = torch.arange(32, dtype=torch.float64) / 32 * 2 * torch.pi
    u = 1 + torch.cos(4 * x + 0.7)
    expected = torch.ones(8, dtype=torch.float64)
    torch.testing.assert_close(band_limit(u, (8,)), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("shape", [(7, 11), (7, 5)])
def test_up_and_down_again_returns_the_field(shape):
    u = torch.randn(2, 3, *shape, generator=torch.Generator().manual_seed(2)).double()
    again = band_limit(band_limit(u, (16, 15)), shape)
    torch.testing.assert_close(again, u, rtol=0, atol=1e-14)


def test_a_velocity_free_of_divergence_stays_so():
    """Curl of a random stream function, on an anisotropic grid, down to even sizes."""
    psi = torch.randn(3, 24, 20, generator=torch.Generator().manual_seed(4)).double()
    k = torch.fft.fftfreq(24, 1 / 24)[:, None] * (torch.arange(24) != 12)[:, None]
    m = torch.fft.rfftfreq(20, 1 / 20) * (torch.arange(11) != 10)
    waves = torch.fft.rfft2(psi)
    v = torch.stack([1j * m * waves, -1j * k * waves], 1)
    small = band_limit(torch.fft.irfft2(v, s=(24, 20)), (12, 8))
    k, m = torch.fft.fftfreq(12, 1 / 12)[:, None], torch.fft.rfftfreq(8, 1 / 8)
    divergence = torch.fft.rfft2(small[:, 0]) * k + torch.fft.rfft2(small[:, 1]) * m
    assert divergence.abs().max() < 1e-11


def test_three_axes_mean_and_dtype():
    u = torch.randn(2, 6, 8, 10, generator=torch.Generator().manual_seed(3))
    result = band_limit(u, (4, 4, 5))
    assert result.shape == (2, 4, 4, 5)
    assert result.dtype == torch.float32
    torch.testing.assert_close(result.mean(dim=(1, 2, 3)), u.mean(dim=(1, 2, 3)))
    assert band_limit(u.half(), (4, 4, 5)).dtype == torch.float16


def test_gradient():
    u = torch.randn(6, 8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: band_limit(v, (4, 10)), u)


def test_errors():
    with pytest.raises(ArgumentError, match="num_points: found"):
        band_limit(torch.ones(4), (0,))
    with pytest.raises(ArgumentError, match="num_points: found"):
        band_limit(torch.ones(4), ())
    for wrong in (4, (2.5,), ("a",)):
        with pytest.raises(ArgumentError, match=r"num_points: found .*points per axis"):
            band_limit(torch.ones(4), wrong)
    with pytest.raises(ArgumentError, match="dtype"):
        band_limit(torch.ones(4).int(), (2,))
    with pytest.raises(ShapeError, match="at least 2 space axes"):
        band_limit(torch.ones(4), (2, 2))
