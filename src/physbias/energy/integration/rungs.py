"""The two ways from readings to an energy curve: the counter and the power."""

from collections.abc import Sequence
from dataclasses import replace
from math import hypot, inf, sqrt

from physbias.energy.integration.aliasing import (
    FULL_TIME,
    UNKNOWN_SHARE,
    beats,
    turns,
    unseen,
)
from physbias.energy.integration.averaged import averaged
from physbias.energy.integration.curve import EnergyCurve, reconstruct
from physbias.energy.integration.knots import (
    Bridge,
    Knots,
    counter_knots,
    held_power,
    interpolate,
    power_knots,
)
from physbias.energy.integration.measurement import Measurement, Unseen
from physbias.energy.integration.outside import (
    Quiet,
    confirmed,
    quiet_after,
    quiet_before,
    quiet_cells,
)
from physbias.energy.integration.timeline import Staircase, Timeline
from physbias.energy.sensors.probe import ProbeInfo, Source

FROZEN_REFRESHES = 10
"""Refreshes without a change after which a counter counts as frozen [1]."""

_DOUBTFUL = 0.4
_REGISTER_DELAY = 0.1
_LEAST_GROWTH = 0.5
_MARGIN = 0.1
_UNLIKE = 0.15
_WHOLE_BEAT = 2
_AGES = tuple(k / 6 for k in range(1, 7))
_QUICK = 0.6
_OVER_LIMIT = 1.1


def from_counter(
    info: ProbeInfo, timeline: Timeline, start: float, end: float
) -> tuple[Measurement | None, int]:
    """Return what the counter says, and how often it had stood still for a while."""
    series = timeline.energy
    if info.counter is None or series.count < 2:
        return None, 0
    refresh = info.counter_refresh or series.refresh()
    usable = info.power_average is None and timeline.power.count > 1
    readings = power_knots(timeline.power) if usable else None
    bridge = _bridge(readings, timeline)
    frozen = _freezes(series, refresh, readings)
    breaks = [*timeline.restarts, *frozen, *_wakes(timeline)]
    knots = counter_knots(series, info.counter_refresh, breaks, bridge)
    if len(knots.times) < 2:
        return None, 0
    delay = info.delay or 0.0
    knots = knots.shifted(delay)
    reach = refresh if info.delay is None else 0.0
    agreed = readings is not None and _agree(knots, readings)
    if agreed and readings is not None:
        knots = knots.begun(readings, _DOUBTFUL * refresh)
    power = timeline.power if usable else None
    quiet = _outside(power, knots, start, end, reach, agreed=agreed)
    if len(knots.times) > 1 and readings is not None and knots.times[0] <= start:
        single = timeline.power.standing(start, start)
        if single and knots.times[0] > start - 1.5 * refresh:
            knots = knots.preceded(single[0], refresh)
    ages = [share * reach for share in _AGES] if reach else [info.delay_error]
    quick = agreed and timeline.power.refresh() < _QUICK * refresh
    shape = readings if quick else None
    curve, late = _curves(info, knots, start, end, quiet, reach, ages, shape)
    if curve is None:
        return None, 0
    if curve.total > _OVER_LIMIT * (info.power_limit or inf) * (end - start):
        # nothing can use so much: what seemed quiet outside was not
        no = (None, None)
        curve, late = _curves(info, knots, start, end, no, reach, ages, shape)
    if curve is None:
        return None, 0
    found = Measurement(info, start, end, curve, info.counter, refresh, reach, late)
    return replace(found, samples=_samples(series, start, end)), len(frozen)


def from_power(
    info: ProbeInfo, timeline: Timeline, start: float, end: float
) -> Measurement | None:
    """Return what the power readings say."""
    series = timeline.power
    if series.count < 2:
        return None
    refresh = series.refresh()
    if info.power_average is not None:
        curve, late = averaged(series, info.power_average, start, end), ()
        curve = None if curve is None else _calibrated(curve, info)
        refresh = info.power_average
        reach = 0.0
    else:
        knots = power_knots(series)
        reach = _REGISTER_DELAY * refresh
        quiet = _outside(series, knots, start, end, reach, agreed=True)
        curve, late = _curves(info, knots, start, end, quiet, reach, [reach], None)
    if curve is None:
        return None
    holes = holes_of(series, start, end)
    swing = max(series.values) - min(series.values)
    gaps = sqrt(sum((swing * hole) ** 2 / 12 for hole in holes))
    alias, missed = _part_time(info, series, start, end)
    return Measurement(
        info,
        start,
        end,
        curve,
        Source.POWER,
        refresh,
        latest=reach,
        late=late,
        extra=hypot(gaps, alias) / info.gain,
        unseen=missed,
        coverage=covered(series, start, end),
        samples=_samples(series, start, end),
    )


def _curves(
    info: ProbeInfo,
    knots: Knots,
    start: float,
    end: float,
    quiet: tuple[Quiet | None, Quiet | None],
    reach: float,
    lags: Sequence[float],
    shape: Knots | None,
) -> tuple[EnergyCurve | None, tuple[EnergyCurve, ...]]:
    """Return the energy as the sensor shows it, and as it is if the sensor lags."""
    if len(knots.times) < 2:
        return None, ()
    quiet = confirmed(knots, start, end, quiet, reach)
    fine = knots if shape is None else knots.refined(shape)
    curve = reconstruct(fine, start, end, *quiet, early=reach)
    if curve is None:
        return None, ()
    late = []
    for lag in filter(None, lags):
        moved = knots.shifted(lag)
        moved = moved if shape is None else moved.refined(shape)
        early = max(0.0, reach - lag)
        one = reconstruct(moved, start, end, *quiet, early=early, late=lag)
        late += [] if one is None else [_calibrated(one, info)]
    return _calibrated(curve, info), tuple(late)


def holes_of(series: Staircase, start: float, end: float) -> list[float]:
    """Return the lengths of holes between readings within a window [s]."""
    cut = [min(q, end) - max(p, start) for p, q in series.gaps]
    return [length for length in cut if length > 0]


def covered(series: Staircase, start: float, end: float) -> float:
    """Return the share of a window that readings cover [1]."""
    if end <= start:
        return 1.0
    late = max(0.0, min(end, series.first) - start) if series.count else end - start
    early = max(0.0, end - max(start, series.last)) if series.count else 0.0
    missing = sum(holes_of(series, start, end)) + late + early
    return max(0.0, 1.0 - missing / (end - start))


def _outside(
    power: Staircase | None,
    knots: Knots,
    start: float,
    end: float,
    reach: float,
    *,
    agreed: bool,
) -> tuple[Quiet | None, Quiet | None]:
    """Return the quiet powers before and after the window.

    Power readings tell them if they show the same as the counter: on the whole, or at
    least after the window, as those of a part-time sensor do.
    """
    watts, times = knots.watts(), knots.times
    inside = [w for w, t, u in zip(watts, times, times[1:], strict=False)
              if t >= start and u <= end]  # fmt: skip
    late = [w for w, t in zip(watts, times, strict=False) if t >= end]
    if power is not None:
        clear = [w for w, t in zip(watts, times, strict=False) if t >= end + reach]
        after = quiet_after(power, end, knots)
        if after is not None and not after.shown(knots, end + reach):
            after = None
        if agreed or (after is not None and len(clear) > 1):
            return quiet_before(power, start, after, inside), after
    early = [w for w, u in zip(watts, times[1:], strict=False) if u <= start]
    return quiet_cells(early[-3:]), quiet_cells(late[1:4])


def _agree(counter: Knots, readings: Knots) -> bool:
    """Return whether the power readings show what the counter shows, on the whole."""
    start = max(counter.times[0], readings.times[0])
    end = min(counter.times[-1], readings.times[-1])
    one, two = (
        interpolate(k.times, k.joules, end) - interpolate(k.times, k.joules, start)
        for k in (counter, readings)
    )
    return end <= start or abs(one - two) <= _UNLIKE * max(one, two)


def _bridge(readings: Knots | None, timeline: Timeline) -> Bridge:
    """Return what stands in for a step of the counter that says nothing."""
    if readings is not None:
        values = timeline.power.values
        return held_power(readings, max(values) - min(values))
    series = timeline.energy
    ends = zip(series.values, series.values[1:], strict=False)
    growth = sum(max(0.0, b - a) for a, b in ends)
    mean = growth / max(series.last - series.first, 1e-9)

    def even(start: float, end: float) -> tuple[float, float]:
        return mean * (end - start), mean * (end - start) / 2

    return even


def _freezes(series: Staircase, refresh: float, readings: Knots | None) -> list[float]:
    """Return the edges after which the counter had stood still and lost energy."""
    if readings is None:
        return []
    found = []
    for i in range(1, len(series.values)):
        length = series.after[i] - series.after[i - 1]
        if series.before[i] - series.after[i - 1] < FROZEN_REFRESHES * refresh:
            continue
        shown = [
            interpolate(readings.times, readings.joules, t)
            for t in (series.after[i - 1], series.after[i])
        ]
        grown = series.values[i] - series.values[i - 1]
        if length > 0 and grown < _LEAST_GROWTH * (shown[1] - shown[0]):
            found.append(series.after[i])
    return found


def _wakes(timeline: Timeline) -> list[float]:
    """Return the first counter edges after the machine slept."""
    after = timeline.energy.after
    found = []
    for wake, _ in timeline.breaks:
        later = [time for time in after[1:] if time >= wake > after[0]]
        found += later[:1]
    return found


def _part_time(
    info: ProbeInfo, series: Staircase, start: float, end: float
) -> tuple[float, Unseen]:
    """Return what a part-time sensor adds: a random error [J], or bounds."""
    refresh = series.refresh()
    values = list(series.values)
    inside = [
        v
        for v, time in zip(values, series.after, strict=True)
        if start < time <= end + refresh
    ]
    if info.power_average is not None or len(inside) < 2:
        return 0.0, Unseen()
    window = info.sensor_window
    share = UNKNOWN_SHARE if window is None else min(1.0, window / refresh)
    if window is not None and share < FULL_TIME and beats(inside):
        return 0.0, _unseen(info, values, inside, 1.0 - share)
    mean = sum(inside) / len(inside)
    deviation = sqrt(sum((v - mean) ** 2 for v in inside) / (len(inside) - 1))
    return unseen(deviation, end - start, refresh, share), Unseen()


def _unseen(
    info: ProbeInfo, values: list[float], inside: list[float], share: float
) -> Unseen:
    """Return what may have been missed: powers that were seen, if a beat was seen."""
    low, high = min(values), max(values)
    margin = _MARGIN * (high - low)
    if turns(inside) < _WHOLE_BEAT:
        return Unseen(share, 0.0, max(info.power_limit or 2 * high, high))
    return Unseen(share, max(0.0, low - margin), high + margin)


def _samples(series: Staircase, start: float, end: float) -> int:
    length = series.last - series.first
    if length <= 0:
        return series.count
    inside = min(end, series.last) - max(start, series.first)
    return round(series.count * max(0.0, inside) / length)


def _calibrated(curve: EnergyCurve, info: ProbeInfo) -> EnergyCurve:
    """Return the curve with gain and offset of the sensor taken out."""
    gain, offset = info.gain, info.offset
    if gain == 1.0 and offset == 0.0:
        return curve
    start = curve.times[0]
    pairs = zip(curve.times, curve.joules, strict=True)
    joules = [(j - offset * (t - start)) / gain for t, j in pairs]
    return replace(
        curve,
        joules=joules,
        start_error=curve.start_error / gain,
        end_error=curve.end_error / gain,
        variances=[v / gain**2 for v in curve.variances],
        blur=curve.blur / gain,
        bends=curve.bends and curve.bends.moved(joules),
    )
