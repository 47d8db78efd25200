"""Coefficients of equations: what they may be, and their ranges."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from physbias.arguments import check_takes
from physbias.errors import ArgumentError, explain

Coefficient = float | Tensor
CoefficientField = Coefficient | Callable[[Tensor], Tensor]
_CORRECT = "correct the coefficient"


def check_coefficient(
    value: CoefficientField,
    name: str,
    *,
    minimum: float | None = None,
    above: float | None = None,
    varies: bool = False,
) -> CoefficientField:
    """Return a coefficient after checking its kind and range.

    Args:
        value: a number; a tensor ``(batch,)`` with one value per sample; a tensor that
            broadcasts against states; or an ``nn.Parameter`` to be learned.
        name: the argument's name, for the message.
        minimum: smallest allowed value, if there is one.
        above: value that it must exceed, if there is one.
        varies: whether it may also be a function of the coordinates, whose values are
            not looked at here.

    Raises:
        ArgumentError: not a real number or tensor, not finite, or out of range.
    """
    if varies and callable(value) and not isinstance(value, Tensor | type):
        remedy = "write lambda coords: ...; its coordinates are (1, axis, *space) [m]"
        check_takes(value, name, "coords", remedy=remedy)
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | Tensor):
        raise ArgumentError(
            explain(
                name,
                found=type(value).__name__,
                expected="a number, a tensor or an nn.Parameter"
                + (", or a function of the coordinates" if varies else ""),
                remedy="wrap other arrays in torch.as_tensor",
            )
        )
    values = torch.as_tensor(value).detach()
    if values.is_complex() or values.dtype == torch.bool or values.numel() == 0:
        raise ArgumentError(
            explain(
                name,
                found=f"a tensor of dtype {values.dtype} and shape "
                f"{tuple(values.shape)}",
                expected="real numbers, at least one",
                remedy=_CORRECT,
            )
        )
    learned = isinstance(value, nn.Parameter)
    if not bool(torch.isfinite(values).all()):
        raise ArgumentError(
            explain(
                name,
                found="NaN or infinity",
                expected="finite values",
                remedy="learn it in smaller steps" if learned else _CORRECT,
            )
        )
    low = minimum is not None and bool((values < minimum).any())
    if low or (above is not None and bool((values <= above).any())):
        raise ArgumentError(
            explain(
                name,
                found=f"{values.min().item():g}",
                expected=f"at least {minimum:g}" if low else f"more than {above:g}",
                remedy="learn its logarithm, or use torch.nn.utils.parametrize, so "
                "that no step of learning takes it out of its range"
                if learned
                else "correct its sign or its unit",
            )
        )
    return value if isinstance(value, Tensor) else float(value)


def check_no_nan(value: object, name: str) -> None:
    """Raise :class:`ArgumentError` where a tensor of no known range holds NaN.

    Args:
        value: what an equation holds.
        name: its name, for the message.
    """
    if not isinstance(value, Tensor) or not value.is_floating_point():
        return
    if bool(torch.isnan(value.detach()).any()):
        raise ArgumentError(
            explain(name, found="NaN", expected="numbers", remedy=_CORRECT)
        )


def uniform(value: Coefficient, name: str) -> Coefficient:
    """Return a coefficient of a Fourier symbol, which must be the same everywhere.

    Raises:
        ArgumentError: the coefficient varies in space.
    """
    if isinstance(value, Tensor) and any(n > 1 for n in value.shape[1:]):
        raise ArgumentError(
            explain(
                name,
                found=f"a field of shape {tuple(value.shape)}",
                expected="a number, or one per sample, for an implicit step",
                remedy="use an explicit stepper for a coefficient that varies",
            )
        )
    return value
