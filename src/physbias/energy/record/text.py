"""A record in one line, and its quantities with units that suit them."""

from typing import TYPE_CHECKING

from physbias.energy.sensors.probe import Source

if TYPE_CHECKING:
    from physbias.energy.record.record import EnergyRecord


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
            low, high = unit.interval_per_unit
            each += (
                f": {format_joules(unit.joules_per_unit)} per {unit.unit} (95 % "
                f"interval {format_joules(low)} to {format_joules(high)})"
            )
        found.append(each)
    if record.net is not None:
        low, high = record.net.interval
        found.append(
            f"above idle: {format_joules(record.net.joules)} (95 % interval "
            f"{format_joules(low)} to {format_joules(high)}; idle "
            f"{record.net.idle_watts:.4g} W)"
        )
    return found


def _line(record: "EnergyRecord") -> tuple[str, ...]:
    ending = "" if record.error is None else f"{record.status}: {record.error}"
    duration = f"{record.seconds:.1f} s"
    if record.joules is None or record.interval is None:
        return "no energy figure", f"({record.reason})", duration, ending
    half = (record.interval.high - record.interval.low) / 2
    share = f" ± {100 * half / record.joules:.2g} %" if record.joules > 0 else ""
    word = "estimate " if record.basis == "estimate" else ""
    total = f"{word}{format_joules(record.joules)}{share}"
    return total, f"({', '.join(_parts(record))})", duration, ending


def _parts(record: "EnergyRecord") -> list[str]:
    sums: dict[tuple[str, Source], float] = {}
    for device in record.devices:
        if device.joules is not None and device.source is not None:
            key = (device.label, device.source)
            sums[key] = sums.get(key, 0.0) + device.joules
    parts = []
    for (label, source), joules in sums.items():
        part = f"{label} {format_joules(joules, 3)} {source}"
        if source is Source.ESTIMATE and record.basis == "measurement":
            part += " not in the sum"
        parts.append(part)
    unmeasured = [d.label for d in record.devices if d.joules is None]
    return parts + [f"{label} not measured" for label in unmeasured]
