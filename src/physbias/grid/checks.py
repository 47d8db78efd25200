"""Refusals of a grid: counts, lengths, corners, indices and dtypes that cannot be."""

from collections.abc import Sequence
from math import isfinite

import torch

from physbias.arguments import is_number
from physbias.errors import ArgumentError, explain
from physbias.grid.edge_values import is_list
from physbias.shapes import AXIS_NAMES


def check_box(num_points: object, lengths: object) -> None:
    """Raise unless there are as many positive counts as positive lengths.

    Args:
        num_points: points along each axis.
        lengths: extent along each axis [m].
    """
    found = {"num_points": num_points, "lengths": lengths}
    for name, value in found.items():
        if not is_list(value):
            raise ArgumentError(
                explain(
                    name,
                    found=repr(value),
                    expected="one entry per axis, such as (64,) or (64, 128)",
                    remedy="write a tuple, also for a single axis",
                )
            )
        counts = found["num_points"]
        assert is_list(counts)  # the first of the two
        _check_axes(name, value, len(counts))


def check_origin(corner: object, ndim: int) -> None:
    """Raise unless a lower corner has one finite number per axis.

    Args:
        corner: lower corner [m].
        ndim: number of axes.
    """
    if not is_list(corner) or len(corner) != ndim:
        found = f"{len(corner)} entries" if is_list(corner) else repr(corner)
        raise ArgumentError(
            explain(
                "origin",
                found=found,
                expected=f"one per axis ({ndim})",
                remedy="give the lower corner of the box",
            )
        )
    if not all(is_number(place) and isfinite(place) for place in corner):
        raise ArgumentError(
            explain(
                "origin",
                found=repr(corner),
                expected="finite numbers",
                remedy="give the lower corner of the box [m]",
            )
        )


def check_index(name: str, value: object, most: int | None = None) -> None:
    """Raise unless a value is a whole number from 0 to ``most``."""
    if isinstance(value, int) and value >= 0 and (most is None or value <= most):
        return
    raise ArgumentError(
        explain(
            name,
            found=repr(value),
            expected="a whole number of at least 0"
            + ("" if most is None else f" and at most {most}"),
            remedy="correct the argument",
        )
    )


def check_real(dtype: torch.dtype | None) -> None:
    """Raise unless coordinates can be held in a dtype."""
    known = isinstance(dtype, torch.dtype) and dtype.is_floating_point
    if dtype is not None and not known:
        raise ArgumentError(
            explain(
                "dtype",
                found=repr(dtype),
                expected="a real floating-point dtype",
                remedy="use torch.float32 or torch.float64",
            )
        )


def _check_axes(name: str, values: Sequence[float], ndim: int) -> None:
    """Raise unless there is one positive finite entry per axis."""
    if not 1 <= ndim <= 3:
        raise ArgumentError(
            explain(
                "num_points",
                found=f"{ndim} axes",
                expected="one to three, in the order x, y, z",
                remedy="move further axes into the batch",
            )
        )
    if len(values) != ndim:
        raise ArgumentError(
            explain(
                name,
                found=f"{len(values)} entries",
                expected=f"one per axis ({', '.join(AXIS_NAMES[:ndim])})",
                remedy="give as many as num_points has",
            )
        )
    whole = name == "num_points"
    for value in values:
        positive = is_number(value) and value > 0 and isfinite(value)
        if not positive or (whole and value != int(value)):
            raise ArgumentError(
                explain(
                    name,
                    found=f"{value!r}",
                    expected="positive whole numbers" if whole else "positive numbers",
                    remedy="correct the entry",
                )
            )
