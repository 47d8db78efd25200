"""Energies in writing: one unit for a figure and its interval, and no idle digits."""

from dataclasses import dataclass
from math import floor, log10
from typing import Self

from physbias.energy.record.interval import Interval

_UNITS = ((1e3, 1.0, "J"), (1e6, 1e3, "kJ"), (float("inf"), 1e6, "MJ"))
_ALIKE = 1.25


@dataclass(frozen=True, slots=True)
class EnergyFormat:
    """A unit and decimals that suit an energy and its interval.

    The last digit is the second one of the half-width.

    Args:
        scale: size of the unit [J].
        unit: its name.
        decimals: digits after the point [1].
    """

    scale: float
    unit: str
    decimals: int

    @classmethod
    def of(cls, joules: float, interval: Interval | None, most: int = 4) -> Self:
        """Return the format of an energy.

        Args:
            joules: the energy [J].
            interval: its 95 % interval, if it is known.
            most: highest number of significant digits [1].

        Example:
            >>> EnergyFormat.of(5.305, Interval(2.65, 7.96)).energy(5.305)
            '5.3 J'
        """
        ends = () if interval is None else interval
        size = abs(joules) or max(map(abs, ends), default=0.0)
        rounded = size * (1 + 0.5 * 10**-most)
        scale, unit = next((s, u) for limit, s, u in _UNITS if rounded < limit)
        decimals = most - 1 - _exponent(rounded / scale)
        if interval is not None and interval.high > interval.low:
            half = (interval.high - interval.low) / 2
            decimals = min(decimals, 1 - _exponent(half / scale))
        return cls(scale, unit, max(0, decimals))

    def energy(self, joules: float | None) -> str:
        """Return an energy [J] in the unit; a dash if there is none."""
        return "–" if joules is None else f"{self._number(joules)} {self.unit}"

    def ends(self, interval: Interval | None) -> str:
        """Return an interval [J] in the unit; a dash if there is none."""
        if interval is None:
            return "–"
        low, high = map(self._number, interval)
        return f"{low} to {high} {self.unit}"

    def _number(self, joules: float) -> str:
        return f"{joules / self.scale:.{self.decimals}f}"


def share(joules: float, interval: Interval) -> str:
    """Return how far an interval reaches from its figure, in percent.

    Example:
        >>> share(20.0, Interval(4.0, 22.0))
        '-80 %/+10 %'
    """
    if not joules > 0:
        return f"up to {EnergyFormat.of(0.0, interval).energy(interval.high)}"
    low, high = (100 * abs(end - joules) / joules for end in interval)
    if max(low, high) <= _ALIKE * min(low, high):
        return f"± {_percent(max(low, high))} %"
    return f"-{_percent(low)} %/+{_percent(high)} %"


def _percent(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def _exponent(value: float) -> int:
    return floor(log10(value)) if value > 0 else 0
