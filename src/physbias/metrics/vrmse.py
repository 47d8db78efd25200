"""Error of a forecast in units of the truth's own variation."""

from jaxtyping import Float
from torch import Tensor

from physbias.metrics.checks import check_pair, widen


def vrmse(prediction: Tensor, truth: Tensor, *, ndim: int) -> Float[Tensor, "..."]:
    r"""Return the root mean square error over the spread of the truth.

    :math:`\sqrt{\langle (\hat u - u)^2 \rangle / (\mathrm{var}(u) + 10^{-7})}`, with
    mean and variance over space, by frame and channel. 0 is perfect; 1 is the score of
    the frame's own mean. The variance is that of the **truth**: divided by the
    prediction's variance, the score of a forecast that blows up would settle near 1
    and hide it. A prediction that is NaN or infinite gives NaN or infinity.

    Args:
        prediction: forecast fields.
        truth: true fields in the same units.
        ndim: number of space axes [1].

    Shape:
        ``prediction``, ``truth``: ``(..., channel, *space)``; result:
        ``(..., channel)``. Nothing is averaged over frames or channels: frames with
        little variance would rule such a mean.

    Returns:
        The error [1], in float32 or wider.

    Raises:
        ArgumentError: a tensor is not floating point, or ``ndim`` is not 1 to 3.
        ShapeError: the shapes differ.

    Source:
        R. Ohana et al. (2024), "The Well", arXiv 2412.00568, with the unbiased variance
        of its code.
    """
    axes = check_pair(prediction, truth, ndim=ndim)
    prediction, truth = widen(prediction), widen(truth)
    error = (prediction - truth).square().mean(dim=axes)
    # 1e-7 is part of the score as published
    return (error / (truth.var(dim=axes, correction=1) + 1e-7)).sqrt()
