"""Witness: shares of a core worked out by hand, on a clock where only calls work."""

import pytest

from physbias.energy import VirtualClock
from physbias.energy.block.budget import CPU_BUDGET, Budget


def spend(budget, clock, seconds, ticks, *, devices=1, apart=1.0):
    for _ in range(ticks):
        clock.sleep(apart)
        before = clock.work()
        clock.advance(seconds)
        budget.add(devices, seconds, clock.work() - before)


@pytest.mark.parametrize("cost", [1e-4, 2.4e-3, 0.05])
def test_ticks_come_as_often_as_the_share_allows(cost):
    clock = VirtualClock()
    budget = Budget(clock)
    spend(budget, clock, cost, 60, apart=100.0)
    assert budget.gap == pytest.approx(cost / CPU_BUDGET, rel=1e-6)


def test_the_first_tick_counts_at_once():
    clock = VirtualClock()
    budget = Budget(clock)
    spend(budget, clock, 0.02, 1, apart=100.0)
    assert budget.gap == pytest.approx(0.02 / CPU_BUDGET)


def test_a_burst_is_paid_from_what_was_saved():
    clock = VirtualClock()
    budget = Budget(clock)
    spend(budget, clock, 0.001, 1)
    assert budget.burst == pytest.approx(0.005)
    spend(budget, clock, 0.001, 60, apart=0.005)
    assert budget.burst is None
    debt = budget.gap
    clock.sleep(20.0)
    spend(budget, clock, 0.001, 1)
    assert budget.burst == pytest.approx(0.005)
    assert debt > budget.gap


def test_time_inside_the_driver_counts_a_little():
    """A call of 50 ms that only waits is made at most every half second."""
    clock = VirtualClock()
    budget = Budget(clock)
    for _ in range(30):
        clock.sleep(1.0)
        budget.add(1, 0.05, 0.0)
    assert budget.gap == pytest.approx(0.5)


def test_cheap_devices_are_read_together_and_dear_ones_are_not():
    clock = VirtualClock()
    cheap, dear = Budget(clock), Budget(clock)
    for _ in range(30):
        clock.sleep(10.0)
        clock.advance(1e-4)
        cheap.add(1, 2e-5, 2e-5)
    assert cheap.together
    spend(dear, clock, 2.4e-3, 30)
    assert not dear.together


def test_one_slow_call_does_not_stop_the_readings():
    """After many calls of 0.1 ms one of 1.5 s leaves pauses below half a second."""
    clock = VirtualClock()
    budget = Budget(clock)
    for wall in [1e-4] * 30 + [1.5]:
        clock.sleep(1.0)
        budget.add(1, wall, 0.0)
    assert budget.gap < 0.1
