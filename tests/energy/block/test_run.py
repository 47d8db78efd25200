"""One block: its length, its end, and faults inside the meter."""

import os
import threading

import pytest

from physbias.energy import FlagCode, Status
from physbias.energy.block import sampler
from physbias.energy.block.run import Listener, Run, Sync
from physbias.energy.simulated import (
    Constant,
    SimulatedGpu,
    SimulatedStream,
    simulate,
)


def board():
    return simulate([SimulatedGpu(Constant(300.0))])


def make_run(machine, **options):
    return Run(machine, machine.discover("used", cpu=False), **options)


def faults(record):
    return [f.text for f in record.flags if f.code is FlagCode.METER_FAULT]


def test_a_second_stop_changes_nothing():
    machine = board()
    run = make_run(machine)
    machine.clock.sleep(4.0)
    run.stop(Status.FINISHED, None)
    machine.clock.sleep(4.0)
    run.stop(Status.FAILED, "ValueError")
    record = run.settle(None, 0)
    assert record.status is Status.FINISHED
    assert record.seconds == pytest.approx(4.0)
    assert record.joules == pytest.approx(1200.0, rel=1e-3)


def test_a_fault_inside_the_meter_is_a_flag_told_once(monkeypatch):
    machine = board()

    def broken():
        raise RuntimeError("driver in trouble")

    monkeypatch.setattr(machine.queues, "synchronize", broken)
    run = make_run(machine)
    machine.clock.sleep(1.0)
    run.stop(Status.FINISHED, None)
    record = run.settle(None, 0)
    assert record.joules is not None
    assert faults(record) == ["RuntimeError('driver in trouble')"]


@pytest.mark.parametrize(
    ("sync", "seconds"),
    [(Sync.AUTO, 5.0), (Sync.BORDER, 5.0), (Sync.EVENTS, 1.0), (Sync.NONE, 1.0)],
)
def test_which_blocks_wait_for_the_queue(sync, seconds):
    """Work of 5 s is queued; the program itself takes 1 s."""
    machine = simulate([])
    stream = SimulatedStream(machine.clock)
    machine = simulate([SimulatedGpu(stream)], machine.clock)
    run = make_run(machine, sync=sync)
    stream.launch(5.0, 300.0)
    machine.clock.sleep(1.0)
    run.stop(Status.FINISHED, None)
    assert run.seconds == pytest.approx(seconds)


class Follower:
    def __init__(self):
        self.told = []

    def started(self, run):
        self.told.append(("started", run.start))

    def tick(self, now):
        self.told.append(("tick", now))

    def region_closed(self, span):
        self.told.append((span.name, span.seconds))

    def stopped(self, run):
        self.told.append(("stopped", run.end))


def test_listeners_follow_the_run():
    machine, follower = board(), Follower()
    assert isinstance(follower, Listener)
    run = make_run(machine, listeners=[follower])
    span = run.log.open("forward")
    machine.clock.sleep(2.0)
    run.log.close(span)
    run.log.open("late")
    machine.clock.sleep(3.5)
    run.stop(Status.FINISHED, None)
    run.settle(None, 0)
    ticks = [time for kind, time in follower.told if kind == "tick"]
    assert 4 <= len(ticks) <= 7
    assert [pair for pair in follower.told if pair[0] != "tick"] == [
        ("started", 0.0),
        ("forward", 2.0),
        ("late", 3.5),
        ("stopped", 5.5),
    ]


def test_a_listener_that_raises_is_a_flag():
    class Broken(Follower):
        def region_closed(self, span):
            raise OSError("disk full")

        tick = started = stopped = region_closed

    machine = board()
    run = make_run(machine, listeners=[Broken()])
    run.log.close(run.log.open("forward"))
    machine.clock.sleep(3.0)
    run.stop(Status.FINISHED, None)
    assert faults(run.settle(None, 0)) == ["OSError('disk full')"]


def test_a_fault_of_the_sampler_is_a_flag(monkeypatch):
    machine, calls = board(), []
    due = sampler.due_now

    def broken(devices, budget, now):
        calls.append(now)
        if 20 < len(calls) < 24:
            raise RuntimeError("boom")
        return due(devices, budget, now)

    monkeypatch.setattr(sampler, "due_now", broken)
    run = make_run(machine)
    machine.clock.sleep(60.0)
    run.stop(Status.FINISHED, None)
    found = faults(run.settle(None, 0))
    assert found == ["the sampler failed: RuntimeError('boom')"]


def test_an_interrupt_while_the_queues_are_waited_for_ends_the_block(monkeypatch):
    machine = board()
    run = make_run(machine)
    machine.clock.sleep(2.0)

    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(machine.queues, "synchronize", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.stop(Status.FINISHED, None)
    assert run.stopped
    assert run.settle(None, 0).seconds == 2.0


def test_a_second_thread_that_stops_waits_for_the_first(monkeypatch):
    machine = board()
    run = make_run(machine)
    machine.clock.sleep(2.0)
    waits, goes_on = threading.Event(), threading.Event()

    def synchronize():
        waits.set()
        goes_on.wait()

    monkeypatch.setattr(machine.queues, "synchronize", synchronize)
    seen = []

    def stop(error):
        run.stop(Status.FINISHED, error)
        seen.append(run.stopped)

    first = threading.Thread(target=stop, args=["first"])
    first.start()
    waits.wait()
    second = threading.Thread(target=stop, args=["second"])
    second.start()
    goes_on.set()
    first.join()
    second.join()
    assert (seen, run.error) == ([True, True], "first")


def test_a_forked_copy_is_inert(monkeypatch):
    machine = board()
    run = make_run(machine)
    machine.clock.sleep(1.0)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    reads = machine.nvml.reads
    run.stop(Status.FINISHED, None)
    assert run.inert
    assert not run.stopped
    assert machine.nvml.reads == reads
    monkeypatch.undo()
    run.stop(Status.FINISHED, None)
    assert run.settle(None, 0).joules == pytest.approx(300.0, rel=1e-2)
