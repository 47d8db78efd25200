import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Grid, Periodic
from physbias.pdes import AllenCahn, KortewegDeVries
from physbias.pdes.exact import check_axes, moving, phase, spread, wave_vector

F64 = torch.float64
PLANE = Grid((4, 5), (1.0, 2.0), boundary=Periodic())


def test_coefficients_take_the_shape_of_coordinates():
    coords = PLANE.coords(dtype=F64)
    assert spread(2, coords).shape == ()
    rates = spread(torch.tensor([1.0, 2.0]), coords)
    assert rates.shape == (2, 1, 1, 1)
    assert rates.dtype == F64
    assert spread(torch.ones(3), torch.ones(3, 2)).shape == (3, 1)
    with pytest.raises(
        ArgumentError, match=r"rate: found a field of shape \(1, 1, 4, 5\).*closed form"
    ):
        AllenCahn(1.0, torch.ones(1, 1, 4, 5)).kink(coords, 0.0)


def test_waves_by_hand():
    coords = torch.tensor([[2.0, 3.0]], dtype=F64)
    assert moving(coords, 0.5, 2.0).tolist() == [[1.0]]
    k = wave_vector((2.0, -1.0), coords)
    assert k.tolist() == [[2.0, -1.0]]
    assert phase(coords, k).tolist() == [[1.0]]
    assert wave_vector(None, PLANE.coords()).shape == (1, 2, 1, 1)
    with pytest.raises(
        ShapeError, match=r"wavenumbers: found 1 entries, expected one per .*\(2\)"
    ):
        wave_vector((1.0,), coords)


def test_axes_are_checked():
    with pytest.raises(
        ShapeError, match="d: found 2 space axes, expected 1 for KortewegDeVries"
    ):
        check_axes(2, KortewegDeVries(), (1,))
    with pytest.raises(ShapeError, match="expected 2 or 3 for"):
        check_axes(1, KortewegDeVries(), (2, 3))
