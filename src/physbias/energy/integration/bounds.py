"""Intervals of 95 % from standard uncertainties and from bounds on one side."""

from itertools import zip_longest
from math import hypot, sqrt

from physbias.energy.record.interval import Interval

COVERAGE_FACTOR = 2.0
"""Standard uncertainties in half of a 95 % interval [1]."""


Lags = tuple[float, ...]
"""What a figure gains at each of the ages that the sensor may have [J]."""


def added(*many: Lags) -> Lags:
    """Return the sum of what parts gain, age by age [J]."""
    return tuple(map(sum, zip_longest(*many, fillvalue=0.0)))


def interval_around(joules: float, error: float, lags: Lags = ()) -> Interval:
    """Return the 95 % interval of an energy.

    The figure is that of a sensor of no age. An error that lies evenly between a and b
    has the mean (a + b)/2 and the standard deviation (b - a)/√12, so the interval is
    not symmetric about the figure. It also holds the interval without any age, since
    none is as likely as any other.

    Args:
        joules: the figure [J].
        error: standard uncertainty on both sides [J].
        lags: what the figure gains at each of the ages that the sensor may have [J].
    """
    least, most = min(0.0, *lags, 0.0), max(0.0, *lags, 0.0)
    half = COVERAGE_FACTOR * hypot(error, (most - least) / sqrt(12))
    middle, alone = joules + (least + most) / 2, COVERAGE_FACTOR * error
    low = min(middle - half, joules - alone)
    return Interval(max(0.0, low), max(middle + half, joules + alone))
