"""Skill of forecast models whose errors are known by hand."""

import pytest
import torch
from torch import nn

from physbias.errors import DivergenceError
from physbias.forecast import Persistence
from physbias.study.data import read_splits
from physbias.study.judge import (
    forecast,
    inference_energy,
    judge,
    rollout_error,
    validation_error,
)
from physbias.study.task import make_task


@pytest.fixture
def task(shear_flow_files):
    return make_task(read_splits(shear_flow_files), stride=1, device="cpu")


def by_hand(a, b):
    """Root mean square error over the standard deviation of b, frame by frame."""
    error = (a - b).square().mean(dim=(-1, -2))
    return (error / (b.var(dim=(-1, -2)) + 1e-7)).sqrt()


class FailsAfter(nn.Module):
    """Persistence that becomes infinite, or raises, beyond some steps."""

    def __init__(self, steps, *, error=False):
        super().__init__()
        self.steps = steps
        self.error = error

    def forward(self, history, steps, parameters=None):
        frames = Persistence()(history, steps).clone()
        if self.error and steps > self.steps:
            raise DivergenceError("solution: found NaN")
        frames[:, self.steps :] = float("inf")
        return frames


def test_persistence_scores_what_the_data_change(task):
    skill = judge(Persistence(), task, horizon=2)
    fields = task.splits["test"].fields
    one_step = by_hand(fields[:, :-1], fields[:, 1:]).mean(dim=(0, 1))
    found = torch.tensor(list(skill.one_step.values()))
    torch.testing.assert_close(found, one_step)
    rollout = by_hand(fields[:, :1].expand(-1, 2, -1, -1, -1), fields[:, 1:3])
    torch.testing.assert_close(torch.tensor(skill.rollout), rollout.mean(dim=(0, 2)))
    assert skill.crps is None
    assert torch.equal(skill.fields, fields[0, 0])
    valid = task.splits["valid"].fields
    expected = by_hand(valid[:, :-1], valid[:, 1:]).mean()
    assert validation_error(Persistence(), task) == pytest.approx(float(expected))


@pytest.mark.parametrize("error", [False, True])
def test_a_rollout_that_diverges_is_none_from_there_on(task, error):
    found = rollout_error(FailsAfter(2, error=error), task, 3)
    assert found[2] is None
    assert all(value is not None for value in found[:2])
    assert rollout_error(FailsAfter(0, error=error), task, 3) == [None] * 3


def test_forecasts_are_the_same_in_chunks(task, monkeypatch):
    window = task.splits["train"].windows(1, 2).batch(torch.arange(5))
    whole = forecast(Persistence(), window, 2)
    monkeypatch.setattr("physbias.study.judge.CHUNK", 2)
    assert torch.equal(forecast(Persistence(), window, 2), whole)
    assert whole.shape[:3] == (1, 5, 2)


def test_inference_has_a_figure_per_forecast(task, quick_judge):
    figure = inference_energy(Persistence(), task)
    assert figure.seconds < 0.05
    assert figure.joules is None or figure.joules < 1.0
