"""Skill and inference energy of a candidate on the test data."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from physbias.data import Window
from physbias.errors import DivergenceError, StabilityError
from physbias.forecast import FlowForecaster
from physbias.metrics import crps, relative_divergence, spread_skill_ratio, vrmse
from physbias.shapes import check_finite
from physbias.study.costs import figure_of, make_meter
from physbias.study.results import EnergyFigure
from physbias.study.task import Task

# windows per forecast call, and the most that validation and test look at
CHUNK = 16
VALIDATION = 12
TEST = 96
# inference is repeated for at least this long, so that its energy can be read
SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Skill:
    """How good a candidate is.

    Args:
        one_step: VRMSE per channel name, mean over test windows [1].
        rollout: VRMSE per step, mean over channels and test trajectories [1]; None
            from the step on at which it was not finite.
        divergence: relative divergence of one-step forecasts [1].
        crps: fair CRPS over the truth's standard deviation, for ensembles [1].
        spread_skill: spread over the error of the mean, for ensembles [1].
        fields: one-step forecast of the first test window ``(channel, *space)``.
    """

    one_step: dict[str, float]
    rollout: list[float | None]
    divergence: float
    crps: float | None
    spread_skill: float | None
    fields: Tensor


def judge(model: nn.Module, task: Task, *, horizon: int) -> Skill:
    """Return the skill of a model on the test data.

    Args:
        model: forecast model.
        task: the test trajectories.
        horizon: steps of the roll-outs.
    """
    window = _windows(task, "test", most=TEST)
    with evaluation(model):
        ensemble = forecast(model, window, 1)[:, :, 0]
    mean, truth = ensemble.mean(dim=0), window.target[:, 0]
    check_finite(mean, "forecast")
    return Skill(
        _by_channel(mean, truth, task),
        rollout_error(model, task, horizon),
        float(relative_divergence(mean[:, : task.ndim], task.grid).mean()),
        _relative_crps(ensemble, truth, task),
        _spread_skill(ensemble, truth),
        mean[0].cpu(),
    )


def validation_error(model: nn.Module, task: Task) -> float:
    """Return the one-step VRMSE on some validation windows, mean over fields [1]."""
    window = _windows(task, "valid", most=VALIDATION)
    with evaluation(model):
        mean = forecast(model, window, 1).mean(dim=0)
    error = _by_channel(mean[:, 0], window.target[:, 0], task)
    return sum(error.values()) / len(error)


def rollout_error(model: nn.Module, task: Task, horizon: int) -> list[float | None]:
    """Return the VRMSE of roll-outs from the first frame, step by step."""
    test = task.splits["test"]
    steps = min(horizon, test.fields.shape[1] - 1)
    window = Window(test.fields[:, :1], test.fields[:, 1 : steps + 1], test.parameters)
    errors: list[float | None] = [None] * steps
    with evaluation(model):
        reached = _longest_forecast(model, window, steps)
    if reached is None:
        return errors
    error = vrmse(reached, window.target[:, : reached.shape[1]], ndim=task.ndim)
    for step, value in enumerate(error.mean(dim=(0, 2)).tolist()):
        if value != value or value == float("inf"):
            break
        errors[step] = value
    return errors


def inference_energy(model: nn.Module, task: Task, device: str) -> EnergyFigure:
    """Return the energy of one forecast step of one trajectory.

    Forecasts are made ``CHUNK`` trajectories at a time, as a service would.
    """
    window = _windows(task, "test", most=CHUNK)
    batch = len(window.history)
    with evaluation(model):
        forecast(model, window, 1)  # the first call sets things up
        meter, calls = make_meter(device), 0
        with meter:
            while meter.seconds < SECONDS or calls < 3:
                forecast(model, window, 1)
                calls += 1
    return figure_of([meter.result], share=1 / (calls * batch))


def forecast(model: nn.Module, window: Window, steps: int) -> Tensor:
    """Return an ensemble ``(member, batch, steps, channel, *space)``."""
    parts = []
    for first in range(0, len(window.history), CHUNK):
        where = slice(first, first + CHUNK)
        parameters = {name: value[where] for name, value in window.parameters.items()}
        part = model(window.history[where], steps, parameters)
        ensemble = isinstance(model, FlowForecaster)
        parts.append(part if ensemble else part[None])
    return torch.cat(parts, dim=1)


@contextmanager
def evaluation(model: nn.Module) -> Iterator[None]:
    """Switch a model to evaluation, without gradients."""
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(training)


def _longest_forecast(model: nn.Module, window: Window, steps: int) -> Tensor | None:
    """Return the mean roll-out, as long as the model stays finite."""
    for length in range(steps, 0, -1):
        try:
            return forecast(model, window, length).mean(dim=0)
        except (DivergenceError, StabilityError):
            continue
    return None


def _by_channel(forecasts: Tensor, truth: Tensor, task: Task) -> dict[str, float]:
    """Return the VRMSE per channel name, mean over samples [1]."""
    error = vrmse(forecasts, truth, ndim=task.ndim).mean(dim=0)
    return dict(zip(task.splits["test"].names, error.tolist(), strict=True))


def _windows(task: Task, split: str, *, most: int) -> Window:
    """Return evenly spread windows of a split, all where there are no more."""
    windows = task.splits[split].windows(1, 1)
    count = min(most, len(windows))
    indices = torch.linspace(0, len(windows) - 1, count).round().long()
    return windows.batch(indices)


def _spread_skill(ensemble: Tensor, truth: Tensor) -> float | None:
    """Return spread over error, field by field and then averaged."""
    if len(ensemble) < 2:
        return None
    rest = (0, *range(2, truth.ndim))
    return float(spread_skill_ratio(ensemble, truth, dim=rest).mean())


def _relative_crps(ensemble: Tensor, truth: Tensor, task: Task) -> float | None:
    """Return the fair CRPS over the truth's standard deviation, mean over all."""
    if len(ensemble) < 2:
        return None
    space = tuple(range(-task.ndim, 0))
    score = crps(ensemble, truth).mean(dim=space)
    # the floor is that of the VRMSE
    return float((score / (truth.var(dim=space) + 1e-7).sqrt()).mean())
