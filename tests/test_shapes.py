import pytest
import torch

from physbias.errors import ArgumentError, NonFiniteError
from physbias.shapes import AXIS_NAMES, check_finite, check_float


def test_axes_are_x_y_z():
    assert AXIS_NAMES == ("x", "y", "z")


@pytest.mark.parametrize("dtype", [torch.int64, torch.complex64, torch.bool])
def test_only_real_floating_point(dtype):
    with pytest.raises(ArgumentError, match=rf"u0: found dtype {dtype}.*\.float\(\)"):
        check_float(torch.ones(2, dtype=dtype), "u0")


def test_what_is_no_tensor_is_told_how_to_become_one():
    for u, kind in (([1.0], "list"), (torch.ones(2).numpy(), "ndarray")):
        with pytest.raises(ArgumentError, match=f"u0: found {kind}, .*torch.as_tensor"):
            check_float(u, "u0")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_the_first_bad_value_is_named(bad):
    u = torch.zeros(2, 3)
    check_finite(u, "u")
    u[1, 2] = bad
    with pytest.raises(NonFiniteError, match=r"u: found 1 NaN.*index \(1, 2\).*finite"):
        check_finite(u, "u")


def test_sparse_tensors_are_refused():
    message = r"u: found layout torch\.sparse_coo, expected a dense tensor; convert"
    with pytest.raises(ArgumentError, match=message):
        check_float(torch.ones(2, 3).to_sparse(), "u")
