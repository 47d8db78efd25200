"""Random fields: the same function on every grid, with the stated spectrum."""

from math import pi

import numpy as np
import pytest
import torch

from physbias.errors import ArgumentError
from physbias.generate import random_field
from physbias.grid import Dirichlet, Grid, Periodic


def box(*points, lengths=None):
    sides = lengths or (1.0,) * len(points)
    return Grid(points, sides, boundary=Periodic())


def draw(grid, channels=1, *, seed=0, modes=4):
    generator = torch.Generator().manual_seed(seed)
    return random_field(grid, channels, generator, modes=modes)


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_the_function_does_not_depend_on_the_points(ndim):
    lengths = (1.0, 2.0, 1.5)[:ndim]
    coarse = draw(box(*(20, 24, 20)[:ndim], lengths=lengths), 2)
    fine = draw(box(*(40, 48, 60)[:ndim], lengths=lengths), 2)
    steps = (
        slice(None),
        slice(None),
        *[slice(None, None, n) for n in (2, 2, 3)[:ndim]],
    )
    torch.testing.assert_close(fine[steps], coarse, atol=1e-13, rtol=0)


def test_the_sum_of_waves_by_hand():
    """The draws come channel by channel, wave by wave, cosine before sine."""
    generator = torch.Generator().manual_seed(3)
    numbers = np.arange(-2, 3)
    draws = torch.randn(5, 2, generator=generator, dtype=torch.float64).numpy()
    size = np.where(numbers == 0, 0, 1 / (1 + numbers**2.0))  # K = 2
    size /= np.sqrt((size**2).sum())
    x = np.arange(16) / 16
    angle = 2 * pi * numbers[:, None] * x
    waves = draws[:, :1] * np.cos(angle) - draws[:, 1:] * np.sin(angle)
    found = draw(box(16), seed=3, modes=2)[0, 0].numpy()
    np.testing.assert_allclose(found, (size[:, None] * waves).sum(0), atol=1e-14)


def test_mean_zero_variance_one_and_nothing_beyond_the_last_wave():
    u = torch.cat([draw(box(32, 32), 4, seed=n) for n in range(50)])
    assert float(u.mean((2, 3)).abs().max()) < 1e-14
    # 200 fields whose variances scatter by about a fifth each
    assert abs(float(u.square().mean()) - 1) < 0.05
    power = torch.fft.fft2(u).abs()
    k = torch.fft.fftfreq(32, 1 / 32)
    beyond = (k[:, None] ** 2 + k**2).sqrt() > 4
    assert float(power[..., beyond].max()) < 1e-10 * float(power.max())


def test_a_long_box_holds_waves_of_the_same_lengths():
    u = draw(box(32, 96, lengths=(1.0, 3.0)), 8)
    kx, ky = torch.fft.fftfreq(32, 1 / 32), torch.fft.fftfreq(96, 1 / 96) / 3
    power = torch.fft.fft2(u).abs().square().mean((0, 1))
    inside = (kx[:, None] ** 2 + ky**2).sqrt() <= 4 + 1e-6
    assert float(power[~inside].max()) < 1e-20 * float(power.max())
    assert bool((power[inside][1:] > 0).all())
    along = (power * kx[:, None] ** 2).sum() / (power * ky**2).sum()
    assert 0.7 < float(along) < 1.4


@pytest.mark.parametrize(
    ("grid", "modes", "message"),
    [
        (box(16), 0, "modes: found 0, expected a whole number of at least 1"),
        (
            Grid((16,), (1.0,), boundary=Dirichlet(0.0)),
            4,
            "grid: found an axis with walls, expected a periodic grid",
        ),
        (
            box(16, 8),
            4,
            "num_points: found 8 along y, expected at least 9 for initial waves",
        ),
    ],
)
def test_refusals(grid, modes, message):
    with pytest.raises(ArgumentError, match=message):
        draw(grid, modes=modes)


def test_parts_that_are_none_are_refused():
    generator = torch.Generator()
    with pytest.raises(ArgumentError, match="modes: found 'many', expected a whole"):
        random_field(box(16), 1, generator, modes="many")
    with pytest.raises(
        ArgumentError, match="channels: found 0, expected a whole number"
    ):
        random_field(box(16), 0, generator, modes=2)
    with pytest.raises(ArgumentError, match="grid: found None, expected Grid"):
        random_field(None, 1, generator, modes=2)
    with pytest.raises(ArgumentError, match="generator: found 0, expected Generator"):
        random_field(box(16), 1, 0, modes=2)
