"""From what was read of a device to its energy, its interval and its flags."""

from dataclasses import dataclass, replace
from math import hypot, sqrt

from physbias.energy.integration.curve import EnergyCurve, averaged, reconstruct
from physbias.energy.integration.timeline import (
    Staircase,
    Timeline,
    counter_knots,
    power_knots,
)
from physbias.energy.record.record import (
    CrossCheck,
    DeviceEnergy,
    Flag,
    FlagCode,
    Interval,
    Verdict,
)
from physbias.energy.sensors.probe import ProbeInfo, Source

COVERAGE_FACTOR = 2.0
"""Standard uncertainties in half of a 95 % interval [1]."""

_AGREEMENT = 0.02
_DISAGREEMENT = 0.10
_FROZEN_REFRESHES = 10
_PART_TIME = 0.75
_LEAST_COVERAGE = 0.5


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
        extra: random standard uncertainty beside that of the curve [J].
        cross_check: the second figure.
        reason: why there is no figure.
        flags: remarks.
    """

    info: ProbeInfo
    start: float
    end: float
    curve: EnergyCurve | None = None
    source: Source | None = None
    refresh: float = 0.0
    extra: float = 0.0
    cross_check: CrossCheck | None = None
    reason: str | None = None
    flags: tuple[Flag, ...] = ()

    def random_error(self, start: float, end: float) -> float:
        """Return the random standard uncertainty of a part of the window [J]."""
        if self.curve is None:
            return 0.0
        whole = self.end - self.start
        share = min(1.0, (end - start) / whole) if whole > 0 else 1.0
        return hypot(self.curve.error(start, end), self.extra * sqrt(share))

    def systematic_error(self, joules: float, seconds: float) -> float:
        """Return the uncertainty from gain and offset of the sensor [J]."""
        error = self.info.error
        return hypot(error.gain * joules, error.offset * seconds)

    def entry(self) -> DeviceEnergy:
        """Return the record of the device."""
        info, seconds = self.info, max(0.0, self.end - self.start)
        joules = interval = comparison = None
        if self.curve is not None:
            joules = self.curve.total
            random = self.random_error(self.start, self.end)
            comparison = interval_around(joules, random)
            both = hypot(random, self.systematic_error(joules, seconds))
            interval = interval_around(joules, both)
            if self._contradicted() and self.cross_check is not None:
                other = self.cross_check.joules
                low, high = min(interval.low, other), max(interval.high, other)
                interval = Interval(low, high)
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
        )

    def _contradicted(self) -> bool:
        check = self.cross_check
        return check is not None and check.verdict is Verdict.INCONSISTENT


def interval_around(joules: float, error: float) -> Interval:
    """Return the 95 % interval for a standard uncertainty ``error`` [J]."""
    half = COVERAGE_FACTOR * error
    return Interval(max(0.0, joules - half), joules + half)


def measure(
    info: ProbeInfo, timeline: Timeline, start: float, end: float
) -> Measurement:
    """Return the energy of a device between two instants.

    The counter comes first, with its borders reconstructed; the integrated power is
    the second figure and checks it. A counter that went back, leapt or stood still is
    replaced by the integrated power.

    Args:
        info: the device.
        timeline: what was read from it.
        start: start of the window [s].
        end: end of the window [s].
    """
    flags = _reading_flags(info, timeline)
    if timeline.lost_at is not None and timeline.lost_at < end:
        last = max(timeline.energy.last, timeline.power.last)
        end = max(start, min(end, last))
    counter = _from_counter(info, timeline, start, end)
    power = _from_power(info, timeline, start, end)
    fault = _counter_fault(info, timeline, power)
    if fault is not None:
        flags.append(fault)
        if power is not None or fault.code is not FlagCode.COUNTER_MISSING:
            counter = None
    chosen = counter or power
    if chosen is None:
        reason = _no_figure(info, timeline, fault)
        return Measurement(info, start, end, reason=reason, flags=tuple(flags))
    if counter is not None and power is not None:
        chosen, disagreement = _cross_check(counter, power)
        flags += disagreement
    if chosen.source is Source.POWER:
        flags += _power_flags(info, timeline, start, end)
        if _coverage(timeline.power, start, end) < _LEAST_COVERAGE:
            reason = "fewer than half of the window was covered by power readings"
            return Measurement(info, start, end, reason=reason, flags=tuple(flags))
    if chosen.end - chosen.start < 2 * chosen.refresh:
        text = f"shorter than two refreshes of the sensor ({chosen.refresh:.3f} s)"
        flags.append(Flag(FlagCode.SHORT_WINDOW, text, info.label))
    return replace(chosen, flags=tuple(flags))


def _from_counter(
    info: ProbeInfo, timeline: Timeline, start: float, end: float
) -> Measurement | None:
    series = timeline.energy
    if info.counter is None or series.count < 2 or timeline.counter_fault is not None:
        return None
    knots = counter_knots(series, info.counter_refresh)
    before = timeline.power.values[0] if timeline.power.count else None
    curve = reconstruct(knots, start, end, before)
    if curve is None:
        return None
    refresh = info.counter_refresh or series.refresh()
    return Measurement(info, start, end, curve, info.counter, refresh)


def _from_power(
    info: ProbeInfo, timeline: Timeline, start: float, end: float
) -> Measurement | None:
    series = timeline.power
    if series.count < 2:
        return None
    refresh = series.refresh()
    if info.power_average is not None:
        curve = averaged(series, info.power_average, start, end)
        refresh = info.power_average
    else:
        curve = reconstruct(power_knots(series), start, end, series.values[0])
    if curve is None:
        return None
    extra = _alias_and_gap_error(info, series, curve, start, end)
    return Measurement(info, start, end, curve, Source.POWER, refresh, extra)


def _alias_and_gap_error(
    info: ProbeInfo, series: Staircase, curve: EnergyCurve, start: float, end: float
) -> float:
    """Return what a part-time sensor and holes between readings add [J].

    How much of a refresh the sensor really watches is not known without calibration;
    a quarter, as on the boards where it is least, is taken.
    """
    gaps = sum((curve.swing * hole) ** 2 / 12 for hole in _holes(series, start, end))
    if info.power_average is not None:
        return sqrt(gaps)
    inside = [
        value
        for value, time in zip(series.values, series.after, strict=True)
        if start < time <= end
    ]
    if len(inside) < 2:
        return sqrt(gaps)
    mean = sum(inside) / len(inside)
    variance = sum((value - mean) ** 2 for value in inside) / (len(inside) - 1)
    alias = variance * (end - start) * series.refresh() * _PART_TIME
    return sqrt(alias + gaps)


def _counter_fault(
    info: ProbeInfo, timeline: Timeline, power: Measurement | None
) -> Flag | None:
    kind, series = timeline.counter_fault_kind, timeline.energy
    if kind:
        code = FlagCode.COUNTER_RESET if kind == "reset" else FlagCode.COUNTER_GLITCH
        verb = "went back" if kind == "reset" else "leapt by more than is possible"
        return Flag(code, f"the energy counter {verb} during the watch", info.label)
    if info.counter is None:
        text = "the device has no energy counter"
        return Flag(FlagCode.COUNTER_MISSING, text, info.label)
    if series.count < 2:
        text = "the energy counter could not be read"
        return Flag(FlagCode.COUNTER_MISSING, text, info.label)
    waiting = series.last - series.after[-1]
    if power is not None and waiting > _FROZEN_REFRESHES * series.refresh():
        text = f"the energy counter stood still for {waiting:.1f} s"
        return Flag(FlagCode.COUNTER_FROZEN, text, info.label)
    return None


def _cross_check(
    counter: Measurement, power: Measurement
) -> tuple[Measurement, list[Flag]]:
    if counter.curve is None or power.curve is None:
        return counter, []
    first, second = counter.curve.total, power.curve.total
    error = hypot(
        counter.curve.error(counter.start, counter.end),
        power.curve.error(power.start, power.end),
    )
    gap = abs(second - first)
    relative = (second - first) / first if first > 0 else float(gap > 0)
    if gap <= max(_AGREEMENT * first, COVERAGE_FACTOR * error):
        verdict = Verdict.CONSISTENT
    elif gap <= _DISAGREEMENT * first:
        verdict = Verdict.SUSPICIOUS
    else:
        verdict = Verdict.INCONSISTENT
    checked = replace(counter, cross_check=CrossCheck(second, relative, verdict))
    if verdict is Verdict.CONSISTENT:
        return checked, []
    text = f"integrated power is {100 * relative:+.1f} % off the counter ({verdict})"
    return checked, [Flag(FlagCode.CROSS_CHECK_FAILED, text, counter.info.label)]


def _reading_flags(info: ProbeInfo, timeline: Timeline) -> list[Flag]:
    flags = []
    if not info.proven:
        text = "the order of unlike GPUs is CUDA's own; set CUDA_DEVICE_ORDER"
        flags.append(Flag(FlagCode.MAPPING_UNPROVEN, text, info.label))
    if not info.whole:
        text = "the whole board is measured though only a part of it is used"
        flags.append(Flag(FlagCode.PART_OF_DEVICE, text, info.label))
    if timeline.lost_at is not None:
        text = f"the device stopped answering ({timeline.last_error})"
        flags.append(Flag(FlagCode.DEVICE_LOST, text, info.label))
    elif timeline.errors:
        text = f"{timeline.errors} readings failed ({timeline.last_error})"
        flags.append(Flag(FlagCode.READ_ERRORS, text, info.label))
    if timeline.dropped:
        text = f"{timeline.dropped} power readings were impossible and left out"
        flags.append(Flag(FlagCode.READ_ERRORS, text, info.label))
    return flags


def _power_flags(
    info: ProbeInfo, timeline: Timeline, start: float, end: float
) -> list[Flag]:
    flags = []
    if info.power_average is not None:
        text = f"power is a trailing mean over {info.power_average:g} s"
        flags.append(Flag(FlagCode.AVERAGED_FIELD_ONLY, text, info.label))
    holes = _holes(timeline.power, start, end)
    if holes:
        text = f"{len(holes)} holes between readings, the longest {max(holes):.1f} s"
        flags.append(Flag(FlagCode.GAP, text, info.label))
    return flags


def _holes(series: Staircase, start: float, end: float) -> list[float]:
    cut = [min(q, end) - max(p, start) for p, q in series.gaps]
    return [length for length in cut if length > 0]


def _coverage(series: Staircase, start: float, end: float) -> float:
    return 1.0 - sum(_holes(series, start, end)) / (end - start) if end > start else 1.0


def _no_figure(info: ProbeInfo, timeline: Timeline, fault: Flag | None) -> str:
    if timeline.lost_at is not None:
        return f"{info.label} was lost before it could be read twice"
    if timeline.last_error:
        return f"{info.label} could not be read ({timeline.last_error})"
    if fault is not None and fault.code is not FlagCode.COUNTER_MISSING:
        return f"{info.label}: {fault.text}, and power cannot be read"
    return f"{info.label} showed no change during the block"
