"""What the cells before, in and after a window tell of the power at its borders."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, sqrt

from physbias.energy.integration.border import Side

_CELLS = 6
_PRIOR = 0.5
_FLOOR_WATTS = 0.5


@dataclass(frozen=True, slots=True)
class Sides:
    """The power on both sides of the start and of the end of a window.

    Args:
        before: before the start.
        head: after the start.
        tail: before the end.
        after: after the end.
        swing: highest minus lowest power of all cells [W].
    """

    before: Side
    head: Side
    tail: Side
    after: Side
    swing: float


def sides(
    times: Sequence[float],
    watts: Sequence[float],
    start: float,
    end: float,
    early: float,
    late: float,
) -> Sides:
    """Return the powers from up to six cells on each side.

    Cells that a border may cut do not count. How much power sways outside is taken from
    both outsides together; where few cells show it, all cells do.

    Args:
        times: borders of the cells [s].
        watts: their powers [W].
        start: start of the window [s].
        end: end of the window [s].
        early: by how much earlier the cells may lie in truth [s].
        late: by how much later they may lie [s].
    """
    first = max(0, bisect_right(times, start) - 1)
    last = max(0, bisect_right(times, end) - 1)
    clear = max(0, bisect_right(times, start - late) - 1)
    past = _six(watts, bisect_left(times, end + early)) or _six(
        watts, bisect_left(times, end)
    )
    before = watts[max(0, clear - _CELLS) : clear]
    stop = max(0, bisect_right(times, end - late) - 1)
    inside = watts[bisect_left(times, start + early) : stop]
    inside = inside or watts[bisect_left(times, start) : last]
    head, tail = inside[:_CELLS], inside[-_CELLS:]
    swing = max(watts) - min(watts) or max(watts)
    outer, *inner = _Scatter.of(before, past), _Scatter.of(head), _Scatter.of(tail)
    prior = (outer + inner[0] + inner[1]).variance(swing**2 / 4)
    cut = [watts[k] for k in (first, last) if 0 <= k < len(watts)] or watts
    unknown = Side(sum(cut) / len(cut), 0.0, max(swing, sum(cut) / len(cut)))
    one, two = (
        _side(cells, scatter.sway(prior), unknown)
        for cells, scatter in zip((head, tail), inner, strict=True)
    )
    sway = outer.sway(prior)
    return Sides(
        before=_side(before, sway, _between(past, one, sway, swing)),
        head=one,
        tail=two,
        after=_side(past, sway, _between(before, two, sway, swing)),
        swing=swing,
    )


def _six(watts: Sequence[float], first: int) -> Sequence[float]:
    return watts[first : first + _CELLS]


def _side(watts: Sequence[float], sway: float, unknown: Side) -> Side:
    if not watts:
        return Side(unknown.watts, sway, unknown.error)
    return Side(sum(watts) / len(watts), sway, sway / sqrt(len(watts)), len(watts))


def _between(other: Sequence[float], inside: Side, sway: float, swing: float) -> Side:
    """Return a power outside that no cell shows: between all that is known."""
    if not other:
        return Side(inside.watts, sway, swing / 2)
    known = sum(other) / len(other)
    doubt = max(abs(inside.watts - known) / 2, sway)
    return Side((inside.watts + known) / 2, sway, doubt)


@dataclass(frozen=True, slots=True)
class _Scatter:
    """Squares of powers about the means of their groups [W²], and how many are free."""

    squares: float
    free: int

    @classmethod
    def of(cls, *groups: Sequence[float]) -> "_Scatter":
        squares, free = 0.0, 0
        for group in groups:
            if group:
                mean = sum(group) / len(group)
                squares += sum((watts - mean) ** 2 for watts in group)
                free += len(group) - 1
        return cls(squares, free)

    def __add__(self, other: "_Scatter") -> "_Scatter":
        return _Scatter(self.squares + other.squares, self.free + other.free)

    def variance(self, fallback: float) -> float:
        return self.squares / self.free if self.free else fallback

    def sway(self, prior: float) -> float:
        """Return the standard deviation [W]; the prior [W²] helps few."""
        mean = (self.squares + _PRIOR * prior) / (self.free + _PRIOR)
        return hypot(sqrt(mean), _FLOOR_WATTS)
