"""Remarks on the quality of a figure."""

from dataclasses import dataclass
from enum import StrEnum


class FlagCode(StrEnum):
    """What may be wrong with a figure, for machines."""

    SHORT_WINDOW = "short-window"
    BELOW_RESOLUTION = "below-resolution"
    AVERAGED_FIELD_ONLY = "averaged-field-only"
    COUNTER_MISSING = "counter-missing"
    COUNTER_RESET = "counter-reset"
    COUNTER_GLITCH = "counter-glitch"
    COUNTER_FROZEN = "counter-frozen"
    CROSS_CHECK_FAILED = "cross-check-failed"
    GAP = "gap"
    READ_ERRORS = "read-errors"
    DEVICE_LOST = "device-lost"
    MAPPING_UNPROVEN = "mapping-unproven"
    PART_OF_DEVICE = "part-of-device"
    UNMEASURED = "unmeasured"
    MODELLED = "modelled"
    REGIONS_OVERLAP = "regions-overlap"
    REGIONS_OUTSIDE = "regions-outside"
    QUEUED_WORK = "queued-work"
    METER_FAULT = "meter-fault"
    ALIASING_SUSPECTED = "aliasing-suspected"
    SUSPENDED = "suspended"
    JOURNAL_OFF = "journal-off"
    RECOVERED = "recovered-from-journal"
    COUNTED_ONCE = "counted-once"
    OVERLAP_SHARED_OUT = "overlap-shared-out"
    NODE_INCOMPLETE = "node-incomplete"
    SCOPE_MODULE = "scope-module"
    SHARED_GPU = "shared-gpu"
    THROTTLED = "throttled"
    BASELINE_UNSTABLE = "baseline-unstable"
    BASELINE_MISSING = "baseline-missing"


@dataclass(frozen=True, slots=True)
class Flag:
    """One remark on the quality of a figure.

    Args:
        code: the remark for machines.
        text: the remark for people.
        device: label of the device that it is about; ``None`` for the whole.
    """

    code: FlagCode
    text: str
    device: str | None = None
