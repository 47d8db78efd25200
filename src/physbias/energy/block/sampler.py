"""Reads all probes while a block runs and a little longer, up to its record."""

import threading
from collections.abc import Sequence

from physbias.energy.clock import Clock
from physbias.energy.integration.timeline import Timeline
from physbias.energy.sensors.probe import DeviceLostError, Probe, ReadError

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
