"""The energy used since the start of a window, with its borders reconstructed."""

from bisect import bisect_right
from dataclasses import dataclass
from math import hypot, sqrt

from physbias.energy.integration.timeline import Knots, Staircase

_OUTSIDE_GAIN = 0.05
_OUTSIDE_FLOOR = 1.0
_TINY = 1e-9
_LEAST_JUMP = 0.1


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
        swing: highest minus lowest power seen during the whole watch [W].
        slack: half-width within which the points inside are known [s].
        blur: standard uncertainty of every point inside from a sensor that smears
            power over time [J].
    """

    times: list[float]
    joules: list[float]
    start_error: float
    end_error: float
    variances: list[float]
    swing: float
    slack: float = 0.0
    blur: float = 0.0

    @property
    def total(self) -> float:
        """Energy of the whole window [J]."""
        return self.joules[-1]

    def between(self, start: float, end: float) -> float:
        """Return the energy between two instants [J]; outside there is none."""
        return self._interpolate(self.joules, end) - self._interpolate(
            self.joules, start
        )

    def error(self, start: float, end: float) -> float:
        """Return the random standard uncertainty between two instants [J]."""
        added = self._interpolate(self.variances, end) - self._interpolate(
            self.variances, start
        )
        return sqrt(self._border(start) ** 2 + self._border(end) ** 2 + max(0.0, added))

    def _border(self, time: float) -> float:
        if time <= self.times[0]:
            return self.start_error
        if time >= self.times[-1]:
            return self.end_error
        i = bisect_right(self.times, time)
        left, right = time - self.times[i - 1], self.times[i] - time
        mean = self.total / (self.times[-1] - self.times[0])
        shifted = mean * self.slack / sqrt(3)
        return hypot(_within(left, right, self.swing), shifted, self.blur)

    def _interpolate(self, values: list[float], time: float) -> float:
        if time <= self.times[0]:
            return values[0]
        if time >= self.times[-1]:
            return values[-1]
        i = bisect_right(self.times, time)
        share = (time - self.times[i - 1]) / (self.times[i] - self.times[i - 1])
        return values[i - 1] + share * (values[i] - values[i - 1])


def reconstruct(
    knots: Knots, start: float, end: float, before: float | None
) -> EnergyCurve | None:
    """Return the energy curve of the window, or ``None`` where nothing is known.

    A cell between two knots is cut by a border of the window. What was used outside
    is the outside power times the outside part of the cell; the rest of the cell is
    inside: E(a, t1) = ΔC1 - P_before (a - t0), E(tn, b) = ΔCn+1 - P_after (tn+1 - b).
    The implied inside power is held between the lowest and highest power seen in
    whole cells, so that an outside power that does not fit does no harm.

    Args:
        knots: known points of the energy.
        start: start of the window [s].
        end: end of the window [s].
        before: power just before the start [W]; ``None`` if unknown.
    """
    if len(knots.times) < 2:
        return None
    watts = knots.watts()
    cells = _Cells(knots, watts, start, end)
    seen = [*watts, before] if before is not None else watts
    swing = max(seen) - min(seen)
    head, head_error, first = cells.head(before)
    if first is None or knots.times[first] >= end:
        return _single_cell(cells, before, swing)
    tail, tail_error, last = cells.tail()
    scale = knots.joules[first] - head
    base = knots.variances[first]
    inner = _with_jumps(knots, watts, first, last)
    total = knots.joules[last] + tail - scale
    final = knots.variances[last] - base
    return EnergyCurve(
        times=[start, *(point[0] for point in inner), end],
        joules=[0.0, *(point[1] - scale for point in inner), total],
        start_error=head_error,
        end_error=tail_error,
        variances=[0.0, *(point[2] - base for point in inner), final],
        swing=swing,
        slack=sum(knots.slacks) / len(knots.slacks),
    )


def _with_jumps(
    knots: Knots, watts: list[float], first: int, last: int
) -> list[tuple[float, float, float]]:
    """Return the knots ``first`` to ``last``, and a point at each jump in between.

    Where power is steady for two cells on either side of a cell, and differs, it
    jumped inside that cell at the instant that its mean tells.
    """
    points = []
    for i in range(first, last + 1):
        time, joules, variance = knots.times[i], knots.joules[i], knots.variances[i]
        points.append((time, joules, variance))
        if i == last or i < 2 or i + 2 >= len(watts):
            continue
        left, right = watts[i - 1], watts[i + 1]
        rise = right - left
        unsteady = abs(left - watts[i - 2]) + abs(watts[i + 2] - right)
        if abs(rise) > 4 * unsteady and abs(rise) > _LEAST_JUMP * max(left, right):
            share = (right - watts[i]) / rise
            if 0 < share < 1:
                length = share * (knots.times[i + 1] - time)
                points.append((time + length, joules + left * length, variance))
    return points


class _Cells:
    """The cells between knots, seen from a window."""

    def __init__(
        self, knots: Knots, watts: list[float], start: float, end: float
    ) -> None:
        self.knots, self.watts = knots, watts
        self.start, self.end = start, end
        times = knots.times
        self.first = bisect_right(times, start)
        self.last = bisect_right(times, end - _TINY) - 1
        whole = watts[self.first : self.last]
        margin = 0.2 * (max(whole) - min(whole)) + 0.05 * max(whole) if whole else 0.0
        self.low = max(0.0, min(whole) - margin) if whole else 0.0
        self.high = max(whole) + margin if whole else float("inf")
        self.range = self.high - self.low if whole else max(watts)

    def after(self) -> float | None:
        """Mean power of the first whole cell after the end [W]."""
        position = self.last + 1
        return self.watts[position] if position < len(self.watts) else None

    def head(self, before: float | None) -> tuple[float, float, int | None]:
        """Energy from the start to the first knot, its error, and that knot."""
        times, i = self.knots.times, self.first
        if i == len(times):
            return 0.0, 0.0, None
        inside = times[i] - self.start
        if i == 0:
            guess = min(self.watts[0], self.high) * inside
            return guess, guess / 2, 0
        outside = self.start - times[i - 1]
        cell = self.knots.joules[i] - self.knots.joules[i - 1]
        slack = hypot(self.knots.slacks[i - 1], self.knots.slacks[i])
        return *self._split(cell, inside, outside, before, slack), i

    def tail(self) -> tuple[float, float, int]:
        """Energy from the last knot to the end, its error, and that knot."""
        times, n = self.knots.times, self.last
        inside = self.end - times[n]
        if n + 1 == len(times):
            guess = self.watts[-1] * inside
            return guess, guess / 2, n
        outside = times[n + 1] - self.end
        cell = self.knots.joules[n + 1] - self.knots.joules[n]
        slack = hypot(self.knots.slacks[n], self.knots.slacks[n + 1])
        return *self._split(cell, inside, outside, self.after(), slack), n

    def _split(
        self,
        cell: float,
        inside: float,
        outside: float,
        watts: float | None,
        slack: float,
    ) -> tuple[float, float]:
        even = cell * inside / (inside + outside)
        spread = _within(inside, outside, self.range)
        if watts is None:
            return even, hypot(spread, abs(cell - even) / 2)
        rest = cell - watts * outside
        held = min(max(rest, self.low * inside), self.high * inside, cell)
        error = hypot(
            outside_error(watts) * outside,
            slack * abs(watts - held / max(inside, _TINY)) / sqrt(3),
            spread,
            min(abs(rest - held), cell) / 2,
        )
        return held, error


def _single_cell(
    cells: _Cells, before: float | None, swing: float
) -> EnergyCurve | None:
    """Return the curve of a window that holds no knot."""
    knots, i = cells.knots, cells.first
    if i == 0:
        return None
    i = min(i, len(knots.times) - 1)
    left = cells.start - knots.times[i - 1]
    right = max(0.0, knots.times[i] - cells.end)
    length = cells.end - cells.start
    cell = knots.joules[i] - knots.joules[i - 1]
    even = cells.watts[i - 1] * length
    after = cells.watts[i] if i < len(cells.watts) else None
    joules = even
    if before is not None and after is not None:
        joules = min(max(cell - before * left - after * right, 0.0), cell)
    error = hypot(
        outside_error(before or 0.0) * left,
        outside_error(after or 0.0) * right,
        max(swing, cells.watts[i - 1]) * length / sqrt(12),
    )
    border = error / sqrt(2)
    return EnergyCurve(
        [cells.start, cells.end], [0.0, joules], border, border, [0.0, 0.0], swing
    )


def averaged(
    series: Staircase, window: float, start: float, end: float
) -> EnergyCurve | None:
    """Return the energy curve from a power reading that is a trailing mean.

    Summed from the start to one averaging window A after the end, such readings hold
    all the energy inside and half a window of outside power on either side:
    E = ∫ R dt - (P_before + P_after) A/2. Inside, the mean is centred on its window.

    Args:
        series: power readings [W].
        window: length of the mean A [s].
        start: start of the window [s].
        end: end of the window [s].
    """
    if series.count < 2 or series.last < end:
        return None
    summed = _Summed(series)
    before, after = series.values[0], series.values[-1]
    head = before * window / 2
    close = min(end + window, series.last)
    missed = end + window - close
    total = summed.between(start, close) + after * (missed - window / 2) - head
    step = series.refresh()
    times, joules = [start], [0.0]
    time = start + window / 2
    while time < end - window / 2:
        times.append(time)
        joules.append(summed.between(start, time + window / 2) - head)
        time += step
    swing = max(series.values) - min(series.values)
    # a mean over the window may hide a swing as large as the power itself
    blur = max(swing, max(0.0, total) / (end - start)) * window / (4 * sqrt(3))
    return EnergyCurve(
        [*times, end],
        [*joules, max(0.0, total)],
        hypot(outside_error(before) * window / 2, blur),
        hypot(outside_error(after) * window / 2, blur, swing * missed / sqrt(12)),
        [0.0] * (len(times) + 1),
        swing,
        blur=blur,
    )


class _Summed:
    """Running integral of the readings as they stood."""

    def __init__(self, series: Staircase) -> None:
        self.times = [series.first]
        self.values = series.values
        self.sums = [0.0]
        for i in range(1, len(series.values)):
            edge = (series.before[i] + series.after[i]) / 2
            step = series.values[i - 1] * (edge - self.times[-1])
            self.sums.append(self.sums[-1] + step)
            self.times.append(edge)

    def between(self, start: float, end: float) -> float:
        return self._at(end) - self._at(start)

    def _at(self, time: float) -> float:
        i = max(0, bisect_right(self.times, time) - 1)
        return self.sums[i] + self.values[i] * (time - self.times[i])


def outside_error(watts: float) -> float:
    """Return the standard uncertainty taken for a power outside the window [W]."""
    return hypot(_OUTSIDE_GAIN * watts, _OUTSIDE_FLOOR)


def _within(left: float, right: float, swing: float) -> float:
    """Standard uncertainty of cutting a cell of unknown shape [J]."""
    return swing * left * right / (left + right) / sqrt(3) if left + right else 0.0
