"""The power of a record's devices over time as a drawing for a page."""

from collections.abc import Sequence
from html import escape
from math import floor, log10

from physbias.energy.record.trace import PowerTrace

COLOURS = (
    "#2f81c7",
    "#d9762b",
    "#3a9d5d",
    "#b4579a",
    "#8a6fd1",
    "#a08128",
    "#c8484e",
    "#2c9aa0",
)
"""One per device; each can be read on a white and on a dark page."""

_WIDTH, _HEIGHT = 640, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 12, 12, 34
_TICKS = 5


def power_picture(traces: Sequence[tuple[str, PowerTrace]]) -> str:
    """Return an SVG of power over time, one stepped line per named device.

    Text and axes take the colour of the page around them, so that it can be read in
    light and dark notebooks.

    Args:
        traces: name and power trace of each device, at least one cell in one of them.
    """
    end = max(trace.times[-1] for _, trace in traces if trace.watts)
    lines = [(name, _visible(trace, end)) for name, trace in traces]
    top = max((watts for _, cells in lines for _, _, watts in cells), default=0.0)
    xs, ys = _ticks(end), _ticks(top or 1.0)
    top = max(top, ys[-1]) or 1.0

    def x(time: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * time / end

    def y(watts: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * watts / top

    parts = [_grid(y(value), f"{value:g}") for value in ys]
    parts += [
        f'<text x="{x(value):.1f}" y="{_HEIGHT - 18}" text-anchor="middle">'
        f"{value:g}</text>"
        for value in xs
    ]
    parts.append(
        f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 3}" text-anchor="end">'
        "time / s</text>"
        f'<text x="12" y="{(_TOP + _HEIGHT - _BOTTOM) / 2}" text-anchor="middle" '
        f'transform="rotate(-90 12 {(_TOP + _HEIGHT - _BOTTOM) / 2})">power / W</text>'
    )
    for i, (name, cells) in enumerate(lines):
        path = "".join(
            f"{'M' if k == 0 else 'L'}{x(left):.1f} {y(watts):.1f}H{x(right):.1f}"
            for k, (left, right, watts) in enumerate(cells)
        )
        parts.append(
            f'<path d="{path}" fill="none" stroke="{COLOURS[i % len(COLOURS)]}" '
            f'stroke-width="1.5"><title>{escape(name)}</title></path>'
        )
    label = "Power over time: " + ", ".join(name for name, _ in traces)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(label)}" style="width:100%;max-width:{_WIDTH}px" '
        f'font-size="11" fill="currentColor">{"".join(parts)}</svg>'
    )


def _visible(trace: PowerTrace, end: float) -> list[tuple[float, float, float]]:
    """Return cells that are at least a point wide, with the mean power of each."""
    least = end / (_WIDTH - _LEFT - _RIGHT)
    found: list[tuple[float, float, float]] = []
    for left, right, watts in trace.cells():
        thin = right - left < least or (found and found[-1][1] - found[-1][0] < least)
        if found and thin:
            start, middle, before = found.pop()
            joules = (middle - start) * before + (right - left) * watts
            width = right - start
            found.append((start, right, joules / width if width > 0 else watts))
        else:
            found.append((left, right, watts))
    return found


def _grid(height: float, text: str) -> str:
    return (
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{height:.1f}" '
        f'y2="{height:.1f}" stroke="currentColor" stroke-opacity="0.2"/>'
        f'<text x="{_LEFT - 6}" y="{height + 4:.1f}" text-anchor="end">{text}</text>'
    )


def _ticks(end: float) -> list[float]:
    """Return round values from zero up to ``end``, about four of them."""
    size = 10 ** floor(log10(end / _TICKS))
    step = next(size * m for m in (1, 2, 5, 10) if end / (size * m) <= _TICKS)
    return [round(i * step, 12) for i in range(int(end / step + 1e-9) + 1)]
