"""What was read from one device: two staircases, kept as their edges only."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

_PRIOR_REFRESH = 0.1
_GAP = 0.5
_IMPLAUSIBLE = 1.5
_NEIGHBOURS = 8


class Staircase:
    """Readings of a quantity that a device refreshes now and then.

    Only changes are kept: an edge lies between the last reading of the old value
    and the first reading of the new one. An hour at ten edges per second takes
    about one megabyte.

    Attributes:
        before: last reading times of the old values [s].
        after: first reading times of the new values [s].
        values: the new values; the first one is the first reading.
    """

    def __init__(self) -> None:
        self.before = array("d")
        self.after = array("d")
        self.values = array("d")
        self.last = 0.0
        self.count = 0
        self.gaps: list[tuple[float, float]] = []

    def append(self, time: float, value: float) -> None:
        """Take one reading of ``value`` at ``time`` [s]."""
        previous = self.last if self.count else time
        if not self.count or value != self.values[-1]:
            self.before.append(previous)
            self.after.append(time)
            self.values.append(value)
        if time - previous > _GAP:
            self.gaps.append((previous, time))
        self.last = time
        self.count += 1

    @property
    def first(self) -> float:
        """Time of the first reading [s]."""
        return self.after[0]

    @property
    def edges(self) -> int:
        """Number of changes seen [1]."""
        return max(0, len(self.values) - 1)

    def edges_since(self, time: float) -> int:
        """Return how many changes were first read after ``time`` [1]."""
        position = len(self.after)
        while position > 1 and self.after[position - 1] > time:
            position -= 1
        return len(self.after) - position

    def refresh(self) -> float:
        """Return the refresh period as the edges show it [s].

        The mean of the distances between edges that are no longer than one and a
        half times the shortest ones; a prior of 0.1 s where there are too few.
        """
        middles = [(p + q) / 2 for p, q in zip(self.before, self.after, strict=True)]
        steps = sorted(b - a for a, b in pairwise(middles[1:]))
        if not steps:
            return _PRIOR_REFRESH
        shortest = steps[len(steps) // 10]
        alike = [step for step in steps if step <= 1.5 * shortest]
        mean = sum(alike) / len(alike)
        return mean if mean <= 2.5 * _PRIOR_REFRESH else _PRIOR_REFRESH


@dataclass(slots=True)
class Timeline:
    """All that was read from one device, and what went wrong.

    Attributes:
        energy: readings of the counter [J].
        power: readings of the power [W].
        power_limit: highest plausible power, before a margin of one half [W].
        counter_fault: time at which the counter went back or leapt [s].
        counter_fault_kind: ``reset`` or ``glitch``.
        lost_at: time at which the device stopped answering for good [s].
        errors: readings that failed [1].
        dropped: power readings that cannot be true [1].
        last_error: text of the last failure.
    """

    power_limit: float | None = None
    energy: Staircase = field(default_factory=Staircase)
    power: Staircase = field(default_factory=Staircase)
    counter_fault: float | None = None
    counter_fault_kind: str = ""
    lost_at: float | None = None
    errors: int = 0
    dropped: int = 0
    last_error: str = ""

    def add_energy(self, time: float, joules: float) -> None:
        """Take a counter reading, and notice a reset or a leap."""
        series = self.energy
        if series.count:
            step = joules - series.values[-1]
            if step < 0:
                self._fault(time, "reset")
            elif self.power_limit is not None:
                # one refresh may hold energy from before the last reading
                longest = time - series.before[-1] + 2.5 * _PRIOR_REFRESH
                if step > _IMPLAUSIBLE * self.power_limit * longest:
                    self._fault(time, "glitch")
        series.append(time, joules)

    def add_power(self, time: float, watts: float) -> None:
        """Take a power reading unless it cannot be true."""
        limit = self.power_limit
        ceiling = float("inf") if limit is None else _IMPLAUSIBLE * limit
        if 0 < watts < ceiling:
            self.power.append(time, watts)
        else:
            self.dropped += 1

    def add_failure(self, time: float, text: str, *, lost: bool) -> None:
        """Note a reading that failed."""
        self.errors += 1
        self.last_error = text
        if lost and self.lost_at is None:
            self.lost_at = time

    def settled(self, end: float) -> bool:
        """Return whether enough was read after ``end`` [s] to close the window."""
        if self.lost_at is not None:
            return True
        series = self.energy if self.energy.edges else self.power
        return series.edges_since(end) >= 3

    def _fault(self, time: float, kind: str) -> None:
        if self.counter_fault is None:
            self.counter_fault, self.counter_fault_kind = time, kind


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
        return [
            (self.joules[i + 1] - self.joules[i]) / (self.times[i + 1] - self.times[i])
            for i in range(len(self.times) - 1)
        ]


def counter_knots(series: Staircase, refresh: float | None) -> Knots:
    """Return the knots that the edges of an energy counter give.

    At an edge the counter shows the energy up to that very instant. The edge lies
    after the last reading of the old value, and at most one refresh before the first
    reading of the new one. The first value belongs to the edge before the first
    one seen.

    Args:
        series: readings of the counter [J].
        refresh: refresh period [s]; ``None`` to find it in the readings.
    """
    period = series.refresh() if refresh is None else refresh
    times, joules, slacks = [], [], []
    for before, after, value in zip(
        series.before, series.after, series.values, strict=True
    ):
        low = max(before, after - period)
        times.append((low + after) / 2)
        slacks.append((after - low) / 2)
        joules.append(value)
    times[1:], slacks[1:] = lock_edges(times[1:], slacks[1:], period)
    if len(times) > 1:
        times[0] = min(series.first, times[1] - period)
        slacks[0] = slacks[1]
    return Knots(times, joules, slacks, [0.0] * len(times))


def lock_edges(
    times: Sequence[float], slacks: Sequence[float], period: float
) -> tuple[list[float], list[float]]:
    """Return edge times and slacks, sharpened by the regular refresh of the device.

    Each edge is moved to where a straight line through its neighbours puts it, but
    never out of the interval in which it was seen.

    Args:
        times: middles of the intervals in which the edges were seen [s].
        slacks: half-widths of the intervals [s].
        period: refresh period [s].
    """
    locked, sharpened = list(times), list(slacks)
    for k, (time, slack) in enumerate(zip(times, slacks, strict=True)):
        near = range(max(0, k - _NEIGHBOURS), min(len(times), k + _NEIGHBOURS + 1))
        if len(near) < _NEIGHBOURS or slack <= 0:
            continue
        weights = [slacks[j] ** -2 if slacks[j] > 0 else 0.0 for j in near]
        counts = [round((times[j] - time) / period) for j in near]
        total = sum(weights)
        n = sum(w * c for w, c in zip(weights, counts, strict=True)) / total
        t = sum(w * times[j] for w, j in zip(weights, near, strict=True)) / total
        spread = sum(w * (c - n) ** 2 for w, c in zip(weights, counts, strict=True))
        covered = sum(
            w * (c - n) * (times[j] - t)
            for w, c, j in zip(weights, counts, near, strict=True)
        )
        if spread > 0:
            expected = t - n * covered / spread
            locked[k] = min(max(expected, time - slack), time + slack)
            sharpened[k] = slack / 2
    return locked, sharpened


def power_knots(series: Staircase) -> Knots:
    """Return the knots that power readings give, each held backwards.

    A reading describes the refresh that ends where it appears, so the readings are
    shifted back by one refresh and summed. A change that lies somewhere between two
    readings h apart adds the variance (ΔP·h)²/12.
    """
    period = series.refresh()
    times, joules = [series.first - period], [0.0]
    slacks, variances = [0.0], [0.0]
    visible = series.first
    for i in range(1, len(series.values)):
        before, after = series.before[i], series.after[i]
        edge = (before + after) / 2
        step = series.values[i] - series.values[i - 1]
        times.append(edge - period)
        joules.append(joules[-1] + series.values[i - 1] * (edge - visible))
        slacks.append((after - before) / 2)
        variances.append(variances[-1] + (step * (after - before)) ** 2 / 12)
        visible = edge
    if series.last > visible:
        times.append(series.last - period)
        joules.append(joules[-1] + series.values[-1] * (series.last - visible))
        slacks.append(0.0)
        variances.append(variances[-1])
    return Knots(times, joules, slacks, variances)
