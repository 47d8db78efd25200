"""Pictures of forecast fields beside the truth."""

from collections.abc import Mapping

import torch
from torch import Tensor

from physbias.study.figures import Picture, fields_figure
from physbias.study.task import Task


def field_pictures(task: Task, fields: Mapping[str, Tensor]) -> list[Picture]:
    """Return the tracer and the vorticity of the first test window, by candidate.

    Args:
        task: gives the truth.
        fields: one-step forecast ``(channel, *space)`` of each candidate.
    """
    test = task.splits["test"]
    truth = test.windows(1, 1).batch(torch.tensor([0])).target[0, 0].cpu()
    pictures = []
    for channel in ("tracer", "velocity_y"):
        index = test.names.index(channel)
        pictures.append(
            fields_figure(
                truth[index].numpy(),
                {name: field[index].numpy() for name, field in fields.items()},
                channel,
                extent=_extent(task),
            )
        )
    return pictures


def _extent(task: Task) -> tuple[float, float, float, float]:
    (x, y), (width, height) = task.grid.origin, task.grid.lengths
    return x, x + width, y, y + height
