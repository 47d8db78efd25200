import math

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.metrics import energy_spectrum

CASES = [
    ((9,), (2.0,)),
    ((8,), (0.5,)),
    ((8, 12), (1.0, 2.0)),
    ((7, 10), (3.0, 1.1)),
    ((12, 9), (1.0, 1.0)),
    ((4, 6, 5), (1.0, 0.3, 2.0)),
    ((5, 3, 8), (1.0, 2.0, 4.0)),
]


@pytest.mark.parametrize(("space", "lengths"), CASES)
def test_parseval(space, lengths):
    u = torch.randn(2, 3, *space, generator=torch.Generator().manual_seed(0)).double()
    u = u + 0.7
    spectrum = energy_spectrum(u, lengths)
    expected = 0.5 * u.square().flatten(2).mean(-1)
    torch.testing.assert_close(spectrum.total, expected, rtol=1e-13, atol=0)


def box(nx, ny, lx, ly):
    x = torch.arange(nx, dtype=torch.float64)[:, None] * lx / nx
    y = torch.arange(ny, dtype=torch.float64)[None, :] * ly / ny
    return x, y


def test_one_wave_sits_in_one_shell():
    """In a box of 1 by 2 shells are pi wide; (3, 8) has |k| = pi sqrt(36 + 64)."""
    x, y = box(16, 40, 1.0, 2.0)
    u = 3 * torch.cos(2 * math.pi * 3 * x + math.pi * 8 * y + 0.3)
    spectrum = energy_spectrum(u[None, None].expand(2, 1, -1, -1), (1.0, 2.0))
    assert spectrum.width == pytest.approx(math.pi)
    assert spectrum.wavenumber[10].item() == pytest.approx(10 * math.pi)
    energy = spectrum.density * spectrum.width
    expected = torch.zeros_like(energy)
    expected[:, :, 10] = 0.25 * 9  # half of the mean square of 3 cos
    torch.testing.assert_close(energy, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("lengths", [(1.0, 2.0), (2.0, 1.0), (1.0, 1.0)])
def test_axes_are_not_mixed_up(lengths):
    lx, ly = lengths
    x, y = box(12, 20, lx, ly)
    u = torch.stack((torch.sin(4 * torch.pi * x / lx) + 0 * y, 0 * x + 2 + 0 * y))
    spectrum = energy_spectrum(u, lengths)
    shell = round(2 * max(lengths) / lx)
    assert spectrum.density.argmax(dim=-1).tolist() == [shell, 0]
    assert spectrum.total.tolist() == pytest.approx([0.25, 2.0])


def test_white_noise_in_the_plane_grows_with_k():
    """Modes per shell grow as the circumference: E(k) is proportional to k."""
    u = torch.randn(64, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    density = energy_spectrum(u, (1.0, 1.0)).density.mean(dim=(0, 1))
    ratio = density[20:30].mean() / density[5:15].mean()
    assert ratio.item() == pytest.approx(24.5 / 9.5, rel=0.05)


def test_half_precision_and_gradient():
    assert energy_spectrum(torch.ones(1, 8).half(), (1.0,)).density.dtype.itemsize == 4
    u = torch.randn(2, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: energy_spectrum(v, (1.0, 2.0)).density, u)


def test_errors():
    with pytest.raises(ShapeError, match="with 2 space axes"):
        energy_spectrum(torch.ones(4, 4), (1.0, 1.0))
    with pytest.raises(ArgumentError, match="positive lengths"):
        energy_spectrum(torch.ones(1, 4, 4), (1.0, 0.0))
    with pytest.raises(ArgumentError, match="ndim: found 0"):
        energy_spectrum(torch.ones(1, 4, 4), ())
    with pytest.raises(ArgumentError, match="dtype"):
        energy_spectrum(torch.ones(1, 4).int(), (1.0,))


@pytest.mark.parametrize("lengths", [("1",), (None,), (True,), (1j,), (math.nan,)])
def test_lengths_that_are_no_numbers_are_refused(lengths):
    with pytest.raises(
        ArgumentError, match=r"lengths: found .*, expected positive len"
    ):
        energy_spectrum(torch.ones(1, 8), lengths)


def test_a_single_length_is_refused():
    with pytest.raises(ArgumentError, match=r"lengths: found 1\.0, expected Sequence"):
        energy_spectrum(torch.ones(1, 8), 1.0)
