"""Readings of a device as few numbers, and back: what a journal line holds."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from physbias.energy.integration.timeline import Staircase, Timeline
from physbias.energy.record.parse import from_plain
from physbias.energy.record.schema import plain
from physbias.energy.sensors.condition import Condition
from physbias.energy.sensors.probe import ProbeInfo

_TICK = 1e-5
_DIGITS = 6
_BEFORE_START = 1.5
_FAST_REFRESH = 0.05
_FILL = 0.4
_CONDITIONS = "conditions"


class SeriesTap:
    """Takes what is new in a staircase, an edge as three small numbers.

    These are the time of the first reading of the new value since that of the edge
    before [10 µs], how long before it the old value was last read [10 µs], and the
    step of the value.

    Args:
        start: start of the block [s]; earlier edges are left out but for the last.
        spacing: least time between edges [s], for a counter that refreshes all the
            time; zero to keep them all.
    """

    def __init__(self, start: float, spacing: float = 0.0) -> None:
        self._start = start
        self._spacing = spacing
        self._newest = start - _BEFORE_START
        self._ticks = 0
        self._value = 0.0
        self._gaps = 0

    def take(self, series: Staircase) -> dict[str, Any]:
        """Return what was added to ``series`` since the last call."""
        edges: list[float] = []
        size = len(series.values)
        first = bisect_right(series.after, self._newest, hi=size)
        for i in range(first, size):
            dense = series.after[i] - self._newest < self._spacing
            if dense and edges and i + 1 < size:
                continue
            self._newest = series.after[i]
            edges += self._edge(series, i)
        gaps = [[self._tick(p), self._tick(q)] for p, q in series.gaps[self._gaps :]]
        self._gaps += len(gaps)
        taken: dict[str, Any] = {"edges": edges, "count": series.count}
        if series.period is not None:
            taken["period"] = series.period
        if series.count:
            taken["last"] = self._tick(series.last)
        if gaps:
            taken["gaps"] = gaps
        return taken

    def _edge(self, series: Staircase, i: int) -> tuple[int, int, float]:
        ticks = self._tick(series.after[i])
        step = round(series.values[i] - self._value, _DIGITS)
        edge = ticks - self._ticks, ticks - self._tick(series.before[i]), step
        self._ticks = ticks
        self._value += step
        return edge

    def _tick(self, time: float) -> int:
        return round((time - self._start) / _TICK)


class TimelineTap:
    """Takes what is new in the readings of one device.

    Args:
        info: the device.
        start: start of the block [s].
    """

    def __init__(self, info: ProbeInfo, start: float) -> None:
        period = info.counter_refresh
        fast = period is not None and period < _FAST_REFRESH
        self._energy = SeriesTap(start, _FAST_REFRESH if fast else 0.0)
        self._power = SeriesTap(start)
        self._facts: dict[str, Any] = {}

    def take(self, timeline: Timeline) -> dict[str, Any]:
        """Return what was added to ``timeline`` since the last call."""
        facts = {f.name: getattr(timeline, f.name) for f in fields(timeline)}
        facts = {name: _copy(v) for name, v in facts.items() if _is_plain(v)}
        facts[_CONDITIONS] = plain(timeline.conditions)
        changed = {k: v for k, v in facts.items() if self._facts.get(k, ...) != v}
        self._facts = facts
        taken: dict[str, Any] = {
            "energy": self._energy.take(timeline.energy),
            "power": self._power.take(timeline.power),
        }
        if changed:
            taken["facts"] = changed
        return taken


def restore(lines: Sequence[Mapping[str, Any]], start: float) -> Timeline:
    """Return the readings that a :class:`TimelineTap` took.

    Args:
        lines: what each call of ``take`` gave.
        start: start of the block [s].
    """
    timeline = Timeline()
    for name in ("energy", "power"):
        _refill(getattr(timeline, name), [line[name] for line in lines], start)
    after = timeline.energy.after
    facts = {k: v for line in lines for k, v in line.get("facts", {}).items()}
    looks = facts.pop(_CONDITIONS, [])
    timeline.conditions = [from_plain(Condition, look) for look in looks]
    for name in facts.keys() & {f.name for f in fields(timeline)}:
        setattr(timeline, name, facts[name])
    # a restart is known by the very time of its reading, which was rounded
    timeline.restarts = [_nearest(after, time) for time in timeline.restarts]
    timeline.breaks = [(time, seconds) for time, seconds in timeline.breaks]
    return timeline


def _refill(
    series: Staircase, parts: Sequence[Mapping[str, Any]], start: float
) -> None:
    gaps = [
        (start + p * _TICK, start + q * _TICK)
        for part in parts
        for p, q in part.get("gaps", ())
    ]
    value: float | None = None
    for before, after, new in _edges(parts, start):
        if value is not None:
            _hold(series, value, before, gaps)
        series.append(after, new)
        value = new
    if value is not None:
        _hold(series, value, start + parts[-1].get("last", 0) * _TICK, gaps)
        series.count = parts[-1]["count"]
        series.period = parts[-1].get("period")


def _edges(
    parts: Sequence[Mapping[str, Any]], start: float
) -> Iterator[tuple[float, float, float]]:
    ticks, value = 0, 0.0
    for part in parts:
        flat = part["edges"]
        for later, width, step in zip(flat[::3], flat[1::3], flat[2::3], strict=True):
            ticks += later
            value += step
            after = start + ticks * _TICK
            yield after - width * _TICK, after, round(value, _DIGITS)


def _hold(
    series: Staircase, value: float, until: float, gaps: Sequence[tuple[float, float]]
) -> None:
    """Read ``value`` again up to ``until`` [s], but in no gap."""
    for p, q in gaps:
        if series.last <= p and q <= until + _TICK:
            _hold(series, value, p, ())
            series.append(q, value)
    while series.last + _FILL < until:
        series.append(series.last + _FILL, value)
    if series.last < until:
        series.append(until, value)


def _nearest(times: Sequence[float], time: float) -> float:
    return min(times, key=lambda one: abs(one - time), default=time)


def _copy(value: object) -> object:
    return list(value) if isinstance(value, list | tuple) else value


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    return value is None or isinstance(value, bool | int | float | str)
