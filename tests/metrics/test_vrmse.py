import math

import numpy as np
import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.metrics import vrmse


def fields(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


def test_against_numpy_by_frame_and_channel():
    u, v = fields(2, 3, 2, 5, 8), 3 * fields(2, 3, 2, 5, 8, seed=1)
    result = vrmse(v, u, ndim=2)
    assert result.shape == (2, 3, 2)
    for index in np.ndindex(2, 3, 2):
        a, b = v[index].numpy(), u[index].numpy()
        expected = math.sqrt(((a - b) ** 2).mean() / (b.var(ddof=1) + 1e-7))
        assert result[index].item() == pytest.approx(expected, rel=1e-12)


def test_the_mean_scores_one():
    u = fields(4, 1, 50, 40) + 7
    mean = u.mean(dim=(2, 3), keepdim=True).expand_as(u)
    # the mean has the biased variance as its error
    expected = torch.full((4, 1), math.sqrt(1 - 1 / 2000)).double()
    torch.testing.assert_close(vrmse(mean, u, ndim=2), expected, rtol=1e-6, atol=0)
    assert vrmse(u, u, ndim=2).tolist() == [[0.0]] * 4


def test_a_forecast_that_blows_up_is_seen():
    """Divided by its own variance it would score 1 at any size."""
    u = fields(2, 1, 6, 9)
    scores = [vrmse(u * size, u, ndim=2).mean().item() for size in (1e2, 1e4, 1e6)]
    assert scores[1] == pytest.approx(1e2 * scores[0], rel=0.02)
    assert scores[2] == pytest.approx(1e2 * scores[1], rel=0.02)


def test_one_and_three_axes_and_a_constant_truth():
    u = fields(2, 3, 4, 5, 6)
    assert vrmse(u, u + 1, ndim=1).shape == (2, 3, 4, 5)
    assert vrmse(u, u + 1, ndim=3).shape == (2, 3)
    flat = torch.zeros(1, 1, 8).double()
    # an error of 1 over the root of 1e-7
    expected = pytest.approx(math.sqrt(1e7), rel=1e-12)
    assert vrmse(flat + 1, flat, ndim=1).item() == expected


def test_nan_and_infinity_are_not_hidden():
    u = fields(1, 2, 4, 4)
    v = u.clone()
    v[0, 0, 0, 0], v[0, 1, 0, 0] = torch.nan, torch.inf
    result = vrmse(v, u, ndim=2)
    assert result[0, 0].isnan()
    assert result[0, 1].isinf()


def test_half_precision_is_widened():
    u = fields(1, 1, 8, 8)
    assert vrmse(u.half(), u.half() + 1, ndim=2).dtype == torch.float32


def test_errors():
    u = fields(2, 1, 4, 6)
    with pytest.raises(ShapeError, match="the shape of truth"):
        vrmse(u[:1], u, ndim=2)
    with pytest.raises(ShapeError, match="with 3 space axes"):
        vrmse(u[0], u[0], ndim=3)
    with pytest.raises(ArgumentError, match="ndim: found 0"):
        vrmse(u, u, ndim=0)
    with pytest.raises(ArgumentError, match="prediction: found dtype"):
        vrmse(u.int(), u, ndim=2)
    with pytest.raises(ArgumentError, match="truth: found dtype"):
        vrmse(u, u.int(), ndim=2)
