import pytest
import torch
from torch import nn

from physbias.errors import ArgumentError, ShapeError
from physbias.grid.edge_values import (
    Part,
    check_edge,
    check_value,
    digest,
    same,
)


def test_values_are_kept_in_their_kind():
    assert check_value(2, "value") == 2.0
    assert check_value([1, 2.5], "value") == (1.0, 2.5)
    assert check_value(torch.sin, "value") is torch.sin
    part = Part(torch.zeros(2), 0, 1)
    assert check_value(part, "value") is part
    learned = torch.nn.Parameter(torch.zeros(3))
    assert check_value(learned, "value") is learned


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("warm", "found str"),
        (None, "found NoneType"),
        (True, "found True"),
        (float("nan"), "found nan"),
        ([1.0, float("inf")], "found list"),
        ([], "found list"),
        (torch.ones(0, 4), "found an empty tensor"),
        (torch.ones(3, dtype=torch.int64), "found a tensor of dtype torch.int64"),
        (torch.tensor([1.0, float("nan")]), "found a tensor with NaN or infinity"),
    ],
)
def test_other_values_are_refused(value, found):
    message = f"value: {found}.*, expected a finite number.*function of coordinates"
    with pytest.raises(ArgumentError, match=message):
        check_value(value, "value")


@pytest.mark.parametrize("shape", [(), (6,), (1,), (3, 6), (2, 3, 6), (2, 1, 1)])
def test_edges_of_a_plane_take_what_broadcasts(shape):
    check_edge(torch.zeros(shape), 1, 0, (6, 4))


@pytest.mark.parametrize(
    ("shape", "axis", "side", "message"),
    [
        ((4,), 1, 0, r"shape \(4,\) on the lower side of y, .*\(batch, channel, 6\)"),
        ((6,), 0, 1, r"shape \(6,\) on the upper side of x, .*\(batch, channel, 4\)"),
        ((1, 1, 1, 6), 1, 0, r"shape \(1, 1, 1, 6\).*without the axis across it"),
    ],
)
def test_other_shapes_are_refused(shape, axis, side, message):
    with pytest.raises(ShapeError, match="boundary: found a value of " + message):
        check_edge(torch.zeros(shape), axis, side, (6, 4))


def test_sameness_looks_into_tensors():
    a, b = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0])
    assert same(a, b)
    assert digest(a) == digest(b)
    assert not same(a, b + 1)
    assert not same(a, b.double())
    assert not same(a, 1.0)
    assert same({"u": a, "v": 1.0}, {"v": 1.0, "u": b})
    assert not same({"u": a}, {"v": a})
    assert digest({"u": a}) == digest({"u": b})


def test_a_class_is_no_value():
    with pytest.raises(ArgumentError, match="value: found type, expected a finite"):
        check_value(float, "value")


def test_functions_must_take_coordinates_and_time():
    class Wall(nn.Module):
        def forward(self, coords):
            return coords

    for fits in (
        torch.atan2,
        lambda x, t, k=1: x,
        lambda *both: both,
        nn.Bilinear(1, 1, 1),
    ):
        assert check_value(fits, "value") is fits
    for other in (Wall(), lambda: 1.0, lambda x, *, t: x):
        with pytest.raises(ArgumentError, match=r"value: found a function of \("):
            check_value(other, "value")
