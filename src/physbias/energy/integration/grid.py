"""When a device refreshed, from the brackets in which its changes were seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_LEAST_EDGES = 5
_BLOCK = 64
_MARGIN = 16
_SHARP = 0.25
_WIDEST = 1.5
_NEAR = 0.06
_STRETCH = 0.05
_HALVINGS = 22
_SHAKE = 1.25
_LEAST_SHARE = 0.75
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
    for first, stop in pairwise(ends):
        low, high = max(0, first - _MARGIN), min(len(times), stop + _MARGIN)
        near = [k for k in range(low, high) if 0 < slacks[k] <= _WIDEST / 2 * period]
        brackets = [(times[k] - slacks[k], times[k] + slacks[k]) for k in near]
        grid = _grid(brackets, period)
        if grid is None:
            continue
        numbers = _numbers(grid, brackets)
        around = [None, *numbers, None]
        for i, (k, number, bracket) in enumerate(
            zip(near, numbers, brackets, strict=True)
        ):
            if first <= k < stop:
                rival = _rival(grid, bracket, around[i], number, around[i + 2])
                locked[k], sharpened[k] = _overlap(grid, {number, rival}, *bracket)
    for k in range(1, len(locked)):
        apart = min(locked[k - 1] + _APART * period, times[k] + slacks[k])
        locked[k] = max(locked[k], apart, locked[k - 1] + _TINY)
    return locked, sharpened


def _overlap(
    grid: _Grid, numbers: set[int], low: float, high: float
) -> tuple[float, float]:
    """Return middle and half-width of where an edge in a bracket may be."""
    near = min(max(grid.at(min(numbers)) - grid.play, low), high)
    far = max(min(grid.at(max(numbers)) + grid.play, high), low)
    return (near + far) / 2, (far - near) / 2


def _rival(
    grid: _Grid,
    bracket: tuple[float, float],
    before: int | None,
    number: int,
    following: int | None,
) -> int:
    """Return the other refresh that may have been seen in a bracket, or the same.

    A reading that came late shows the last refresh before it. Just about a refresh it
    cannot be told whether that was this one or the one before, unless the edges on
    either side leave no choice.

    Args:
        grid: the refreshes.
        bracket: the last reading of the old value, and the first of the new one [s].
        before: number of the refresh seen before.
        number: number of the refresh taken.
        following: number of the refresh seen next.
    """
    low, high = bracket
    near = _NEAR * grid.period
    free = following is None or following > number + 1
    if free and grid.at(number + 1) <= high + near:
        return number + 1
    free = before is None or before < number - 1
    late = grid.at(number) >= high - grid.play
    if free and late and grid.at(number - 1) >= low - near:
        return number - 1
    return number


def _numbers(grid: _Grid, brackets: Sequence[tuple[float, float]]) -> list[int]:
    """Return the numbers of the refreshes that were seen in brackets, increasing.

    A value that is new at the end of a bracket is that of the last refresh before.
    """
    found: list[int] = []
    for low, high in reversed(brackets):
        nearest = round(((low + high) / 2 - grid.origin) / grid.period)
        most = found[-1] - 1 if found else nearest + 1
        choice = range(min(most, nearest - 1), min(most, nearest + 1) + 1)
        misses = [
            (max(low - grid.at(n), grid.at(n) - high, _NEAR * grid.period), -n)
            for n in choice
        ]
        found.append(-min(misses)[1])
    return found[::-1]


def _grid(brackets: Sequence[tuple[float, float]], period: float) -> _Grid | None:
    """Return the grid of brackets, or ``None`` where too few are narrow."""
    sharp = [(p, q) for p, q in brackets if q - p <= 2 * _SHARP * period]
    if len(sharp) < _LEAST_EDGES:
        return None
    numbers = [0]
    for (p, q), (r, s) in pairwise(sharp):
        step = round((r + s - p - q) / 2 / period)
        numbers.append(numbers[-1] + max(1, step))
    grid = _fit(sharp, numbers, period)
    numbers = _numbers(grid, brackets)
    return _centred(_fit(brackets, numbers, grid.period), brackets, numbers)


def _centred(
    grid: _Grid, brackets: Sequence[tuple[float, float]], numbers: Sequence[int]
) -> _Grid:
    """Return the straight line through where the edges are on ``grid``."""
    rows = [
        (n, *_overlap(grid, {n}, p, q))
        for n, (p, q) in zip(numbers, brackets, strict=True)
    ]
    weights = [1 / max(slack, _TINY) ** 2 for _, _, slack in rows]
    total = sum(weights)
    n = sum(w * row[0] for w, row in zip(weights, rows, strict=True)) / total
    t = sum(w * row[1] for w, row in zip(weights, rows, strict=True)) / total
    pairs = [(w, row[0] - n, row[1] - t) for w, row in zip(weights, rows, strict=True)]
    spread = sum(w * x * x for w, x, _ in pairs)
    period = sum(w * x * y for w, x, y in pairs) / spread
    return _Grid(t - n * period, period, grid.play)


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
    play = _SHAKE * abs(depth)
    return _Grid((begin + end) / 2, step, max(play, _LEAST_SHARE * typical))
