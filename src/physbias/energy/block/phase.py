"""When a device refreshes next, told from the changes seen so far."""

_NARROWEST = 0.0015
_WIDEST = 0.010
_FIRST_EDGES = 3
_LONGEST_BASE = 256
_MISSES = 3
_READINGS = 4.0
_NARROWER = 0.7
_WIDER = 2.0
_VAGUE = 0.8


class PhaseLock:
    """Follows the regular refresh of a device, so that it is read around its edges.

    Three changes at equal distances lock it. From then on each edge is expected in a
    bracket: one reading before it, one behind it. An edge that was seen elsewhere
    moves the next ones as little as it must. A hit makes the bracket narrower, down
    to 3 ms, a miss wider; three misses in a row unlock. The period is the distance
    between edges far apart over their number, so its error falls with time.

    Attributes:
        period: refresh period [s]; ``None`` while unlocked.
        half: half of the bracket [s].
    """

    def __init__(self) -> None:
        self.period: float | None = None
        self.half = _WIDEST
        self._edge = 0.0
        self._seen: list[tuple[float, float]] = []
        self._anchor = self._newer = (0.0, 0)
        self._count = 0
        self._misses = self._vague = 0

    @property
    def locked(self) -> bool:
        """Whether the next edge can be told."""
        return self.period is not None

    def reset(self) -> None:
        """Forget the phase, as after a suspension."""
        self.period = None
        self._seen.clear()
        self._misses = self._vague = 0

    def next_edge(self, time: float) -> float:
        """Return the first expected edge whose bracket begins after ``time`` [s]."""
        period = self.period or 0.0
        steps = int((time + self.half - self._edge) / period) + 1
        return self._edge + max(1, steps) * period

    def changed(self, before: float, after: float) -> bool:
        """Take a change between two readings [s]; return whether it tells an edge.

        Readings nearly a period apart may have an edge near either of them. It is taken
        for an early one at first; several in a row say that the phase is wrong.
        """
        middle, width = (before + after) / 2, after - before
        if self.period is None:
            self._acquire(middle, width)
            return False
        if width >= self.period:
            return False
        self._vague = self._vague + 1 if width > _VAGUE * self.period else 0
        if self._vague >= _MISSES:
            self.reset()
            return False
        steps = max(1, round((middle - self._edge) / self.period))
        expected = self._edge + steps * self.period
        hit = before <= expected <= after
        factor = _NARROWER if hit else _WIDER
        self.half = min(_WIDEST, max(_NARROWEST, factor * self.half))
        self._misses = 0
        self._count += steps
        self._edge = min(max(expected, before), after)
        self._refine()
        return True

    def missed(self) -> None:
        """Note that no change was seen around an expected edge."""
        self._misses += 1
        self.half = min(_WIDEST, _WIDER * self.half)
        if self._misses >= _MISSES:
            self.reset()

    def _acquire(self, middle: float, width: float) -> None:
        seen = self._seen
        seen.append((middle, width))
        del seen[:-_FIRST_EDGES]
        if len(seen) < _FIRST_EDGES:
            return
        (first, _), (second, _), (third, _) = seen
        widest = max(w for _, w in seen)
        step = (third - first) / 2
        if step < _READINGS * widest:
            return
        if abs((third - second) - (second - first)) > 2 * widest:
            return
        self.period, self._edge = step, third
        self._anchor = self._newer = (first, 0)
        self._count = _FIRST_EDGES - 1
        self.half = min(_WIDEST, max(_NARROWEST, widest))
        self._misses = 0

    def _refine(self) -> None:
        """Take the period from the distance of edges far apart."""
        time, count = self._anchor
        self.period = (self._edge - time) / (self._count - count)
        if self._count - self._newer[1] >= _LONGEST_BASE:
            self._anchor, self._newer = self._newer, (self._edge, self._count)
