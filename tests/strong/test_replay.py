import gc
import weakref

import pytest
import torch
from torch import nn

from physbias.errors import ArgumentError
from physbias.strong.captures import Captures
from physbias.strong.march import Interval
from physbias.strong.replay import Replay, pull_back_step
from physbias.strong.schedule import Binomial, Uniform

F64 = torch.float64
INTERVAL = Interval(start=0.5, dt=0.1, count=7)


def make(step, *captured, schedule=None, check=lambda: None):
    return Replay(step, INTERVAL, schedule or Uniform(3), Captures(captured), check)


def logistic(rate):
    return lambda u, t, dt: u + dt * rate * u * (1 - u) + dt * t


def whole(step, u):
    for n in range(INTERVAL.count):
        u = step(u, INTERVAL.time(n), INTERVAL.dt)
    return u


@pytest.fixture
def u():
    return torch.rand(2, 1, 5, dtype=F64, requires_grad=True)


@pytest.fixture
def rate():
    return nn.Parameter(torch.tensor(0.7, dtype=F64))


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("schedule", [Uniform(1), Uniform(3), Binomial(2)])
def test_gradients_are_those_of_the_whole_graph(schedule, keep, u, rate):
    step = logistic(rate)
    expected = torch.autograd.grad(whole(step, u).square().sum(), (u, rate))
    result = make(step, rate, schedule=schedule)(u, keep=keep)
    assert torch.equal(result, whole(step, u))
    found = torch.autograd.grad(result.square().sum(), (u, rate), retain_graph=True)
    again = torch.autograd.grad(result.square().sum(), (u, rate))  # nothing kept now
    for a, b, c in zip(expected, found, again, strict=True):
        torch.testing.assert_close(b, a, rtol=1e-13, atol=0)
        torch.testing.assert_close(c, a, rtol=1e-13, atol=0)


def test_a_tensor_and_what_it_was_computed_from_count_once_each(u):
    raw = torch.tensor(0.3, dtype=F64, requires_grad=True)

    def value(take):
        rate = raw.exp()
        step = lambda v, t, dt: v + dt * (rate * v * (1 - v) + raw * v)  # noqa: E731
        return take(step, rate).square().sum()

    (expected,) = torch.autograd.grad(value(lambda step, _: whole(step, u)), raw)
    replayed = value(lambda step, rate: make(step, rate, raw)(u))
    torch.testing.assert_close(torch.autograd.grad(replayed, raw)[0], expected)


def test_a_hook_sees_the_sum_once(u, rate):
    seen = []
    rate.register_hook(seen.append)
    make(logistic(rate), rate)(u).sum().backward()
    assert len(seen) == 1
    assert torch.equal(seen[0], rate.grad)


def test_second_derivatives(u, rate):
    """By the rate twice and by the state and the rate, against central differences."""

    def slope():
        value = make(logistic(rate), rate)(u).square().sum()
        return torch.autograd.grad(value, (u, rate), create_graph=True)

    mixed, twice = torch.autograd.grad(slope()[1] + slope()[0].sum(), (u, rate))
    e, found = 1e-5, []
    for sign in (1, -1):
        with torch.no_grad():
            rate.add_(sign * e)
        found.append(sum(float(part.detach().sum()) for part in slope()))
        with torch.no_grad():
            rate.sub_(sign * e)
    assert float(twice) == pytest.approx((found[0] - found[1]) / (2 * e), rel=1e-7)
    assert mixed.shape == u.shape


def test_without_gradients_there_is_no_graph(rate):
    result = make(logistic(0.7))(torch.ones(1, 1, 3))
    assert not result.requires_grad


def test_kept_states_go_with_the_first_backward(u):
    replay = make(logistic(0.7))
    loss = replay(u).sum()
    kept = weakref.ref(replay.kept)
    loss.backward()
    gc.collect()
    assert kept() is None
    assert loss.requires_grad  # the loss is still held


def test_the_check_speaks_before_anything_is_repeated(u):
    def refuse():
        raise ArgumentError("changed")

    with pytest.raises(ArgumentError, match="changed"):
        make(logistic(0.7), check=refuse)(u).sum().backward()


def test_a_capture_changed_in_place_is_refused(u, rate):
    result = make(logistic(rate), rate)(u)
    with torch.no_grad():
        rate.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        result.sum().backward()


def test_one_step_by_hand():
    """u (1 + dt c): by u, 1 + dt c; by c, dt u."""
    c = torch.tensor(3.0, requires_grad=True)
    u, gradient = torch.tensor([[[2.0]]]), torch.tensor([[[5.0]]])
    found = pull_back_step(
        lambda v, t, dt: v * (1 + dt * c),
        u,
        gradient,
        time=0.0,
        dt=0.5,
        captures=Captures((c,)),
    )
    assert [float(part) for part in found] == [12.5, 5.0]
