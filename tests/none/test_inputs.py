import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.none.inputs import check_channels


def test_check_channels():
    u = torch.zeros(1, 3, 4)
    check_channels(u, 3, ndim=1)
    with pytest.raises(ShapeError, match=r"u: found 3 channels.*in_channels=3"):
        check_channels(u, 2, ndim=1)
    with pytest.raises(ShapeError, match=r"u: found 3 axes.*with 2 space axes"):
        check_channels(u, 3, ndim=2)
    with pytest.raises(ArgumentError, match=r"u: found dtype torch.int64.*\.float\(\)"):
        check_channels(u.long(), 3, ndim=1)
    with pytest.raises(ArgumentError, match=r"u: found list, expected a real"):
        check_channels([1.0], 3, ndim=1)
