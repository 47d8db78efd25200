"""The energy of one device over one window, ready to be cut into regions."""

from dataclasses import dataclass
from itertools import pairwise
from math import hypot, sqrt

from physbias.energy.integration.bounds import Lags, interval_around
from physbias.energy.integration.curve import EnergyCurve
from physbias.energy.record.device import CrossCheck, DeviceEnergy, Verdict
from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.record.interval import Interval
from physbias.energy.record.trace import PowerTrace
from physbias.energy.sensors.condition import Condition
from physbias.energy.sensors.probe import ProbeInfo, Source

_TRACE_CELLS = 1000


@dataclass(frozen=True, slots=True)
class Unseen:
    """What a part-time sensor may have missed of a load in step with it.

    Args:
        share: share of the time that it did not see [1].
        low: lowest power it may have missed [W].
        high: highest power it may have missed [W].
    """

    share: float = 0.0
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """The energy of one device over one window, ready to be cut into regions.

    Args:
        info: the device.
        start: start of the window [s].
        end: end of what was covered [s].
        curve: energy since the start; ``None`` where there is no figure.
        source: where the figure comes from.
        refresh: refresh period of that source [s].
        latest: largest age of what that source shows at a refresh, if its true age is
            not known [s].
        late: energy if the source is as old as it can be, and at ages between; where
            its age is known, if it is older by the standard uncertainty of that.
        extra: random standard uncertainty beside that of the curve [J].
        unseen: what a part-time sensor may have missed.
        coverage: share of the window that readings cover [1].
        samples: readings in the window [1].
        cross_check: the second figure.
        reason: why there is no figure.
        flags: remarks.
        conditions: condition of the device at the borders of the block.
    """

    info: ProbeInfo
    start: float
    end: float
    curve: EnergyCurve | None = None
    source: Source | None = None
    refresh: float = 0.0
    latest: float = 0.0
    late: tuple[EnergyCurve, ...] = ()
    extra: float = 0.0
    unseen: Unseen = Unseen()
    coverage: float | None = None
    samples: int = 0
    cross_check: CrossCheck | None = None
    reason: str | None = None
    flags: tuple[Flag, ...] = ()
    conditions: tuple[Condition, ...] = ()

    def random_error(self, start: float, end: float) -> float:
        """Return the random standard uncertainty of a part of the window [J]."""
        if self.curve is None:
            return 0.0
        return hypot(self.spread(start, end), max(self._missed(start, end)) / 2)

    def systematic_error(self, joules: float, seconds: float) -> float:
        """Return the uncertainty from gain and offset of the sensor [J]."""
        error = self.info.error
        return hypot(error.gain * joules, error.offset * seconds)

    def lags(self, start: float, end: float) -> Lags:
        """Return what a part gains at each of the ages that the sensor may have [J]."""
        return self._gains(start, end) if self.latest > 0 else ()

    def delay_error(self, start: float, end: float) -> float:
        """Return what a part gains per standard uncertainty of a known age [J]."""
        return 0.0 if self.latest > 0 else sum(self._gains(start, end))

    def entry(self) -> DeviceEnergy:
        """Return the record of the device."""
        info, seconds = self.info, max(0.0, self.end - self.start)
        joules = interval = comparison = mean = peak = trace = None
        if self.curve is not None:
            joules = self.curve.total
            interval, comparison = self._intervals(joules, seconds)
            trace = power_trace(self.curve)
            mean = joules / seconds if seconds > 0 else None
            peak = max(trace.watts, default=None)
        flags = self.flags
        if self.reason is not None:
            flags = (*flags, Flag(FlagCode.UNMEASURED, self.reason, info.label))
        return DeviceEnergy(
            uuid=info.uuid,
            name=info.name,
            label=info.label,
            kind=info.kind,
            source=self.source,
            joules=joules,
            interval=interval,
            comparison=comparison,
            seconds=seconds,
            reason=self.reason,
            cross_check=self.cross_check,
            flags=flags,
            trace=trace,
            coverage=self.coverage,
            samples=self.samples,
            mean_watts=mean,
            max_watts=peak,
            calibration=info.calibration,
            calibration_sha256=info.calibration_sha256,
            scope=info.scope,
            power_limit_watts=info.power_limit,
            condition_start=next(iter(self.conditions), None),
            condition_end=self.conditions[-1] if len(self.conditions) > 1 else None,
            gain_error=None if joules is None else info.error.gain,
            offset_error_watts=None if joules is None else info.error.offset,
            delay_error_joules=None
            if joules is None
            else self.delay_error(self.start, self.end),
            lag_joules=None if joules is None else self._reach(),
        )

    def _intervals(self, joules: float, seconds: float) -> tuple[Interval, Interval]:
        random = self.spread(self.start, self.end)
        less, more = self._missed(self.start, self.end)
        delay = self.delay_error(self.start, self.end)
        both = hypot(random, delay, self.systematic_error(joules, seconds))
        lags = self.lags(self.start, self.end)
        low, high = interval_around(joules, both, lags)
        near, far = interval_around(joules, random)
        low, high = max(0.0, low - less), high + more
        near, far = max(0.0, near - less), far + more
        check = self.cross_check
        if check is not None and check.verdict is not Verdict.CONSISTENT:
            low, high = min(low, check.joules), max(high, check.joules)
        return Interval(low, high), Interval(near, far)

    def spread(self, start: float, end: float) -> float:
        """Return the random standard uncertainty without what was not seen [J]."""
        if self.curve is None:
            return 0.0
        whole = self.end - self.start
        share = min(1.0, (end - start) / whole) if whole > 0 else 1.0
        error = self.curve.error(start, end)
        error = max(error, *(late.error(start, end) for late in self.late), 0.0)
        return hypot(error, self.extra * sqrt(share))

    def _missed(self, start: float, end: float) -> tuple[float, float]:
        if self.curve is None or not self.unseen.share:
            return 0.0, 0.0
        joules, length = self.curve.between(start, end), end - start
        less = self.unseen.share * (joules - self.unseen.low * length)
        more = self.unseen.share * (self.unseen.high * length - joules)
        return max(0.0, less), max(0.0, more)

    def _reach(self) -> Interval:
        lags = self.lags(self.start, self.end)
        return Interval(min(0.0, *lags, 0.0), max(0.0, *lags, 0.0))

    def _gains(self, start: float, end: float) -> Lags:
        if self.curve is None:
            return ()
        joules = self.curve.between(start, end)
        return tuple(late.between(start, end) - joules for late in self.late)


def power_trace(curve: EnergyCurve) -> PowerTrace:
    """Return the power over the window in at most about 1000 cells.

    The cells hold the same energy as the curve.

    Args:
        curve: energy since the start of the window.
    """
    times, joules = curve.times, curve.joules
    every = max(1, -(-(len(times) - 1) // _TRACE_CELLS))
    rows = [*range(0, len(times) - 1, every), len(times) - 1]
    rows = [row for k, row in enumerate(rows) if k == 0 or times[row] > times[row - 1]]
    watts = [(joules[q] - joules[p]) / (times[q] - times[p]) for p, q in pairwise(rows)]
    start = times[0]
    return PowerTrace(tuple(times[row] - start for row in rows), tuple(watts))
