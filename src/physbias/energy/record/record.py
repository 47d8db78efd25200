"""The result of a measurement: frozen, complete, and plain enough to store."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from physbias.energy.sensors.probe import DeviceKind, Source

SCHEMA = "physbias.energy/1"


class Interval(NamedTuple):
    """An interval of energies that holds the true one with 95 % confidence.

    Attributes:
        low: lower end [J].
        high: upper end [J].
    """

    low: float
    high: float


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
    METER_FAULT = "meter-fault"


class Verdict(StrEnum):
    """How well two ways to measure the same energy agree."""

    CONSISTENT = "consistent"
    SUSPICIOUS = "suspicious"
    INCONSISTENT = "inconsistent"


class Basis(StrEnum):
    """What the total is made of; measurements and estimates are never summed."""

    MEASUREMENT = "measurement"
    ESTIMATE = "estimate"
    NONE = "none"


class Status(StrEnum):
    """How the measured block ended."""

    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


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


@dataclass(frozen=True, slots=True)
class RegionEnergy:
    """Energy of all stays in a named part of the block.

    Args:
        name: name of the region.
        joules: energy, regions inside included [J]; ``None`` if there is none.
        own_joules: energy without the regions inside [J].
        interval: 95 % interval of ``joules``.
        seconds: time spent inside [s].
        count: number of stays [1].
        flags: remarks.
    """

    name: str
    joules: float | None
    own_joules: float | None
    interval: Interval | None
    seconds: float
    count: int
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyRecord:
    """All that a meter found out about one block.

    Args:
        joules: sum over the measured devices [J], or of the estimates where nothing
            was measured; ``None`` where there is neither.
        interval: 95 % interval of ``joules``.
        comparison: the same without systematic errors of the sensors.
        basis: what ``joules`` is made of.
        reason: why ``joules`` is ``None``.
        seconds: length of the block [s].
        status: how the block ended.
        error: type of the exception that ended it.
        started: wall-clock time of the start, ISO 8601 in UTC.
        devices: one entry per device, estimates included.
        regions: one entry per region name.
        unattributed: energy outside all regions [J].
        flags: remarks on the whole and on its devices.
    """

    joules: float | None
    interval: Interval | None
    comparison: Interval | None
    basis: Basis
    reason: str | None
    seconds: float
    status: Status
    error: str | None
    started: str
    devices: tuple[DeviceEnergy, ...]
    regions: tuple[RegionEnergy, ...]
    unattributed: float | None
    flags: tuple[Flag, ...]

    def region(self, name: str) -> RegionEnergy:
        """Return the entry of the region ``name``; :class:`KeyError` if none."""
        for region in self.regions:
            if region.name == name:
                return region
        raise KeyError(name)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as dicts, lists, numbers, strings and ``None``."""
        return {"schema": SCHEMA, **json.loads(json.dumps(asdict(self)))}

    def to_json(self) -> str:
        """Return the record as one JSON text."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)

    def __str__(self) -> str:
        """Return one line for people."""
        return "  ".join(part for part in _line(self) if part)


def format_joules(joules: float, digits: int = 4) -> str:
    """Return an energy [J] with a unit that suits it.

    Example:
        >>> format_joules(12844.0)
        '12.84 kJ'
    """
    for limit, scale, unit in ((1e3, 1.0, "J"), (1e6, 1e3, "kJ")):
        if abs(joules) < limit * (1 - 0.5 * 10**-digits):
            return f"{joules / scale:#.{digits}g}".rstrip(".") + f" {unit}"
    return f"{joules / 1e6:#.{digits}g}".rstrip(".") + " MJ"


def _line(record: EnergyRecord) -> tuple[str, ...]:
    ending = "" if record.error is None else f"{record.status}: {record.error}"
    duration = f"{record.seconds:.1f} s"
    if record.joules is None or record.interval is None:
        return "no energy figure", f"({record.reason})", duration, ending
    half = (record.interval.high - record.interval.low) / 2
    share = f" ± {100 * half / record.joules:.2g} %" if record.joules > 0 else ""
    word = "estimate " if record.basis is Basis.ESTIMATE else ""
    total = f"{word}{format_joules(record.joules)}{share}"
    return total, f"({', '.join(_parts(record))})", duration, ending


def _parts(record: EnergyRecord) -> list[str]:
    sums: dict[tuple[str, Source], float] = {}
    for device in record.devices:
        if device.joules is not None and device.source is not None:
            key = (device.label, device.source)
            sums[key] = sums.get(key, 0.0) + device.joules
    parts = []
    for (label, source), joules in sums.items():
        part = f"{label} {format_joules(joules, 3)} {source}"
        if source is Source.ESTIMATE and record.basis is Basis.MEASUREMENT:
            part += " not in the sum"
        parts.append(part)
    unmeasured = [d.label for d in record.devices if d.joules is None]
    return parts + [f"{label} not measured" for label in unmeasured]
