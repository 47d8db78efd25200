"""The energy curve from a power reading that is a mean over the last second."""

from bisect import bisect_right
from itertools import pairwise
from math import hypot, sqrt

from physbias.energy.integration.curve import EnergyCurve
from physbias.energy.integration.timeline import Staircase

_OUTSIDE_GAIN = 0.01
_OUTSIDE_FLOOR = 0.5
_ALIKE_WATTS = 3.0
_ALIKE_SHARE = 0.02
_GOES_ON = 0.25


def averaged(
    series: Staircase, window: float, start: float, end: float
) -> EnergyCurve | None:
    """Return the energy curve from a power reading that is a trailing mean.

    Summed from the start a to an instant T, one averaging window A and one refresh
    after the end or later, such readings hold all the energy inside once, and some of
    the power outside. A reading that appeared at an edge e shows the time from e - A
    to e. So the weight of the time before the start is known from the edges; that of
    the time after the end is what remains of T - a:
    E = ∫ R dt - P_before w_before - P_after (T - b - w_before).
    Inside, the mean is centred on its window. If the readings before and after differ,
    power outside may vary, and then none of both need hold for the time at the border.

    Args:
        series: power readings [W].
        window: length of the mean A [s].
        start: start of the window [s].
        end: end of the window [s].
    """
    if series.count < 2 or series.last < end or end <= start:
        return None
    held = _Held(series)
    step = series.refresh()
    before, after = held.value(start), series.values[-1]
    weight = held.weight_before(start, window, step)
    close = min(max(end, end + window + step), series.last)
    missed = max(0.0, end + window - close)
    # below zero where too little was read after the end: the last power goes on
    rest = close - end - weight
    total = held.between(start, close) - before * weight - after * rest
    total = max(0.0, total)
    times, joules = [start], [0.0]
    time = start + window / 2
    while time < end - window / 2:
        shown = held.between(start, time + (window + step) / 2) - before * weight
        times.append(time)
        joules.append(min(max(shown, joules[-1]), total))
        time += step
    swing = max(series.values) - min(series.values)
    goes_on = swing <= _GOES_ON * before
    steady = goes_on or abs(before - after) <= _ALIKE_WATTS + _ALIKE_SHARE * before
    # a mean may hide much of how power varies
    varied = 0.0 if steady else max(swing, max(before, after) / 2) / sqrt(6)
    # what is left of a quick cycle in the mean tells how much of it a border cuts off
    ripple = swing if goes_on else min(swing, abs(before - after))
    ripple *= window / sqrt(12)
    # a mean over the window may hide a swing as large as the power itself
    blur = max(swing, total / (end - start)) * window / (4 * sqrt(3))
    border = swing * step / sqrt(12)
    return EnergyCurve(
        times=[*times, end],
        joules=[*joules, total],
        start_error=hypot(
            _outside_error(before) * weight, varied * weight, ripple, border / 2
        ),
        end_error=hypot(
            _outside_error(after) * rest,
            varied * rest,
            ripple,
            border / 2,
            max(swing, after / 2) * missed / sqrt(12),
        ),
        variances=[0.0] * (len(times) + 1),
        blur=blur,
    )


class _Held:
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

    def value(self, time: float) -> float:
        return self.values[max(0, bisect_right(self.times, time) - 1)]

    def weight_before(self, start: float, window: float, step: float) -> float:
        """Return how much of the time before ``start`` the later readings show [s]."""
        weight, stop = 0.0, start + 2 * window
        shown = opened = start
        for edge in [*self._refreshes(start, stop, step), stop]:
            share = max(0.0, 1.0 - (shown - start) / window)
            weight += share * (edge - opened)
            shown = opened = edge
        return weight

    def _refreshes(self, start: float, stop: float, step: float) -> list[float]:
        """Return when the device refreshed, also where the reading stayed the same."""
        seen = [time for time in self.times[1:] if start < time < stop]
        first = seen[0] if seen else start + step / 2
        back = int((first - start) / step)
        found = [first - k * step for k in range(back, 0, -1)]
        for here, there in pairwise([first, *seen[1:], stop]):
            steps = max(1, round((there - here) / step))
            found += [here + k * (there - here) / steps for k in range(steps)]
        return [time for time in found if time > start]

    def _at(self, time: float) -> float:
        i = max(0, bisect_right(self.times, time) - 1)
        return self.sums[i] + self.values[i] * (time - self.times[i])


def _outside_error(watts: float) -> float:
    return hypot(_OUTSIDE_GAIN * watts, _OUTSIDE_FLOOR)
