import threading

import pytest

from physbias.energy import FlagCode, VirtualClock
from physbias.energy.block.regions import (
    Price,
    Region,
    RegionLog,
    outermost,
    overlap,
    region_table,
    unattributed,
)


def priced(resolution=0.01):
    """100 W always."""
    return Price(
        joules=lambda span: 100.0 * span.seconds,
        random=lambda span: 0.1,
        systematic=lambda joules, seconds: 0.05 * joules,
        resolution=resolution,
    )


def log_of(clock):
    return RegionLog(clock, cpu=True)


def test_nested_regions_are_inclusive_and_their_own_parts_add_up():
    clock = VirtualClock()
    log = log_of(clock)
    with Region(log, "epoch"):
        clock.sleep(1.0)
        for _ in range(2):
            with Region(log, "forward"):
                clock.sleep(0.5)
                with Region(log, "solve"):
                    clock.sleep(2.0)
    clock.sleep(4.0)
    table = {r.name: r for r in region_table(log.spans, priced())}
    assert {n: r.joules for n, r in table.items()} == pytest.approx(
        {"epoch": 600.0, "forward": 500.0, "solve": 400.0}
    )
    assert {n: r.own_joules for n, r in table.items()} == pytest.approx(
        {"epoch": 100.0, "forward": 100.0, "solve": 400.0}
    )
    assert [table[n].count for n in ("epoch", "forward", "solve")] == [1, 2, 2]
    assert unattributed(log.spans, 1000.0, priced()) == pytest.approx(400.0)


def test_region_inside_itself_is_counted_once():
    clock = VirtualClock()
    log = log_of(clock)
    with Region(log, "f"):
        clock.sleep(1.0)
        with Region(log, "f"):
            clock.sleep(1.0)
    (f,) = region_table(log.spans, priced())
    assert (f.joules, f.own_joules, f.seconds, f.count) == (200.0, 200.0, 2.0, 2)


def test_regions_still_open_end_with_the_block():
    clock = VirtualClock(busy_cores=2.0)
    log = log_of(clock)
    span = log.open("late")
    clock.sleep(1.0)
    log.finish(clock.now(), clock.cpu_time())
    clock.sleep(1.0)
    log.close(span)
    log.open("after")
    assert [(s.name, s.start, s.end) for s in log.spans] == [("late", 0.0, 1.0)]
    assert span.cpu_end - span.cpu_start == 2.0


def test_exception_closes_the_region_and_passes():
    clock = VirtualClock()
    log = log_of(clock)

    def fail():
        with Region(log, "a"), Region(log, "b"):
            clock.sleep(1.0)
            raise KeyError("x")

    with pytest.raises(KeyError, match="x"):
        fail()
    assert [s.end for s in log.spans] == [1.0, 1.0]
    assert log.open("c").parent is None


def test_fifty_deep():
    clock = VirtualClock()
    log = log_of(clock)
    spans = [log.open(f"r{i}") for i in range(50)]
    clock.sleep(1.0)
    for span in reversed(spans):
        log.close(span)
    table = region_table(log.spans, priced())
    assert [r.joules for r in table] == [100.0] * 50
    assert sum(r.own_joules for r in table) == pytest.approx(100.0)


def test_regions_of_two_threads_that_overlap_are_told():
    clock = VirtualClock()
    log = log_of(clock)
    with Region(log, "main"):
        clock.sleep(1.0)
        span = []
        thread = threading.Thread(target=lambda: span.append(log.open("other")))
        thread.start()
        thread.join()
        clock.sleep(1.0)
    log.finish(clock.now() + 1.0, 0.0)
    span[0].end = 3.0
    assert span[0].parent is None
    assert overlap(log.spans)
    assert [(s.start, s.end) for s in outermost(log.spans)] == [(0.0, 3.0)]
    assert unattributed(log.spans, 400.0, priced()) == pytest.approx(100.0)


def test_short_stays_are_flagged_and_do_not_average_out():
    clock = VirtualClock()
    log = log_of(clock)
    for name, seconds in (("short", 0.01), ("long", 1.0)):
        for _ in range(100):
            with Region(log, name):
                clock.sleep(seconds)
    short, long = region_table(log.spans, priced(resolution=0.1))
    assert [f.code for f in short.flags] == [FlagCode.BELOW_RESOLUTION]
    assert not long.flags
    half = {r.name: (r.interval.high - r.joules) / 2 for r in (short, long)}
    assert half["short"] == pytest.approx((10.0**2 + (0.05 * 100) ** 2) ** 0.5)
    assert half["long"] == pytest.approx((1.0**2 + (0.05 * 1e4) ** 2) ** 0.5)


def test_without_a_price_there_is_no_energy_rather_than_zero():
    clock = VirtualClock()
    log = log_of(clock)
    with Region(log, "a"):
        clock.sleep(1.0)
    (a,) = region_table(log.spans, None)
    assert (a.joules, a.own_joules, a.interval, a.seconds) == (None, None, None, 1.0)
