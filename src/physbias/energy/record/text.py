"""A record in one line, and its quantities with units that suit them."""

from typing import TYPE_CHECKING

from physbias.energy.record.interval import Interval
from physbias.energy.record.quantity import EnergyFormat, share
from physbias.energy.sensors.probe import Source

if TYPE_CHECKING:
    from physbias.energy.record.record import EnergyRecord

_SERIOUS = {
    "device-lost": "lost",
    "aliasing-suspected": "load in step with its power sensor",
    "gap": "holes between readings",
    "counter-reset": "counter began anew",
    "counter-frozen": "counter stood still",
    "cross-check-failed": "counter and power disagree",
    "suspended": "machine slept",
    "shared-gpu": "used by other processes too",
    "mapping-unproven": "perhaps not the board that is used",
    "part-of-device": "whole board measured, only a part used",
    "queued-work": "work of a region still queued at the end",
    "meter-fault": "fault inside the meter",
    "journal-off": "journal not written",
    "recovered-from-journal": "recovered from a journal",
    "node-incomplete": "records of some processes missing",
    "baseline-unstable": "idle power not steady",
    "baseline-missing": "idle power not known",
}


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


def line(record: "EnergyRecord") -> str:
    """Return a record as one line for people."""
    return "  ".join(part for part in _line(record) if part)


def details(record: "EnergyRecord") -> list[str]:
    """Return what a record holds beside its total: per unit, above idle, over ranks."""
    found = []
    for unit in record.units:
        each = f"{unit.count:g} × {unit.unit}"
        if unit.joules_per_unit is not None and unit.interval_per_unit is not None:
            written = EnergyFormat.of(unit.joules_per_unit, unit.interval_per_unit)
            each += (
                f": {written.energy(unit.joules_per_unit)} per {unit.unit} (95 % "
                f"interval {written.ends(unit.interval_per_unit)})"
            )
        found.append(each)
    if record.net is not None:
        written = EnergyFormat.of(record.net.joules, record.net.interval)
        found.append(
            f"above idle: {written.energy(record.net.joules)} (95 % interval "
            f"{written.ends(record.net.interval)}; idle "
            f"{record.net.idle_watts:.4g} W)"
        )
    return found


def cautions(record: "EnergyRecord") -> list[str]:
    """Return in a few words what may make the figure wrong, device by device."""
    lengths = {device.label: device.seconds for device in record.devices}
    found: dict[str, None] = {}
    for flag in record.flags:
        words = _SERIOUS.get(flag.code)
        if words is None:
            continue
        if flag.code == "device-lost" and flag.device in lengths:
            words += f" after {lengths[flag.device]:.1f} s"
        found[words if flag.device is None else f"{flag.device} {words}"] = None
    return list(found)


def remarks(record: "EnergyRecord") -> list[str]:
    """Return all flags with their device or region, reasons of devices left out."""
    told = {device.reason for device in record.devices if device.joules is None}
    flags = [(flag.device, flag) for flag in record.flags if flag.text not in told]
    flags += [
        (", ".join(filter(None, (f"region {region.name}", flag.device))), flag)
        for region in record.regions
        for flag in region.flags
    ]
    texts = [
        f"{flag.code}{f' ({place})' if place else ''}: {flag.text}"
        for place, flag in flags
    ]
    return list(dict.fromkeys(texts))


def _line(record: "EnergyRecord") -> tuple[str, ...]:
    ending = "" if record.error is None else f"{record.status}: {record.error}"
    found = cautions(record)
    caution = f"caution: {'; '.join(found)}" if found else ""
    tail = f"{record.seconds:.1f} s", ending, caution
    if record.joules is None or record.interval is None:
        return "no energy figure", f"({record.reason})", *tail
    return total(record), f"({', '.join(_parts(record))})", *tail


def total(record: "EnergyRecord") -> str:
    """Return the total with its uncertainty, or that there is none."""
    if record.joules is None or record.interval is None:
        return "no energy figure"
    word = "estimate " if record.basis == "estimate" else ""
    written = EnergyFormat.of(record.joules, record.interval)
    around = share(record.joules, record.interval)
    return f"{word}{written.energy(record.joules)} {around}"


def _parts(record: "EnergyRecord") -> list[str]:
    groups: dict[tuple[str, Source], list[tuple[float, Interval]]] = {}
    for device in record.devices:
        if device.joules is not None and device.source is not None:
            around = device.interval or Interval(device.joules, device.joules)
            group = groups.setdefault((device.label, device.source), [])
            group.append((device.joules, around))
    parts = []
    for (label, source), group in groups.items():
        joules = sum(energy for energy, _ in group)
        lows, highs = zip(*(around for _, around in group), strict=True)
        written = EnergyFormat.of(joules, Interval(sum(lows), sum(highs)), most=3)
        part = f"{label} {written.energy(joules)} {source}"
        if source is Source.ESTIMATE and record.basis == "measurement":
            part += " not in the sum"
        parts.append(part)
    unmeasured = [d.label for d in record.devices if d.joules is None]
    return parts + [f"{label} not measured" for label in unmeasured]
