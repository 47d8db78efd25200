import pytest
import torch

from physbias.errors import ArgumentError, DivergenceError, ShapeError
from physbias.grid import Dirichlet, Grid
from physbias.grid.edge_data import (
    check_leading,
    evaluate,
    naming_walls,
    place,
    spread,
    take,
)
from physbias.grid.edge_values import Part

EDGE = torch.tensor([[[0.0, 1.0, 2.0], [5.0, 5.0, 5.0]]])  # x beside y = 5


def on_edge(function, time=0.5):
    return evaluate(function, EDGE, time, axis=1, side=0, num_points=(3, 4))


def test_functions_see_the_edge_and_a_time_without_the_axis_across():
    seen = []

    def value(coords, time):
        seen.append(time)
        return coords[:, :1] * time

    assert on_edge(value).tolist() == [[[0.0, 0.5, 1.0]]]
    assert seen[0].dtype == torch.float64
    times = torch.tensor([1.0, 2.0]).reshape(2, 1, 1, 1)
    assert on_edge(value, times).tolist() == [[[0.0, 1.0, 2.0]], [[0.0, 2.0, 4.0]]]
    assert on_edge(lambda coords, time: 3) == 3


def test_values_are_looked_at_only_where_asked():
    bad = torch.tensor([1.0, float("nan"), 1.0])
    message = "boundary: found NaN .* function on the lower side of y at t = 0.5, exp"
    assert on_edge(lambda x, t: bad) is bad
    with naming_walls():
        on_edge(lambda x, t: 1.0)
        with pytest.raises(DivergenceError, match=message):
            on_edge(lambda x, t: bad)
        with pytest.raises(DivergenceError, match="at one of several times"):
            on_edge(lambda x, t: float("inf"), torch.ones(2, 1))
    assert on_edge(lambda x, t: bad) is bad


def test_what_a_function_gives_must_fit_its_edge():
    message = r"found a value of shape \(2,\) on the lower side of y.*channel, 3\)"
    with pytest.raises(ShapeError, match=message):
        on_edge(lambda x, t: torch.zeros(2))


def test_values_are_spread_over_a_field():
    u = torch.zeros(2, 3, 4, 5, dtype=torch.float64)
    assert spread((1.0, 2.0, 3.0), u, axis=0, ndim=2).shape == (1, 3, 1, 1)
    assert spread(torch.ones(5), u, axis=0, ndim=2).shape == (1, 1, 1, 5)
    per_sample = spread(torch.ones(2, 1, 4), u, axis=1, ndim=2)
    assert per_sample.shape == (2, 1, 4, 1)
    assert per_sample.dtype == torch.float64


def test_channels_are_taken_where_they_differ():
    known = torch.arange(3.0).reshape(1, 3, 1)
    assert take(known, Part(None, 1, 2), where="").flatten().tolist() == [1, 2]
    assert take(known, None, where="") is known
    shared = known[:, :1]
    assert take(shared, Part(None, 1, 2), where="") is shared
    message = "boundary: found values for 3 channels on the upper side of z, expected "
    with pytest.raises(ShapeError, match=message + "at least 4; give one value"):
        take(known, Part(None, 2, 2), where=place(2, 1))


@pytest.mark.parametrize("shape", [(3, 1, 4), (2, 2, 4)])
def test_batch_and_channels_must_broadcast(shape):
    u = torch.zeros(2, 3, 4)
    check_leading(torch.zeros(2, 1, 1), u, ndim=1, where="")
    with pytest.raises(ShapeError, match=r"found values for \(batch, channel\) = "):
        check_leading(torch.zeros(shape), u, ndim=1, where="")


@pytest.mark.parametrize("value", ["warm", None])
def test_a_function_that_returns_no_numbers_is_refused(value):
    grid = Grid((4,), (1.0,), boundary=(Dirichlet(lambda x, t: value),))
    message = f"boundary: found a function that returns {type(value).__name__} on the"
    with pytest.raises(ArgumentError, match=message):
        grid.pad(torch.ones(1, 1, 4), 0, 1)
