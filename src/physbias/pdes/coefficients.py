"""Coefficients of equations: what they may be, and their ranges."""

import torch
from torch import Tensor

from physbias.errors import ArgumentError, explain

Coefficient = float | Tensor


def check_coefficient(
    value: Coefficient,
    name: str,
    *,
    minimum: float | None = None,
    above: float | None = None,
) -> Coefficient:
    """Return a coefficient after checking its kind and range.

    Args:
        value: a number; a tensor ``(batch,)`` with one value per sample; a tensor that
            broadcasts against states; or an ``nn.Parameter`` to be learned.
        name: the argument's name, for the message.
        minimum: smallest allowed value, if there is one.
        above: value that it must exceed, if there is one.

    Raises:
        ArgumentError: not a real number or tensor, not finite, or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Tensor):
        raise ArgumentError(
            explain(
                name,
                found=type(value).__name__,
                expected="a number, a tensor or an nn.Parameter",
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
                remedy="correct the coefficient",
            )
        )
    if not bool(torch.isfinite(values).all()):
        raise ArgumentError(
            explain(
                name,
                found="NaN or infinity",
                expected="finite values",
                remedy="correct the coefficient",
            )
        )
    if minimum is not None and bool((values < minimum).any()):
        raise ArgumentError(
            explain(
                name,
                found=f"{values.min().item():g}",
                expected=f"at least {minimum:g}",
                remedy="correct its sign or its unit",
            )
        )
    if above is not None and bool((values <= above).any()):
        raise ArgumentError(
            explain(
                name,
                found=f"{values.min().item():g}",
                expected=f"more than {above:g}",
                remedy="correct its sign or its unit",
            )
        )
    return value if isinstance(value, Tensor) else float(value)


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
