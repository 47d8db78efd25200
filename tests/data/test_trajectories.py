from dataclasses import replace

import pytest
import torch

from physbias.data import Trajectories
from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Grid, Periodic

NAMES = ("tracer", "velocity_x", "velocity_y")


def make(**changes):
    generator = torch.Generator().manual_seed(0)
    values = {
        "fields": torch.randn(2, 6, 3, 4, 5, generator=generator),
        "names": NAMES,
        "times": 0.5 * torch.arange(6, dtype=torch.float64),
        "num_points": (4, 5),
        "lengths": (1.0, 3.0),
        "origin": (0.0, -1.5),
        "boundary": ("periodic", "wall"),
        "parameters": {"Re": torch.tensor([1.0, 2.0])},
    }
    return Trajectories(**(values | changes))


def test_select_orders_channels():
    t = make()
    chosen = t.select(("velocity", "tracer"))
    assert chosen.names == ("velocity_x", "velocity_y", "tracer")
    assert torch.equal(chosen.fields, t.fields[:, :, [1, 2, 0]])
    assert chosen.groups == {"velocity": (0, 1), "tracer": (2,)}
    assert t.select(("velocity_y",)).fields.shape == (2, 6, 1, 4, 5)


def test_stride_keeps_first_frame_and_times():
    t = make().stride(2)
    assert t.times.tolist() == [0.0, 1.0, 2.0]
    assert t.dt == 1.0
    assert torch.equal(t.fields, make().fields[:, [0, 2, 4]])
    with pytest.raises(
        ArgumentError, match="n: found 0, expected a whole number of at least 1"
    ):
        t.stride(0)


def test_take_and_join_are_inverse():
    t = make()
    again = t.take([0]).join(t.take(slice(1, 2)))
    assert len(again) == 2
    assert torch.equal(again.fields, t.fields)
    assert again.parameters["Re"].tolist() == [1.0, 2.0]
    assert t.take([1, 0]).parameters["Re"].tolist() == [2.0, 1.0]


def test_to_converts_values_and_leaves_times():
    t = make().to(dtype=torch.float64)
    assert t.fields.dtype == t.parameters["Re"].dtype == torch.float64
    assert make().to(dtype=torch.float16).times.dtype == torch.float64


def test_windows_carry_parameters():
    windows = make().windows(2, 1)
    assert len(windows) == 2 * 4
    assert windows[4].parameters["Re"].item() == 2.0
    assert torch.equal(windows[4].target[0], make().fields[1, 2])


@pytest.mark.parametrize("times", [[0.0], [0.0, 1.0, 3.0]])
def test_dt_needs_even_times(times):
    n = len(times)
    t = make(fields=torch.ones(2, n, 3, 4, 5), times=torch.tensor(times))
    with pytest.raises(ArgumentError, match="evenly spaced"):
        _ = t.dt


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"fields": torch.ones(2, 6, 3, 4)}, ShapeError, "with 1 to 3 space axes"),
        ({"fields": torch.ones(2, 6, 3, 4, 5).int()}, ArgumentError, "dtype"),
        ({"num_points": (5, 4)}, ShapeError, r"num_points: found \(5, 4\)"),
        ({"names": ("a", "b")}, ShapeError, r"names: found \(2,\), expected \(3,\)"),
        ({"names": ("a", "b", "a")}, ArgumentError, "each name once"),
        ({"times": torch.zeros(6)}, ArgumentError, "increasing times"),
        ({"times": torch.arange(5.0)}, ShapeError, r"times: found \(5,\)"),
        ({"lengths": (1.0,)}, ShapeError, "lengths"),
        ({"lengths": (1.0, -3.0)}, ArgumentError, "positive lengths"),
        ({"lengths": (1.0, "a")}, ArgumentError, "positive lengths"),
        ({"lengths": 1.0}, ArgumentError, r"lengths: found 1\.0, expected tuple"),
        ({"names": "abc"}, ArgumentError, "names: found 'abc', expected tuple"),
        ({"times": [0.0, 1.0]}, ArgumentError, r"times: found \[.*expected Tensor"),
        ({"origin": (0.0, torch.nan)}, ArgumentError, "origin: .*finite numbers"),
        ({"times": 1j * torch.arange(6.0)}, ArgumentError, "times: found dtype .*real"),
        (
            {"times": torch.ones(6).bool()},
            ArgumentError,
            "times: found dtype torch.bool",
        ),
        ({"times": torch.tensor([0, 1, 2, 3, 4, torch.inf])}, ArgumentError, "finite"),
        (
            {"names": (1, 2, 3)},
            ArgumentError,
            "names: found 1, expected str; name every",
        ),
        ({"parameters": {1: torch.ones(2)}}, ArgumentError, "found 1, expected str"),
        (
            {"parameters": {"Re": 1j * torch.ones(2)}},
            ArgumentError,
            "Re: found dtype torch.complex64, expected real numbers",
        ),
        ({"parameters": None}, ArgumentError, "parameters: found None, expected dict"),
        ({"parameters": {"Re": 1.0}}, ArgumentError, r"\['Re'\]: found 1\.0, .*Tensor"),
        ({"origin": (0.0,)}, ShapeError, "origin"),
        ({"boundary": ("periodic", "slip")}, ArgumentError, "periodic, wall, open"),
        ({"parameters": {"Re": torch.ones(3)}}, ShapeError, r"parameters\['Re'\]"),
    ],
)
def test_parts_that_do_not_fit(changes, error, match):
    with pytest.raises(error, match=match):
        make(**changes)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"names": ("a", "b", "c")}, "names"),
        ({"lengths": (1.0, 3.1)}, "lengths"),
        ({"origin": (0.0, 0.0)}, "origin"),
        ({"boundary": ("periodic", "open")}, "boundary"),
        ({"times": 0.4 * torch.arange(6.0)}, "times"),
        ({"parameters": {}}, "parameters"),
        ({"fields": torch.ones(2, 3, 3, 4, 5), "times": torch.arange(3.0)}, "frames"),
    ],
)
def test_join_refuses_what_differs(changes, name):
    with pytest.raises(ArgumentError, match=f"others: .*{name}"):
        make().join(make(**changes))


def test_frozen():
    t = make()
    with pytest.raises(AttributeError):
        t.names = ()
    assert replace(t, names=("a", "b", "c")).names == ("a", "b", "c")


def test_calls_without_sense_are_refused():
    with pytest.raises(ArgumentError, match=r"n: found 1.5, expected a whole number"):
        make().stride(1.5)
    with pytest.raises(ArgumentError, match="fields: found None, expected Sequence"):
        make().select(None)
    with pytest.raises(
        ArgumentError, match="others: found None, expected Trajectories"
    ):
        make().join(None)
    with pytest.raises(
        ArgumentError, match="indices: found None, expected Sequence or"
    ):
        make().take(None)
    for indices in ([2], [-3], [0.5], ["a"], [True]):
        with pytest.raises(
            ArgumentError, match=r"indices: found .*whole numbers below 2"
        ):
            make().take(indices)


def test_the_grid_of_periodic_data():
    grid = make(boundary=("periodic", "periodic")).grid
    assert grid == Grid((4, 5), (1.0, 3.0), boundary=Periodic(), origin=(0.0, -1.5))


@pytest.mark.parametrize("code", ["wall", "open"])
def test_a_grid_of_unknown_conditions_is_refused(code):
    message = rf"boundary: found '{code}' along y, which names no .*Grid\(t\.num_points"
    with pytest.raises(ArgumentError, match=message):
        _ = make(boundary=("periodic", code)).grid
