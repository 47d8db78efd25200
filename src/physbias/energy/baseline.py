"""Idle power, and the energy of a block above it; never subtracted unless asked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot, inf
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Literal

from physbias.energy.record.interval import Interval
from physbias.energy.record.net import NetEnergy
from physbias.energy.record.parse import from_plain
from physbias.energy.record.schema import plain
from physbias.errors import ArgumentError, DataError, explain

if TYPE_CHECKING:
    from physbias.energy.record.device import DeviceEnergy
    from physbias.energy.record.flags import Flag
    from physbias.energy.record.record import EnergyRecord

SCHEMA = "physbias.baseline/1"

_STABLE = 3.0
_ALIKE = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class IdlePower:
    """Idle power of one device.

    Args:
        uuid: the device.
        watts: mean power while idle [W].
        error_watts: standard uncertainty of ``watts``, without the systematic error
            of the sensor, which the block's energy holds already [W].
        temperature_celsius: temperature while idle [°C]; ``None`` if not readable.
        performance_state: P-state while idle, 0 the fastest; ``None`` likewise.
    """

    uuid: str
    watts: float
    error_watts: float = 0.0
    temperature_celsius: float | None = None
    performance_state: int | None = None

    def __post_init__(self) -> None:
        for name in ("watts", "error_watts"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not 0 <= value < inf:
                text = explain(
                    name,
                    found=value,
                    expected="a power of 0 W or more",
                    remedy="measure it with measure_idle",
                )
                raise ArgumentError(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Idle power of several devices, measured together.

    Args:
        devices: one entry per device.
        seconds: how long it was measured [s].
        started: wall-clock time of the measurement, ISO 8601.
    """

    devices: tuple[IdlePower, ...]
    seconds: float
    started: str = ""

    @property
    def watts(self) -> float:
        """Idle power of all devices together [W]."""
        return sum(device.watts for device in self.devices)

    @property
    def error_watts(self) -> float:
        """Standard uncertainty of :attr:`watts` [W]."""
        return hypot(*(device.error_watts for device in self.devices))

    def of(self, uuid: str) -> IdlePower | None:
        """Return the entry of a device, if there is one."""
        return next((d for d in self.devices if d.uuid == uuid), None)

    @classmethod
    def from_record(cls, record: "EnergyRecord") -> "Baseline":
        """Return the mean powers of a block in which the devices were idle."""
        return cls(
            devices=tuple(_idle(d) for d in _measured(record) if d.seconds > 0),
            seconds=record.seconds,
            started=record.started,
        )

    def save(self, path: str | Path) -> None:
        """Write the baseline to a JSON file.

        Args:
            path: the file.
        """
        content = {"schema": SCHEMA, **plain(self)}
        Path(path).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> "Baseline":
        """Return the baseline that :meth:`save` wrote.

        Raises:
            DataError: the file holds none.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _bad_file(path, str(error)) from error
        if not isinstance(content, Mapping) or content.get("schema") != SCHEMA:
            raise _bad_file(path, "another kind of file")
        try:
            return from_plain(cls, content)
        except ArgumentError as error:
            raise _bad_file(path, str(error)) from error


BaselineChoice = Baseline | float | Literal["measure"] | None
"""Idle power of all devices [W], a baseline, or to measure it around the block."""


def check_baseline(given: BaselineChoice) -> BaselineChoice:
    """Return a meter's ``baseline`` argument, or refuse it.

    Raises:
        ArgumentError: it is neither a power, nor a baseline, nor ``"measure"``.
    """
    if given is None or given == "measure" or isinstance(given, Baseline):
        return given
    number = isinstance(given, int | float) and not isinstance(given, bool)
    if number and 0 <= given < inf:
        return float(given)
    raise ArgumentError(
        explain(
            "baseline",
            found=repr(given),
            expected='an idle power in watts, a Baseline or "measure"',
            remedy="measure one with measure_idle, or load one with Baseline.load",
        )
    )


def with_baseline(
    record: "EnergyRecord", baseline: Baseline | float, after: Baseline | None = None
) -> "EnergyRecord":
    """Return the record with its energy above idle.

    With an idle power before and one after the block, the one during the block is
    taken to change linearly. Where the two differ by more than three standard
    uncertainties, or the P-state differs, the record is flagged and the interval of
    its net energy spans both. Where a measured device has no idle power, or a number
    would have to be shared out because devices were lost, there is a flag instead of a
    net energy. A device that was lost is idle only for as long as it was measured.

    Args:
        record: the block.
        baseline: idle power before the block, or at any time; a number is that of all
            devices together [W], taken as exact.
        after: idle power after the block.
    """
    from physbias.energy.record.flags import Flag, FlagCode

    devices = _measured(record)
    if record.joules is None or not devices:
        return record
    if not isinstance(baseline, Baseline):
        seconds = _common_seconds(record, devices)
        if seconds is None:
            text = (
                "the idle power is that of all devices, and not all were measured whole"
            )
            flag = Flag(FlagCode.BASELINE_MISSING, text)
            return replace(record, flags=(*record.flags, flag))
        idle = _Idle(baseline * seconds, 0.0)
        net = _net(record, (idle,), stable=True, source="given")
        return _with_net(record, net, [])
    ends = [baseline] if after is None else [baseline, after]
    unknown = [d.label for d in devices if any(b.of(d.uuid) is None for b in ends)]
    if unknown:
        text = f"no idle power is known of {', '.join(unknown)}"
        flag = Flag(FlagCode.BASELINE_MISSING, text)
        return replace(record, flags=(*record.flags, flag))
    changes = [] if after is None else _changes(devices, baseline, after)
    idles = tuple(_Idle.during(devices, end) for end in ends)
    dates = " and ".join(end.started for end in ends)
    net = _net(record, idles, stable=not changes, source=f"measured {dates}".strip())
    flags = [Flag(FlagCode.BASELINE_UNSTABLE, text, label) for label, text in changes]
    return _with_net(record, net, flags)


def _with_net(
    record: "EnergyRecord", net: NetEnergy, flags: "Sequence[Flag]"
) -> "EnergyRecord":
    from physbias.energy.record.flags import Flag, FlagCode

    if net.joules < 0:
        text = (
            f"idle power is {net.idle_watts:.4g} W, more than the block used with "
            "its work; it was not measured under the same conditions"
        )
        flags = [*flags, Flag(FlagCode.BASELINE_UNSTABLE, text)]
    return replace(record, net=net, flags=(*record.flags, *flags))


@dataclass(frozen=True, slots=True)
class _Idle:
    """Idle energy over a block and its standard uncertainty [J]."""

    joules: float
    error: float

    @classmethod
    def during(cls, devices: "Sequence[DeviceEnergy]", baseline: Baseline) -> "_Idle":
        pairs = [(d.seconds, baseline.of(d.uuid)) for d in devices]
        known = [(seconds, idle) for seconds, idle in pairs if idle is not None]
        joules = sum(seconds * idle.watts for seconds, idle in known)
        return cls(joules, hypot(*(s * idle.error_watts for s, idle in known)))


def _common_seconds(
    record: "EnergyRecord", devices: "Sequence[DeviceEnergy]"
) -> float | None:
    """Return how long all devices were measured [s], if as long as one another."""
    times = [device.seconds for device in devices]
    lost = any(device.uuid and device.joules is None for device in record.devices)
    if lost or min(times) < _ALIKE * max(times):
        return None
    return fmean(times)


def _net(
    record: "EnergyRecord", idles: Sequence[_Idle], *, stable: bool, source: str
) -> NetEnergy:
    joules, interval = record.joules or 0.0, record.interval or Interval(0.0, 0.0)

    def above(idle: _Idle) -> Interval:
        low = hypot(joules - interval.low, 2 * idle.error)
        high = hypot(interval.high - joules, 2 * idle.error)
        return Interval(joules - idle.joules - low, joules - idle.joules + high)

    count, seconds = len(idles), record.seconds
    error = hypot(*(idle.error for idle in idles)) / count
    mean = _Idle(sum(idle.joules for idle in idles) / count, error)
    span = [above(mean)] if stable else [above(idle) for idle in idles]
    drift = (idles[-1].joules - idles[0].joules) / seconds if count > 1 else None
    return NetEnergy(
        joules=joules - mean.joules,
        interval=Interval(min(i.low for i in span), max(i.high for i in span)),
        idle_joules=mean.joules,
        idle_watts=mean.joules / seconds,
        idle_error_watts=mean.error / seconds,
        drift_watts=drift,
        stable=stable,
        source=source,
    )


def _changes(
    devices: "Sequence[DeviceEnergy]", before: Baseline, after: Baseline
) -> list[tuple[str, str]]:
    """Return label and text for each device that was not idle in the same way."""
    found = []
    for device in devices:
        first, last = before.of(device.uuid), after.of(device.uuid)
        if first is None or last is None:
            continue
        limit = _STABLE * hypot(first.error_watts, last.error_watts)
        states = first.performance_state, last.performance_state
        if abs(last.watts - first.watts) > limit:
            text = (
                f"idle power was {first.watts:.1f} W before and {last.watts:.1f} W "
                "after the block"
            )
            found.append((device.label, text))
        elif None not in states and states[0] != states[1]:
            text = f"idle in P{states[0]} before and P{states[1]} after the block"
            found.append((device.label, text))
    return found


def _measured(record: "EnergyRecord") -> "list[DeviceEnergy]":
    from physbias.energy.sensors.probe import Source

    return [
        d
        for d in record.devices
        if d.joules is not None and d.source is not Source.ESTIMATE
    ]


def _idle(device: "DeviceEnergy") -> IdlePower:
    joules, around = device.joules or 0.0, device.comparison or Interval(0.0, 0.0)
    error = max(joules - around.low, around.high - joules) / 2
    return IdlePower(
        uuid=device.uuid,
        watts=joules / device.seconds,
        error_watts=error / device.seconds,
    )


def _bad_file(path: str | Path, found: str) -> DataError:
    return DataError(
        explain(
            str(path),
            found=found,
            expected="a baseline",
            remedy="write it with Baseline.save",
        )
    )
