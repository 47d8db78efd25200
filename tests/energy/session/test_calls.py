"""Functions keep their kind, name, result and exceptions."""

import asyncio
import inspect
from contextlib import contextmanager

import pytest

from physbias.energy import (
    EnergyMeter,
)
from physbias.energy.session.calls import measured
from physbias.energy.simulated import Constant, SimulatedGpu, simulate
from physbias.errors import ArgumentError


def board(watts=300.0, **options):
    return simulate([SimulatedGpu(Constant(watts))], **options)


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


def test_generator_that_is_left_is_closed_as_without_the_context():
    ends = []

    @contextmanager
    def stay(name):
        try:
            yield
        except BaseException as error:
            ends.append(type(error))
            raise

    closed = []

    def numbers():
        try:
            yield 1
        finally:
            closed.append(True)

    generator = measured(numbers, stay)()
    next(generator)
    with pytest.raises(GeneratorExit):
        generator.throw(GeneratorExit)
    assert (ends, closed) == ([GeneratorExit], [True])


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


def test_decorated_function_is_measured():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)

    @meter
    def train(seconds):
        """Train."""
        machine.clock.sleep(seconds)
        return "model"

    assert train(3.0) == "model"
    assert train.__doc__ == "Train."
    assert meter.joules == pytest.approx(900.0, rel=2e-3)


def test_decorated_function_inside_the_block_is_a_region():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)

    @meter
    def validate(depth):
        machine.clock.sleep(1.0)
        if depth:
            validate(depth - 1)

    with meter:
        machine.clock.sleep(1.0)
        validate(1)
    (region,) = meter.result.regions
    assert region.name.endswith("validate")
    assert (region.seconds, region.count) == (2.0, 2)
    validate(2)
    assert meter.seconds == 3.0


def test_awaited_function_is_measured_while_it_is_awaited():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)

    @meter
    async def train(seconds):
        await asyncio.sleep(0)
        machine.clock.sleep(seconds)
        return "model"

    assert asyncio.run(train(3.0)) == "model"
    assert meter.seconds == 3.0
    assert meter.joules == pytest.approx(900.0, rel=2e-3)


def test_generator_is_measured_while_it_is_iterated():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)

    @meter
    def batches():
        for i in range(3):
            machine.clock.sleep(1.0)
            yield i
        return "end"

    stream = batches()
    assert not meter.running
    for _ in stream:
        machine.clock.sleep(0.5)
    assert meter.seconds == 4.5


def test_what_cannot_be_measured_is_refused():
    async def stream():
        yield 1

    for wrong in (stream, 3):
        with pytest.raises(ArgumentError, match=r"function: found .*with meter:"):
            EnergyMeter()(wrong)
