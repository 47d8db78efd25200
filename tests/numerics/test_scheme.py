import pytest
import torch

from physbias.grid import Grid, Periodic
from physbias.numerics import FiniteDifference, Scheme, Spectral
from physbias.pdes import Derivatives


@pytest.mark.parametrize("scheme", [FiniteDifference(6), Spectral()], ids=repr)
def test_schemes_bind_in_the_dtype_asked_for(scheme):
    assert isinstance(scheme, Scheme)
    grid = Grid((8, 9), (1.0, 2.0), boundary=Periodic())
    for dtype in (torch.float32, torch.float64):
        d = scheme.bind(grid, dtype=dtype)
        assert isinstance(d, Derivatives)
        assert d.coords.dtype == dtype
        assert d.x(torch.ones(1, 1, 8, 9, dtype=dtype)).dtype == dtype
        assert d.laplacian_symbol().dtype == dtype


@pytest.mark.parametrize("scheme", [FiniteDifference(6), Spectral()], ids=repr)
def test_what_is_bound_in_inference_mode_serves_in_training(scheme):
    grid = Grid((8, 9), (1.0, 2.0), boundary=Periodic())
    with torch.inference_mode():
        d = scheme.bind(grid)
    v = torch.randn(2, 2, 8, 9, requires_grad=True)
    (d.leray(v).square().sum() + (d.coords * v).sum()).backward()
    assert v.grad is not None
