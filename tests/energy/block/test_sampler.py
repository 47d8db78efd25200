"""One reader for all blocks: when it reads, what it shares, and that it ends."""

import sys
import threading
import time
from itertools import pairwise

import pytest

from physbias.energy import (
    DeviceKind,
    DeviceLostError,
    MonotonicClock,
    ProbeInfo,
    ReadError,
    Source,
    UnsupportedReadingError,
    VirtualClock,
)
from physbias.energy.block import sampler
from physbias.energy.block.device import Watch
from physbias.energy.block.sampler import Sampler
from physbias.energy.block.subscription import Subscription
from physbias.energy.simulated import Constant, Ramp, Sensor, SimulatedGpu, simulate


class Recorded:
    """A probe on a virtual clock that notes when it is read."""

    def __init__(self, clock, period=0.1, phase=0.03, *, cost=0.0, power=True):
        self.clock, self.period, self.phase, self.cost = clock, period, phase, cost
        self.times = []
        self.fault = None
        self.info = ProbeInfo(
            uuid="one",
            name="",
            label="GPU 0",
            kind=DeviceKind.GPU,
            counter=Source.COUNTER,
            power=power,
        )

    def energy(self):
        self.times.append(self.clock.now())
        self.clock.advance(self.cost)
        if self.fault is not None:
            raise self.fault
        return 30.0 * self.refreshes() + 1000.0

    def power(self):
        return 300.0 + 10.0 * (self.refreshes() % 2)

    def refreshes(self):
        return (self.clock.now() - self.phase + 1e-9) // self.period


def begin(clock, *probes, period=None, **options):
    subscription = Subscription(
        [Watch(p) for p in probes], clock, period=period, **options
    )
    subscription.start()
    return subscription


def end(subscription, clock):
    subscription.finish(clock.now())
    subscription.wait()


@pytest.fixture
def clock():
    return VirtualClock(100.0)


def test_reads_often_near_both_ends_and_twice_per_refresh_in_between(clock):
    probe = Recorded(clock)
    one = begin(clock, probe)
    clock.sleep(10.0)
    near_start = [t for t in probe.times if t < 100.35]
    middle = [t for t in probe.times if 102.0 < t < 110.0]
    assert len(near_start) >= 0.35 / 0.005
    assert len(middle) == pytest.approx(2 * 8.0 / 0.1, rel=0.06)
    end(one, clock)
    assert len([t for t in probe.times if t > 110.0]) > 0.2 / 0.005
    assert clock.now() < 110.6


@pytest.mark.parametrize(("period", "phase"), [(0.1, 0.03), (0.05, 0.01), (0.103, 0.0)])
def test_edges_are_bracketed_within_four_milliseconds(clock, period, phase):
    probe = Recorded(clock, period, phase)
    one = begin(clock, probe)
    clock.sleep(30.0)
    end(one, clock)
    series = one.watches[0].timeline.energy
    pairs = [
        (b, a) for b, a in zip(series.before, series.after, strict=True) if a > 102.0
    ]
    assert len(pairs) == pytest.approx(28.5 / period, rel=0.02)
    for before, after in pairs:
        edge = phase + period * ((after - phase + 1e-9) // period)
        assert before <= edge + 1e-9
        assert edge <= after + 1e-9
    assert sum(after - before < 0.004 for before, after in pairs) > 0.85 * len(pairs)
    assert series.period == pytest.approx(period, rel=1e-3)


def test_a_given_period_is_kept(clock):
    probe = Recorded(clock)
    one = begin(clock, probe, period=0.05)
    clock.sleep(10.0)
    middle = [t for t in probe.times if t > 101.0]
    steps = [b - a for a, b in pairwise(middle)]
    assert max(steps) == pytest.approx(0.05)
    assert min(steps) == pytest.approx(0.05)
    end(one, clock)


def test_reads_at_once_when_the_block_ends(clock):
    probe = Recorded(clock)
    one = begin(clock, probe, period=0.5)
    clock.sleep(5.1)
    one.finish(105.1)
    clock.sleep(0.02)
    after = [t - 105.1 for t in probe.times if t > 105.1]
    assert after[:3] == pytest.approx([0.005, 0.010, 0.015])


@pytest.mark.parametrize("cost", [0.0005, 0.0024, 0.020])
def test_dear_readings_are_made_rarer(clock, cost):
    """Half a per cent of a minute is 0.3 s, whatever a reading costs."""
    probe = Recorded(clock, cost=cost, power=False)
    one = begin(clock, probe)
    clock.sleep(60.0)
    assert len(probe.times) * cost < 0.005 * 60.0 + 2 * cost
    assert len(probe.times) * cost > 0.0025 * 60.0
    end(one, clock)


def test_dear_readings_still_bracket_edges(clock):
    probe = Recorded(clock, cost=0.001, power=False)
    one = begin(clock, probe)
    clock.sleep(60.0)
    end(one, clock)
    series = one.watches[0].timeline.energy
    widths = [a - b for b, a in zip(series.before, series.after, strict=True)]
    assert sum(width < 0.005 for width in widths) > 50


def test_blocks_share_one_thread_and_one_reading_per_tick(clock):
    first, second = Same(clock), Same(clock)
    outer = begin(clock, first)
    clock.sleep(5.0)
    inner = begin(clock, second)
    inside = clock.now()
    assert not second.times
    assert first.times[-1] == inside
    clock.sleep(1.0)
    end(inner, clock)
    near = [t - inside for t in first.times if t >= inside][:12]
    assert max(b - a for a, b in pairwise(near)) < 0.006
    assert inner.settled.is_set()
    assert not outer.settled.is_set()
    clock.sleep(5.0)
    end(outer, clock)
    assert not second.times
    line, part = outer.watches[0].timeline, inner.watches[0].timeline
    assert set(part.energy.after[1:]) <= set(line.energy.after)
    assert part.power.after[0] <= inside
    assert clock not in Sampler._all


class Same(Recorded):
    def __eq__(self, other):
        return isinstance(other, Same)

    def __hash__(self):
        return 1


def test_the_reader_ends_with_its_last_block(clock):
    subscriptions = [begin(clock, Recorded(clock)) for _ in range(3)]
    assert Sampler._all[clock]._members == subscriptions
    for one in subscriptions:
        end(one, clock)
    assert clock not in Sampler._all
    assert not clock._tickers


def test_an_error_of_any_kind_is_noted_and_reading_goes_on(clock):
    probe = Recorded(clock)
    one = begin(clock, probe)
    for fault in (ReadError("busy"), ZeroDivisionError("driver")):
        clock.sleep(1.0)
        probe.fault = fault
        clock.sleep(1.0)
        probe.fault = None
    clock.sleep(2.0)
    end(one, clock)
    line = one.watches[0].timeline
    assert 8 <= line.errors <= 14  # at once, then after 0.05, 0.1, 0.2, 0.4 s
    assert line.energy.edges >= 30
    assert line.power.edges >= 55  # the other quantity went on


def test_a_reading_that_is_not_offered_is_not_asked_again(clock):
    probe = Recorded(clock)
    one = begin(clock, probe)
    clock.sleep(1.0)
    probe.fault = UnsupportedReadingError("Not Supported")
    clock.sleep(5.0)
    end(one, clock)
    assert one.watches[0].timeline.errors == 1
    assert one.watches[0].timeline.power.edges >= 55


def test_lost_device_is_not_asked_again_and_others_go_on(clock):
    lost, well = Recorded(clock), Recorded(clock, phase=0.05)
    one = begin(clock, lost, well)
    clock.sleep(1.0)
    lost.fault = DeviceLostError("GPU is lost")
    clock.sleep(5.0)
    end(one, clock)
    first, second = (watch.timeline for watch in one.watches)
    assert first.errors == 1
    assert first.lost_at == pytest.approx(101.0, abs=0.1)
    assert second.energy.edges >= 59


def test_a_fault_of_the_sampler_itself_is_kept_and_ends_nothing(clock, monkeypatch):
    probe = Recorded(clock)
    one = begin(clock, probe)
    clock.sleep(1.0)
    due = sampler.due_times

    def broken(devices, budget, now):
        raise ArithmeticError("what")

    monkeypatch.setattr(sampler, "due_times", broken)
    clock.sleep(1.0)
    monkeypatch.setattr(sampler, "due_times", due)
    clock.sleep(3.0)
    end(one, clock)
    assert "ArithmeticError" in one.faults[0]
    assert one.watches[0].timeline.energy.edges >= 35


def test_a_fault_that_stays_does_not_hang_the_result(clock, monkeypatch):
    one = begin(clock, Recorded(clock))
    clock.sleep(1.0)
    monkeypatch.setattr(sampler, "due_times", None)
    clock.sleep(1.0)
    end(one, clock)
    assert clock.now() < 108.0
    assert clock not in Sampler._all


def test_suspension_breaks_the_line_and_unlocks(clock):
    probe = Recorded(clock)
    one = begin(clock, probe)
    clock.sleep(3.0)
    clock.suspend(3600.0)
    clock.sleep(3.0)
    end(one, clock)
    ((when, seconds),) = one.watches[0].timeline.breaks
    assert seconds == pytest.approx(3600.0)
    assert when == pytest.approx(103.0, abs=0.1)


def test_no_probe_no_thread():
    before = threading.active_count()
    one = begin(MonotonicClock())
    assert threading.active_count() == before
    one.finish(time.monotonic())
    one.wait()


def test_meters_on_the_real_clock_share_one_thread():
    before = threading.active_count()
    machines = [
        simulate([SimulatedGpu(Constant(300.0))], MonotonicClock()) for _ in range(2)
    ]
    ones = []
    for machine in machines:
        found = machine.discover("used", cpu=False)
        ones.append(begin(machine.clock, *found.probes))
    assert threading.active_count() == before + 1
    for one in ones:
        end(one, machine.clock)
    assert threading.active_count() == before
    assert all(one.watches[0].timeline.energy.count > 20 for one in ones)


def noisy_hour(refresh):
    sensor = Sensor(counter_refresh=refresh, power_refresh=refresh, phase=0.003)
    machine = simulate([SimulatedGpu(Ramp(100.0, 0.05), sensor)])
    return machine.clock, machine.discover("used", cpu=False).probes


def test_an_hour_of_readings_is_small_and_exact():
    clock, probes = noisy_hour(0.1)
    one = begin(clock, *probes)
    clock.sleep(3600.0)
    end(one, clock)
    line = one.watches[0].timeline
    columns = [
        column
        for series in (line.energy, line.power)
        for column in (series.before, series.after, series.values)
    ]
    assert sum(sys.getsizeof(column) for column in columns) < 1.95e6
    assert line.energy.values[-1] - line.energy.values[0] == pytest.approx(
        100.0 * 3600.0 + 0.05 * 3600.0**2 / 2, rel=1e-3
    )


def test_fast_refreshes_are_thinned_without_loss():
    """A board that refreshes each 20 ms; old edges stay 0.09 s apart."""
    clock, probes = noisy_hour(0.02)
    one = begin(clock, *probes)
    clock.sleep(300.0)
    end(one, clock)
    line = one.watches[0].timeline
    for series in (line.energy, line.power):
        old = [t for t in series.after if 110.0 < t - 0.0 < 200.0]
        assert len(old) < 90.0 / 0.08
        assert series.period == pytest.approx(0.02, rel=1e-3)
    edges = [
        (p + q) / 2 for p, q in zip(line.power.before, line.power.after, strict=True)
    ]
    held = sum(
        watts * (q - p)
        for watts, (p, q) in zip(line.power.values, pairwise(edges), strict=False)
    )
    start, stop = edges[0], edges[-1]
    truth = 100.0 * (stop - start) + 0.05 * (stop**2 - start**2) / 2
    assert held == pytest.approx(truth, rel=2e-3)
