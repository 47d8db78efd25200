import threading
import time

from physbias.energy import Clock, MonotonicClock, Ticker, VirtualClock


def test_both_clocks_keep_the_protocol():
    assert isinstance(MonotonicClock(), Clock)
    assert isinstance(VirtualClock(), Clock)


def test_virtual_time_passes_only_when_told():
    clock = VirtualClock(5.0, busy_cores=3.0)
    clock.sleep(2.0)
    assert (clock.now(), clock.cpu_time()) == (7.0, 6.0)
    clock.sleep(-1.0)
    assert clock.now() == 7.0


def test_virtual_work_runs_at_its_deadlines_in_order():
    clock, seen = VirtualClock(), []

    def every(period, name):
        def tick():
            seen.append((name, clock.now()))
            return clock.now() + period

        return tick

    clock.run(every(2.0, "a"))
    clock.run(every(3.0, "b"))
    clock.sleep(4.5)
    assert seen == [("a", 0), ("b", 0), ("a", 2), ("b", 3), ("a", 4)]
    assert clock.now() == 4.5


def test_virtual_work_ends_when_it_says_so_and_wait_advances_to_it():
    clock, times = VirtualClock(), []

    def tick():
        times.append(clock.now())
        return clock.now() + 1.0 if len(times) < 4 else None

    ticker = clock.run(tick)
    assert isinstance(ticker, Ticker)
    ticker.wait()
    ticker.wake()
    clock.sleep(10.0)
    assert times == [0.0, 1.0, 2.0, 3.0]


def test_virtual_work_comes_late_if_told_to():
    late = iter([0.0, 0.25, 0.0, 0.0])
    clock = VirtualClock(late=lambda: next(late))
    seen = []

    def tick():
        seen.append(clock.now())
        return clock.now() + 1.0 if len(seen) < 4 else None

    clock.run(tick)
    clock.sleep(10.0)
    assert seen == [0.0, 1.0, 2.25, 3.25]


def test_suspension_moves_only_the_boot_clock():
    clock = VirtualClock(5.0)
    clock.suspend(60.0)
    clock.sleep(1.0)
    assert (clock.now(), clock.boot()) == (6.0, 66.0)
    real = MonotonicClock()
    assert real.boot() - real.now() >= -1e-3
    assert real.work() >= 0.0


def test_time_inside_a_call_counts_as_work():
    clock = VirtualClock()
    clock.sleep(3.0)
    clock.advance(0.5)
    assert (clock.now(), clock.work()) == (3.5, 0.5)


def test_waiting_ends_when_told():
    clock, done = VirtualClock(), threading.Event()

    def tick():
        if clock.now() >= 2.0:
            done.set()
        return clock.now() + 0.5

    ticker = clock.run(tick)
    ticker.wait(done)
    assert clock.now() == 2.0


def test_there_is_one_monotonic_clock():
    class Other(MonotonicClock):
        pass

    assert MonotonicClock() == MonotonicClock()
    assert hash(MonotonicClock()) == hash(MonotonicClock())
    assert Other() != MonotonicClock()
    assert Other() != Other()
    assert VirtualClock() != VirtualClock()


def test_real_work_runs_in_a_thread_that_ends():
    clock, calls = MonotonicClock(), []

    def tick():
        calls.append(threading.current_thread())
        return clock.now() + 3600.0 if len(calls) < 2 else None

    ticker = clock.run(tick)
    while not calls:
        time.sleep(0.001)
    ticker.wake()
    ticker.wait()
    assert len(calls) == 2
    assert calls[0] is calls[1] is not threading.current_thread()
    assert calls[0].daemon
    assert not calls[0].is_alive()
