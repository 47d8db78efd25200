"""Windows in time: what a forecaster sees and what it should say."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.utils.data import Dataset

from physbias.arguments import check_count, check_kind
from physbias.errors import ArgumentError, ShapeError, explain
from physbias.shapes import check_float


class Window(NamedTuple):
    """One training pair, or a batch of them.

    Attributes:
        history: ``(time, channel, *space)``, or with ``batch`` in front.
        target: the frames that follow, ``(steps, channel, *space)``.
        parameters: one value per name, ``()`` or ``(batch,)``.
    """

    history: Tensor
    target: Tensor
    parameters: dict[str, Tensor]


class Windows(Dataset[Window]):
    """All windows of ``history + steps`` frames, in the order of trajectory and time.

    Nothing is copied before a window is asked for. Works with
    :class:`torch.utils.data.DataLoader`; where the fields already are in memory or on
    the device, :meth:`batch` gathers many windows at once, which is faster.

    Args:
        fields: trajectories.
        parameters: one value per trajectory and name.
        history: frames that are seen [1].
        steps: frames to be forecast [1].

    Shape:
        ``fields``: ``(trajectory, time, channel, *space)``; each of ``parameters``:
        ``(trajectory,)``.

    Raises:
        ArgumentError: ``history`` or ``steps`` is below 1, or their sum is longer than
            the trajectories.
        ShapeError: a parameter has not one value per trajectory.
    """

    def __init__(
        self,
        fields: Float[Tensor, "trajectory time channel *space"],
        parameters: Mapping[str, Tensor],
        *,
        history: int,
        steps: int,
    ) -> None:
        check_float(fields, "fields")
        if fields.ndim < 4:
            raise ShapeError(
                explain(
                    "fields",
                    found=f"shape {tuple(fields.shape)}",
                    expected="(trajectory, time, channel, *space)",
                    remedy="add the missing axes with unsqueeze",
                )
            )
        check_kind(parameters, "parameters", Mapping, remedy="write {} for none")
        for name, value in parameters.items():
            if tuple(torch.as_tensor(value).shape) != (len(fields),):
                raise ShapeError(
                    explain(
                        f"parameters[{name!r}]",
                        found=f"shape {tuple(torch.as_tensor(value).shape)}",
                        expected=f"({len(fields)},), one value per trajectory",
                        remedy="make it fit the fields",
                    )
                )
        check_count(history, "history")
        check_count(steps, "steps")
        num_frames = fields.shape[1]
        if history + steps > num_frames:
            raise ArgumentError(
                explain(
                    "history and steps",
                    found=f"{history} and {steps} on {num_frames} frames",
                    expected="together no more than the frames",
                    remedy="ask for shorter windows or store more frames",
                )
            )
        self.fields = fields
        self.parameters = dict(parameters)
        self.history = history
        self.steps = steps
        self.per_trajectory = num_frames - history - steps + 1

    def __len__(self) -> int:
        return len(self.fields) * self.per_trajectory

    def __getitem__(self, index: int) -> Window:
        if not -len(self) <= index < len(self):
            msg = f"window {index} of {len(self)}"
            raise IndexError(msg)
        trajectory, start = divmod(index % len(self), self.per_trajectory)
        frames = self.fields[trajectory, start : start + self.history + self.steps]
        return Window(
            frames[: self.history],
            frames[self.history :],
            {name: value[trajectory] for name, value in self.parameters.items()},
        )

    def batch(self, indices: Int[Tensor, " batch"]) -> Window:
        """Gather several windows in one indexing operation.

        Args:
            indices: which windows, each in ``[0, len(self))``.

        Shape:
            ``indices``: ``(batch,)``.

        Returns:
            ``(batch, history, channel, *space)``, ``(batch, steps, channel, *space)``
            and parameters ``(batch,)``.
        """
        check_kind(indices, "indices", Tensor, remedy="use torch.tensor(indices)")
        if indices.is_floating_point() or indices.is_complex() or indices.ndim != 1:
            raise ArgumentError(
                explain(
                    "indices",
                    found=f"dtype {indices.dtype}, shape {tuple(indices.shape)}",
                    expected="whole numbers (batch,)",
                    remedy="number the windows from 0",
                )
            )
        indices = indices.to(self.fields.device)
        trajectory = indices // self.per_trajectory
        length = torch.arange(self.history + self.steps, device=indices.device)
        frame = (indices % self.per_trajectory)[:, None] + length
        frames = self.fields[trajectory[:, None], frame]
        return Window(
            frames[:, : self.history],
            frames[:, self.history :],
            {name: value[trajectory] for name, value in self.parameters.items()},
        )
