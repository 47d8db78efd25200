"""The interval that goes with every figure."""

from math import hypot, sqrt
from typing import NamedTuple

Sides = tuple[float, float]
"""Half-widths below and above a figure."""


class Interval(NamedTuple):
    """An interval that holds the true value with 95 % confidence.

    Attributes:
        low: lower end, in the unit of its figure: [J] for an energy.
        high: upper end.
    """

    low: float
    high: float

    @classmethod
    def around(cls, value: float, sides: Sides) -> "Interval":
        """Return the interval around a value that cannot be below zero.

        Args:
            value: the figure.
            sides: half-widths below and above it.
        """
        return cls(max(0.0, value - sides[0]), value + sides[1])

    def sides(self, value: float) -> Sides:
        """Return the half-widths below and above a value."""
        return value - self.low, self.high - value


def both(first: Sides, second: Sides) -> Sides:
    """Return the half-widths from two independent errors: they add in quadrature."""
    return hypot(first[0], second[0]), hypot(first[1], second[1])


def without(whole: Sides, part: Sides) -> Sides:
    """Return the half-widths without those of one of two independent errors."""
    low, high = (a * a - b * b for a, b in zip(whole, part, strict=True))
    return sqrt(max(0.0, low)), sqrt(max(0.0, high))
