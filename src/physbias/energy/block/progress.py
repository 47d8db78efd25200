"""What a running block has used so far, worked out piece by piece."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from copy import deepcopy
from dataclasses import dataclass
from math import hypot

from physbias.energy.block.device import Watch
from physbias.energy.integration.bounds import interval_around
from physbias.energy.integration.estimator import Measurement, measure
from physbias.energy.integration.timeline import Staircase, Timeline
from physbias.energy.record.interval import Interval
from physbias.energy.record.snapshot import Snapshot

_LOOK_BACK = 3.0
_OPEN_SECONDS = 20.0
_STILL_MOVING = 5.0


@dataclass(slots=True)
class _Settled:
    """Energy [J] and its random variance [J²] up to the last cut."""

    joules: float = 0.0
    variance: float = 0.0


class Progress:
    """The energy of a running block, without going through all readings each time.

    What lies more than some seconds back is settled; only the readings since are
    looked at again, on copies, while the measurement goes on.

    Args:
        watches: what is read.
        start: start of the block [s].
        hold: keeps the readings as they are while they are copied.
    """

    def __init__(
        self,
        watches: Sequence[Watch],
        start: float,
        hold: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._watches = watches
        self._start = self._cut = start
        self._hold = hold
        self._settled = [_Settled() for _ in watches]

    def snapshot(self) -> Snapshot:
        """Return the energy up to the last readings."""
        since = self._cut - _LOOK_BACK
        with self._hold():
            lines = [tail(watch.timeline, since) for watch in self._watches]
        end = min(max(line.energy.last, line.power.last) for line in lines)
        if end <= self._cut:
            reason = "there are no two readings yet"
            return Snapshot(None, None, max(0.0, end - self._start), reason)
        used = [
            measure(watch.probe.info, line, self._cut, end)
            for watch, line in zip(self._watches, lines, strict=True)
        ]
        snapshot = self._sum(used, end)
        if end - self._cut > _OPEN_SECONDS and snapshot.joules is not None:
            self._settle(used, end - _STILL_MOVING)
        return snapshot

    def _sum(self, used: Sequence[Measurement], end: float) -> Snapshot:
        seconds, total, low, high = end - self._start, 0.0, 0.0, 0.0
        known = [
            pair for pair in zip(used, self._settled, strict=True) if pair[0].curve
        ]
        if not known:
            reasons = "; ".join(one.reason for one in used if one.reason)
            return Snapshot(None, None, seconds, reasons)
        for one, settled in known:
            joules = settled.joules + (one.curve.total if one.curve else 0.0)
            random = one.random_error(self._cut, end)
            systematic = one.systematic_error(joules, seconds)
            error = hypot(settled.variance**0.5, random, systematic)
            interval = interval_around(joules, error)
            total += joules
            low = hypot(low, joules - interval.low)
            high = hypot(high, interval.high - joules)
        return Snapshot(total, Interval(max(0.0, total - low), total + high), seconds)

    def _settle(self, used: Sequence[Measurement], cut: float) -> None:
        for one, settled in zip(used, self._settled, strict=True):
            if one.curve is not None:
                settled.joules += one.curve.between(self._cut, cut)
                settled.variance += one.random_error(self._cut, cut) ** 2
        self._cut = cut


def tail(timeline: Timeline, since: float) -> Timeline:
    """Return a copy of the readings since an instant, and of one before it.

    Args:
        timeline: the readings.
        since: the instant [s].
    """
    copy = deepcopy(timeline)
    for series in (copy.energy, copy.power):
        _cut(series, since)
    return copy


def _cut(series: Staircase, since: float) -> None:
    first = max(0, bisect_left(series.after, since) - 1)
    series.before = series.before[first:]
    series.after = series.after[first:]
    series.values = series.values[first:]
    series.gaps = [gap for gap in series.gaps if gap[1] > since]
