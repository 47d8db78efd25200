"""Reads all probes while a block runs and a little longer, up to its record."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from physbias.energy import cuda
from physbias.energy.clock import Clock
from physbias.energy.estimator import measure
from physbias.energy.ledger import Block, settle
from physbias.energy.model import CpuModel
from physbias.energy.probe import DeviceLostError, Discovery, Probe, ReadError
from physbias.energy.record import EnergyRecord, Status
from physbias.energy.regions import RegionLog
from physbias.energy.timeline import Timeline

_BORDER_PERIOD = 0.005
_BORDER_SECONDS = 0.35
_CPU_BUDGET = 0.005
_SLOWEST = 0.1
_SETTLE_SECONDS = 0.5


class Watch:
    """One probe and what was read from it.

    Args:
        probe: the probe.
    """

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        self.timeline = Timeline(power_limit=probe.info.power_limit)

    def read(self, clock: Clock) -> None:
        """Take one reading of each quantity that the probe offers; never raise."""
        info, timeline = self.probe.info, self.timeline
        if timeline.lost_at is not None:
            return
        before = clock.now()
        try:
            if info.counter is not None:
                joules = self.probe.energy()
                now = clock.now()
                timeline.add_energy((before + now) / 2, joules)
                before = now
            if info.power:
                watts = self.probe.power()
                timeline.add_power((before + clock.now()) / 2, watts)
        except DeviceLostError as error:
            timeline.add_failure(before, str(error), lost=True)
        except ReadError as error:
            timeline.add_failure(before, str(error), lost=False)
        except Exception as error:  # noqa: BLE001 - a sensor never stops training
            timeline.add_failure(before, repr(error), lost=False)

    def settled(self, end: float, now: float) -> bool:
        """Return whether enough was read after ``end`` [s]."""
        info = self.probe.info
        if info.counter_refresh is not None and info.counter_refresh < _BORDER_PERIOD:
            return now > end + 2 * _BORDER_PERIOD
        if info.power_average is not None and self.timeline.lost_at is None:
            return now > end + info.power_average + _BORDER_PERIOD
        if now > end + _SETTLE_SECONDS:
            return True
        return self.timeline.settled(end)


class Sampler:
    """Drives the watches on a clock with absolute deadlines.

    Near both ends of the block readings come every 5 ms, so that the edges there are
    known well; in between every ``period``, or less often where a reading is so slow
    that the sampler would take more than 0.5 % of a core.

    Args:
        watches: what to read.
        clock: when to read.
        period: time between readings in the middle of the block [s].
    """

    def __init__(
        self, watches: Sequence[Watch], clock: Clock, *, period: float
    ) -> None:
        self._watches = watches
        self._clock = clock
        self._period = period
        self._lock = threading.Lock()
        self._cost = 0.0
        self._deadline = self._start = clock.now()
        self._end: float | None = None
        self._ticker = None

    def read(self) -> None:
        """Read all probes once."""
        with self._lock:
            before = self._clock.now()
            for watch in self._watches:
                watch.read(self._clock)
            cost = self._clock.now() - before
            self._cost += 0.1 * (cost - self._cost)

    def start(self) -> None:
        """Begin to read on the clock."""
        self._deadline = self._start = self._clock.now()
        if self._watches:
            self._ticker = self._clock.run(self._tick)

    def finish(self, end: float) -> None:
        """Say that the block ended at ``end`` [s]; readings go on a little."""
        self._end = self._deadline = end
        if self._ticker is not None:
            self._ticker.wake()
        self.read()

    def wait(self) -> None:
        """Return when the last reading has been taken."""
        if self._ticker is not None:
            self._ticker.wait()

    def _tick(self) -> float | None:
        self.read()
        now = self._clock.now()
        end = self._end
        if end is not None and all(w.settled(end, now) for w in self._watches):
            return None
        near_start = now - self._start < _BORDER_SECONDS
        fast = near_start or end is not None
        slowed = max(self._period, min(self._cost / _CPU_BUDGET, _SLOWEST))
        step = _BORDER_PERIOD if fast else slowed
        self._deadline += step
        if self._deadline <= now:
            self._deadline = now + step
        return self._deadline


class Run:
    """One measured block, from its start to its record.

    Args:
        clock: the clock.
        found: the sensors.
        period: time between readings [s].
        cpu: whether to read the processor time at borders, for an estimate.
    """

    def __init__(
        self, clock: Clock, found: Discovery, *, period: float, cpu: bool
    ) -> None:
        self.log = RegionLog(clock, cpu=cpu)
        self.stopped = False
        self._clock = clock
        self._missing = found.missing
        self._faults: list[str] = []
        self._watches = [Watch(probe) for probe in found.probes]
        self._sampler = Sampler(self._watches, clock, period=period)
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._synchronize()
        self._guard(self._sampler.read)
        self._cpu_start = self._cpu_end = clock.cpu_time()
        self._start = self._end = clock.now()
        self._status, self._error = Status.FINISHED, None
        self._guard(self._sampler.start)

    @property
    def seconds(self) -> float:
        """Length of the block, so far while it lasts [s]."""
        end = self._end if self.stopped else self._clock.now()
        return end - self._start

    def stop(self, status: Status, error: str | None) -> None:
        """End the block; a second time changes nothing."""
        if self.stopped:
            return
        self._synchronize()
        self._end, self._cpu_end = self._clock.now(), self._clock.cpu_time()
        self.stopped = True
        self._status, self._error = status, error
        self.log.finish(self._end, self._cpu_end)
        self._guard(lambda: self._sampler.finish(self._end))

    def settle(self, model: CpuModel | None, stray: int) -> EnergyRecord:
        """Return the record, after the last reading has been taken."""
        self._sampler.wait()
        block = Block(
            start=self._start,
            end=self._end,
            cpu_seconds=self._cpu_end - self._cpu_start,
            status=self._status,
            error=self._error,
            started=self._started,
            spans=self.log.spans,
            stray=stray,
            faults=self._faults,
        )
        measurements = [
            measure(w.probe.info, w.timeline, self._start, self._end)
            for w in self._watches
        ]
        return settle(block, measurements, self._missing, model)

    def _synchronize(self) -> None:
        self._guard(cuda.synchronize)

    def _guard(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - the meter never breaks the block
            self._faults.append(repr(error))
