"""Energies of regions against sums done by hand."""

import threading
from dataclasses import replace

import pytest

from physbias.energy import FlagCode, VirtualClock
from physbias.energy.block.pricing import Price, price_regions
from physbias.energy.block.regions import Region, RegionLog


def constant(watts=100.0, *, device="GPU-a", end=1e9, random=0.1, resolution=0.01):
    return Price(
        device=device,
        start=0.0,
        end=end,
        energy=lambda a, b: watts * (b - a),
        random=lambda a, b: random,
        systematic=lambda joules, seconds: 0.05 * joules,
        resolution=resolution,
    )


def priced(log, *prices, end=1e9):
    found = price_regions(log.names, log.tracks, prices, (0.0, end))
    return {region.name: region for region in found.regions}, found


def test_nested_regions_are_inclusive_and_their_own_parts_add_up():
    clock = VirtualClock()
    log = RegionLog(clock)
    with Region(log, "epoch"):
        clock.sleep(1.0)
        for _ in range(2):
            with Region(log, "forward"):
                clock.sleep(0.5)
                with Region(log, "solve"):
                    clock.sleep(2.0)
    table, found = priced(log, constant(end=10.0), end=10.0)
    joules = {name: region.joules for name, region in table.items()}
    own = {name: region.own_joules for name, region in table.items()}
    assert joules == pytest.approx({"epoch": 600.0, "forward": 500.0, "solve": 400.0})
    assert own == pytest.approx({"epoch": 100.0, "forward": 100.0, "solve": 400.0})
    assert [region.count for region in table.values()] == [1, 2, 2]
    assert [region.seconds for region in table.values()] == [6.0, 5.0, 4.0]
    assert found.unattributed == pytest.approx({"GPU-a": 400.0})
    assert not found.overlap


def test_region_inside_itself_is_counted_once():
    clock = VirtualClock()
    log = RegionLog(clock)
    with Region(log, "f"):
        clock.sleep(1.0)
        with Region(log, "f"):
            clock.sleep(1.0)
    f = priced(log, constant())[0]["f"]
    assert (f.joules, f.own_joules, f.seconds, f.count) == (200.0, 200.0, 2.0, 2)


def test_two_devices_are_priced_each_at_its_own_borders():
    """GPU-a reaches the border 2 s late: 4 s at 100 W and 2 s at 10 W."""
    clock = VirtualClock()
    log = RegionLog(clock)
    with Region(log, "f"):
        clock.sleep(2.0)
        log.tracks[0].await_gpu("GPU-a")
    log.tracks[0].place("GPU-a", 1, 4.0)
    prices = constant(end=10.0), constant(10.0, device="GPU-b", end=10.0)
    table, found = priced(log, *prices, end=10.0)
    f = table["f"]
    assert f.device_joules == {"GPU-a": 400.0, "GPU-b": 20.0}
    assert f.joules == f.own_joules == 420.0
    assert found.unattributed == {"GPU-a": 600.0, "GPU-b": 80.0}
    assert f.seconds == 2.0


def test_parts_add_up_for_any_tree():
    """200 borders of a random walk through a tree, power that grows with time."""
    clock = VirtualClock()
    log = RegionLog(clock)
    state, open_ = 1, []
    for _ in range(200):
        state = state * 1103515245 % 2**31
        clock.sleep(state % 7 / 10)
        if open_ and state % 3 == 0:
            log.close(open_.pop())
        else:
            open_.append(log.open(f"r{state % 5}"))
    end = clock.now()
    price = Price(
        device="GPU-a",
        start=0.0,
        end=end,
        energy=lambda a, b: b**2 - a**2,
        random=lambda a, b: 0.0,
        systematic=lambda joules, seconds: 0.0,
    )
    table, found = priced(log, price, end=end)
    own = sum(region.own_joules for region in table.values())
    assert own + found.unattributed["GPU-a"] == pytest.approx(end**2, rel=1e-12)
    assert all(region.own_joules >= -1e-9 for region in table.values())


def test_regions_still_open_end_with_the_block():
    clock = VirtualClock()
    log = RegionLog(clock)
    log.open("late")
    clock.sleep(1.0)
    log.finish(clock.now())
    late = priced(log, constant(end=1.0), end=1.0)[0]["late"]
    assert (late.joules, late.seconds) == (100.0, 1.0)


@pytest.mark.parametrize(("depth", "stays"), [(50, 1), (1, 100_000)])
def test_deep_and_many(depth, stays):
    clock = VirtualClock()
    log = RegionLog(clock)
    for _ in range(stays):
        spans = [log.open(f"r{i}") for i in range(depth)]
        clock.sleep(0.5)
        for span in reversed(spans):
            log.close(span)
    table, found = priced(log, constant(end=clock.now()), end=clock.now())
    assert [region.joules for region in table.values()] == [50.0 * stays] * depth
    assert sum(region.own_joules for region in table.values()) == 50.0 * stays
    assert found.unattributed == {"GPU-a": 0.0}
    assert sum(len(track.times) for track in log.tracks) == 2 * depth * stays


def test_regions_of_two_threads_that_overlap_are_told_and_counted_once_outside():
    """Main from 0 to 2 s, the other thread from 1 to 3 s, of 4 s at 100 W."""
    clock = VirtualClock()
    log = RegionLog(clock)
    main, other = log.open("main"), []
    clock.sleep(1.0)
    in_thread(lambda: other.append(log.open("other")))
    clock.sleep(1.0)
    log.close(main)
    clock.sleep(1.0)
    log.close(other[0])
    table, found = priced(log, constant(end=4.0), end=4.0)
    assert found.overlap
    assert [region.joules for region in table.values()] == [200.0, 200.0]
    assert found.unattributed == {"GPU-a": 100.0}


def test_threads_in_turn_do_not_overlap():
    clock = VirtualClock()
    log = RegionLog(clock)

    def work():
        with Region(log, "r"):
            clock.sleep(1.0)

    for _ in range(2):
        in_thread(work)
    table, found = priced(log, constant(end=2.0), end=2.0)
    assert not found.overlap
    assert table["r"].joules == 200.0
    assert found.unattributed == {"GPU-a": 0.0}


def in_thread(action):
    thread = threading.Thread(target=action)
    thread.start()
    thread.join()


def test_short_stays_are_flagged_and_no_stay_averages_out():
    clock = VirtualClock()
    log = RegionLog(clock)
    for name, seconds in (("short", 0.01), ("long", 1.0)):
        for _ in range(100):
            with Region(log, name):
                clock.sleep(seconds)
    table, _ = priced(log, constant(resolution=0.1))
    (flag,) = table["short"].flags
    assert flag.code is FlagCode.BELOW_RESOLUTION
    assert not table["long"].flags
    half = {n: (r.interval.high - r.joules) / 2 for n, r in table.items()}
    assert half["short"] == pytest.approx((10.0**2 + (0.05 * 100) ** 2) ** 0.5)
    assert half["long"] == pytest.approx((10.0**2 + (0.05 * 1e4) ** 2) ** 0.5)
    same_device = table["short"].comparison
    assert (same_device.high - table["short"].joules) / 2 == pytest.approx(10.0)


def test_flag_says_how_many_repetitions_are_needed():
    """1 J in a stay, ± 0.5 J at its borders: ten in one stay have 5 %."""
    clock = VirtualClock()
    log = RegionLog(clock)
    with Region(log, "short"):
        clock.sleep(0.01)
    (flag,) = priced(log, constant(random=0.5, resolution=0.1))[0]["short"].flags
    assert "about 10 repetitions in one stay would reach 5 %" in flag.text


def test_random_errors_of_devices_are_independent():
    clock = VirtualClock()
    log = RegionLog(clock)
    with Region(log, "r"):
        clock.sleep(100.0)
    prices = [constant(0.0, device=name, random=3.0) for name in ("GPU-a", "GPU-b")]
    interval = priced(log, *prices)[0]["r"].interval
    assert interval.high == pytest.approx(2 * (3.0**2 + 3.0**2) ** 0.5)


def test_processor_time_prices_an_estimate():
    clock = VirtualClock(busy_cores=2.0)
    log = RegionLog(clock, cpu=True)
    clock.sleep(1.0)
    with Region(log, "r"):
        clock.sleep(3.0)
    price = Price(
        device="CPU",
        start=0.0,
        end=8.0,
        energy=lambda a, b: 10.0 * (b - a),
        random=lambda a, b: 0.0,
        systematic=lambda joules, seconds: 0.0,
        by_cpu_time=True,
    )
    table, found = priced(log, price, end=4.0)
    assert (table["r"].joules, table["r"].seconds) == (60.0, 3.0)
    assert found.unattributed == {"CPU": 20.0}


def test_without_a_price_there_is_no_energy_rather_than_zero():
    clock = VirtualClock()
    log = RegionLog(clock)
    with Region(log, "a"):
        clock.sleep(1.0)
    table, found = priced(log)
    a = table["a"]
    assert (a.joules, a.own_joules, a.interval, a.seconds) == (None, None, None, 1.0)
    assert (a.device_joules, found.unattributed) == ({}, {})


def test_a_thread_that_began_first_may_have_the_later_region():
    """Known first, used last: thread 0 from 2 to 3 s, thread 1 from 0 to 1 s."""
    clock = VirtualClock()
    log = RegionLog(clock)
    main = log.open("main")
    log.close(main)
    in_thread(lambda: log.close(held(log, clock)))
    clock.sleep(1.0)
    with Region(log, "main"):
        clock.sleep(1.0)
    _, found = priced(log, constant(end=4.0), end=4.0)
    assert not found.overlap
    assert found.unattributed == {"GPU-a": 200.0}


def held(log, clock):
    span = log.open("other")
    clock.sleep(1.0)
    return span


def test_errors_of_stays_alike_do_not_average_out():
    """Nine stays of ±3 J: 27 J, since what a refresh hides is alike each time."""
    clock = VirtualClock()
    log = RegionLog(clock)
    for _ in range(9):
        with Region(log, "validation"):
            clock.sleep(1.0)
    price = replace(constant(random=3.0), systematic=lambda j, s: 0.0)
    found = priced(log, price)[0]["validation"].interval
    assert found == pytest.approx((900.0 - 54.0, 900.0 + 54.0))
