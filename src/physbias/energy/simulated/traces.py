"""Power over time whose integral is a formula."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import floor
from typing import Protocol, runtime_checkable


@runtime_checkable
class Trace(Protocol):
    """Power over time with a closed-form integral."""

    def energy(self, time: float) -> float:
        """Return the integral of the power from 0 to ``time`` [J]."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """The same power always.

    Args:
        watts: power [W].
    """

    watts: float

    def energy(self, time: float) -> float:
        """Return the integral of the power from 0 to ``time`` [J]."""
        return self.watts * time


@dataclass(frozen=True, slots=True)
class SquareWave:
    """Two powers in turn, the low one first.

    Args:
        low: first power [W].
        high: second power [W].
        period: time of both [s].
    """

    low: float
    high: float
    period: float

    def energy(self, time: float) -> float:
        """Return the integral of the power from 0 to ``time`` [J]."""
        half = self.period / 2
        cycles = floor(time / self.period)
        rest = time - cycles * self.period
        part = self.low * min(rest, half) + self.high * max(0.0, rest - half)
        return cycles * half * (self.low + self.high) + part


@dataclass(frozen=True, slots=True)
class Ramp:
    """Power that grows evenly.

    Args:
        watts: power at time 0 [W].
        slope: growth [W/s].
    """

    watts: float
    slope: float

    def energy(self, time: float) -> float:
        """Return the integral of the power from 0 to ``time`` [J]."""
        return self.watts * time + self.slope * time**2 / 2


@dataclass(frozen=True, slots=True)
class Cycle:
    """Constant powers one after the other, again and again.

    Args:
        parts: length [s] and power [W] of each.
    """

    parts: Sequence[tuple[float, float]]
    _times: tuple[float, ...] = field(init=False, repr=False)
    _sums: tuple[float, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        times = accumulate((length for length, _ in self.parts), initial=0.0)
        sums = accumulate((length * watts for length, watts in self.parts), initial=0.0)
        object.__setattr__(self, "_times", tuple(times))
        object.__setattr__(self, "_sums", tuple(sums))

    def energy(self, time: float) -> float:
        """Return the integral of the power from 0 to ``time`` [J]."""
        cycles = floor(time / self._times[-1])
        rest = time - cycles * self._times[-1]
        i = min(bisect_right(self._times, rest), len(self.parts)) - 1
        part = self._sums[i] + self.parts[i][1] * (rest - self._times[i])
        return cycles * self._sums[-1] + part


@dataclass(frozen=True, slots=True)
class FromIntegral:
    """Any power whose integral is known.

    Args:
        integral: function of the time [s] that gives the energy up to it [J].
    """

    integral: Callable[[float], float]

    def energy(self, time: float) -> float:
        """Return the integral of the power from 0 to ``time`` [J]."""
        return self.integral(time) - self.integral(0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """A trace in a window, and a constant power outside.

    Args:
        inside: the trace; its own time begins with the window.
        start: start of the window [s].
        stop: end of the window [s].
        idle: power outside [W].
    """

    inside: Trace
    start: float
    stop: float
    idle: float

    def energy(self, time: float) -> float:
        """Return the integral of the power from 0 to ``time`` [J]."""
        length = self.stop - self.start
        busy = min(max(time - self.start, 0.0), length)
        return self.inside.energy(busy) + self.idle * (time - busy)
