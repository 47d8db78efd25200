"""Skill of forecast models whose errors are known by hand."""

import pytest
import torch
from torch import nn

from physbias.energy import EnergyMeter
from physbias.energy.simulated import Constant, SimulatedGpu, simulate
from physbias.errors import DivergenceError, NonFiniteError
from physbias.forecast import Persistence
from physbias.study import judge as judge_module
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


def test_inference_is_the_share_of_one_forecast(task, monkeypatch):
    """300 W for 0.5 s a call of 6 test windows: 25 J each, by a simulated device."""
    machine = simulate([SimulatedGpu(Constant(300.0))])

    class Slow(Persistence):
        def forward(self, history, steps, parameters=None):
            machine.clock.sleep(0.5)
            return super().forward(history, steps)

    def meter(device):
        return EnergyMeter(cpu=False, machine=machine)

    monkeypatch.setattr("physbias.study.judge.make_meter", meter)
    figure = inference_energy(Slow(), task, "cpu")
    assert figure.joules == pytest.approx(25.0, rel=1e-2)
    assert figure.seconds == pytest.approx(0.5 / 6, rel=1e-2)


def test_an_ensemble_is_scored_by_its_spread(task):
    """Truth plus unit normal noise, 40 members: a ratio near sqrt(41), by hand.

    The error of the mean is 1/sqrt(40) of the spread; times sqrt(41/40).
    """
    truth = torch.randn(3, 3, 24, 48, generator=torch.Generator().manual_seed(0))
    noise = torch.randn(40, *truth.shape, generator=torch.Generator().manual_seed(1))
    assert judge_module._spread_skill(truth + noise, truth) == pytest.approx(
        41**0.5, rel=0.03
    )
    assert judge_module._spread_skill(truth[None], truth) is None


def test_a_forecast_of_nan_is_an_error(task):
    class Broken(Persistence):
        def forward(self, history, steps, parameters=None):
            return super().forward(history, steps) * float("nan")

    with pytest.raises(NonFiniteError, match="forecast: found"):
        judge(Broken(), task, horizon=1)
