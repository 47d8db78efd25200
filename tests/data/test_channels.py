import pytest

from physbias.data.channels import (
    channel_groups,
    channel_names,
    field_order,
    find_channels,
)
from physbias.errors import ArgumentError

NAMES = ("tracer", "velocity_x", "velocity_y", "pressure")


def test_names_follow_the_axes():
    assert channel_names("s", order=0, ndim=3) == ("s",)
    assert channel_names("v", order=1, ndim=3) == ("v_x", "v_y", "v_z")
    assert channel_names("t", order=2, ndim=2) == ("t_xx", "t_xy", "t_yx", "t_yy")


def test_groups_and_orders_come_back_from_names():
    names = (*NAMES, "t_xx", "t_xy", "t_yx", "t_yy")
    groups = channel_groups(names, ndim=2)
    assert groups == {
        "tracer": (0,),
        "velocity": (1, 2),
        "pressure": (3,),
        "t": (4, 5, 6, 7),
    }
    orders = [field_order(f, [names[i] for i in g], ndim=2) for f, g in groups.items()]
    assert orders == [0, 1, 0, 2]


def test_one_dimension_tells_vector_from_scalar():
    assert channel_groups(("v_x", "p"), ndim=1) == {"v": (0,), "p": (1,)}
    assert field_order("v", ["v_x"], ndim=1) == 1
    assert field_order("p", ["p"], ndim=1) == 0


@pytest.mark.parametrize(
    "names", [("v_y", "v_x"), ("v_x", "p", "v_y"), ("v_x",), ("v_x", "v_y", "v")]
)
def test_incomplete_reordered_or_clashing_components_stay_apart(names):
    assert list(channel_groups(names, ndim=2)) == list(names)


def test_find_orders_fields_and_channels():
    assert find_channels(("velocity", "tracer"), NAMES, ndim=2) == [1, 2, 0]
    assert find_channels(("velocity_y",), NAMES, ndim=2) == [2]
    assert find_channels("pressure", NAMES, ndim=2) == [3]


def test_an_unknown_field_lists_those_there():
    with pytest.raises(ArgumentError, match=r"'speed'.*tracer, velocity, pressure"):
        find_channels(("speed",), NAMES, ndim=2)


@pytest.mark.parametrize("fields", [(), ("velocity", "velocity_x")])
def test_nothing_or_twice_is_refused(fields):
    with pytest.raises(ArgumentError, match="none of them twice"):
        find_channels(fields, NAMES, ndim=2)
