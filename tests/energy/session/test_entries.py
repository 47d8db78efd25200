"""The last one to leave ends the run; its status is that of the first to fail."""

import asyncio
import threading
import time
from contextlib import aclosing, nullcontext

import pytest

from physbias.energy import (
    EnergyMeter,
    Machine,
    MonotonicClock,
    Status,
)
from physbias.energy.block.run import Run
from physbias.energy.session.entries import Entries, Statements, ending_of
from physbias.energy.simulated import Constant, SimulatedGpu, simulate


def board(watts=300.0, **options):
    return simulate([SimulatedGpu(Constant(watts))], **options)


@pytest.fixture
def run():
    machine = simulate([SimulatedGpu(Constant(300.0))])
    run = Run(machine, machine.discover("used", cpu=False))
    yield run
    run.stop(Status.FINISHED, None)
    run.wait()


def elsewhere(action):
    found = []
    thread = threading.Thread(target=lambda: found.append(action()))
    thread.start()
    thread.join()
    return found[0]


def test_the_last_to_leave_ends_the_run(run):
    entries = Entries(run, lasting=False)
    first = entries.enter("f")
    second = elsewhere(lambda: entries.enter("f"))
    assert (first.region, run.log.names) == (None, ["f"])
    first.__exit__(None, None, None)
    assert not run.stopped
    second.__exit__(None, None, None)
    assert (run.stopped, run.status) == (True, Status.FINISHED)
    assert entries.enter("f") is None


def test_the_first_to_fail_gives_the_status(run):
    entries = Entries(run, lasting=False)
    first = entries.enter("f")
    second = elsewhere(lambda: entries.enter("f"))
    first.__exit__(KeyError, KeyError("x"), None)
    second.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert (run.status, run.error) == (Status.FAILED, "KeyError")


def test_what_fails_inside_another_one_is_its_matter(run):
    entries = Entries(run, lasting=False)
    outer, inner = entries.enter("f"), entries.enter("g")
    inner.__exit__(KeyError, KeyError("x"), None)
    inner.__exit__(KeyError, KeyError("x"), None)
    outer.__exit__(None, None, None)
    assert (run.status, run.error) == (Status.FINISHED, None)


def test_a_lasting_run_goes_on(run):
    entries = Entries(run, lasting=True)
    entry = entries.enter("f")
    assert entry.region is not None
    entry.__exit__(None, None, None)
    assert not run.stopped


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (None, (Status.FINISHED, None)),
        (ValueError(), (Status.FAILED, "ValueError")),
        (KeyboardInterrupt(), (Status.INTERRUPTED, "KeyboardInterrupt")),
        (GeneratorExit(), (Status.INTERRUPTED, "GeneratorExit")),
    ],
)
def test_endings(error, ending):
    assert ending_of(error) == ending


class Block:
    """A block that keeps how it ended."""

    def __enter__(self):
        pass

    def __exit__(self, kind, error, traceback):
        self.ending = ending_of(error)


def ending_at_close(make):
    """How a block ends in a function that stops for good."""
    block = Block()
    stopped = make(block)
    stopped.send(None)
    stopped.close()
    return block.ending


def test_block_in_a_generator_that_is_left_has_finished():
    def numbers(block):
        with block:
            yield 1

    def through(block):
        with block:
            yield from numbers(nullcontext())

    assert ending_at_close(numbers) == (Status.FINISHED, None)
    assert ending_at_close(through) == (Status.FINISHED, None)


def test_block_in_an_asynchronous_generator_that_is_left_has_finished():
    async def numbers(block):
        with block:
            yield 1

    async def consume(block):
        async with aclosing(numbers(block)) as stream:
            async for _ in stream:
                break
        return block.ending

    assert asyncio.run(consume(Block())) == (Status.FINISHED, None)


def test_block_in_a_coroutine_that_is_closed_is_interrupted():
    class Forever:
        def __await__(self):
            yield

    async def train(block):
        with block:
            await Forever()

    assert ending_at_close(train) == (Status.INTERRUPTED, "GeneratorExit")


def test_statements_end_where_they_began_or_the_latest_does(run):
    entries, statements = Entries(run, lasting=True), Statements()
    mine, other = entries.enter("f"), elsewhere(lambda: entries.enter("g"))
    statements.push(mine)
    statements.push(other)
    assert statements.pop() is mine
    assert statements.pop() is other
    assert statements.pop() is None


def test_entering_a_running_meter_opens_a_region():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)
    with meter:
        machine.clock.sleep(1.0)
        with meter:
            machine.clock.sleep(1.0)
        assert meter.running
        machine.clock.sleep(1.0)
    assert meter.seconds == 3.0
    region = meter.result.region("re-entry")
    assert (region.seconds, region.count) == (1.0, 1)
    assert region.joules == pytest.approx(300.0, rel=0.02)


def test_entering_from_another_thread_opens_a_region_there():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)

    def work():
        with meter:
            machine.clock.sleep(1.0)

    with meter:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert meter.running
    assert meter.result.region("re-entry").seconds == 1.0


def test_leaving_an_older_block_does_not_end_a_newer_one():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)
    with meter:
        machine.clock.sleep(1.0)
        meter.stop()
        meter.start()
    assert meter.running
    meter.stop()


def test_entering_a_meter_that_was_started_does_not_stop_it():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine).start()
    with meter:
        machine.clock.sleep(1.0)
    assert meter.running
    machine.clock.sleep(1.0)
    meter.stop()
    assert meter.seconds == 2.0


def test_stop_inside_the_block_ends_it_there():
    machine = board()
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(1.0)
        meter.stop()
        machine.clock.sleep(1.0)
    assert meter.seconds == 1.0


def test_awaited_functions_at_the_same_time():
    """The block lasts until both have ended; the second one is a region in it."""
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)

    @meter
    async def train(seconds):
        machine.clock.sleep(seconds)
        await asyncio.sleep(0)
        machine.clock.sleep(seconds)

    async def both():
        await asyncio.gather(train(1.0), train(2.0))

    asyncio.run(both())
    assert not meter.running
    assert meter.result.status is Status.FINISHED
    assert meter.seconds == 6.0
    (region,) = meter.result.regions
    assert (region.count, region.seconds) == (1, 5.0)


def test_statements_of_tasks_at_the_same_time():
    """The first task to enter leaves first: at 2 s; the other one at 4 s."""
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)

    async def stay(turns):
        with meter:
            for _ in range(turns):
                machine.clock.sleep(1.0)
                await asyncio.sleep(0)
        return meter.running

    async def both():
        return await asyncio.gather(stay(1), stay(3))

    assert asyncio.run(both()) == [True, False]
    assert meter.seconds == 4.0
    assert meter.result.region("re-entry").seconds == 3.0


def test_threads_that_start_together_share_one_run(monkeypatch):
    """A second run would leave its thread behind."""
    before, finds, discover = set(threading.enumerate()), [], Machine.discover

    def slow(self, *args, **options):
        finds.append(threading.get_ident())
        time.sleep(0.01)
        return discover(self, *args, **options)

    monkeypatch.setattr(Machine, "discover", slow)
    machine = simulate([SimulatedGpu(Constant(300.0))], MonotonicClock())
    meter = EnergyMeter(cpu=False, machine=machine)
    together = threading.Barrier(8)

    def begin():
        together.wait()
        meter.start()

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    meter.stop()
    assert meter.result.status is Status.FINISHED
    assert len(finds) == 1
    assert set(threading.enumerate()) <= before


def decorated(meter, clock):
    @meter
    def batches():
        while True:
            clock.sleep(1.0)
            yield

    return batches()


def inside(meter, clock):
    with meter:
        while True:
            clock.sleep(1.0)
            yield


@pytest.mark.parametrize("make", [decorated, inside])
def test_generator_that_its_consumer_leaves_has_finished(make):
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)
    stream = make(meter, machine.clock)
    for number, _ in enumerate(stream):
        if number == 2:
            break
    stream.close()
    assert meter.seconds == 3.0
    assert (meter.result.status, meter.result.error) == (Status.FINISHED, None)


@pytest.mark.parametrize("make", [decorated, inside])
@pytest.mark.parametrize(
    ("error", "status"),
    [(ValueError, Status.FAILED), (KeyboardInterrupt, Status.INTERRUPTED)],
)
def test_error_in_a_generator_is_kept(make, error, status):
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)
    stream = make(meter, machine.clock)
    next(stream)
    with pytest.raises(error):
        stream.throw(error)
    assert (meter.result.status, meter.result.error) == (status, error.__name__)


def test_cancelled_function_is_interrupted():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)

    @meter
    async def train():
        machine.clock.sleep(1.0)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(train())
    assert meter.result.status is Status.INTERRUPTED
