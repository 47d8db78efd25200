"""One interface over all rungs: history in, forecast out.

A forecast model is called as ``model(history, steps, parameters)`` with a history
``(batch, time, channel, *space)`` and answers ``(batch, steps, channel, *space)``;
ensembles put ``member`` first. The user's loop does not change when the physics gets
stronger.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from physbias.data import Normaliser, Trajectories
from physbias.errors import ArgumentError, ShapeError, explain
from physbias.flow import FlowMatching
from physbias.pdes import PDE
from physbias.strong import Hybrid, Solver

Parameters = Mapping[str, Tensor]


@runtime_checkable
class ForecastModel(Protocol):
    """Anything that continues a history."""

    def __call__(
        self, history: Tensor, steps: int, parameters: Parameters | None = None
    ) -> Tensor:
        """Return the next ``steps`` frames.

        Args:
            history: ``(batch, time, channel, *space)``, the last frame the latest.
            steps: frames to forecast.
            parameters: what differs from sample to sample, each ``(batch,)``.
        """
        ...


class Persistence(nn.Module):
    """The forecast that nothing changes: what every model has to beat.

    Example:
        >>> Persistence()(torch.ones(2, 1, 3, 8), 4).shape
        torch.Size([2, 4, 3, 8])
    """

    def forward(
        self,
        history: Float[Tensor, "batch time channel *space"],
        steps: int,
        parameters: Parameters | None = None,
    ) -> Float[Tensor, "batch steps channel *space"]:
        """Return the last frame, repeated."""
        return history[:, -1:].expand(-1, steps, *[-1] * (history.ndim - 2))


class ParameterChannels(nn.Module):
    """Parameters of a sample as constant channels, standardised.

    Positive parameters go by their logarithm, others as they are. Parameters that do
    not vary over the training data give no channel.

    Args:
        names: parameters to use.
        mean: mean of each, of its logarithm where that is used.
        scale: standard deviation of the same.
        logarithmic: names of those that go by their logarithm; all if not given.
    """

    mean: Tensor
    scale: Tensor

    def __init__(
        self,
        names: Sequence[str],
        mean: Tensor,
        scale: Tensor,
        *,
        logarithmic: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        self.names = tuple(names)
        self.logarithmic = frozenset(names if logarithmic is None else logarithmic)
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)

    @classmethod
    def fit(cls, trajectories: Trajectories) -> "ParameterChannels":
        """Return the channels for the parameters that vary over some trajectories."""
        varying = {
            name: value.double()
            for name, value in trajectories.parameters.items()
            if bool((value != value[0]).any())
        }
        if not varying:
            return cls((), torch.zeros(0), torch.zeros(0))
        positive = [name for name, value in varying.items() if bool((value > 0).all())]
        used = [v.log() if n in positive else v for n, v in varying.items()]
        values = torch.stack(used)
        return cls(
            tuple(varying),
            values.mean(1).float(),
            values.std(1).float(),
            logarithmic=positive,
        )

    def forward(self, parameters: Parameters | None, like: Tensor) -> Tensor:
        """Return ``(batch, names, *space)`` for a state ``like``."""
        shape = like.shape[0], len(self.names), *like.shape[2:]
        if not self.names:
            return like.new_zeros(shape)
        missing = [name for name in self.names if name not in (parameters or {})]
        if parameters is None or missing:
            raise ArgumentError(
                explain(
                    "parameters",
                    found=f"no {', '.join(missing)}",
                    expected=f"a tensor (batch,) for each of {', '.join(self.names)}",
                    remedy="pass the parameters of the trajectories",
                )
            )
        columns = [
            parameters[n].log() if n in self.logarithmic else parameters[n]
            for n in self.names
        ]
        values = torch.stack([column.to(like) for column in columns], 1)
        scaled = (values - self.mean.to(like)) / self.scale.to(like)
        return scaled.reshape(*scaled.shape, *[1] * (like.ndim - 2)).expand(shape)


class Forecaster(nn.Module):
    """A network as a forecast model: normalisation inside, increments out.

    The network sees the normalised history, its frames stacked along the channels,
    then the parameter channels, and gives the next increment in units of typical
    increments. A roll-out feeds forecasts back.

    Args:
        net: from ``history * channels + parameters`` channels to ``channels``.
        state: normaliser of states.
        increment: normaliser of increments.
        history: frames that the network sees.
        conditions: parameters that it is told; none if not given.

    Shape:
        ``history``: ``(batch, time, channel, *space)``; result: ``(batch, steps,
        channel, *space)``.

    Raises:
        ShapeError: a history of too few frames, or a network that changes the shape.
    """

    def __init__(
        self,
        net: nn.Module,
        state: Normaliser,
        increment: Normaliser,
        *,
        history: int = 1,
        conditions: ParameterChannels | None = None,
    ) -> None:
        super().__init__()
        self.net = net
        self.state = state
        self.increment = increment
        self.history = history
        self.conditions = conditions

    def forward(
        self,
        history: Float[Tensor, "batch time channel *space"],
        steps: int,
        parameters: Parameters | None = None,
    ) -> Float[Tensor, "batch steps channel *space"]:
        """Return the next ``steps`` frames.

        Args:
            history: known frames.
            steps: frames to forecast.
            parameters: what differs from sample to sample, each ``(batch,)``.
        """
        if history.shape[1] < self.history:
            raise ShapeError(
                explain(
                    "history",
                    found=f"{history.shape[1]} frames",
                    expected=f"at least {self.history}",
                    remedy="pass more frames, or build the model with history=1",
                )
            )
        frames = list(history[:, history.shape[1] - self.history :].unbind(1))
        for _ in range(steps):
            frames.append(self.next(frames[-self.history :], parameters))
        return torch.stack(frames[self.history :], dim=1)

    def next(
        self, frames: Sequence[Tensor], parameters: Parameters | None = None
    ) -> Float[Tensor, "batch channel *space"]:
        """Return the frame after some frames."""
        inputs = [self.state.normalise(frame) for frame in frames]
        if self.conditions is not None:
            inputs.append(self.conditions(parameters, frames[-1]))
        output = self.net(torch.cat(inputs, dim=1))
        if output.shape != frames[-1].shape:
            raise ShapeError(
                explain(
                    "net",
                    found=f"an output of shape {tuple(output.shape)}",
                    expected=f"that of a state, {tuple(frames[-1].shape)}",
                    remedy="give the network as many output channels as the state has",
                )
            )
        return frames[-1] + self.increment.denormalise(output)


class SolverForecaster(nn.Module):
    """A solver or a hybrid as a forecast model.

    The last frame of the history is taken to be at time zero: an equation that knows
    the time is for ``Solver`` itself.

    Args:
        solver: continues a state.
        interval: time between frames [s].
        set_parameters: writes the parameters of a batch into the equation, for
            instance ``pde.viscosity = 1 / parameters["Reynolds"]``.

    Shape:
        As for :class:`Forecaster`.
    """

    def __init__(
        self,
        solver: Solver | Hybrid,
        interval: float,
        *,
        set_parameters: Callable[[PDE, Parameters], None] | None = None,
    ) -> None:
        super().__init__()
        if not 0 < interval < float("inf"):
            raise ArgumentError(
                explain(
                    "interval",
                    found=repr(interval),
                    expected="a positive time between frames [s]",
                    remedy="give the interval at which the trajectory is stored",
                )
            )
        self.solver = solver
        self.interval = interval
        self.set_parameters = set_parameters

    def forward(
        self,
        history: Float[Tensor, "batch time channel *space"],
        steps: int,
        parameters: Parameters | None = None,
    ) -> Float[Tensor, "batch steps channel *space"]:
        """Return the next ``steps`` frames.

        Args:
            history: known frames; the last one is continued.
            steps: frames to forecast.
            parameters: what differs from sample to sample, each ``(batch,)``.
        """
        if self.set_parameters is not None:
            if parameters is None:
                raise ArgumentError(
                    explain(
                        "parameters",
                        found="none",
                        expected="those of every sample, each (batch,)",
                        remedy="pass the parameters of the trajectories",
                    )
                )
            self.set_parameters(self.solver.equation, parameters)
        times = [self.interval * n for n in range(steps + 1)]
        return self.solver(history[:, -1], times)[:, 1:]


class FlowForecaster(nn.Module):
    """A flow-matching head as a forecast model: an ensemble, member first.

    Args:
        head: draws next states.
        members: size of the ensemble.
        flow_steps: steps of the sampler within a forecast step.
        conditions: parameters that the head is told, as its context.
        seed: of the members' noise.

    Shape:
        ``history``: ``(batch, time, channel, *space)``; result: ``(member, batch,
        steps, channel, *space)``.
    """

    def __init__(
        self,
        head: FlowMatching,
        *,
        members: int = 8,
        flow_steps: int = 5,
        conditions: ParameterChannels | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.head = head
        self.members = members
        self.flow_steps = flow_steps
        self.conditions = conditions
        self.seed = seed

    def forward(
        self,
        history: Float[Tensor, "batch time channel *space"],
        steps: int,
        parameters: Parameters | None = None,
    ) -> Float[Tensor, "member batch steps channel *space"]:
        """Return an ensemble of the next ``steps`` frames.

        Args:
            history: known frames; the last one is continued.
            steps: frames to forecast.
            parameters: what differs from sample to sample, each ``(batch,)``.
        """
        return self.head.rollout(
            history[:, -1],
            steps,
            static_context=self.context(parameters, history[:, -1]),
            members=self.members,
            steps=self.flow_steps,
            seed=self.seed,
        )

    def context(self, parameters: Parameters | None, like: Tensor) -> Tensor | None:
        """Return the parameter channels, where there are any."""
        if self.conditions is None or not self.conditions.names:
            return None
        return self.conditions(parameters, like)
