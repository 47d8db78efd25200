"""Functions whose calls are measured: what ``@meter`` returns."""

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any

from physbias.errors import ArgumentError, explain

Stay = Callable[[str], AbstractContextManager[object]]
"""Makes the context in which the function of a name runs."""


def measured(function: Callable[..., Any], stay: Stay) -> Callable[..., Any]:
    """Return ``function`` so that each call runs inside a context.

    A coroutine function is inside while it is awaited, from its first step to its
    last; a generator function while it is iterated, what its consumer does included.

    Args:
        function: the function.
        stay: makes the context.

    Raises:
        ArgumentError: ``function`` cannot be called, or is an asynchronous generator.
    """
    if inspect.isasyncgenfunction(function) or not callable(function):
        raise ArgumentError(
            explain(
                "function",
                found=repr(function),
                expected="a function, a coroutine function or a generator function",
                remedy="use `with meter:` inside it",
            )
        )
    name = getattr(function, "__qualname__", type(function).__qualname__)
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def awaited(*args: object, **kwargs: object) -> object:
            with stay(name):
                return await function(*args, **kwargs)

        return awaited
    if inspect.isgeneratorfunction(function):

        @wraps(function)
        def iterated(*args: object, **kwargs: object) -> object:
            with stay(name):
                return (yield from function(*args, **kwargs))

        return iterated

    @wraps(function)
    def called(*args: object, **kwargs: object) -> object:
        with stay(name):
            return function(*args, **kwargs)

    return called
