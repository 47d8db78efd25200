"""A record as a table with a picture, for notebooks and pages."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from physbias.energy.record.picture import COLOURS, power_picture
from physbias.energy.record.quantity import EnergyFormat
from physbias.energy.record.text import cautions, details, remarks, total

if TYPE_CHECKING:
    from physbias.energy.record.record import EnergyRecord

_STYLE = (
    "<style>"
    ".physbias-energy{max-width:660px;font-variant-numeric:tabular-nums}"
    ".physbias-energy table{border-collapse:collapse;margin:6px 0}"
    ".physbias-energy th,.physbias-energy td{padding:2px 10px 2px 0;"
    "text-align:left;vertical-align:top;background:none;color:inherit}"
    ".physbias-energy th{font-weight:600;border-bottom:1px solid currentColor}"
    ".physbias-energy td:first-child{white-space:nowrap}"
    ".physbias-energy .n{text-align:right;white-space:nowrap}"
    ".physbias-energy .total{font-size:1.25em;font-weight:600}"
    ".physbias-energy .quiet{opacity:.75}"
    ".physbias-energy ul{margin:4px 0 0;padding-left:1.2em}"
    ".physbias-energy i{display:inline-block;width:.7em;height:.7em;"
    "margin-right:.4em}"
    "</style>"
)


def html(record: "EnergyRecord") -> str:
    """Return a record as HTML: total, devices, regions, remarks and power over time.

    All text of the user's is escaped, and nothing is loaded from elsewhere.
    """
    traces = [
        (device.label, device.trace)
        for device in record.devices
        if device.trace is not None and device.trace.watts
    ]
    colours = dict(zip([name for name, _ in traces], _cycle(len(traces)), strict=True))
    parts = [_STYLE, _total(record), _devices(record, colours)]
    parts += [f"<div>{escape(text)}</div>" for text in details(record)]
    if record.regions:
        parts.append(_regions(record))
    if traces:
        parts.append(power_picture(traces))
    if record.footprint is not None:
        parts.append(f"<div>{escape(str(record.footprint))}</div>")
    found = remarks(record)
    if found:
        items = "".join(f"<li>{escape(text)}</li>" for text in found)
        parts.append(f"<ul>{items}</ul>")
    return f'<div class="physbias-energy">{"".join(parts)}</div>'


def _cycle(count: int) -> list[str]:
    return [COLOURS[i % len(COLOURS)] for i in range(count)]


def _total(record: "EnergyRecord") -> str:
    ending = ""
    if record.error is not None:
        ending = f", {record.status}: {record.error}"
    label = f", {record.label}" if record.label else ""
    quiet = f"{record.seconds:.1f} s{ending}, {record.started}{label}"
    figure = total(record)
    figure = figure[0].upper() + figure[1:]
    if record.joules is None:
        figure += "" if _told(record) else f": {record.reason}"
    else:
        ends = EnergyFormat.of(record.joules, record.interval).ends(record.interval)
        quiet = f"95 % interval {ends}, {quiet}"
    found = cautions(record)
    caution = f"<div>Caution: {escape('; '.join(found))}</div>" if found else ""
    return (
        f'<div class="total">{escape(figure)}</div>{caution}'
        f'<div class="quiet">{escape(quiet)}</div>'
    )


def _told(record: "EnergyRecord") -> bool:
    """Return whether the table of devices says why there is no figure."""
    return any(device.reason for device in record.devices)


def _devices(record: "EnergyRecord", colours: dict[str, str]) -> str:
    rows = []
    for device in record.devices:
        colour = colours.get(device.label)
        mark = f'<i style="background:{colour}"></i>' if colour else ""
        if device.joules is None:
            reason = escape(device.reason or "not measured")
            rows.append([mark + escape(device.label), escape(device.name), "–", reason])
            continue
        source = str(device.source)
        if device.source == "estimate" and record.basis == "measurement":
            source += " (not in the sum)"
        written = EnergyFormat.of(device.joules, device.interval)
        mean = device.joules / device.seconds if device.seconds > 0 else None
        rows.append(
            [
                mark + escape(device.label),
                escape(device.name),
                written.energy(device.joules),
                written.ends(device.interval),
                "" if mean is None else f"{mean:.4g} W",
                escape(source),
            ]
        )
    names = ("device", "model", "energy", "95 % interval", "mean power", "source")
    return _table(names, rows, numbers=(2, 4)) if rows else ""


def _regions(record: "EnergyRecord") -> str:
    rows = []
    for region in record.regions:
        written = EnergyFormat.of(region.joules or 0.0, region.interval)
        rows.append(
            [
                escape(region.name),
                written.energy(region.joules),
                written.ends(region.interval),
                written.energy(region.own_joules),
                f"{region.seconds:.4g} s",
                f"{region.count}",
            ]
        )
    outside = EnergyFormat.of(record.unattributed or 0.0, record.interval)
    rows.append(["<em>outside all regions</em>", outside.energy(record.unattributed)])
    names = ("region", "energy", "95 % interval", "own energy", "time", "stays")
    return _table(names, rows, numbers=(1, 3, 4, 5))


def _table(
    names: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int]
) -> str:
    """Return a table; the last cell of a short row spans the rest."""

    def cells(tag: str, values: Sequence[str]) -> str:
        made = []
        for i, value in enumerate(values):
            last = i == len(values) - 1
            span = len(names) - i if last and tag == "td" else 1
            number = ' class="n"' if i in numbers and value != "–" else ""
            wide = f' colspan="{span}"' if span > 1 and i not in numbers else ""
            made.append(f"<{tag}{number}{wide}>{value}</{tag}>")
        return f"<tr>{''.join(made)}</tr>"

    body = "".join(cells("td", row) for row in rows)
    return f"<table><thead>{cells('th', names)}</thead><tbody>{body}</tbody></table>"
