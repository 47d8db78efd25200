"""Borders of regions as the program passes them."""

import asyncio
import threading

import pytest

from physbias.energy import VirtualClock
from physbias.energy.block.regions import Region, RegionLog
from physbias.energy.block.track import CLOSE


def test_borders_are_recorded_in_order():
    clock = VirtualClock(busy_cores=2.0)
    log = RegionLog(clock, cpu=True)
    with Region(log, "step"):
        clock.sleep(1.0)
        with Region(log, "forward"):
            clock.sleep(2.0)
    with Region(log, "step"):
        clock.sleep(4.0)
    (track,) = log.tracks
    assert log.names == ["step", "forward"]
    assert list(track.codes) == [0, 1, CLOSE, CLOSE, 0, CLOSE]
    assert list(track.times) == [0.0, 1.0, 3.0, 3.0, 3.0, 7.0]
    assert list(track.cpu) == [2 * time for time in track.times]


def test_spans_are_told_as_they_close():
    clock, told = VirtualClock(), []
    log = RegionLog(clock, closed=told.append)
    with Region(log, "f"):
        clock.sleep(1.0)
        with Region(log, "f"):
            clock.sleep(2.0)
    last = log.open("late")
    clock.sleep(4.0)
    log.finish(clock.now())
    log.close(last)
    found = [(s.name, s.start, s.end, s.repeated, s.parent is None) for s in told]
    assert found == [
        ("f", 1.0, 3.0, True, False),
        ("f", 0.0, 3.0, False, True),
        ("late", 3.0, 7.0, False, True),
    ]
    assert [span.seconds for span in told] == [2.0, 3.0, 4.0]


def test_after_the_block_nothing_is_recorded():
    clock = VirtualClock()
    log = RegionLog(clock)
    span = log.open("late")
    log.finish(clock.now())
    log.close(span)
    with Region(log, "after"):
        pass
    assert list(log.tracks[0].codes) == [0]


def test_exception_closes_the_region_and_passes():
    clock = VirtualClock()
    log = RegionLog(clock)

    def fail():
        with Region(log, "a"), Region(log, "b"):
            clock.sleep(1.0)
            raise KeyError("x")

    with pytest.raises(KeyError, match="x"):
        fail()
    assert log.tracks[0].top is None
    assert log.open("c").parent is None


def test_a_region_that_ends_takes_those_inside_along():
    """Generators and callbacks may leave regions out of order."""
    log = RegionLog(VirtualClock())
    outer, inner = log.open("outer"), log.open("inner")
    log.close(outer)
    assert inner.end is not None
    assert log.tracks[0].top is None
    log.close(inner)
    assert list(log.tracks[0].codes) == [0, 1, CLOSE, CLOSE]


def test_each_thread_has_its_own_tree():
    log = RegionLog(VirtualClock())
    other = []
    with Region(log, "main"):
        thread = threading.Thread(target=lambda: other.append(log.open("other")))
        thread.start()
        thread.join()
    assert other[0].parent is None
    assert len(log.tracks) == 2
    log.close(other[0])
    assert other[0].end is not None


def test_each_task_has_its_own_tree():
    log, spans = RegionLog(VirtualClock()), []

    async def stay():
        with Region(log, "a"):
            spans.append(log.open("b"))
            await asyncio.sleep(0)

    async def three():
        await asyncio.gather(stay(), stay())
        await stay()

    with Region(log, "main"):
        asyncio.run(three())
    assert [span.parent.parent for span in spans] == [None] * 3
    assert len(log.tracks) == 3, "the main one, and those of two tasks"
    assert sorted(len(track.codes) for track in log.tracks) == [2, 4, 8]


def test_a_region_without_a_log_does_nothing():
    with Region(None, "a") as region:
        assert region is not None
