import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.none.inputs import check_channels, check_count


def test_check_count():
    check_count("levels", 1)
    check_count("levels", 0, minimum=0)
    with pytest.raises(ArgumentError, match="levels: found 0, expected a whole number"):
        check_count("levels", 0)


def test_check_channels():
    u = torch.zeros(1, 3, 4)
    check_channels(u, 3, ndim=1)
    with pytest.raises(ShapeError, match=r"u: found 3 channels.*in_channels=3"):
        check_channels(u, 2, ndim=1)
    with pytest.raises(ShapeError, match=r"u: found 3 axes.*with 2 space axes"):
        check_channels(u, 3, ndim=2)
