"""What may be wrong with the readings of a device, as flags."""

from collections.abc import Sequence
from itertools import pairwise

from physbias.energy.integration.aliasing import FULL_TIME
from physbias.energy.integration.measurement import Measurement
from physbias.energy.integration.rungs import holes_of
from physbias.energy.integration.timeline import Timeline
from physbias.energy.record.device import Verdict
from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.sensors.probe import ProbeInfo, Scope, Source

_REFRESHES = 2.0
_LEAST_PARTS = 4
_ALIKE = 0.1


def reading_remarks(info: ProbeInfo, timeline: Timeline) -> list[Flag]:
    """Return remarks on the device and on readings that failed."""
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
    if timeline.breaks:
        slept = [seconds for _, seconds in timeline.breaks]
        text = f"the machine slept {len(slept)} times, {sum(slept):.1f} s in all"
        flags.append(Flag(FlagCode.SUSPENDED, text, info.label))
    return flags + _condition_remarks(info, timeline)


def _condition_remarks(info: ProbeInfo, timeline: Timeline) -> list[Flag]:
    flags = []
    if info.scope is Scope.MODULE:
        text = "the readings hold a whole module, GPU and processor together"
        flags.append(Flag(FlagCode.SCOPE_MODULE, text, info.label))
    others = max((c.others or 0 for c in timeline.conditions), default=0)
    if others:
        text = f"{others} other processes compute on it, and their energy counts too"
        flags.append(Flag(FlagCode.SHARED_GPU, text, info.label))
    if any(condition.throttled for condition in timeline.conditions):
        text = "heat or a hardware limit held its clocks down at a border of the block"
        flags.append(Flag(FlagCode.THROTTLED, text, info.label))
    return flags


def counter_remarks(info: ProbeInfo, timeline: Timeline, freezes: int) -> list[Flag]:
    """Return remarks on the energy counter.

    Args:
        info: the device.
        timeline: what was read from it.
        freezes: how often the counter stood still and lost energy [1].
    """
    flags = []
    if info.counter is None:
        text = "the device has no energy counter"
        flags.append(Flag(FlagCode.COUNTER_MISSING, text, info.label))
    elif timeline.energy.count < 2:
        text = "the energy counter could not be read"
        flags.append(Flag(FlagCode.COUNTER_MISSING, text, info.label))
    if timeline.resets:
        text = f"the energy counter began anew {timeline.resets} times; bridged"
        flags.append(Flag(FlagCode.COUNTER_RESET, text, info.label))
    odd = timeline.leaps + timeline.glitches
    if odd:
        text = f"{odd} readings of the energy counter were impossible; bridged"
        flags.append(Flag(FlagCode.COUNTER_GLITCH, text, info.label))
    if freezes:
        text = f"the energy counter stood still {freezes} times; bridged"
        flags.append(Flag(FlagCode.COUNTER_FROZEN, text, info.label))
    return flags


def power_remarks(
    info: ProbeInfo, timeline: Timeline, chosen: Measurement
) -> list[Flag]:
    """Return remarks on a figure that comes from power readings."""
    flags = []
    if info.power_average is not None:
        text = f"power is a trailing mean over {info.power_average:g} s"
        flags.append(Flag(FlagCode.AVERAGED_FIELD_ONLY, text, info.label))
    holes = holes_of(timeline.power, chosen.start, chosen.end)
    if holes:
        text = (
            f"{len(holes)} holes between readings, {sum(holes):.1f} s in all, the "
            f"longest {max(holes):.1f} s"
        )
        flags.append(Flag(FlagCode.GAP, text, info.label))
    return flags


def aliasing_remarks(power: Measurement, chosen: Measurement) -> list[Flag]:
    """Return a remark if the load seems in step with a part-time power sensor.

    Then its readings beat, whatever the figure is, unless the counter shows the same
    rise and fall; or where it is exactly in step, they are steady and disagree with the
    counter.

    Args:
        power: what the power readings say.
        chosen: the figure.
    """
    window, check = power.info.sensor_window, chosen.cross_check
    share = 1.0 if window is None else window / power.refresh
    differs = check is not None and check.verdict is not Verdict.CONSISTENT
    beats = power.unseen.share > 0 and not _follows(power, chosen)
    if not beats and not (differs and share < FULL_TIME):
        return []
    if chosen.source is Source.POWER:
        effect = "the interval holds all that it may have missed"
    else:
        effect = "the figure is that of the energy counter"
    text = (
        f"the power sensor sees {share:.0%} of the time and the load seems to have "
        f"fallen in with its refresh; {effect}"
    )
    return [Flag(FlagCode.ALIASING_SUSPECTED, text, power.info.label)]


def _follows(power: Measurement, chosen: Measurement) -> bool:
    """Return whether another figure rises and falls as the power readings do."""
    one, two = power.curve, chosen.curve
    if chosen.source is Source.POWER or one is None or two is None:
        return False
    start, end = max(power.start, chosen.start), min(power.end, chosen.end)
    count = int((end - start) / (_REFRESHES * max(power.refresh, chosen.refresh)))
    if count < _LEAST_PARTS:
        return False
    borders = [start + (end - start) * k / count for k in range(count + 1)]
    shown, told = (
        [curve.between(p, q) for p, q in pairwise(borders)] for curve in (one, two)
    )
    apart = [a - b for a, b in zip(shown, told, strict=True)]
    return _squares(apart) <= _ALIKE * _squares(shown)


def _squares(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values)
