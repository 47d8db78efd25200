"""When devices are due; witness: by-hand times for devices that only answer."""

from itertools import pairwise

import pytest

from physbias.energy.block.schedule import PACE, TOGETHER, due_now, due_times


class Asked:
    """A device that keeps what it was asked, and is due when it was told to be."""

    def __init__(self, *members, at=0.0, pause=None, read_at=-1.0):
        self.members, self.at, self.pause, self.read_at = members, at, pause, read_at

    def due(self, fast, pace, edge):
        self.asked = fast, pace, edge
        return self.at


class Block:
    def __init__(self, period=None, *, border=False, moment=False):
        self.period, self._border, self._moment = period, border, moment

    def hurried(self, now, *, moment):
        return self._moment if moment else self._border


class Purse:
    def __init__(self, *, gap=0.002, burst=0.005, together=True):
        self.gap, self.burst, self.together = gap, burst, together


def asked(*members, budget=None, now=1.0, **options):
    device = Asked(*members, **options)
    due_times([device], budget or Purse(), now)
    return device.asked


def test_away_from_borders_edges_are_followed():
    fast, pace, edge = asked(Block())
    assert (fast, pace) == (None, PACE)
    # turns of two gaps, 4 ms, from 0 on: the next one after 1 s
    assert edge == pytest.approx(1.004)


def test_edges_of_devices_are_watched_in_turn():
    """Four devices share a turn of 4 x 2 x 2 ms = 16 ms: one begins each 4 ms."""
    devices = [Asked(Block()) for _ in range(4)]
    due_times(devices, Purse(), 1.0)
    edges = sorted(device.asked[2] for device in devices)
    assert all(1.0 < edge <= 1.016 for edge in edges)
    steps = [b - a for a, b in pairwise(edges)]
    assert steps == pytest.approx([0.004] * 3)


@pytest.mark.parametrize(
    ("blocks", "fast"),
    [
        ([Block(period=0.05)], 0.05),
        ([Block(period=0.05), Block(period=0.2)], 0.05),
        ([Block(period=0.001)], 0.002),  # the budget allows no more
        ([Block(border=True)], 0.005),
        ([Block(period=0.05, border=True), Block()], 0.005),
    ],
)
def test_the_most_urgent_wish_counts(blocks, fast):
    assert asked(*blocks)[0] == fast


def test_who_asks_for_a_period_follows_no_edge():
    assert asked(Block(period=0.05))[2] is None
    assert asked(Block(period=0.05), Block())[2] is not None


def test_no_burst_without_credit():
    assert asked(Block(border=True), budget=Purse(burst=None))[0] is None


def test_fast_counters_hurry_for_a_moment_only():
    assert asked(Block(border=True), pause=2.0)[0] is None
    assert asked(Block(moment=True), pause=2.0)[0] == 0.005


def test_dear_readings_slow_the_pace():
    assert asked(Block(), budget=Purse(gap=0.1))[1] == 0.1


def now_due(budget=None):
    devices = [
        Asked(at=1.0 + TOGETHER / 2, read_at=0.9),
        Asked(at=1.2, read_at=0.9),  # cheap beside the first
        Asked(at=1.2, read_at=0.999),  # read a moment ago
        Asked(at=1.2, read_at=0.9, pause=2.0),  # wants no more than it asks for
    ]
    found = due_now(devices, budget or Purse(), 1.0)
    return [devices.index(device) for device in found]


def test_what_is_cheap_is_read_with_what_is_due():
    assert now_due() == [0, 1]
    assert now_due(Purse(together=False)) == [0]


def test_nothing_is_read_where_nothing_is_due():
    assert due_now([Asked(at=1.2, read_at=0.0)], Purse(), 1.0) == []
