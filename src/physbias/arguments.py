"""Checks of single arguments at the border: their kind, and numbers in their range."""

import inspect
from collections.abc import Callable
from math import inf, isfinite
from numbers import Integral, Real
from types import UnionType
from typing import get_args

from physbias.errors import ArgumentError, explain


def check_kind(
    value: object, name: str, kind: type | UnionType, *, remedy: str
) -> None:
    """Raise :class:`ArgumentError` unless ``value`` is an instance of ``kind``.

    Args:
        value: what was handed in.
        name: the argument's name.
        kind: class, protocol or union of classes of which it must be.
        remedy: what to do where it is none.
    """
    if isinstance(value, kind) and not isinstance(value, type):
        return
    kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    words = " or ".join(known.__name__ for known in kinds)
    raise _other_kind(value, name, words, remedy)


def check_takes(
    function: Callable[..., object], name: str, *given: str, remedy: str
) -> None:
    """Raise :class:`ArgumentError` unless a function can be called with what is given.

    Args:
        function: what will be called.
        name: the argument's name.
        given: the names of what it will be called with, by position.
        remedy: what to do where it takes something else.
    """
    called = getattr(function, "forward", function)  # that of an nn.Module
    try:
        signature = inspect.signature(called)
    except (TypeError, ValueError):  # some that are not written in Python do not tell
        return
    try:
        signature.bind(*given)
    except TypeError as error:
        raise ArgumentError(
            explain(
                name,
                found=f"a function of {signature} ({error})",
                expected=f"a function that takes ({', '.join(given)})",
                remedy=remedy,
            )
        ) from None


def check_function(value: object, name: str, *, remedy: str) -> None:
    """Raise :class:`ArgumentError` unless ``value`` can be called and is no class.

    Args:
        value: what was handed in.
        name: the argument's name.
        remedy: what to do where it is none.
    """
    if not callable(value) or isinstance(value, type):
        raise _other_kind(value, name, "a function", remedy)


def check_count(value: object, name: str, *, minimum: int = 1) -> None:
    """Raise :class:`ArgumentError` unless ``value`` is a whole number.

    Args:
        value: what was handed in.
        name: the argument's name.
        minimum: the smallest that it may be.
    """
    if is_whole(value) and value >= minimum:  # pyright: ignore[reportOperatorIssue]
        return
    raise ArgumentError(
        explain(
            name,
            found=repr(value),
            expected=f"a whole number of at least {minimum}",
            remedy="correct the argument",
        )
    )


def check_positive(value: object, name: str, *, remedy: str) -> None:
    """Raise :class:`ArgumentError` unless ``value`` is a positive finite number.

    Args:
        value: what was handed in.
        name: the argument's name.
        remedy: what to do where it is none.
    """
    if is_number(value) and 0 < value < inf:  # pyright: ignore[reportOperatorIssue]
        return
    raise ArgumentError(
        explain(name, found=repr(value), expected="a positive number", remedy=remedy)
    )


def _other_kind(value: object, name: str, words: str, remedy: str) -> ArgumentError:
    found = repr(value)
    if isinstance(value, type):
        found = f"the class {value.__name__}"
        remedy = f"make an instance: {value.__name__}(...)"
    return ArgumentError(explain(name, found=found, expected=words, remedy=remedy))


def check_numbers(name: str, *values: object) -> None:
    """Raise :class:`ArgumentError` unless all values are finite real numbers.

    Args:
        name: the argument's name.
        values: what was handed in.
    """
    if all(is_number(value) and isfinite(value) for value in values):  # pyright: ignore[reportArgumentType]
        return
    raise ArgumentError(
        explain(
            name,
            found=", ".join(map(repr, values)),
            expected="finite numbers",
            remedy="correct the argument",
        )
    )


def is_whole(value: object) -> bool:
    """Return whether a value is a whole number and no truth value."""
    return isinstance(value, int | Integral) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Return whether a value is a real number and no truth value."""
    real = isinstance(value, int | float | Real)
    return real and not isinstance(value, bool)
