import numpy as np
import pytest
import torch
from scipy.stats import pearsonr

from physbias.errors import ShapeError
from physbias.metrics import pearson


def fields(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


def test_against_scipy_by_frame_and_channel():
    u, v = fields(2, 3, 2, 5, 8), fields(2, 3, 2, 5, 8, seed=1)
    v = v + 0.5 * u + 100
    result = pearson(v, u, ndim=2)
    assert result.shape == (2, 3, 2)
    for index in np.ndindex(2, 3, 2):
        expected = pearsonr(v[index].flatten(), u[index].flatten()).statistic
        assert result[index].item() == pytest.approx(expected, abs=1e-10)


def test_blind_to_mean_and_amplitude():
    u = fields(2, 1, 6, 4)
    torch.testing.assert_close(pearson(3 * u + 5, u, ndim=2), torch.ones(2, 1).double())
    torch.testing.assert_close(pearson(-u, u, ndim=2), -torch.ones(2, 1).double())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_constant_has_no_correlation(dtype):
    u = fields(1, 1, 7, 9).to(dtype)
    assert pearson(torch.full_like(u, 0.1), u, ndim=2).isnan().all()
    assert pearson(u, torch.zeros_like(u), ndim=2).isnan().all()
    v = u.clone()
    v[0, 0, 0, 0] = torch.nan
    assert pearson(v, u, ndim=2).isnan().all()


def test_shapes_that_differ():
    with pytest.raises(ShapeError, match="the shape of truth"):
        pearson(torch.ones(1, 4), torch.ones(2, 4), ndim=1)
