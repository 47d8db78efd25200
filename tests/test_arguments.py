import numpy as np
import pytest
from torch import nn

from physbias.arguments import (
    check_count,
    check_function,
    check_kind,
    check_numbers,
    check_positive,
    check_takes,
)
from physbias.errors import ArgumentError


def refusal(check, *arguments, **options) -> str:
    with pytest.raises(ArgumentError) as error:
        check(*arguments, **options)
    return str(error.value)


def test_what_fits_passes():
    check_kind(1.0, "x", float | int, remedy="")
    check_count(np.int64(3), "levels")
    check_count(0, "levels", minimum=0)
    check_positive(np.float32(0.5), "dt", remedy="")
    check_positive(2, "dt", remedy="")


def test_kinds():
    text = refusal(check_kind, "a", "size", float | int, remedy="give a number")
    assert text == "size: found 'a', expected float or int; give a number."
    text = refusal(check_kind, dict, "fields", dict, remedy="write {...}")
    assert text == (
        "fields: found the class dict, expected dict; make an instance: dict(...)."
    )


def test_functions():
    check_function(print, "progress", remedy="")
    text = refusal(check_function, 1, "progress", remedy="leave it out")
    assert text == "progress: found 1, expected a function; leave it out."
    text = refusal(check_function, dict, "progress", remedy="")
    assert text.startswith("progress: found the class dict, expected a function; make")


def test_numbers():
    check_numbers("mean", 0, -1.5, np.float32(2.0))
    text = refusal(check_numbers, "mean", 0.0, "a")
    assert (
        text == "mean: found 0.0, 'a', expected finite numbers; correct the argument."
    )
    for value in (float("nan"), float("inf"), None, True, 1j):
        assert refusal(check_numbers, "mean", value).startswith(
            f"mean: found {value!r},"
        )


@pytest.mark.parametrize("value", [0, -1, 1.5, "a", None, True, float("nan")])
def test_counts(value):
    text = refusal(check_count, value, "levels")
    assert text == (
        f"levels: found {value!r}, expected a whole number of at least 1; "
        "correct the argument."
    )


@pytest.mark.parametrize(
    "value", [0.0, -1, "a", None, True, 1j, float("nan"), float("inf")]
)
def test_positive_numbers(value):
    text = refusal(check_positive, value, "dt", remedy="leave it out")
    assert text == f"dt: found {value!r}, expected a positive number; leave it out."


def test_what_a_function_takes():
    check_takes(lambda u, d: u, "rhs", "u", "d", remedy="")
    check_takes(nn.Linear(2, 2), "rhs", "u", remedy="")
    check_takes(max, "rhs", "u", remedy="")
    text = refusal(check_takes, lambda u: u, "rhs", "u", "d", remedy="take both")
    assert text == (
        "rhs: found a function of (u) (too many positional arguments), expected a "
        "function that takes (u, d); take both."
    )
    text = refusal(check_takes, nn.Linear(2, 2), "rhs", "u", "d", remedy="take one")
    assert text.startswith("rhs: found a function of (input: ")
