import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.metrics.checks import check_ensemble, check_ndim, check_pair, widen


def test_space_axes_are_counted_from_the_end():
    u = torch.ones(2, 3, 4, 5)
    assert check_pair(u, u, ndim=2) == (-2, -1)
    assert check_pair(u, u, ndim=1) == (-1,)


def test_refusals():
    u = torch.ones(2, 3)
    with pytest.raises(ShapeError, match="u: found shape"):
        check_ndim(u, "u", ndim=2)
    with pytest.raises(ArgumentError, match="ndim: found 4"):
        check_ndim(u, "u", ndim=4)
    with pytest.raises(ShapeError, match="prediction: found shape"):
        check_pair(u[:1], u, ndim=1)
    with pytest.raises(ShapeError, match="ensemble: found 2 members"):
        check_ensemble(u, u[0], minimum=3)


def test_widen():
    assert widen(torch.ones(1).bfloat16()).dtype == torch.float32
    assert widen(torch.ones(1).double()).dtype == torch.float64


@pytest.mark.parametrize("ndim", ["1", None, True, 1.0, torch.tensor(1), 0])
def test_numbers_of_axes_that_are_none_are_refused(ndim):
    with pytest.raises(
        ArgumentError, match=r"ndim: found .*, expected 1, 2 or 3 space"
    ):
        check_ndim(torch.ones(2, 3, 4), "u", ndim=ndim)
