"""Whether the device was quiet just outside a window, and at which power."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, inf

from physbias.energy.integration.border import Side
from physbias.energy.integration.knots import Knots
from physbias.energy.integration.sides import sides
from physbias.energy.integration.timeline import Staircase

_GAIN = 0.01
_FLOOR = 0.5
_STEADY_WATTS = 1.5
_STEADY_SHARE = 0.02
_ALIKE_WATTS = 3.0
_ALIKE_SHARE = 0.05
_CELL_SHARE = 0.1
_HISTORY = 5.0
_SHORTEST = 0.25
_PROMPT = 0.005
_CLEAR = 2.1
_SOON = 4.0
_STANDS = 0.9
_BRIDGE = 2
_LOOK_BACK = 5.0
_LONGER = 1.2
_PATIENCE = 1.0


@dataclass(frozen=True, slots=True)
class Quiet:
    """A steady power outside a window.

    Args:
        watts: the power [W].
        error: its standard uncertainty [W].
    """

    watts: float
    error: float

    @property
    def side(self) -> Side:
        """What is known of the power on that side of the border."""
        return Side(self.watts, 0.0, self.error)

    def shown(self, knots: Knots, start: float) -> bool:
        """Return whether all cells from ``start`` [s] on hold about this power."""
        most = _ALIKE_WATTS + _CELL_SHARE * self.watts
        return knots.show(self.watts, most, start)

    def bridges(self, knots: Knots, end: float, period: float) -> bool:
        """Return whether cells show this power from ``end`` [s] on, two at least."""
        times = knots.times[bisect_left(knots.times, end) :]
        near = len(times) > _BRIDGE and times[0] <= end + _LONGER * period
        return near and self.shown(knots, end)


def quiet_after(
    power: Staircase, end: float, knots: Knots | None = None
) -> Quiet | None:
    """Return the power after ``end`` [s] if it was steady, as power readings show it.

    A reading that appeared one refresh after the end, or stands two refreshes after it,
    describes time after the end. Power must stay there longer than it did at any time
    in the last seconds of the load, of which this may else be a lull. A value counts
    from the reading that showed it first, not from when it may have appeared. If that
    came long after the end, the counter must show the same power from the end on.

    Args:
        power: readings that describe one refresh each [W].
        end: end of the window [s].
        knots: known points of the energy.
    """
    period = power.refresh()
    if power.count < 2 or power.last < end + max(2.5 * period, _SHORTEST):
        return None
    if power.last < _past_lull(power, end):
        return None
    row = bisect_left(power.before, end + period)
    clear = power.after[row] if row < len(power.after) else power.last
    clear = min(clear, end + _CLEAR * period)
    row = max(0, bisect_left(power.before, clear) - 1)
    seen = power.after[row]
    found = _steady(power.values[row:])
    if found is None or seen <= end + _SOON * period:
        return found if power.last >= seen + _STANDS * period else None
    return found if knots is not None and found.bridges(knots, end, period) else None


def undecided(power: Staircase, end: float) -> bool:
    """Return whether longer reading would tell if power is quiet after ``end`` [s].

    Args:
        power: readings that describe one refresh each [W].
        end: end of the window [s].
    """
    return bool(power.count) and power.last < _past_lull(power, end) < end + _PATIENCE


def quiet_cells(watts: Sequence[float]) -> Quiet | None:
    """Return the power in cells outside a window if they are alike.

    Args:
        watts: mean powers of the cells [W].
    """
    return _steady(watts) if len(watts) > 1 else None


def quiet_before(
    power: Staircase, start: float, after: Quiet | None, inside: Sequence[float]
) -> Quiet | None:
    """Return the power before ``start`` [s] if it was steady.

    With a single reading from before the start there are two other signs: the same
    power after the window, or a steady power after it and one below all inside before.

    Args:
        power: readings that describe one refresh each [W].
        start: start of the window [s].
        after: the steady power after the window, if it was steady.
        inside: mean powers of cells inside the window [W].
    """
    if not power.count or power.first > start + _PROMPT:
        return None
    period = power.refresh()
    history = max(_HISTORY * period, _SHORTEST)
    values = power.standing(max(start - history, power.first), start)
    if power.first < start - 1.5 * period:
        found = _steady(values)
        return None if _begins_with_lull(power, start) else found
    single = values[-1] if values else power.values[0]
    alike = _ALIKE_WATTS + _ALIKE_SHARE * single
    if after is not None and abs(single - after.watts) <= alike:
        return Quiet(single, hypot(_GAIN * single, _FLOOR))
    if after is None or not inside:
        return None
    low, high = min(inside), max(inside)
    if single >= low - 0.2 * (high - low) - _ALIKE_SHARE * high:
        return None
    return Quiet(single, hypot(_ALIKE_SHARE * single, 2 * _FLOOR))


def confirmed(
    knots: Knots,
    start: float,
    end: float,
    quiet: tuple[Quiet | None, Quiet | None],
    reach: float,
) -> tuple[Quiet | None, Quiet | None]:
    """Return the quiet powers that the cells at the borders do not belie.

    Readings cannot show power that changes within one refresh behind a border. The cell
    that the border cuts can: it must hold the quiet power outside and the power inside.

    Args:
        knots: known points of the energy.
        start: start of the window [s].
        end: end of the window [s].
        quiet: steady power before and after the window.
        reach: how much later than it should a knot may show what was used [s].
    """
    before, after = quiet
    seen = sides(knots.times, knots.watts(), start, end, reach, 0.0)
    k = bisect_right(knots.times, start) - 1
    if before is not None and 0 <= k < len(knots.times) - 1:
        outer = start - knots.times[k]
        cell = knots.cut(k, outer, seen.swing)
        outers = outer, min(outer + reach, cell.length)
        before = before if cell.fits(before.side, seen.head, outers) else None
    k = bisect_left(knots.times, end) - 1
    if after is not None and 0 <= k < len(knots.times) - 1:
        outer = knots.times[k + 1] - end
        cell = knots.cut(k, outer, seen.swing)
        outers = max(0.0, outer - reach), outer
        after = after if cell.fits(after.side, seen.tail, outers) else None
    return before, after


def _past_lull(power: Staircase, end: float) -> float:
    """Return when the last power has stood for longer than any lull like it [s]."""
    first = max(0, bisect_right(power.after, end - _LOOK_BACK) - 1)
    stays = _stays(power, first, len(power.values), power.values[-1])
    began, _ = stays.pop()
    lulls = [stop - begin for begin, stop in stays if begin > power.first]
    if not lulls or began > end + _CLEAR * power.refresh():
        return -inf
    return began + max(lulls) + _LONGER * power.refresh()


def _begins_with_lull(power: Staircase, start: float) -> bool:
    """Return whether power before ``start`` [s] may be a lull like those after it."""
    row = max(0, bisect_right(power.after, start) - 1)
    last = bisect_right(power.after, start + _LOOK_BACK)
    stays = _stays(power, 0, last, power.values[row])
    own = max(stop - begin for begin, stop in stays if begin <= start)
    later = [q - p for p, q in stays if p > start and q < power.last]
    return own < max(later, default=-inf) + _LONGER * power.refresh()


def _stays(
    power: Staircase, first: int, stop: int, watts: float
) -> list[tuple[float, float]]:
    """Return from when until when power was about ``watts`` [s], by rows."""
    ends = [*power.after[first + 1 : stop], power.last]
    most = _STEADY_WATTS + _STEADY_SHARE * watts
    found: list[tuple[float, float]] = []
    joined = False
    for row, end in zip(range(first, stop), ends, strict=True):
        near = abs(power.values[row] - watts) <= most
        if near and joined:
            found[-1] = found[-1][0], end
        elif near:
            found.append((power.after[row], end))
        joined = near
    return found


def _steady(values: Sequence[float]) -> Quiet | None:
    low, high = min(values), max(values)
    if high - low > _STEADY_WATTS + _STEADY_SHARE * high:
        return None
    mean = sum(values) / len(values)
    return Quiet(mean, hypot(_GAIN * mean, _FLOOR, (high - low) / 2))
