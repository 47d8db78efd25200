"""Functions keep their kind, name, result and exceptions."""

import asyncio
import inspect
from contextlib import contextmanager

import pytest

from physbias.energy.calls import measured
from physbias.errors import ArgumentError


class Log:
    def __init__(self):
        self.told = []

    @contextmanager
    def stay(self, name):
        self.told.append(f"in {name}")
        try:
            yield
        finally:
            self.told.append("out")


def test_function():
    def add(a, *, b):
        """Add."""
        return a + b

    log = Log()
    wrapped = measured(add, log.stay)
    assert wrapped(1, b=2) == 3
    assert (wrapped.__name__, wrapped.__doc__) == ("add", "Add.")
    assert log.told == [f"in {add.__qualname__}", "out"]


def test_coroutine_function_stays_one():
    log = Log()

    async def work():
        log.told.append("work")
        return 7

    wrapped = measured(work, log.stay)
    assert inspect.iscoroutinefunction(wrapped)
    coroutine = wrapped()
    assert log.told == []
    assert asyncio.run(coroutine) == 7
    assert log.told[1:] == ["work", "out"]


def test_generator_function_stays_one():
    log = Log()

    def numbers():
        sent = yield 1
        yield sent
        return "end"

    wrapped = measured(numbers, log.stay)
    assert inspect.isgeneratorfunction(wrapped)
    generator = wrapped()
    assert log.told == []
    assert (next(generator), generator.send(5)) == (1, 5)
    with pytest.raises(StopIteration, match="end"):
        next(generator)
    assert log.told[-1] == "out"


def test_generator_that_is_dropped_is_left():
    log = Log()

    def numbers():
        yield 1

    generator = measured(numbers, log.stay)()
    next(generator)
    generator.close()
    assert log.told[-1] == "out"


def test_generator_that_is_left_ends_without_an_error():
    ends = []

    @contextmanager
    def stay(name):
        try:
            yield
        except BaseException as error:
            ends.append(type(error))
            raise
        ends.append(None)

    closed = []

    def numbers():
        try:
            yield 1
        finally:
            closed.append(True)

    generator = measured(numbers, stay)()
    next(generator)
    generator.close()
    assert (ends, closed) == ([None], [True])


def test_objects_that_can_be_called():
    class Adder:
        def __call__(self, a):
            return a + 1

    log = Log()
    assert measured(Adder(), log.stay)(1) == 2
    assert log.told[0].endswith("Adder")


def test_others_are_refused():
    async def stream():
        yield 1

    for wrong in (3, stream):
        with pytest.raises(ArgumentError, match="function: found"):
            measured(wrong, Log().stay)
