"""The power of a device over the block, as cells of mean power."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class PowerTrace:
    """Mean power in adjoining cells of time; cells and powers add up to the energy.

    Args:
        times: borders of the cells since the start of the block, rising, one more than
            there are cells [s].
        watts: mean power in each cell [W].
    """

    times: tuple[float, ...]
    watts: tuple[float, ...]

    def cells(self) -> Iterator[tuple[float, float, float]]:
        """Yield start [s], end [s] and mean power [W] of each cell."""
        return zip(self.times, self.times[1:], self.watts, strict=False)

    def energy(self) -> Callable[[float], float]:
        """Return the energy up to a time since the start, as a function of it [J].

        Before the first and after the last cell there is none.
        """
        steps = ((right - left) * watts for left, right, watts in self.cells())
        sums = list(accumulate(steps, initial=0.0))
        times, watts = self.times, self.watts

        def up_to(time: float) -> float:
            if not watts or time <= times[0]:
                return 0.0
            i = min(bisect_right(times, time), len(watts)) - 1
            return sums[i] + (min(time, times[-1]) - times[i]) * watts[i]

        return up_to
