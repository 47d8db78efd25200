"""Training of one candidate within a budget, and what it cost."""

import math
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from physbias.study.costs import add, figure_of, make_meter
from physbias.study.judge import validation_error
from physbias.study.recipes import Recipe
from physbias.study.results import CurvePoint, EnergyFigure
from physbias.study.settings import Budget
from physbias.study.task import Task

# points of a learning curve
CHECKS = 6
# fraction of the budget over which the learning rate rises
WARM_UP = 0.05


@dataclass(frozen=True, slots=True)
class Training:
    """What training took and how it went.

    Args:
        energy: energy of training, validation not included.
        epochs: passes over the training windows.
        curve: validation skill against cost.
    """

    energy: EnergyFigure
    epochs: float
    curve: list[CurvePoint]


def train(
    model: nn.Module,
    recipe: Recipe,
    task: Task,
    *,
    budget: Budget,
    seed: int,
    device: str,
    progress: Callable[[float], None],
) -> Training:
    """Train a model until its budget is spent.

    AdamW with a linear warm-up and a cosine decay over the budget. Windows are drawn
    without replacement, epoch by epoch. The weights that did best in validation are
    kept, those before training among them. Validation is not part of the cost.

    Args:
        model: forecast model.
        recipe: loss, learning rate and batch size.
        task: the windows.
        budget: when to stop.
        seed: of the shuffling.
        device: whose energy is measured.
        progress: called with the fraction of the budget that is spent.
    """
    assert recipe.loss is not None  # what does not learn is not trained
    windows = task.splits["train"].windows(1, 1)
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-8, weight_decay=1e-4)
    meter = make_meter(device)
    with meter:  # what the loss prepares is part of the cost
        loss = recipe.loss(model, task)
    # on a shared processor the time of this process alone is the same for all
    clock = time.process_time if device == "cpu" else time.perf_counter
    energy, seen, order = figure_of([meter.result]), 0, torch.empty(0, dtype=torch.long)
    curve: list[CurvePoint] = []
    best, weights = validation_error(model, task), deepcopy(model.state_dict())
    used = 0.0
    for check in range(1, CHECKS + 1):
        meter = make_meter(device)
        start = clock() - used
        model.train()
        with meter:
            while True:
                epochs = seen / len(windows)
                used = clock() - start
                spent = budget.progress(seconds=used, epochs=epochs)
                if spent >= check / CHECKS:
                    break
                progress(spent)
                for group in optimiser.param_groups:
                    group["lr"] = recipe.learning_rate * schedule(spent)
                while len(order) < recipe.batch_size:
                    epoch = torch.randperm(len(windows), generator=generator)
                    order = torch.cat([order, epoch])
                batch, order = order[: recipe.batch_size], order[recipe.batch_size :]
                update(model, optimiser, loss(windows.batch(batch)))
                seen += recipe.batch_size
        energy = add(energy, figure_of([meter.result]))
        skill = validation_error(model, task)
        if skill < best:
            best, weights = skill, deepcopy(model.state_dict())
        if math.isfinite(skill):
            curve.append(
                CurvePoint(seen / len(windows), energy.seconds, energy.joules, skill)
            )
    model.load_state_dict(weights)
    return Training(energy, seen / len(windows), curve)


def schedule(spent: float) -> float:
    """Return the learning rate as a fraction of the highest."""
    rise = min(1.0, (spent + 1e-3) / WARM_UP)
    return rise * 0.5 * (1 + math.cos(math.pi * min(spent, 1.0)))


def update(model: nn.Module, optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    """Take one step of the optimiser, with the gradient's norm held below one."""
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
