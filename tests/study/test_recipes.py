"""Candidates and what they minimise."""

import pytest
import torch

from physbias.data import Window
from physbias.forecast import ForecastModel, Persistence
from physbias.metrics import relative_divergence
from physbias.pdes import TracerFlow
from physbias.study.data import read_splits
from physbias.study.recipes import (
    RECIPES,
    relative_error,
    relative_weight,
    residual_loss,
)
from physbias.study.settings import CANDIDATES
from physbias.study.task import make_task


@pytest.fixture
def task(shear_flow_files):
    return make_task(read_splits(shear_flow_files), stride=1, device="cpu")


@pytest.fixture
def window(task):
    return task.splits["train"].windows(1, 1).batch(torch.tensor([0, 4, 9]))


def test_there_is_a_recipe_for_every_candidate():
    assert tuple(RECIPES) == CANDIDATES


@pytest.mark.parametrize("name", CANDIDATES)
def test_every_candidate_forecasts_and_learns(task, window, name):
    torch.manual_seed(0)
    recipe = RECIPES[name]
    model = recipe.build(task)
    assert isinstance(model, ForecastModel)
    with torch.no_grad():
        found = model(window.history, 2, window.parameters)
    assert found.shape[-5:] == (3, 2, 3, 24, 48)
    assert torch.isfinite(found).all()
    if recipe.loss is None:
        return
    recipe.loss(model, task)(window).backward()
    reached = [p for p in model.parameters() if p.grad is not None]
    assert any(bool(p.grad.any()) for p in reached)


def test_the_relative_error_by_hand(task):
    """Twice the truth: the error is the truth's mean square over its variance."""
    truth = torch.randn(2, 3, 24, 48, generator=torch.Generator().manual_seed(0))
    size = truth.var(dim=(2, 3)) + 1e-2 * task.state.scale**2
    expected = (truth.square().mean(dim=(2, 3)) / size).mean()
    torch.testing.assert_close(relative_error(2 * truth, truth, task), expected)


def test_the_weight_turns_increments_into_a_relative_error(task, window):
    u = window.history[:, -1]
    size = u.var(dim=(2, 3), keepdim=True)
    size = size + 1e-2 * task.state.scale[:, None, None] ** 2
    weight = relative_weight(u, task)
    torch.testing.assert_close(weight, task.increment.scale[:, None, None] ** 2 / size)


def test_physics_adds_nothing_to_the_truth_itself(task):
    """The residual of all training data is its floor; it is free of divergence."""
    pairs = task.splits["train"].windows(1, 1)
    everything = pairs.batch(torch.arange(len(pairs)))

    class Truth(Persistence):
        def forward(self, history, steps, parameters=None):
            return everything.target

    assert residual_loss(Truth(), task)(everything) < 1e-5


def test_divergence_is_punished(task, window):
    """A velocity (sin 2 pi x, 0) added to the truth: the penalty grows."""
    x = task.grid.coords()[:, :1]
    push = torch.cat([torch.sin(2 * torch.pi * x), 0 * x, 0 * x], dim=1)
    assert relative_divergence(push[:, :2], task.grid) > 0.99

    class Pushed(Persistence):
        def __init__(self, size):
            super().__init__()
            self.size = size

        def forward(self, history, steps, parameters=None):
            return window.target + self.size * push

    still = Window(window.history, window.target, window.parameters)
    small, large = (residual_loss(Pushed(s), task)(still) for s in (0.01, 0.1))
    assert large > small


def test_evaluations_are_counted(task, window, monkeypatch):
    """The solver's right-hand sides and the flow's network calls, one by one."""
    calls = []
    solver = RECIPES["solver"].build(task)
    rhs = TracerFlow.rhs

    def counted(self, u, d):
        calls.append(1)
        return rhs(self, u, d)

    monkeypatch.setattr(TracerFlow, "rhs", counted)
    with torch.no_grad():
        solver(window.history, 1, window.parameters)
    assert len(calls) == RECIPES["solver"].evaluations(task)

    flow, passes = RECIPES["flow"].build(task), []
    flow.head.velocity.net.register_forward_hook(
        lambda module, inputs, output: passes.append(len(output))
    )
    flow(window.history, 1, window.parameters)
    per_sample = sum(passes) / len(window.history)
    assert per_sample == RECIPES["flow"].evaluations(task)
