"""The interval that goes with every figure."""

from typing import NamedTuple


class Interval(NamedTuple):
    """An interval that holds the true value with 95 % confidence.

    Attributes:
        low: lower end, in the unit of its figure: [J] for an energy.
        high: upper end.
    """

    low: float
    high: float
