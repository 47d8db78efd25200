"""From what was read of a device to its energy, its interval and its flags."""

from dataclasses import replace
from math import hypot

from physbias.energy.integration.bounds import COVERAGE_FACTOR, interval_around
from physbias.energy.integration.measurement import Measurement
from physbias.energy.integration.remarks import (
    aliasing_remarks,
    counter_remarks,
    power_remarks,
    reading_remarks,
)
from physbias.energy.integration.rungs import (
    FROZEN_REFRESHES,
    covered,
    from_counter,
    from_power,
)
from physbias.energy.integration.timeline import PRIOR_REFRESH, Timeline
from physbias.energy.record.device import CrossCheck, Verdict
from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.sensors.probe import ProbeInfo, Source

__all__ = ["COVERAGE_FACTOR", "Measurement", "interval_around", "measure"]

_AGREEMENT = 0.02
_DISAGREEMENT = 0.10
_LEAST_COVERAGE = 0.5
_OVER_LIMIT = 1.1
_TINY = 1e-9
_UNSEEN_REFRESHES = 2.0


def measure(
    info: ProbeInfo, timeline: Timeline, start: float, end: float
) -> Measurement:
    """Return the energy of a device between two instants.

    The counter comes first, with its borders reconstructed; the integrated power is the
    second figure and checks it. Where the counter began anew, leapt or stood still for
    a while, power bridges the hole. One that still stands still at the end, or could
    not be read for long, is replaced by the integrated power. A counter is trusted to
    see all the time even where the power register does not; if the two disagree, the
    interval holds both.

    Args:
        info: the device.
        timeline: what was read from it.
        start: start of the window [s].
        end: end of the window [s].
    """
    looks = tuple(timeline.conditions)
    flags = reading_remarks(info, timeline)
    end = max(start, _last_known(info, timeline, end))
    counter, freezes = from_counter(info, timeline, start, end)
    power = from_power(info, timeline, start, end)
    flags += counter_remarks(info, timeline, freezes)
    still = _still(timeline, counter)
    if still is not None:
        text = f"the energy counter stood still for {still:.1f} s"
        flags.append(Flag(FlagCode.COUNTER_FROZEN, text, info.label))
        if power is not None:
            counter = None
    if counter is not None:
        seen = _counter_coverage(timeline, counter, still)
        counter = replace(counter, coverage=seen)
        counter = None if _fuller(power, counter) else counter
    chosen = counter or power
    if chosen is None:
        reason = _no_figure(info, timeline)
        return Measurement(
            info, start, end, reason=reason, flags=tuple(flags), conditions=looks
        )
    if counter is not None and power is not None:
        chosen, disagreement = _cross_check(counter, power)
        flags += disagreement
    if chosen.source is Source.POWER:
        flags += power_remarks(info, timeline, chosen)
    if power is not None:
        flags += aliasing_remarks(power, chosen)
    if chosen.coverage is not None and chosen.coverage < _LEAST_COVERAGE:
        reason = "fewer than half of the window was covered by readings"
        return Measurement(
            info,
            start,
            end,
            coverage=chosen.coverage,
            samples=chosen.samples,
            reason=reason,
            flags=tuple(flags),
            conditions=looks,
        )
    if chosen.end - chosen.start < 2 * chosen.refresh:
        text = f"shorter than two refreshes of the sensor ({chosen.refresh:.3f} s)"
        flags.append(Flag(FlagCode.SHORT_WINDOW, text, info.label))
    return replace(chosen, flags=tuple(flags), conditions=looks)


def _last_known(info: ProbeInfo, timeline: Timeline, end: float) -> float:
    """Return until when the energy is told: to the end unless the device was lost [s].

    From the last reading of a lost device on the last power goes on, up to the failed
    reading. The part that nobody saw counts as half known.
    """
    lost = timeline.lost_at
    if lost is None or lost >= end:
        return end
    last = max(timeline.energy.last, timeline.power.last)
    if info.power_average is not None:
        return min(end, last)
    return min(lost, last + _UNSEEN_REFRESHES * PRIOR_REFRESH)


def _still(timeline: Timeline, counter: Measurement | None) -> float | None:
    """Return how long the counter has stood still at the end [s], if for long."""
    if counter is None:
        return None
    series = timeline.energy
    waiting = series.last - series.after[-1]
    return waiting if waiting > FROZEN_REFRESHES * counter.refresh else None


def _counter_coverage(
    timeline: Timeline, counter: Measurement, still: float | None
) -> float:
    """Return the share of the window between the first and the last counter edge."""
    series = timeline.energy
    if still is None:
        bare = covered(series, counter.start, counter.end)
        holes = [min(q, counter.end) - max(p, counter.start) for p, q in series.gaps]
        length = counter.end - counter.start
        bridged = sum(h for h in holes if h > 0)
        return min(1.0, bare + bridged / length) if length > 0 else 1.0
    known = min(series.after[-1], counter.end) - counter.start
    return max(0.0, known / max(counter.end - counter.start, _TINY))


def _fuller(power: Measurement | None, counter: Measurement) -> bool:
    """Return whether power readings cover much that the counter does not."""
    if power is None:
        return False
    more = (power.coverage or 0.0) - (counter.coverage or 0.0)
    return more * (power.end - power.start) > FROZEN_REFRESHES * counter.refresh


def _cross_check(
    counter: Measurement, power: Measurement
) -> tuple[Measurement, list[Flag]]:
    """Return the counter, or the power where only that is possible, and remarks."""
    if counter.curve is None or power.curve is None:
        return counter, []
    first, second = counter.curve.total, power.curve.total
    error = hypot(
        counter.spread(counter.start, counter.end),
        power.spread(power.start, power.end),
    )
    gap = abs(second - first)
    relative = (second - first) / first if first > 0 else float(gap > 0)
    if gap <= max(_AGREEMENT * first, COVERAGE_FACTOR * error):
        verdict = Verdict.CONSISTENT
    elif gap <= _DISAGREEMENT * first:
        verdict = Verdict.SUSPICIOUS
    else:
        verdict = Verdict.INCONSISTENT
    label = counter.info.label
    if verdict is Verdict.INCONSISTENT and not _possible(counter) and _possible(power):
        relative = first / second - 1 if second > 0 else 1.0
        chosen = replace(power, cross_check=CrossCheck(first, relative, verdict))
        text = f"the counter shows more power than the limit ({relative:+.0%})"
        return chosen, [Flag(FlagCode.CROSS_CHECK_FAILED, text, label)]
    checked = replace(counter, cross_check=CrossCheck(second, relative, verdict))
    if verdict is Verdict.CONSISTENT:
        return checked, []
    text = f"integrated power is {100 * relative:+.1f} % off the counter ({verdict})"
    return checked, [Flag(FlagCode.CROSS_CHECK_FAILED, text, label)]


def _possible(one: Measurement) -> bool:
    """Return whether the mean power is below the limit of the device."""
    limit, seconds = one.info.power_limit, one.end - one.start
    if one.curve is None or limit is None or seconds <= 0:
        return True
    return one.curve.total <= _OVER_LIMIT * limit * seconds


def _no_figure(info: ProbeInfo, timeline: Timeline) -> str:
    if timeline.lost_at is not None:
        return f"{info.label} was lost before it could be read twice"
    if timeline.last_error:
        return f"{info.label} could not be read ({timeline.last_error})"
    return f"{info.label} showed no change during the block"
