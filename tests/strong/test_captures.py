import pytest
import torch
from torch import nn

from physbias.errors import ArgumentError
from physbias.strong.captures import Captures, StandIns, find_captures


def same(found, *expected):
    return {id(t) for t in found.tensors} == {id(t) for t in expected}


def test_parameters_buffers_and_closures_are_found():
    u = torch.ones(2, 1, 4, requires_grad=True)
    closure = torch.rand(4, requires_grad=True)
    module = nn.Linear(4, 4)
    product = 2 * torch.rand(4, requires_grad=True)
    late = nn.Module()
    late.weight = nn.Parameter(torch.ones(1))  # not read by this step
    both = nn.ModuleList([module, late])

    def step(v):
        return torch.cat([module(v) * closure, v * product], 1)[:, :1]

    found = find_captures(step, u, both)
    assert same(found, closure, product, *both.parameters())
    assert found.need_stand_ins
    assert not Captures((closure,)).need_stand_ins
    closure.register_hook(lambda g: g)
    assert Captures((closure,)).need_stand_ins


def test_what_the_step_makes_itself_is_not_captured():
    def step(v):
        with torch.enable_grad():
            w = v.detach().requires_grad_()
            (slope,) = torch.autograd.grad((w**2).sum(), w)
        return v - slope

    assert find_captures(step, torch.ones(1, 1, 4), nn.Module()).tensors == ()


def test_gradients_stop_at_stand_ins():
    """y = a b with b = a^2: by a and by b apart, b and a."""
    a = torch.tensor(3.0, requires_grad=True)
    b = a**2
    with StandIns(Captures((a, b))) as (c, d):
        y = torch.stack([a * b]).sum()
    assert [float(g) for g in torch.autograd.grad(y, (c, d))] == [9.0, 3.0]
    assert c is not a
    again = StandIns(Captures((a, b)))
    for _ in range(2):
        with again as (c, d):
            assert torch.equal(torch.autograd.grad(a * b, (c, d))[0], b)
    with StandIns(Captures((a,))) as (c,):
        assert c is a


def test_random_steps_are_refused():
    dropout = nn.Dropout(0.5)
    with pytest.raises(ArgumentError, match=r"gradient: found a step that draws.*eval"):
        find_captures(dropout, torch.ones(1, 1, 4), dropout)
    find_captures(dropout.eval(), torch.ones(1, 1, 4), dropout)
