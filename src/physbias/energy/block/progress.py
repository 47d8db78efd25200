"""What a running block has used so far, worked out piece by piece."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from copy import deepcopy
from dataclasses import dataclass
from math import hypot

from physbias.energy.block.device import Watch
from physbias.energy.integration.bounds import Lags, added, interval_around
from physbias.energy.integration.estimator import Measurement, measure
from physbias.energy.integration.timeline import Staircase, Timeline
from physbias.energy.record.snapshot import Snapshot

_LOOK_BACK = 3.0
_OPEN_SECONDS = 20.0
_STILL_MOVING = 5.0
_SILENT_SECONDS = 3.0


@dataclass(slots=True)
class _Settled:
    """What a device used up to the last cut.

    Attributes:
        cut: time of the cut [s].
        joules: energy [J].
        variance: its random variance [J²].
        lag: what it gains if the sensor lags as much as it can [J].
        delay: its standard uncertainty from that of the delay, with its sign [J].
    """

    cut: float
    joules: float = 0.0
    variance: float = 0.0
    lags: Lags = ()
    delay: float = 0.0

    def plus(self, used: Measurement, end: float) -> "_Settled":
        """Return the sum with what was used from the cut to ``end`` [s]."""
        if used.curve is None:
            return self
        start = self.cut
        return _Settled(
            cut=end,
            joules=self.joules + used.curve.between(start, end),
            variance=self.variance + used.random_error(start, end) ** 2,
            lags=added(self.lags, used.lags(start, end)),
            delay=self.delay + used.delay_error(start, end),
        )


class Progress:
    """The energy of a running block, without going through all readings each time.

    What lies more than some seconds back is settled; only the readings since are
    looked at again, on copies, while the measurement goes on. The time goes on with
    the devices that answer; one that was lost or is silent keeps what it has used.

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
        self._start = start
        self._hold = hold
        self._settled = [_Settled(start) for _ in watches]

    def snapshot(self) -> Snapshot:
        """Return the energy up to the last readings."""
        with self._hold():
            lines = [
                tail(watch.timeline, settled.cut - _LOOK_BACK)
                for watch, settled in zip(self._watches, self._settled, strict=True)
            ]
        end = _known_until(lines)
        if end <= self._start:
            reason = "there are no two readings yet"
            return Snapshot(None, None, max(0.0, end - self._start), reason)
        used = [
            measure(watch.probe.info, line, settled.cut, _stop(line, settled.cut, end))
            for watch, line, settled in zip(
                self._watches, lines, self._settled, strict=True
            )
        ]
        snapshot = self._sum(used, end)
        self._settled = [
            settled.plus(one, one.end - _STILL_MOVING)
            if one.end - settled.cut > _OPEN_SECONDS
            else settled
            for one, settled in zip(used, self._settled, strict=True)
        ]
        return snapshot

    def _sum(self, used: Sequence[Measurement], end: float) -> Snapshot:
        seconds, total, error = end - self._start, 0.0, 0.0
        lags: Lags = ()
        sums = [
            (one, settled.plus(one, one.end))
            for one, settled in zip(used, self._settled, strict=True)
            if one.curve is not None or settled.cut > self._start
        ]
        if not sums:
            reasons = "; ".join(one.reason for one in used if one.reason)
            return Snapshot(None, None, seconds, reasons)
        for one, found in sums:
            systematic = one.systematic_error(found.joules, found.cut - self._start)
            error = hypot(error, found.variance**0.5, found.delay, systematic)
            total += found.joules
            lags = added(lags, found.lags)
        return Snapshot(total, interval_around(total, error, lags), seconds)


def _known_until(lines: Sequence[Timeline]) -> float:
    """Return the last reading of the slowest of the devices that still answer [s]."""
    lasts = [_last(line) for line in lines]
    newest = max(lasts)
    return min(
        last
        for line, last in zip(lines, lasts, strict=True)
        if last == newest or (line.lost_at is None and newest - last < _SILENT_SECONDS)
    )


def _stop(line: Timeline, start: float, end: float) -> float:
    """Return until when a device is told [s]: a silent one to its last reading."""
    known = end if line.lost_at is not None else min(end, _last(line))
    return max(start, known)


def _last(line: Timeline) -> float:
    return max(line.energy.last, line.power.last)


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
