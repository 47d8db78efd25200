"""Flow time: how it is drawn in training and how a plain network is told of it."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from physbias.arguments import check_count
from physbias.errors import ShapeError, explain
from physbias.flow.path import Times, per_sample
from physbias.strength import Strength


def stratified_times(
    batch: int,
    *,
    dtype: torch.dtype = torch.float32,
    device: torch.device | None = None,
    generator: torch.Generator | None = None,
) -> Times:
    """Draw one time from each of ``batch`` equal parts of [0, 1], in random order.

    Each time alone is uniform; together they cover [0, 1] evenly, which lowers the
    variance of the loss.

    Args:
        batch: Number of times.
        dtype: Type of the result; float32 or wider, since 0.999 is 1 in bfloat16.
        device: Device of the result; the draw is made where the generator lives.
        generator: Source of randomness; PyTorch's global one if left out.

    Shape:
        Result: ``(batch,)``.

    Returns:
        Times [1].

    Raises:
        ArgumentError: ``batch`` below 1.

    Example:
        >>> sorted((stratified_times(4) * 4).int().tolist())
        [0, 1, 2, 3]
    """
    check_count(batch, "batch")
    home = device if generator is None else generator.device
    u = torch.rand(batch, dtype=dtype, device=home, generator=generator)
    part = torch.randperm(batch, device=home, generator=generator)
    return ((part + u) / batch).to(device)


def time_channels(num_frequencies: int = 2) -> int:
    """Return the number of channels that :class:`TimeConditioned` adds."""
    check_count(num_frequencies, "num_frequencies", minimum=0)
    return 1 + 2 * num_frequencies


class TimeConditioned(nn.Module):
    r"""Give a network ``net(x)`` that knows no time the signature ``net(x, t)``.

    Constant channels :math:`t, \sin k\pi t, \cos k\pi t` for
    :math:`k = 1 \dots K` are appended to the input.

    Args:
        net: Network ``(batch, channel, *space) -> (batch, channel_out, *space)``
            with ``time_channels(num_frequencies)`` input channels to spare.
        num_frequencies: :math:`K`, 0 for the time alone.

    Shape:
        ``x``: ``(batch, channel, *space)``; ``t``: ``(batch,)``.

    Example:
        >>> net = TimeConditioned(nn.Conv1d(2 + time_channels(), 1, 1))
        >>> net(torch.zeros(3, 2, 8), torch.rand(3)).shape
        torch.Size([3, 1, 8])
    """

    strength = Strength.NONE

    def __init__(self, net: nn.Module, *, num_frequencies: int = 2) -> None:
        super().__init__()
        check_count(num_frequencies, "num_frequencies", minimum=0)
        self.net = net
        self.num_frequencies = num_frequencies

    def forward(
        self, x: Float[Tensor, "batch channel *space"], t: Times
    ) -> Float[Tensor, "batch channel_out *space"]:
        """Apply the network to ``x`` with time channels appended.

        Raises:
            ShapeError: ``t`` does not hold one time per sample.
        """
        if t.shape != x.shape[:1]:
            raise ShapeError(
                explain(
                    "t",
                    found=f"shape {tuple(t.shape)}",
                    expected=f"({x.shape[0]},), one time per sample",
                    remedy="expand a single time over the batch",
                )
            )
        k = math.pi * torch.arange(1, self.num_frequencies + 1, device=t.device)
        phase = t[:, None] * k.to(t.dtype)
        features = torch.cat((t[:, None], phase.sin(), phase.cos()), dim=1).to(x.dtype)
        constant = [per_sample(f, x[:, :1]).expand_as(x[:, :1]) for f in features.T]
        return self.net(torch.cat((x, *constant), dim=1))
