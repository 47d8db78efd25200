"""A record as a text of several lines, with tables for devices and regions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from physbias.energy.record.quantity import EnergyFormat
from physbias.energy.record.text import cautions, details, remarks, total

if TYPE_CHECKING:
    from physbias.energy.record.device import DeviceEnergy
    from physbias.energy.record.record import EnergyRecord
    from physbias.energy.record.region import RegionEnergy

_GAP = "  "


def report(record: "EnergyRecord") -> str:
    """Return a record as text: total, devices, regions, units, remarks.

    The energies of a row and their interval have one unit.
    """
    lines = [_GAP.join(part for part in _head(record) if part)]
    if record.interval is not None and record.joules is not None:
        ends = EnergyFormat.of(record.joules, record.interval).ends(record.interval)
        lines.append(f"95 % interval {ends}")
    lines += _block([_device(device, record) for device in record.devices], _DEVICES)
    if record.regions:
        rows = [_region(region) for region in record.regions]
        outside = EnergyFormat.of(record.unattributed or 0.0, record.interval)
        rest = outside.energy(record.unattributed)
        rows.append(["outside all regions", rest, *[""] * (len(_REGIONS) - 2)])
        lines += _block(rows, _REGIONS)
    more = details(record)
    if record.footprint is not None:
        more.append(f"carbon: {record.footprint}")
    found = remarks(record)
    lines += ["", *more] if more else []
    lines += ["", *found] if found else []
    return "\n".join(lines)


_DEVICES = ("device", "energy", "95 % interval", "mean power", "source")
_REGIONS = ("region", "energy", "95 % interval", "own energy", "time", "stays")


def _head(record: "EnergyRecord") -> tuple[str, ...]:
    ending = "" if record.error is None else f"{record.status}: {record.error}"
    found = cautions(record)
    caution = f"caution: {'; '.join(found)}" if found else ""
    reason = f"({record.reason})" if record.joules is None else ""
    if any(device.reason for device in record.devices):
        reason = ""
    return total(record), reason, f"{record.seconds:.1f} s", ending, caution


def _device(device: "DeviceEnergy", record: "EnergyRecord") -> list[str]:
    if device.joules is None:
        return [device.label, f"not measured: {device.reason or 'no figure'}"]
    source = str(device.source)
    if source == "estimate" and record.basis == "measurement":
        source += ", not in the sum"
    written = EnergyFormat.of(device.joules, device.interval)
    mean = device.joules / device.seconds if device.seconds > 0 else None
    return [
        device.label,
        written.energy(device.joules),
        written.ends(device.interval),
        "–" if mean is None else f"{mean:.4g} W",
        f"{source}  {device.name}".rstrip(),
    ]


def _region(region: "RegionEnergy") -> list[str]:
    written = EnergyFormat.of(region.joules or 0.0, region.interval)
    return [
        region.name,
        written.energy(region.joules),
        written.ends(region.interval),
        written.energy(region.own_joules),
        f"{region.seconds:.4g} s",
        str(region.count),
    ]


def _block(rows: Sequence[Sequence[str]], names: Sequence[str]) -> list[str]:
    """Return a table under an empty line; a row may end early with a long text."""
    if not rows:
        return []
    full = [names, *(row for row in rows if len(row) == len(names))]
    widths = [max(len(row[i]) for row in full) for i in range(len(names))]
    widths[0] = max(len(row[0]) for row in (names, *rows))
    made = [
        _GAP.join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=False)
        ).rstrip()
        for row in (names, *rows)
    ]
    return ["", *made]
