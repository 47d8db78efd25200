"""What was read from one device: two staircases, kept as their edges only."""

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from itertools import pairwise

from physbias.energy.sensors.condition import Condition

PRIOR_REFRESH = 0.1
"""Refresh period of a device that was not seen to refresh [s]."""

_GAP = 0.5
_SHARP = 0.5
_SLOWEST_COUNTER = 1.2
_IMPLAUSIBLE = 1.5
_HIGHEST_LIMIT = 3000.0
_EDGES_AFTER = 4
_SHARP_AFTER = 2
_SECONDS_AFTER = 0.26


class Staircase:
    """Readings of a quantity that a device refreshes now and then.

    Only changes are kept: an edge lies between the last reading of the old value
    and the first reading of the new one. An hour at ten edges per second takes
    about one megabyte.

    Args:
        slowest: longest refresh period that edges can tell [s]; longer distances
            between them mean that the quantity did not change.

    Attributes:
        before: last reading times of the old values [s].
        after: first reading times of the new values [s].
        values: the new values; the first one is the first reading.
        period: refresh period, where the sampler knows it [s].
    """

    def __init__(self, slowest: float = 2.5 * PRIOR_REFRESH) -> None:
        self.slowest = slowest
        self.before = array("d")
        self.after = array("d")
        self.values = array("d")
        self.last = 0.0
        self.count = 0
        self.gaps: list[tuple[float, float]] = []
        self.period: float | None = None
        self._thinned = 0

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
        return len(self.after) - max(1, bisect_right(self.after, time))

    def standing(self, start: float, end: float) -> list[float]:
        """Return the values that could be read between two instants, in order."""
        first = max(0, bisect_right(self.after, start) - 1)
        last = bisect_right(self.after, end)
        return list(self.values[first:last])

    def sharp_since(self, time: float) -> int:
        """Return how many changes after ``time`` were seen within half a refresh [1].

        The others were read late: the sampler had to wait.
        """
        first = max(1, bisect_right(self.after, time))
        most = self.refresh() / 2
        pairs = zip(self.before[first:], self.after[first:], strict=True)
        return sum(q - p < most for p, q in pairs)

    def refresh(self) -> float:
        """Return the refresh period as the edges show it [s].

        The mean of the distances between edges, those that were seen well inside half a
        refresh, that are no longer than one and a half times the shortest ones; a prior
        of 0.1 s where there are too few. A device that was read late may seem slow, so
        that edges seen worse can only tell a quick one.
        """
        if self.period is not None:
            return self.period
        edges = list(zip(self.before, self.after, strict=True))[1:]
        steps = [(r + s - p - q) / 2 for (p, q), (r, s) in pairwise(edges)]
        widths = [q - p + s - r for (p, q), (r, s) in pairwise(edges)]
        pairs = zip(steps, widths, strict=True)
        sharp = [step for step, width in pairs if width < _SHARP * step]
        if not steps:
            return PRIOR_REFRESH
        slowest = self.slowest if sharp else PRIOR_REFRESH
        steps = sorted(sharp or steps)
        shortest = steps[len(steps) // 10]
        alike = [step for step in steps if step <= 1.5 * shortest]
        mean = sum(alike) / len(alike)
        return mean if mean <= slowest else PRIOR_REFRESH

    def thin(self, until: float, spacing: float, *, mean: bool) -> None:
        """Keep fewer changes before ``until`` [s], at least ``spacing`` [s] apart.

        Args:
            until: changes from here on stay as they are [s].
            spacing: least time between those that are kept [s].
            mean: whether what is kept is the mean over time of what is dropped, as for
                a power; otherwise it is the last value, as for a counter.
        """
        stop = bisect_left(self.after, until)
        if stop <= self._thinned + 1:
            return
        kept = [self._thinned]
        for i in range(self._thinned + 1, stop):
            if self.after[i] - self.after[kept[-1]] >= spacing:
                kept.append(i)
        if mean:
            for p, q in pairwise([*kept, max(stop, kept[-1] + 1)]):
                self.values[p] = self._mean(p, q)
        for column in (self.before, self.after, self.values):
            column[kept[0] : stop] = array("d", [column[row] for row in kept])
        self._thinned = kept[-1] if len(kept) < 2 else kept[0] + len(kept) - 1

    def _mean(self, first: int, stop: int) -> float:
        ends = [*self.after[first + 1 : stop + 1]]
        if len(ends) < stop - first:
            ends.append(max(self.last, self.after[stop - 1]))
        start, total = self.after[first], 0.0
        for value, end in zip(self.values[first:stop], ends, strict=True):
            total += value * (end - start)
            start = end
        length = start - self.after[first]
        return total / length if length > 0 else self.values[first]


@dataclass(slots=True)
class Timeline:
    """All that was read from one device, and what went wrong.

    Attributes:
        energy: readings of the counter [J].
        power: readings of the power [W].
        power_limit: highest plausible power, before a margin of one half [W]; 3 kW,
            more than any board, if it is not known.
        restarts: times of counter readings whose step from the one before says nothing
            about energy [s].
        resets: how often the counter went back for good [1].
        leaps: how often it leapt forward for good by more than is possible [1].
        glitches: single counter readings that cannot be true [1].
        breaks: when the machine woke [s], and for how long it had slept [s].
        conditions: condition of the device at the borders of the block.
        lost_at: time at which the device stopped answering for good [s].
        errors: readings that failed [1].
        dropped: power readings that cannot be true [1].
        last_error: text of the last failure.
    """

    power_limit: float | None = None
    energy: Staircase = field(default_factory=lambda: Staircase(_SLOWEST_COUNTER))
    power: Staircase = field(default_factory=Staircase)
    restarts: list[float] = field(default_factory=list)
    resets: int = 0
    leaps: int = 0
    glitches: int = 0
    breaks: list[tuple[float, float]] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    lost_at: float | None = None
    errors: int = 0
    dropped: int = 0
    last_error: str = ""
    _suspect: tuple[float, float] | None = None

    def add_energy(self, time: float, joules: float) -> None:
        """Take a counter reading; one that cannot be true waits for the next.

        If the next reading goes on from the value before, the one between was a glitch
        and is left out. If it goes on from the odd value, the counter began anew.
        """
        if self._suspect is not None:
            odd_time, odd = self._suspect
            self._suspect = None
            if self._possible(time, joules):
                self.glitches += 1
            else:
                back = odd < self.energy.values[-1]
                self.resets, self.leaps = self.resets + back, self.leaps + (not back)
                self.restarts.append(odd_time)
                self.energy.append(odd_time, odd)
        if self.energy.count and not self._possible(time, joules):
            self._suspect = (time, joules)
            return
        self.energy.append(time, joules)

    def add_power(self, time: float, watts: float) -> None:
        """Take a power reading unless it cannot be true."""
        if 0 < watts < _IMPLAUSIBLE * (self.power_limit or _HIGHEST_LIMIT):
            self.power.append(time, watts)
        else:
            self.dropped += 1

    def add_failure(self, time: float, text: str, *, lost: bool) -> None:
        """Note a reading that failed."""
        self.errors += 1
        self.last_error = text
        if lost and self.lost_at is None:
            self.lost_at = time

    def add_break(self, time: float, seconds: float) -> None:
        """Note that the machine slept for ``seconds`` [s] just before ``time`` [s]."""
        self.breaks.append((time, seconds))

    def thin(self, until: float, spacing: float) -> None:
        """Merge changes before ``until`` [s] that are closer than ``spacing`` [s]."""
        if not self.restarts and not self.breaks:
            self.energy.thin(until, spacing, mean=False)
        self.power.thin(until, spacing, mean=True)

    def settled(self, end: float) -> bool:
        """Return whether enough was read after ``end`` [s] to close the window."""
        if self.lost_at is not None:
            return True
        series = self.energy if self.energy.edges else self.power
        seen = series.edges_since(end) >= _EDGES_AFTER
        return seen and series.last > end + _SECONDS_AFTER

    def vague(self, end: float) -> bool:
        """Return whether changes after ``end`` [s] were read, but nearly all late."""
        series = self.energy if self.energy.edges else self.power
        return series.edges_since(end) > 0 and series.sharp_since(end) < _SHARP_AFTER

    def _possible(self, time: float, joules: float) -> bool:
        series = self.energy
        step = joules - series.values[-1]
        if step < 0:
            return False
        # one refresh may hold energy from before the last reading
        longest = time - series.before[-1] + 2.5 * PRIOR_REFRESH
        limit = self.power_limit or _HIGHEST_LIMIT
        return step <= _IMPLAUSIBLE * limit * longest
