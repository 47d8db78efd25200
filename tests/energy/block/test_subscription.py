"""What one block asks of the sampler, from its start to its settling."""

import threading

import pytest

from physbias.energy import VirtualClock
from physbias.energy.block.device import Watch
from physbias.energy.block.subscription import Subscription
from physbias.energy.simulated import Constant, SimulatedGpu, simulate


@pytest.fixture
def machine():
    return simulate([SimulatedGpu(Constant(300.0))], VirtualClock(100.0))


def begin(machine, **options):
    probes = machine.discover("used", cpu=False).probes
    one = Subscription([Watch(p) for p in probes], machine.clock, **options)
    one.start()
    return one


def end(one, clock):
    one.finish(clock.now())
    one.wait()


def test_borders_are_near_for_a_while(machine):
    one = begin(machine)
    assert one.hurried(100.3, moment=False)
    assert not one.hurried(100.4, moment=False)
    assert one.hurried(100.01, moment=True)
    assert not one.hurried(100.03, moment=True)
    one.end = 110.0
    assert one.hurried(110.4, moment=False)
    assert one.hurried(110.01, moment=True)
    assert not one.hurried(110.03, moment=True)


def test_each_border_is_looked_at_once(machine):
    one = Subscription([], machine.clock)
    assert [one.unseen(), one.unseen()] == [True, False]
    one.end = 110.0
    assert [one.unseen(), one.unseen()] == [True, False]


def test_a_block_settles_when_its_borders_are_known(machine):
    one = begin(machine)
    machine.clock.sleep(5.0)
    assert not one.enough(105.0)
    one.finish(105.0)
    assert not one.enough(105.0)
    assert not one.settled.is_set()
    one.wait()
    assert one.settled.is_set()
    assert one.enough(machine.clock.now())
    assert 105.3 < machine.clock.now() < 105.51


def test_a_block_is_overdue_when_no_reading_can_come_any_more(machine):
    one = Subscription([], machine.clock)
    assert not one.overdue(1e9)
    one.end = 110.0
    assert [one.overdue(111.6), one.overdue(111.8)] == [False, True]


def test_a_listener_is_told_once_per_second_and_may_fail(machine):
    told = []

    def listen(now):
        told.append(now)
        raise OSError("disk full")

    clock = machine.clock
    one = begin(machine, listen=listen)
    clock.sleep(10.0)
    end(one, clock)
    assert 9 <= len(told) <= 12
    assert set(one.faults) == {"OSError('disk full')"}


def test_readings_stand_still_while_they_are_held():
    one = begin(simulate([SimulatedGpu(Constant(300.0))], VirtualClock()))
    reading = one._sampler.reading
    with one.hold():
        assert reading.locked()
    assert not reading.locked()


def test_nothing_to_read_needs_no_thread(machine):
    one = Subscription([], machine.clock)
    one.start()
    assert not machine.clock._tickers
    end(one, machine.clock)
    with one.hold():
        pass


def test_the_copy_in_a_fork_is_settled_and_says_why(machine):
    one = begin(machine)
    one.disown()
    waited = threading.Thread(target=one.wait)
    waited.start()
    waited.join(10.0)
    assert not waited.is_alive()
    assert one.settled.is_set()
    assert "fork" in one.watches[0].timeline.last_error
