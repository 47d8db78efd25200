import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Dirichlet, Grid, Neumann, Periodic

BOX = Grid((4, 6), (2.0, 3.0), boundary=[Periodic(), Dirichlet(1.0)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"num_points": (0,), "lengths": (1.0,)},
            r"num_points: found 0, expected positive whole numbers; correct",
        ),
        ({"num_points": (4.5,), "lengths": (1.0,)}, "num_points: found 4.5"),
        (
            {"num_points": (4,), "lengths": (float("nan"),)},
            "lengths: found nan, expected positive numbers",
        ),
        ({"num_points": (4,), "lengths": (-1.0,)}, "lengths: found -1.0"),
        ({"num_points": "8", "lengths": (1.0,)}, "num_points: found '8', expected one"),
        (
            {"num_points": ("8",), "lengths": (1.0,)},
            "num_points: found '8', expected p",
        ),
        ({"num_points": (True,), "lengths": (1.0,)}, "num_points: found True"),
        ({"num_points": (8,), "lengths": (None,)}, "lengths: found None"),
        (
            {"num_points": (8,), "lengths": (1.0,), "origin": 1.0},
            r"origin: found 1.0, expected one per axis \(1\)",
        ),
        (
            {"num_points": (8,), "lengths": (1.0,), "origin": (float("inf"),)},
            r"origin: found \(inf,\), expected finite numbers",
        ),
        (
            {"num_points": (8,), "lengths": (1.0,), "origin": ("a",)},
            r"origin: found \('a',\), expected finite numbers",
        ),
        (
            {"num_points": (4, 4), "lengths": (1.0,)},
            r"lengths: found 1 entries, expected one per axis \(x, y\)",
        ),
        (
            {"num_points": (4,) * 4, "lengths": (1.0,) * 4},
            "num_points: found 4 axes, expected one to three.*batch",
        ),
        (
            {"num_points": (4,), "lengths": (1.0,), "origin": (0.0, 0.0)},
            r"origin: found 2 entries, expected one per axis \(1\); give the lower",
        ),
        (
            {"num_points": (4,), "lengths": (1.0,), "boundary": "periodic"},
            r"boundary: found 'periodic', expected a condition.*use Periodic",
        ),
        (
            {"num_points": (4,), "lengths": (1.0,), "boundary": None},
            "boundary: found None, expected a condition, or one or a pair of them",
        ),
        (
            {
                "num_points": (4, 4),
                "lengths": (1.0, 1.0),
                "boundary": [Periodic(), (Periodic(), Dirichlet())],
            },
            "boundary: found one periodic side along y, expected both sides.*make",
        ),
        (
            {"num_points": (4, 4), "lengths": (1.0, 1.0), "boundary": [Periodic()]},
            r"boundary: found 1 entries, expected one per axis \(x, y\)",
        ),
        (
            {"num_points": (4, 4), "lengths": (1.0, 1.0), "boundary": Periodic},
            r"boundary: found the class Periodic, .*; write Periodic\(\.\.\.\)",
        ),
        (
            {"num_points": (4,), "lengths": (1.0,), "boundary": [Neumann]},
            r"boundary: found the class Neumann along x, .*; write Neumann\(\.\.\.\)",
        ),
        (
            {"num_points": (4,), "lengths": (1.0,), "boundary": [(Dirichlet(),) * 3]},
            "boundary: found .*along x, expected a condition or a .lower, upper. pair",
        ),
    ],
)
def test_bad_grids_are_refused(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        Grid(**{"boundary": Periodic(), **arguments})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"axis": 2}, "axis: found 2, expected .* at most 1"),
        ({"axis": -1}, "axis: found -1"),
        ({"axis": "x"}, "axis: found 'x'"),
        ({"width": -1}, "width: found -1, expected a whole number of at least 0"),
        ({"width": 1.5}, "width: found 1.5"),
        ({"degree": -1}, "degree: found -1, expected a whole number"),
        ({"degree": "linear"}, "degree: found 'linear'"),
    ],
)
def test_bad_paddings_are_refused(options, message):
    with pytest.raises(ArgumentError, match=message):
        BOX.pad(torch.ones(1, 1, 4, 3), **{"axis": 1, "width": 1, **options})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((64, (1.0,)), "num_points: found 64"), (((64,), 1.0), "lengths: found 1.0")],
)
def test_a_bare_number_is_no_axis(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        Grid(*arguments, boundary=Periodic())


@pytest.mark.parametrize("dtype", [torch.int64, torch.complex64, torch.bool, "float"])
def test_coordinates_of_a_dtype_that_cannot_hold_them_are_refused(dtype):
    message = f"dtype: found {dtype!r}, expected a real floating-point dtype"
    with pytest.raises(ArgumentError, match=message):
        BOX.coords(dtype=dtype)
