"""The energy of one device."""

from dataclasses import dataclass
from enum import StrEnum

from physbias.energy.record.flags import Flag
from physbias.energy.record.interval import Interval
from physbias.energy.record.trace import PowerTrace
from physbias.energy.sensors.condition import Condition
from physbias.energy.sensors.probe import DeviceKind, Scope, Source


class Verdict(StrEnum):
    """How well two ways to measure the same energy agree."""

    CONSISTENT = "consistent"
    SUSPICIOUS = "suspicious"
    INCONSISTENT = "inconsistent"


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """The second figure of a device, from its power, beside its counter.

    Args:
        joules: integrated power [J].
        difference: its relative difference from the counter [1].
        verdict: consistent up to the larger of 2 % and twice the uncertainty of the
            difference, suspicious up to 10 %, inconsistent above.
    """

    joules: float
    difference: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class DeviceEnergy:
    """Energy of one device.

    Args:
        uuid: identity of the device.
        name: name of the model.
        label: short name, such as ``GPU 0``.
        kind: what it is.
        source: where the figure comes from; ``None`` if there is none.
        joules: energy [J]; ``None`` if there is none, never zero instead.
        interval: 95 % interval.
        comparison: 95 % interval without the systematic error of the sensor, for
            ratios between runs on the same device.
        seconds: time covered [s].
        reason: why there is no figure.
        cross_check: the second figure.
        flags: remarks.
        trace: power over the block; ``None`` where it is not known.
        coverage: share of the time that readings cover [1].
        samples: readings that were taken in the block [1].
        mean_watts: mean power [W].
        max_watts: highest power of a refresh [W].
        calibration: which calibration of the sensor was used, if any.
        calibration_sha256: digest of that calibration, as
            :attr:`Calibration.sha256 <physbias.energy.Calibration.sha256>` gives it.
        scope: what the readings of the sensor hold.
        power_limit_watts: highest power that the device allowed itself [W].
        condition_start: condition of the device at the start of the block.
        condition_end: its condition at the end; ``None`` if nobody looked then.
        unattributed: energy outside all regions [J].
        gain_error: relative standard uncertainty of the sensor's gain [1], the same in
            every run; ``None``, as the next three, where it is not known apart.
        offset_error_watts: standard uncertainty of its offset [W], likewise.
        delay_error_joules: what ``joules`` gains per standard uncertainty of a
            calibrated delay [J], likewise.
        lag_joules: least and largest gain of ``joules`` over the ages that the sensor
            may have [J].
    """

    uuid: str
    name: str
    label: str
    kind: DeviceKind
    source: Source | None
    joules: float | None
    interval: Interval | None
    comparison: Interval | None
    seconds: float
    reason: str | None = None
    cross_check: CrossCheck | None = None
    flags: tuple[Flag, ...] = ()
    trace: PowerTrace | None = None
    coverage: float | None = None
    samples: int = 0
    mean_watts: float | None = None
    max_watts: float | None = None
    calibration: str | None = None
    calibration_sha256: str | None = None
    scope: Scope | None = None
    power_limit_watts: float | None = None
    condition_start: Condition | None = None
    condition_end: Condition | None = None
    unattributed: float | None = None
    gain_error: float | None = None
    offset_error_watts: float | None = None
    delay_error_joules: float | None = None
    lag_joules: Interval | None = None
