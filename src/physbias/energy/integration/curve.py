"""The energy used since the start of a window, with its borders reconstructed."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from math import hypot, sqrt

from physbias.energy.integration.bends import Bends
from physbias.energy.integration.border import Cell, Side
from physbias.energy.integration.knots import Knots, interpolate
from physbias.energy.integration.outside import Quiet
from physbias.energy.integration.sides import sides


@dataclass(frozen=True, slots=True)
class EnergyCurve:
    """Energy from the start of the window up to any instant in it.

    Any instant has one energy, so that parts of the window always add up to the whole.

    Args:
        times: points [s]; the first is the start of the window, the last its end.
        joules: energy up to them [J]; the first is zero.
        start_error: standard uncertainty from the border at the start [J].
        end_error: standard uncertainty from the border at the end [J].
        variances: variance of the energy added up to each point [J²].
        slack: half-width within which the points inside are known [s].
        blur: standard uncertainty of every point inside from a sensor that smears
            power over time [J].
        bends: how energy grows between the points; ``None`` for evenly.
    """

    times: list[float]
    joules: list[float]
    start_error: float
    end_error: float
    variances: list[float]
    slack: float = 0.0
    blur: float = 0.0
    bends: Bends | None = None

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

    def watts(self) -> list[float]:
        """Return the mean power between the points [W]."""
        return [
            (self.joules[i + 1] - self.joules[i]) / (self.times[i + 1] - self.times[i])
            for i in range(len(self.times) - 1)
        ]

    def _at(self, time: float) -> float:
        if self.bends is None or not self.times[0] < time < self.times[-1]:
            return interpolate(self.times, self.joules, time)
        step = bisect_right(self.times, time) - 1
        return self.joules[step] + self.bends.at(step, time)

    def _border(self, time: float) -> float:
        if time <= self.times[0]:
            return self.start_error
        if time >= self.times[-1]:
            return self.end_error
        step = bisect_right(self.times, time) - 1
        begin, end = self.times[step : step + 2]
        watts = (self.joules[step + 1] - self.joules[step]) / (end - begin)
        error = 0.0 if self.bends is None else self.bends.error(step, time)
        return hypot(error, watts * self.slack / sqrt(3), self.blur)


def reconstruct(
    knots: Knots,
    start: float,
    end: float,
    before: Quiet | None = None,
    after: Quiet | None = None,
    *,
    early: float = 0.0,
    late: float = 0.0,
) -> EnergyCurve | None:
    """Return the energy curve of the window, or ``None`` where nothing is known.

    Where power was steady outside a border, what was used outside is that power times
    the time to a knot out there: E(a) = C0 + P_before (a - t0) and
    E(b) = Cm - P_after (tm - b). That does not mind when the sensor saw it. Elsewhere
    the cell that the border cuts is parted by what is seen on both sides.

    Args:
        knots: known points of the energy.
        start: start of the window [s].
        end: end of the window [s].
        before: steady power before the start.
        after: steady power after the end.
        early: by how much earlier the knots may lie in truth [s].
        late: by how much later they may lie [s].
    """
    if len(knots.times) < 2 or end <= knots.times[0]:
        return None
    times, joules = knots.with_jumps()
    seen = sides(knots.times, knots.watts(), start, end, early, late)
    border = _Border(knots, times, joules, seen.swing, early, late)
    head, head_error = border.start(start, seen.before, seen.head, before)
    tail, tail_error = border.end(end, seen.after, seen.tail, after)
    p, q = bisect_right(times, start), bisect_left(times, end)
    tail = max(tail, head)
    inner = [min(max(value, head), tail) for value in joules[p:q]]
    points = [start, *times[p:q], end]
    used = [0.0, *(value - head for value in inner), tail - head]
    slack = sum(knots.slacks) / len(knots.slacks)
    variances = [interpolate(knots.times, knots.variances, time) for time in points]
    return EnergyCurve(
        times=points,
        joules=used,
        start_error=head_error,
        end_error=tail_error,
        variances=[value - variances[0] for value in variances],
        slack=slack,
        bends=Bends(points, used, (int(late > 0), int(early > 0)), slack),
    )


@dataclass(frozen=True, slots=True)
class _Border:
    """Energy up to the borders of a window, and its standard uncertainty [J]."""

    knots: Knots
    times: list[float]
    joules: list[float]
    swing: float
    early: float
    late: float

    def start(
        self, time: float, outside: Side, inside: Side, quiet: Quiet | None
    ) -> tuple[float, float]:
        knots = self.knots
        k = bisect_right(knots.times, time) - 1
        if k + 1 >= len(knots.times):
            return self._beyond(-1, time - knots.times[-1], self.late)
        if k < 0:
            return self._beyond(0, knots.times[0] - time, self.early)
        if quiet is not None:
            first = max(0, bisect_right(knots.times, time - self.late) - 1)
            return self._from_outside(time, quiet, range(first, -1, -1))
        cell = knots.cut(k, time - knots.times[k], self.swing)
        out, error = self._part(k, cell, outside, inside)
        jump = self._jump(k, time)
        return knots.joules[k] + out if jump is None else jump, error

    def end(
        self, time: float, outside: Side, inside: Side, quiet: Quiet | None
    ) -> tuple[float, float]:
        knots = self.knots
        k = bisect_left(knots.times, time) - 1
        if k + 1 >= len(knots.times):
            return self._beyond(-1, time - knots.times[-1], self.late)
        if quiet is not None:
            last = bisect_left(knots.times, time + self.early)
            last = min(last, len(knots.times) - 1)
            return self._from_outside(time, quiet, range(last, len(knots.times)))
        cell = knots.cut(k, knots.times[k + 1] - time, self.swing)
        out, error = self._part(k, cell, outside, inside)
        jump = self._jump(k, time)
        return knots.joules[k + 1] - out if jump is None else jump, error

    def _from_outside(
        self, time: float, quiet: Quiet, knots: Iterable[int]
    ) -> tuple[float, float]:
        """Return the energy from the knot outside that tells it best [J]."""
        found = []
        for k in knots:
            beyond, slack = time - self.knots.times[k], self.knots.slacks[k]
            error = hypot(quiet.error * beyond, quiet.watts * slack / sqrt(3))
            found.append((error, self.knots.joules[k] + quiet.watts * beyond))
        error, joules = min(found, key=lambda pair: pair[0])
        return joules, error

    def _beyond(self, end: int, seconds: float, moved: float) -> tuple[float, float]:
        """Return the energy up to a border beyond the knots; the last power goes on.

        By how far the knots may lie elsewhere is told by what that changes.
        """
        watts = self.knots.power(end)
        gained = watts * seconds if end else -watts * seconds
        return self.knots.joules[end] + gained, watts * max(0.0, seconds - moved) / 2

    def _part(
        self, k: int, cell: Cell, outside: Side, inside: Side
    ) -> tuple[float, float]:
        out, error = cell.part(outside, inside)
        slack = max(self.knots.slacks[k], self.knots.slacks[k + 1])
        return out, hypot(error, self.knots.power(k) * slack / sqrt(3))

    def _jump(self, k: int, time: float) -> float | None:
        """Return the energy where power is known to jump inside a cell [J]."""
        knots = self.knots
        inside = bisect_right(self.times, knots.times[k])
        if self.times[inside] >= knots.times[k + 1]:
            return None
        return interpolate(self.times, self.joules, time)
