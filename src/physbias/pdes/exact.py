"""What closed-form solutions share."""

from collections.abc import Sequence
from math import pi

import torch
from torch import Tensor

from physbias.errors import ArgumentError, ShapeError, explain
from physbias.pdes.coefficients import Coefficient

Time = Tensor | float


def check_axes(ndim: int, equation: object, allowed: tuple[int, ...]) -> None:
    """Raise ``ShapeError`` unless an equation holds on this number of space axes."""
    if ndim not in allowed:
        words = " or ".join(map(str, allowed))
        raise ShapeError(
            explain(
                "d",
                found=f"{ndim} space axes",
                expected=f"{words} for {type(equation).__name__}",
                remedy="use a grid, or points, of that many axes",
            )
        )


def spread(value: Coefficient, coords: Tensor, name: str = "coefficient") -> Tensor:
    """Return a coefficient in a shape that multiplies coordinates.

    Args:
        value: a number, or a tensor ``(batch,)``.
        coords: coordinates, whose dtype and device the result has.
        name: what to call it in the message.

    Raises:
        ArgumentError: the coefficient varies in space.
    """
    tensor = torch.as_tensor(value, dtype=coords.dtype, device=coords.device)
    if any(n > 1 for n in tensor.shape[1:]):
        raise ArgumentError(
            explain(
                name,
                found=f"a field of shape {tuple(tensor.shape)}",
                expected="a number, or one per sample, for a closed form",
                remedy="closed forms hold where coefficients are the same everywhere",
            )
        )
    if tensor.ndim == 0:
        return tensor
    return tensor.reshape(-1, *[1] * (coords.ndim - 1))


def moving(coords: Tensor, speed: Tensor | float, time: Time) -> Tensor:
    """Return x in the frame of a front or wave that moves along x, ``x - speed t``."""
    return coords[:, :1] - speed * time


def wave_vector(wavenumbers: Sequence[float] | None, coords: Tensor) -> Tensor:
    """Return wavenumbers, one per space axis, in a shape that multiplies coordinates.

    Args:
        wavenumbers: radians per metre along each axis; 1 along all if None.
        coords: coordinates.

    Raises:
        ShapeError: not one wavenumber per space axis.
    """
    ndim = coords.shape[1]
    values = (1.0,) * ndim if wavenumbers is None else tuple(wavenumbers)
    if len(values) != ndim:
        raise ShapeError(
            explain(
                "wavenumbers",
                found=f"{len(values)} entries",
                expected=f"one per space axis ({ndim})",
                remedy=f"use {2 * pi:.4g} / length for one wave per period",
            )
        )
    k = torch.tensor(values, dtype=coords.dtype, device=coords.device)
    return k.reshape(1, -1, *[1] * (coords.ndim - 2))


def phase(coords: Tensor, k: Tensor) -> Tensor:
    """Return ``k . x``, one channel."""
    return (k * coords).sum(1, keepdim=True)
