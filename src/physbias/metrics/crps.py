"""Scores of an ensemble against what happened."""

import torch
from jaxtyping import Float
from torch import Tensor

from physbias.arguments import is_number, is_whole
from physbias.errors import ArgumentError, explain
from physbias.metrics.checks import check_ensemble, widen


def crps(
    ensemble: Tensor,
    truth: Tensor,
    *,
    fairness: float = 1.0,
) -> Float[Tensor, "..."]:
    r"""Return the continuous ranked probability score, point by point.

    :math:`\frac1M \sum_m |x_m - y| - \frac{c}{2 M^2} \sum_{m,k} |x_m - x_k|` with
    :math:`c = M / (M - 1)` for the fair score, whose expectation does not depend on the
    size of the ensemble, and :math:`c = 1` for the score of the ensemble as it is. A
    perfect ensemble of a unit normal distribution scores :math:`1/\sqrt\pi`.

    Args:
        ensemble: members, in the units of the truth.
        truth: what happened.
        fairness: 1 is the fair score, 0 the plain one, between them a mixture: as
            a loss, the fair score leaves one member free when all others hit the
            truth, which 0.95 cures.

    Shape:
        ``truth`` and the result: any; ``ensemble``: ``(member, *truth.shape)``.

    Returns:
        The score in the units of the truth, in float32 or wider. A fair score of
        one point may be negative; its mean is what counts.

    Raises:
        ArgumentError: ``fairness`` is not in [0, 1], or a tensor not floating point.
        ShapeError: shapes that do not fit, or too few members.

    Source:
        C. A. T. Ferro (2014), Q. J. R. Meteorol. Soc. 140, 1917-1923; the mixture:
        S. Lang et al. (2024), arXiv 2412.15832.
    """
    if not is_number(fairness) or not 0 <= fairness <= 1:
        raise ArgumentError(
            explain(
                "fairness",
                found=repr(fairness),
                expected="a number from 0 to 1",
                remedy="use 1 for the fair score",
            )
        )
    check_ensemble(ensemble, truth, minimum=2 if fairness > 0 else 1)
    ensemble, truth = widen(ensemble), widen(truth)
    size = len(ensemble)
    skill = (ensemble - truth).abs().mean(dim=0)
    # sorted, sum |x_m - x_k| over all pairs is a weighted sum of the members
    rank = torch.arange(size, dtype=ensemble.dtype, device=ensemble.device)
    weight = (2 * rank - (size - 1)).reshape(-1, *(1,) * truth.ndim)
    spread = (weight * ensemble.sort(dim=0).values).sum(dim=0) / size**2
    factor = 1 - fairness + (fairness * size / (size - 1) if fairness else 0.0)
    return skill - factor * spread


def spread_skill_ratio(
    ensemble: Tensor,
    truth: Tensor,
    *,
    dim: int | tuple[int, ...] | None = None,
) -> Float[Tensor, "..."]:
    r"""Return the spread of an ensemble over the error of its mean.

    :math:`\sqrt{\frac{M+1}{M}}\,\sqrt{\langle s^2 \rangle}\,/\,
    \sqrt{\langle (\bar x - y)^2 \rangle}` with the unbiased variance :math:`s^2`. 1 is
    reliable, below 1 the ensemble is too sure of itself. Without the first factor a
    perfect ensemble of two members would read 0.82.

    Args:
        ensemble: members, in the units of the truth.
        truth: what happened.
        dim: axes of ``truth`` to average over before the ratio is taken; all of them
            unless given. Take in the axis of the samples: the ratio of one sample
            says little.

    Shape:
        ``truth``: any; ``ensemble``: ``(member, *truth.shape)``; result: ``truth``
        without ``dim``.

    Returns:
        The ratio [1], in float32 or wider.

    Raises:
        ArgumentError: a tensor is not floating point, or no such axis.
        ShapeError: shapes that do not fit, or fewer than two members.

    Source:
        V. Fortin et al. (2014), J. Hydrometeorol. 15, 1708-1713.
    """
    check_ensemble(ensemble, truth, minimum=2)
    ensemble, truth = widen(ensemble), widen(truth)
    size = len(ensemble)
    axes = tuple(range(truth.ndim)) if dim is None else dim
    listed = axes if isinstance(axes, tuple) else (axes,)
    if not all(is_whole(n) and -truth.ndim <= n < truth.ndim for n in listed):
        raise ArgumentError(
            explain(
                "dim",
                found=repr(dim),
                expected=f"axes of truth, which has {truth.ndim}",
                remedy="leave it out to average over all of them",
            )
        )
    variance = ensemble.var(dim=0, correction=1).mean(dim=axes)
    error = (ensemble.mean(dim=0) - truth).square().mean(dim=axes)
    return ((size + 1) / size * variance / error).sqrt()
