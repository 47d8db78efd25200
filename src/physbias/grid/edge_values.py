"""Values on an edge: what they may be, and whether they fit."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn

from physbias.errors import ArgumentError, ShapeError, explain
from physbias.shapes import AXIS_NAMES

EdgeFunction = Callable[[Tensor, Tensor], Tensor]
EdgeValue = float | Sequence[float] | Tensor | EdgeFunction
SIDES = ("lower", "upper")


@dataclass(frozen=True, slots=True)
class Part:
    """Some channels of a value; taken when it is asked for, so that gradients flow."""

    value: Any
    start: int
    size: int


def check_value(value: Any, name: str) -> Any:  # noqa: ANN401 (it is what is checked)
    """Return a value on an edge after checking its kind."""
    kind = type(value).__name__
    if isinstance(value, Part) or _is_edge_function(value, name):
        return value
    if isinstance(value, Tensor):
        if not value.is_floating_point():
            kind = f"a tensor of dtype {value.dtype}"
        elif value.numel() == 0:
            kind = "an empty tensor"
        # a program cannot ask; what it narrows was checked when it was made
        elif torch.compiler.is_compiling() or bool(torch.isfinite(value).all()):
            return value
        else:
            kind = "a tensor with NaN or infinity"
    elif is_list(value):
        if value and all(_is_number(entry) for entry in value):
            return tuple(map(float, value))
    elif _is_number(value):
        return float(value)
    elif isinstance(value, int | float):
        kind = repr(value)
    raise ArgumentError(
        explain(
            name,
            found=kind,
            expected="a finite number, one per channel, a floating-point tensor, or a "
            "function of coordinates and time",
            remedy="give the value on the edge",
        )
    )


def _is_edge_function(value: Any, name: str) -> bool:  # noqa: ANN401
    """Return whether a value is a function; raise if not one of an edge and time."""
    if not is_function(value) or torch.compiler.is_compiling():
        return is_function(value)
    function = value.forward if isinstance(value, nn.Module) else value
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some built-in functions tell nothing
        return True
    try:
        signature.bind("coords", "time")
    except TypeError as error:
        raise ArgumentError(
            explain(
                name,
                found=f"a function of {signature} ({error})",
                expected="a function that takes (coords, time): the edge's coordinates "
                "(1, axis, *edge) [m] and the time [s], a tensor",
                remedy="write lambda coords, time: ..., or give a number or a tensor",
            )
        ) from None
    return True


def check_edge(
    value: object, axis: int, side: int, num_points: tuple[int, ...]
) -> None:
    """Raise unless a tensor fits the edge of a grid."""
    if not isinstance(value, Tensor):
        return
    edge = num_points[:axis] + num_points[axis + 1 :]
    pairs = zip(reversed(value.shape), reversed(edge), strict=False)
    fits = all(have in (1, want) for have, want in pairs)
    if not fits or value.ndim > len(edge) + 2:
        words = ", ".join(("batch", "channel", *map(str, edge)))
        raise ShapeError(
            explain(
                "boundary",
                found=f"a value of shape {tuple(value.shape)} on the {SIDES[side]} "
                f"side of {AXIS_NAMES[axis]}",
                expected=f"one that broadcasts against ({words})",
                remedy="give one value per point of the edge, without the axis "
                "across it",
            )
        )


def is_function(value: object) -> bool:
    """Return whether a value is a function or a module, and no class or tensor."""
    return callable(value) and not isinstance(value, Tensor | type)


def is_list(value: object) -> TypeGuard[Sequence[Any]]:
    """Return whether a value is a sequence, but no text."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isfinite(value)


def same(a: object, b: object) -> bool:
    """Return whether two values are equal, tensors by their entries."""
    if a is b:
        return True
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return (a.dtype, a.device) == (b.dtype, b.device) and torch.equal(a, b)
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and bool(a == b)


def digest(value: object) -> object:
    """Return something hashable that equal values share."""
    if isinstance(value, Tensor):
        return tuple(value.shape)
    return frozenset(value) if isinstance(value, Mapping) else value
