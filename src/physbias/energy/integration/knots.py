"""Known points of the energy that a device has used, from the edges of its readings."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, exp, hypot, sqrt

from physbias.energy.integration.border import Cell
from physbias.energy.integration.grid import lock_edges
from physbias.energy.integration.timeline import Staircase

_LEAST_JUMP = 0.1
_STEADY = 4.0
_TINY = 1e-6
_NEAR = 0.02
_INSIDE = 1e-3
_ENOUGH = 3
_LEAST_JOULES = 0.1
_SURE = 500.0

Bridge = Callable[[float, float], tuple[float, float]]
"""Energy [J] between two instants, and its standard uncertainty [J]."""


@dataclass(frozen=True, slots=True)
class Knots:
    """Known points of the energy that a device has used so far.

    Args:
        times: instants [s], increasing.
        joules: energy up to them on some scale [J].
        slacks: half-width within which each instant is known [s].
        variances: variance of the energy that was added up so far [J²].
    """

    times: list[float]
    joules: list[float]
    slacks: list[float]
    variances: list[float]

    def watts(self) -> list[float]:
        """Return the mean power between neighbouring knots [W]."""
        return [self.power(i) for i in range(len(self.times) - 1)]

    def power(self, cell: int) -> float:
        """Return the mean power of a cell, counted from the end if negative [W]."""
        i = cell if cell >= 0 else cell + len(self.times) - 1
        return (self.joules[i + 1] - self.joules[i]) / (
            self.times[i + 1] - self.times[i]
        )

    def cut(self, cell: int, outer: float, swing: float) -> Cell:
        """Return a cell that a border cuts, ``outer`` [s] of which lies outside.

        Args:
            cell: number of the cell.
            outer: its time outside the window [s].
            swing: highest minus lowest power of all cells [W].
        """
        inner = self.times[cell + 1] - self.times[cell] - outer
        joules = self.joules[cell + 1] - self.joules[cell]
        slack = max(self.slacks[cell], self.slacks[cell + 1])
        return Cell(joules, outer, inner, swing, slack)

    def begun(self, readings: "Knots", doubtful: float) -> "Knots":
        """Return the knots with the first one where another sensor speaks for it.

        The first value may be of either of two refreshes. What the other sensor shows
        from either to the next knot is held against the energy in between, and counts
        as far as the two sensors agree on the other cells.

        Args:
            readings: energy by the other sensor.
            doubtful: half-width from which an instant may be either of two [s].
        """
        if self.slacks[0] < doubtful:
            return self
        rows = range(1, len(self.times) - 1)
        sharp = [i for i in rows if max(self.slacks[i : i + 2]) < doubtful / 2]
        if len(sharp) < _ENOUGH:
            return self
        odds = [self._excess(readings, self.times[i], i) ** 2 for i in sharp]
        error = max(sqrt(sum(odds) / len(odds)), _LEAST_JOULES)
        half = self.slacks[0] - self.slacks[1]
        ends = self.times[0] - half, self.times[0] + half
        early, late = (self._excess(readings, t, 0) / error for t in ends)
        share = 1 / (1 + exp(min((late**2 - early**2) / 2, _SURE)))
        slack = 2 * half * sqrt(3 * share * (1 - share))
        return Knots(
            [ends[0] + 2 * half * share, *self.times[1:]],
            self.joules,
            [max(slack, self.slacks[1]), *self.slacks[1:]],
            self.variances,
        )

    def _excess(self, readings: "Knots", start: float, cell: int) -> float:
        """Return what a cell from ``start`` [s] holds beyond the readings there [J]."""
        shown = readings.at(self.times[cell + 1]) - readings.at(start)
        return self.joules[cell + 1] - self.joules[cell] - shown

    def shifted(self, seconds: float) -> "Knots":
        """Return the knots as they are if all came ``seconds`` [s] too late."""
        times = [time - seconds for time in self.times]
        return Knots(times, self.joules, self.slacks, self.variances)

    def refined(self, readings: "Knots") -> "Knots":
        """Return the knots with those of a quicker sensor between them.

        Between two knots the quicker sensor tells the shape. What it shows too little
        there is spread evenly, what it shows too much is scaled down.

        Args:
            readings: energy by the quicker sensor.
        """
        shown = [readings.at(t) for t in self.times]
        rows = [*self._rows()]
        for t, j, s, _ in readings._rows():
            i = bisect_right(self.times, t) - 1
            if not 0 <= i < len(self.times) - 1:
                continue
            length = self.times[i + 1] - self.times[i]
            if min(t - self.times[i], self.times[i + 1] - t) < _NEAR * length:
                continue
            share = (t - self.times[i]) / length
            used, seen = self.joules[i + 1] - self.joules[i], shown[i + 1] - shown[i]
            part = j - shown[i]
            # what is missing is spread, what is too much taken in proportion
            grown = part + share * (used - seen) if used >= seen else part * used / seen
            joules = self.joules[i] + grown
            rows.append((t, joules, s, self.variances[i]))
        rows.sort()
        return Knots(*([row[k] for row in rows] for k in range(4)))

    def show(self, watts: float, most: float, start: float) -> bool:
        """Return whether all cells from an instant on hold about this power.

        Args:
            watts: the power [W].
            most: by how much the power of a cell may differ [W].
            start: cells that begin earlier do not count [s].
        """
        for i in range(bisect_left(self.times, start), len(self.times) - 1):
            length = self.times[i + 1] - self.times[i]
            slack = self.slacks[i] + self.slacks[i + 1]
            used = self.joules[i + 1] - self.joules[i]
            if abs(used - watts * length) > most * length + watts * slack:
                return False
        return True

    def at(self, time: float) -> float:
        """Return the energy at an instant [J]; outside the last power goes on."""
        early = min(0.0, time - self.times[0]) * self.power(0)
        late = max(0.0, time - self.times[-1]) * self.power(-1)
        return interpolate(self.times, self.joules, time) + early + late

    def _rows(self) -> Iterator[tuple[float, float, float, float]]:
        return zip(self.times, self.joules, self.slacks, self.variances, strict=True)

    def preceded(self, watts: float, seconds: float) -> "Knots":
        """Return the knots after one more cell of ``seconds`` [s] at ``watts`` [W]."""
        return Knots(
            [self.times[0] - seconds, *self.times],
            [self.joules[0] - watts * seconds, *self.joules],
            [self.slacks[0], *self.slacks],
            [self.variances[0], *self.variances],
        )

    def with_jumps(self) -> tuple[list[float], list[float]]:
        """Return times and joules of the knots, and of a point at each jump of power.

        Where power is steady on either side of a cell, and differs, it jumped inside
        that cell at the instant that its mean tells.
        """
        times, joules = self.times[:1], self.joules[:1]
        watts = self.watts()
        for i, mean in enumerate(watts):
            share = _jump(watts, i, mean)
            if share is not None:
                length = share * (self.times[i + 1] - self.times[i])
                times.append(self.times[i] + length)
                joules.append(self.joules[i] + watts[i - 1] * length)
            times.append(self.times[i + 1])
            joules.append(self.joules[i + 1])
        return times, joules


def _jump(watts: Sequence[float], i: int, mean: float) -> float | None:
    """Return after which share of cell ``i`` its power jumps; ``None`` for no jump."""
    if i < 1 or i + 2 >= len(watts):
        return None
    left, right = watts[i - 1], watts[i + 1]
    rise = right - left
    unsteady = abs(watts[i + 2] - right)
    unsteady += abs(left - watts[i - 2]) if i > 1 else 0.0
    if abs(rise) <= max(_STEADY * unsteady, _LEAST_JUMP * max(left, right)):
        return None
    share = (right - mean) / rise
    return share if _INSIDE < share < 1 - _INSIDE else None


def interpolate(times: Sequence[float], values: Sequence[float], time: float) -> float:
    """Return the value at an instant; outside it is that of the nearest end."""
    if time <= times[0]:
        return values[0]
    if time >= times[-1]:
        return values[-1]
    i = bisect_right(times, time)
    share = (time - times[i - 1]) / (times[i] - times[i - 1])
    return values[i - 1] + share * (values[i] - values[i - 1])


def counter_knots(
    series: Staircase,
    refresh: float | None,
    breaks: Sequence[float] = (),
    bridge: Bridge | None = None,
) -> Knots:
    """Return the knots that the edges of an energy counter give.

    At an edge the counter shows the energy up to that very instant. The edge lies
    after the last reading of the old value, and at most one refresh before the first
    reading of the new one. The first value belongs to the edge before the first
    one seen. A step that says nothing, as at a reset, is replaced by ``bridge``.

    Args:
        series: readings of the counter [J].
        refresh: refresh period [s]; ``None`` to find it in the readings.
        breaks: times of readings whose step from the one before says nothing [s].
        bridge: energy between two instants in their place.
    """
    period = series.refresh() if refresh is None else refresh
    # a counter begins anew at no regular instant, so only the edge after that counts
    odd = {bisect_left(series.after, time) for time in breaks}
    rows = [i for i in range(len(series.values)) if i not in odd]
    times, slacks = [], []
    for i in rows:
        after = series.after[i]
        low = max(series.before[i], after - period)
        times.append((low + after) / 2)
        slacks.append((after - low) / 2)
    times[1:], slacks[1:] = lock_edges(times[1:], slacks[1:], period)
    if len(times) > 1:
        # the first value is that of the last refresh before it was read last
        refreshes = (times[1] - series.before[rows[1]]) / period
        doubt = slacks[1] / period
        back = max(1, ceil(refreshes - doubt))
        times[0] = min(series.first, times[1] - back * period)
        slacks[0] = slacks[1]
        if ceil(refreshes + doubt) > back:
            times[0] -= period / 2
            slacks[0] += period / 2
    joules, variances = [0.0], [0.0]
    for i, row in enumerate(rows[1:], start=1):
        step, error = series.values[row] - series.values[rows[i - 1]], 0.0
        if rows[i - 1] != row - 1 and bridge is not None:
            step, error = bridge(times[i - 1], times[i])
        joules.append(joules[-1] + step)
        variances.append(variances[-1] + error**2)
    return Knots(times, joules, slacks, variances)


def power_knots(series: Staircase) -> Knots:
    """Return the knots that power readings give, each held backwards.

    A reading describes the refresh that ends where it appears, so the readings are
    shifted back by one refresh and summed. A change that lies somewhere between two
    readings h apart adds the variance (ΔP·h)²/12.
    """
    period = series.refresh()
    middles = [(p + q) / 2 for p, q in zip(series.before, series.after, strict=True)]
    halves = [(q - p) / 2 for p, q in zip(series.before, series.after, strict=True)]
    middles[1:], halves[1:] = lock_edges(middles[1:], halves[1:], period)
    times, joules = [series.first - period], [0.0]
    slacks, variances = [0.0], [0.0]
    visible = series.first
    for i in range(1, len(series.values)):
        edge = max(middles[i], visible + _TINY)
        step = series.values[i] - series.values[i - 1]
        times.append(edge - period)
        joules.append(joules[-1] + series.values[i - 1] * (edge - visible))
        slacks.append(halves[i])
        variances.append(variances[-1] + (step * 2 * halves[i]) ** 2 / 12)
        visible = edge
    if series.last > visible + _TINY:
        times.append(series.last - period)
        joules.append(joules[-1] + series.values[-1] * (series.last - visible))
        slacks.append(0.0)
        variances.append(variances[-1])
    return Knots(times, joules, slacks, variances)


def held_power(knots: Knots, swing: float) -> Bridge:
    """Return a bridge over holes of a counter from the knots of another reading.

    Args:
        knots: energy by that reading.
        swing: highest minus lowest power [W].
    """

    def energy(start: float, end: float) -> tuple[float, float]:
        joules = [interpolate(knots.times, knots.joules, t) for t in (start, end)]
        missing = max(0.0, knots.times[0] - start) + max(0.0, end - knots.times[-1])
        mean = (knots.joules[-1] - knots.joules[0]) / (knots.times[-1] - knots.times[0])
        error = hypot(0.02 * (joules[1] - joules[0]), swing * missing / sqrt(12))
        slack = swing * max(knots.slacks, default=0.0) / sqrt(3)
        return joules[1] - joules[0] + mean * missing, hypot(error, slack)

    return energy
