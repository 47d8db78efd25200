"""The energy used since the start of a window, with its borders reconstructed."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import hypot, sqrt

from physbias.energy.integration.knots import Knots, interpolate
from physbias.energy.integration.outside import Quiet

_SHAPE = 1.0
_NEAR = 6


@dataclass(frozen=True, slots=True)
class EnergyCurve:
    """Energy from the start of the window up to any instant in it.

    Between two points the energy is taken to grow evenly, so that parts of the
    window always add up to the whole.

    Args:
        times: points [s]; the first is the start of the window, the last its end.
        joules: energy up to them [J]; the first is zero.
        start_error: standard uncertainty from the border at the start [J].
        end_error: standard uncertainty from the border at the end [J].
        variances: variance of the energy added up to each point [J²].
        shapes: how far power may be from even between points, one fewer [W].
        slack: half-width within which the points inside are known [s].
        blur: standard uncertainty of every point inside from a sensor that smears
            power over time [J].
        before: steady power before the window [W], if it is known.
        after: steady power after it [W], if it is known.
        beyond: energy beyond the end as times [s] and joules from the end on [J].
    """

    times: list[float]
    joules: list[float]
    start_error: float
    end_error: float
    variances: list[float]
    shapes: list[float]
    slack: float = 0.0
    blur: float = 0.0
    before: float | None = None
    after: float | None = None
    beyond: tuple[list[float], list[float]] = ((), ())  # type: ignore[assignment]

    @property
    def total(self) -> float:
        """Energy of the whole window [J]."""
        return self.joules[-1]

    def between(self, start: float, end: float) -> float:
        """Return the energy between two instants [J]; outside there is none."""
        return self._at(end) - self._at(start)

    def error(self, start: float, end: float) -> float:
        """Return the random standard uncertainty between two instants [J]."""
        added = interpolate(self.times, self.variances, end) - interpolate(
            self.times, self.variances, start
        )
        return sqrt(self._border(start) ** 2 + self._border(end) ** 2 + max(0.0, added))

    def ahead(self, time: float, seconds: float) -> float:
        """Return the energy in the ``seconds`` [s] after an instant [J].

        Where power was steady outside a border of the window, the border itself needs
        no knowledge of when the sensor saw it, so the outside power counts there.
        """
        if time <= self.times[0] and self.before is not None:
            return self.before * seconds
        late = time + seconds
        inside = self._at(late) - self._at(time)
        over = late - max(time, self.times[-1])
        if over <= 0:
            return inside
        if self.after is not None:
            return inside + self.after * over
        times, joules = self.beyond
        return inside + (interpolate(times, joules, late) if times else 0.0)

    def watts(self) -> list[float]:
        """Return the mean power between the points [W]."""
        return [
            (self.joules[i + 1] - self.joules[i]) / (self.times[i + 1] - self.times[i])
            for i in range(len(self.times) - 1)
        ]

    def _at(self, time: float) -> float:
        return interpolate(self.times, self.joules, time)

    def _border(self, time: float) -> float:
        if time <= self.times[0]:
            return self.start_error
        if time >= self.times[-1]:
            return self.end_error
        i = bisect_right(self.times, time)
        p, q = self.times[i - 1], self.times[i]
        left, right = time - p, q - time
        watts = (self.joules[i] - self.joules[i - 1]) / (q - p)
        shape = self.shapes[i - 1] * left * right / (left + right)
        return hypot(shape, watts * self.slack / sqrt(3), self.blur)


def reconstruct(
    knots: Knots,
    start: float,
    end: float,
    before: Quiet | None = None,
    after: Quiet | None = None,
    *,
    reach: float = 0.0,
) -> EnergyCurve | None:
    """Return the energy curve of the window, or ``None`` where nothing is known.

    Where power was steady outside a border, what was used outside is that power times
    the time to a knot out there: E(a) = C0 + P_before (a - t0) and
    E(b) = Cm - P_after (tm - b). Elsewhere the cell that the border cuts is shared
    out evenly, or at the jump of power in it.

    Args:
        knots: known points of the energy.
        start: start of the window [s].
        end: end of the window [s].
        before: steady power before the start.
        after: steady power after the end.
        reach: how much later than it should a knot may show what was used [s].
    """
    if len(knots.times) < 2 or end <= knots.times[0]:
        return None
    shapes = _Shapes(knots)
    times, joules = knots.with_jumps()
    head, head_error = _cut(knots, shapes, times, joules, start)
    tail, tail_error = _cut(knots, shapes, times, joules, end)
    first = bisect_right(knots.times, start) - 1
    if before is not None and first >= 0:
        outside = start - knots.times[first]
        head = knots.joules[first] + before.watts * outside
        head_error = hypot(
            before.error * outside, before.watts * knots.slacks[first] / sqrt(3)
        )
    last = min(bisect_left(knots.times, end + reach), len(knots.times) - 1)
    if after is not None and knots.times[last] >= end:
        outside = knots.times[last] - end
        tail = knots.joules[last] - after.watts * outside
        tail_error = hypot(
            after.error * outside, after.watts * knots.slacks[last] / sqrt(3)
        )
    p, q = bisect_right(times, start), bisect_left(times, end)
    tail = max(tail, head)
    inner = [min(max(value, head), tail) for value in joules[p:q]]
    points = [start, *times[p:q], end]
    variances = [interpolate(knots.times, knots.variances, time) for time in points]
    return EnergyCurve(
        times=points,
        joules=[0.0, *(value - head for value in inner), tail - head],
        start_error=head_error,
        end_error=tail_error,
        variances=[value - variances[0] for value in variances],
        shapes=[shapes.at((a + b) / 2) for a, b in pairwise(points)],
        slack=sum(knots.slacks) / len(knots.slacks),
        before=None if before is None else before.watts,
        after=None if after is None else after.watts,
        beyond=([end, *times[q:]], [0.0, *(value - tail for value in joules[q:])]),
    )


def _cut(
    knots: Knots,
    shapes: "_Shapes",
    times: Sequence[float],
    joules: Sequence[float],
    time: float,
) -> tuple[float, float]:
    """Return the energy at a border inside the knots or beyond them, and its error."""
    watts = shapes.watts
    if time < times[0]:
        guess = watts[0] * (times[0] - time)
        return joules[0] - guess, guess / 2
    if time > times[-1]:
        guess = watts[-1] * (time - times[-1])
        return joules[-1] + guess, guess / 2
    k = min(bisect_right(knots.times, time), len(watts)) - 1
    left, right = time - knots.times[k], knots.times[k + 1] - time
    slack = max(knots.slacks[k], knots.slacks[k + 1])
    shape = shapes.near(k) * left * right / (left + right)
    return interpolate(times, joules, time), hypot(shape, watts[k] * slack / sqrt(3))


class _Shapes:
    """How uneven power is near an instant, from the differences between cells."""

    def __init__(self, knots: Knots) -> None:
        self.watts = knots.watts()
        self._times = knots.times
        squares = [(b - a) ** 2 for a, b in pairwise(self.watts)]
        self._sums = list(accumulate(squares, initial=0.0))
        self._alone = max(self.watts) if not squares else 0.0

    def near(self, cell: int) -> float:
        """Return the scale of the unevenness in a cell with a border in it [W].

        Power is likely to jump at a border of the block, by ΔP from one neighbour to
        the other. If it jumps x and y from the ends of the cell, even sharing is wrong
        by ΔP xy/(x + y), and at both borders alike, so that 2√2 of ΔP/√2 hold both.
        Cells hide the peaks of power, and readings may lag: so the next neighbours
        count, and what is uneven anyway comes on top.
        """
        around = self.watts[max(0, cell - 2) : cell + 4]
        rise = (max(around) - min(around)) / sqrt(2)
        return hypot(self.at(self._times[cell]), rise)

    def at(self, time: float) -> float:
        """Return the scale of the unevenness at an instant [W]."""
        if self._alone:
            return _SHAPE * self._alone
        cell = bisect_right(self._times, time) - 1
        low = min(max(0, cell - _NEAR), len(self._sums) - 2)
        high = max(min(len(self._sums) - 1, cell + _NEAR), low + 1)
        return _SHAPE * sqrt((self._sums[high] - self._sums[low]) / (high - low))
