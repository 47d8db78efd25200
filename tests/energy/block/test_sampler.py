import threading
import time

import pytest

from physbias.energy import MonotonicClock, ReadError, VirtualClock
from physbias.energy.block.sampler import Sampler, Watch
from physbias.energy.simulated import Constant, SimulatedGpu, simulate


def watch(clock, **board):
    machine = simulate([SimulatedGpu(Constant(300.0), **board)], clock)
    (probe,) = machine.discover("used", cpu=False).probes
    return Watch(probe)


def test_reads_often_near_both_ends_and_less_in_between():
    clock = VirtualClock()
    one = watch(clock)
    sampler = Sampler([one], clock, period=0.05)
    sampler.start()
    clock.sleep(10.0)
    middle = one.timeline.energy.count
    assert middle == pytest.approx(0.35 / 0.005 + 9.65 / 0.05, abs=3)
    sampler.finish(clock.now())
    sampler.wait()
    assert one.timeline.energy.count - middle > 0.2 / 0.005
    assert clock.now() < 10.6


def test_reads_at_once_when_the_block_ends():
    clock = VirtualClock()
    one, times = watch(clock), []
    sampler, read = Sampler([one], clock, period=0.5), one.read
    one.read = lambda of: (times.append(clock.now()), read(of))
    sampler.start()
    clock.sleep(5.1)
    sampler.finish(clock.now())
    clock.sleep(0.02)
    after = [time - 5.1 for time in times if time > 5.1]
    assert after[:3] == pytest.approx([0.005, 0.010, 0.015])


def test_slow_readings_are_made_rarer():
    clock = VirtualClock()
    one = watch(clock)
    fast, read = Sampler([one], clock, period=0.01), one.read

    def slow(of):
        read(of)
        clock._now += 0.002  # a call that takes 2 ms

    one.read = slow
    fast.start()
    clock.sleep(10.0)
    assert one.timeline.energy.count < 10.0 / 0.05


def test_an_error_of_any_kind_is_noted_and_reading_goes_on():
    clock = VirtualClock()
    one = watch(clock)
    good, calls = one.probe.energy, []

    class Faulty:
        info = one.probe.info
        power = one.probe.power

        def energy(self):
            calls.append(clock.now())
            if len(calls) % 2:
                raise [ReadError("busy"), ZeroDivisionError("driver")][
                    len(calls) % 4 // 2
                ]
            return good()

    one.probe = Faulty()
    sampler = Sampler([one], clock, period=0.02)
    sampler.start()
    clock.sleep(5.0)
    assert one.timeline.errors == pytest.approx(len(calls) / 2, abs=1)
    assert one.timeline.energy.edges >= 45


def test_lost_device_is_not_asked_again():
    clock = VirtualClock()
    one = watch(clock, lost_at=1.0)
    sampler = Sampler([one], clock, period=0.02)
    sampler.start()
    clock.sleep(5.0)
    assert one.timeline.errors == 1
    assert one.timeline.lost_at == pytest.approx(1.0, abs=0.02)


def test_no_probe_no_thread():
    before = threading.active_count()
    sampler = Sampler([], MonotonicClock(), period=0.02)
    sampler.start()
    assert threading.active_count() == before
    sampler.finish(time.monotonic())
    sampler.wait()
