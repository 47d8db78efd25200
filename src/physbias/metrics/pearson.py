"""Pattern correlation of a forecast with the truth."""

import torch
from jaxtyping import Float
from torch import Tensor

from physbias.metrics.checks import check_pair, widen


def pearson(prediction: Tensor, truth: Tensor, *, ndim: int) -> Float[Tensor, "..."]:
    """Return Pearson's correlation over space, by frame and channel.

    It sees neither a wrong mean nor a wrong amplitude: report it beside
    :func:`~physbias.metrics.vrmse`, not instead of it.

    Args:
        prediction: forecast fields.
        truth: true fields.
        ndim: number of space axes [1].

    Shape:
        ``prediction``, ``truth``: ``(..., channel, *space)``; result:
        ``(..., channel)``.

    Returns:
        The correlation in [-1, 1], in float32 or wider; NaN where one of the two is
        constant (or not finite) and no correlation exists.

    Raises:
        ArgumentError: a tensor is not floating point, or ``ndim`` is not 1 to 3.
        ShapeError: the shapes differ.
    """
    axes = check_pair(prediction, truth, ndim=ndim)
    a, b = _standardise(prediction, axes), _standardise(truth, axes)
    return (a * b).sum(dim=axes).clamp(-1, 1)


def _standardise(u: Tensor, axes: tuple[int, ...]) -> Tensor:
    u = widen(u)
    shifted = u - u.mean(dim=axes, keepdim=True)
    norm = shifted.square().sum(dim=axes, keepdim=True).sqrt()
    size = u.square().sum(dim=axes, keepdim=True).sqrt()
    # what a constant shows after rounding in the mean is no pattern
    constant = norm <= 16 * torch.finfo(u.dtype).eps * size
    return shifted / norm.masked_fill(constant, torch.nan)
