"""When a device refreshed, from the brackets in which its changes were seen."""

from collections.abc import Sequence
from dataclasses import dataclass

_LEAST_EDGES = 5
_BLOCK = 64
_MARGIN = 16
_SHARP = 0.25
_WIDEST = 1.5
_STRETCH = 0.05
_HALVINGS = 22
_SHAKE = 1.25
_LEAST_SHARE = 0.2
_APART = 0.2
_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class _Grid:
    """Refreshes at equal distances.

    Args:
        origin: time of the refresh with number 0 [s].
        period: time between refreshes [s].
        play: how far a refresh may be from its place [s].
    """

    origin: float
    period: float
    play: float

    def at(self, number: int) -> float:
        return self.origin + number * self.period

    def number(self, time: float) -> int:
        return round((time - self.origin) / self.period)


def lock_edges(
    times: Sequence[float], slacks: Sequence[float], period: float
) -> tuple[list[float], list[float]]:
    """Return edge times and slacks, sharpened by the regular refresh of the device.

    Each edge was seen in a bracket. A grid of equal steps is put through the brackets
    so that it is as deep inside the narrowest as can be, or where no grid meets all,
    so that it misses none by more than it must. That depth, or that distance, tells how
    far an edge may be from its place. An edge lies where its place and its bracket
    overlap.

    Args:
        times: middles of the brackets [s].
        slacks: half-widths of the brackets [s].
        period: refresh period [s].
    """
    locked, sharpened = list(times), list(slacks)
    blocks = max(1, len(times) // _BLOCK)
    ends = [len(times) * k // blocks for k in range(blocks + 1)]
    for first, stop in zip(ends, ends[1:], strict=False):
        near = range(max(0, first - _MARGIN), min(len(times), stop + _MARGIN))
        brackets = [
            (times[k] - slacks[k], times[k] + slacks[k])
            for k in near
            if 0 < slacks[k] <= _WIDEST / 2 * period
        ]
        grid = _grid(brackets, period)
        if grid is None:
            continue
        for k in range(first, stop):
            if 0 < slacks[k] <= _WIDEST / 2 * period:
                low, high = times[k] - slacks[k], times[k] + slacks[k]
                locked[k], sharpened[k] = _overlap(grid, low, high)
    for k in range(1, len(locked)):
        apart = min(locked[k - 1] + _APART * period, times[k] + slacks[k])
        locked[k] = max(locked[k], apart, locked[k - 1] + _TINY)
    return locked, sharpened


def _overlap(grid: _Grid, low: float, high: float) -> tuple[float, float]:
    """Return middle and half-width of where an edge in a bracket may be."""
    place = grid.at(_number(grid, low, high))
    near = min(max(place - grid.play, low), high)
    far = max(min(place + grid.play, high), low)
    return (near + far) / 2, (far - near) / 2


def _number(grid: _Grid, low: float, high: float) -> int:
    """Return the number of the refresh that is nearest to a bracket."""
    middle = (low + high) / 2
    number = grid.number(middle)
    return min(
        (number - 1, number, number + 1),
        key=lambda n: (
            max(low - grid.at(n), grid.at(n) - high, 0.0),
            abs(grid.at(n) - middle),
        ),
    )


def _grid(brackets: Sequence[tuple[float, float]], period: float) -> _Grid | None:
    """Return the grid of brackets, or ``None`` where too few are narrow."""
    sharp = [(p, q) for p, q in brackets if q - p <= 2 * _SHARP * period]
    if len(sharp) < _LEAST_EDGES:
        return None
    numbers = [0]
    for (p, q), (r, s) in zip(sharp, sharp[1:], strict=False):
        step = round((r + s - p - q) / 2 / period)
        numbers.append(numbers[-1] + max(1, step))
    grid = _fit(sharp, numbers, period)
    return _fit(brackets, [_number(grid, p, q) for p, q in brackets], grid.period)


def _fit(
    brackets: Sequence[tuple[float, float]], numbers: Sequence[int], period: float
) -> _Grid:
    """Return the grid that lies deepest in all brackets.

    For a given period the deepest origin is the middle between the latest beginning
    and the earliest end. Their distance is a convex function of the period, whose
    slope tells on which side the best one is.
    """
    rows = [(n, p, q) for n, (p, q) in zip(numbers, brackets, strict=True)]
    short, long = (1 - _STRETCH) * period, (1 + _STRETCH) * period
    for _ in range(_HALVINGS):
        middle = (short + long) / 2
        latest = max(rows, key=lambda row: row[1] - row[0] * middle)
        earliest = min(rows, key=lambda row: row[2] - row[0] * middle)
        if latest[0] > earliest[0]:
            short = middle
        elif latest[0] < earliest[0]:
            long = middle
        else:
            break
    step = (short + long) / 2
    begin = max(p - n * step for n, p, _ in rows)
    end = min(q - n * step for n, _, q in rows)
    depth = (end - begin) / 2
    typical = sorted(q - p for p, q in brackets)[len(brackets) // 2] / 2
    play = depth if depth > 0 else -_SHAKE * depth
    return _Grid((begin + end) / 2, step, max(play, _LEAST_SHARE * typical))
