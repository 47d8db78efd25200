"""One candidate per rung of the ladder: how it is built and what it minimises."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import cast

import torch
from torch import Tensor, nn

from physbias.data import Window
from physbias.flow import (
    MIDPOINT,
    FlowMatching,
    Prediction,
    TimeConditioned,
    time_channels,
)
from physbias.forecast import (
    FlowForecaster,
    Forecaster,
    Persistence,
    SolverForecaster,
)
from physbias.none import FNO, Conv, UNet
from physbias.numerics import Spectral
from physbias.strong import Hybrid, LerayProjection
from physbias.study.task import Task, set_parameters
from physbias.weak import ResidualLoss

Loss = Callable[[Window], Tensor]
FLOW_STEPS = 3
MEMBERS = 8
# noise in typical increments: wide noise hides the target for most of the flow time, so
# that the network learns to forecast rather than to read the answer off its input
NOISE = 4.0
# weight of the physics terms beside a relative error of the data term
PHYSICS_WEIGHT = 0.1


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a candidate is built and trained.

    Args:
        rung: ``baseline``, ``none``, ``weak``, ``strong`` or ``flow``.
        description: one line for the reader.
        build: makes the forecast model.
        loss: makes the function that training minimises; None for what does not learn.
        learning_rate: highest learning rate of the schedule.
        batch_size: windows per step.
        evaluations: of the network or the right-hand side per forecast step.
    """

    rung: str
    description: str
    build: Callable[[Task], nn.Module]
    loss: Callable[[nn.Module, Task], Loss] | None = None
    learning_rate: float = 0.0
    batch_size: int = 4
    evaluations: Callable[[Task], int] = lambda task: 1


def relative_error(forecast: Tensor, truth: Tensor, task: Task) -> Tensor:
    """Return the mean over channels of MSE over the variance of the truth.

    It is the square of what is reported. Channels that hardly vary are held against a
    hundredth of their usual variance.
    """
    space = tuple(range(2, truth.ndim))
    floor = 1e-2 * task.state.scale.square()
    error = (forecast - truth).square().mean(dim=space)
    return (error / (truth.var(dim=space) + floor)).mean()


def forecaster(net: nn.Module, task: Task) -> Forecaster:
    """Return a network as the study's forecast model."""
    return Forecaster(net, task.state, task.increment, conditions=task.conditions)


def build_unet(task: Task) -> nn.Module:
    """Return a small U-Net."""
    inputs = task.channels + len(task.conditions.names)
    return forecaster(UNet(task.grid, inputs, task.channels, width=8), task)


def build_fno(task: Task) -> nn.Module:
    """Return a small Fourier neural operator."""
    inputs = task.channels + len(task.conditions.names)
    return forecaster(fno(task, inputs), task)


def fno(task: Task, inputs: int) -> FNO:
    """Return the Fourier neural operator that several candidates share."""
    return FNO(task.grid, inputs, task.channels, width=16, num_modes=(12, 12))


def data_loss(model: nn.Module, task: Task) -> Loss:
    """Return the relative error of one forecast step."""

    def loss(window: Window) -> Tensor:
        forecast = model(window.history, 1, window.parameters)[:, 0]
        return relative_error(forecast, window.target[:, 0], task)

    return loss


def residual_loss(model: nn.Module, task: Task) -> Loss:
    """Return the data loss plus what the equation says of the same forecast.

    The residual counts only where it exceeds its floor, the residual of the training
    data at this step, and divergence counts in units of the velocity's derivatives.
    """
    train = task.splits["train"]
    pde = task.equation()
    scale = task.increment.scale / task.interval
    physics = ResidualLoss(pde, task.grid, task.interval, scale=scale)
    floor = residual_floor(physics, task)
    gradient = velocity_gradient(physics, train.fields[:, 0])

    def loss(window: Window) -> Tensor:
        set_parameters(pde, window.parameters)
        forecast = model(window.history, 1, window.parameters)
        frames = torch.cat([window.history[:, -1:], forecast], dim=1)
        excess = physics.residual(frames).square().mean() / floor - 1
        (divergence,) = physics.violations(forecast)
        weak = excess.clamp_min(0) + divergence.square().mean() / gradient
        data = relative_error(forecast[:, 0], window.target[:, 0], task)
        return data + PHYSICS_WEIGHT * weak

    return loss


@torch.no_grad()
def residual_floor(physics: ResidualLoss, task: Task) -> Tensor:
    """Return the mean square residual of the training data themselves."""
    train = task.splits["train"]
    set_parameters(physics.pde, train.parameters)
    return physics.residual(train.fields).square().mean()


@torch.no_grad()
def velocity_gradient(physics: ResidualLoss, u: Tensor) -> Tensor:
    """Return the mean square of the velocity's derivatives [1/s²]."""
    d = physics.scheme.bind(physics.grid, dtype=u.dtype, device=u.device)
    v = u[:, physics.pde.channels(physics.grid.ndim)["velocity"]]
    parts = [d.partial(v, axis) for axis in range(physics.grid.ndim)]
    return torch.cat(parts, dim=1).square().sum(dim=1).mean()


def build_solver(task: Task) -> nn.Module:
    """Return the coarse solver."""
    return SolverForecaster(task.solver(), task.interval, set_parameters=set_parameters)


def build_hybrid(task: Task) -> nn.Module:
    """Return the coarse solver with a small network in its right-hand side."""
    channels = task.channels
    net = nn.Sequential(
        Conv(task.grid, channels, 12, kernel_size=5),
        nn.GELU(),
        Conv(task.grid, 12, channels, kernel_size=5),
    )
    return SolverForecaster(
        Hybrid(task.solver(), net), task.interval, set_parameters=set_parameters
    )


def solver_evaluations(task: Task) -> int:
    """Return the right-hand sides of one forecast step: four in each step of RK4."""
    return 4 * ceil(task.interval / task.solver_dt * (1 - 1e-9))


def build_flow(task: Task) -> nn.Module:
    """Return a flow-matching head whose samples are free of divergence."""
    told = len(task.conditions.names) + time_channels()
    net = TimeConditioned(fno(task, 2 * task.channels + told))
    head = FlowMatching(
        net,
        channels=task.channels,
        context_channels=len(task.conditions.names),
        noise_scale=NOISE * task.increment.scale,
        reference_mean=task.state.mean,
        reference_scale=task.state.scale,
        groups=[tuple(range(task.ndim))],
        prediction=Prediction.CLEAN,
        projector=LerayProjection(task.grid, scheme=Spectral(dealias=None)),
    )
    return FlowForecaster(
        head, members=MEMBERS, flow_steps=FLOW_STEPS, conditions=task.conditions
    )


def flow_loss(model: nn.Module, task: Task) -> Loss:
    """Return the flow-matching loss of one forecast step."""
    model = cast(FlowForecaster, model)

    def loss(window: Window) -> Tensor:
        reference = window.history[:, -1]
        context = model.context(window.parameters, reference)
        weight = relative_weight(reference, task)
        return model.head.loss(
            window.target[:, 0], reference, context, weight=weight, check=False
        ).total

    return loss


def relative_weight(reference: Tensor, task: Task) -> Tensor:
    """Return what makes an error in increments one relative to the reference.

    Shape:
        ``reference``: ``(batch, channel, *space)``; result: ``(batch, channel, 1, 1)``.
    """
    space = tuple(range(2, reference.ndim))
    size = reference.var(dim=space) + 1e-2 * task.state.scale.square()
    weight = task.increment.scale.square() / size
    return weight.reshape(*weight.shape, *[1] * task.ndim)


RECIPES = {
    "persistence": Recipe(
        "baseline",
        "nothing changes",
        lambda task: Persistence(),
        evaluations=lambda task: 0,
    ),
    "solver": Recipe(
        "baseline",
        "the equation on the grid of the data, finite differences of order 4, RK4",
        build_solver,
        evaluations=solver_evaluations,
    ),
    "unet": Recipe("none", "residual U-Net", build_unet, data_loss, 1e-3, 2),
    "fno": Recipe("none", "Fourier neural operator", build_fno, data_loss, 8e-3),
    "fno+residual": Recipe(
        "weak",
        "the same operator, with the equation's residual in its loss",
        build_fno,
        residual_loss,
        8e-3,
    ),
    "hybrid": Recipe(
        "strong",
        "the coarse solver with a learned correction in its right-hand side",
        build_hybrid,
        data_loss,
        2e-3,
        batch_size=2,
        evaluations=solver_evaluations,
    ),
    "flow": Recipe(
        "flow",
        f"flow matching, divergence-free ensemble of {MEMBERS}, midpoint rule",
        build_flow,
        flow_loss,
        8e-3,
        evaluations=lambda task: MEMBERS * MIDPOINT.evaluations(FLOW_STEPS),
    ),
}
