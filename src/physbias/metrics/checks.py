"""What the metrics ask of their arguments."""

import torch
from torch import Tensor

from physbias.arguments import is_whole
from physbias.errors import ArgumentError, ShapeError, explain
from physbias.shapes import check_float


def check_pair(prediction: Tensor, truth: Tensor, *, ndim: int) -> tuple[int, ...]:
    """Check two fields against each other and return their space axes.

    Args:
        prediction: what was forecast.
        truth: what happened.
        ndim: number of space axes [1].

    Returns:
        The space axes, counted from the end.

    Raises:
        ArgumentError: not floating point, or ``ndim`` is not 1 to 3.
        ShapeError: the shapes differ, or there is no channel axis.
    """
    check_float(prediction, "prediction")
    check_float(truth, "truth")
    check_ndim(truth, "truth", ndim=ndim)
    if prediction.shape != truth.shape:
        raise ShapeError(
            explain(
                "prediction",
                found=f"shape {tuple(prediction.shape)}",
                expected=f"the shape of truth, {tuple(truth.shape)}",
                remedy="cut or select both to the same frames and channels",
            )
        )
    return tuple(range(-ndim, 0))


def check_ndim(u: Tensor, name: str, *, ndim: int) -> None:
    """Raise unless ``u`` has a channel axis before its ``ndim`` space axes."""
    if not is_whole(ndim) or not 1 <= ndim <= 3:
        raise ArgumentError(
            explain(
                "ndim",
                found=repr(ndim),
                expected="1, 2 or 3 space axes",
                remedy="give the number of space axes of the grid",
            )
        )
    if u.ndim <= ndim:
        raise ShapeError(
            explain(
                name,
                found=f"shape {tuple(u.shape)}",
                expected=f"(..., channel, *space) with {ndim} space axes",
                remedy="add the channel axis with unsqueeze",
            )
        )


def check_ensemble(ensemble: Tensor, truth: Tensor, *, minimum: int) -> None:
    """Raise unless ``ensemble`` is ``truth`` with enough members in front."""
    check_float(ensemble, "ensemble")
    check_float(truth, "truth")
    if ensemble.ndim == 0 or ensemble.shape[1:] != truth.shape:
        raise ShapeError(
            explain(
                "ensemble",
                found=f"shape {tuple(ensemble.shape)}",
                expected=f"(member, *truth.shape) with truth {tuple(truth.shape)}",
                remedy="put the member axis first",
            )
        )
    if len(ensemble) < minimum:
        raise ShapeError(
            explain(
                "ensemble",
                found=f"{len(ensemble)} members",
                expected=f"at least {minimum}",
                remedy="draw more members",
            )
        )


def widen(u: Tensor) -> Tensor:
    """Return ``u`` in float32 or wider: sums over a field need the digits."""
    return u if u.dtype == torch.float64 else u.float()
