"""Intervals of 95 % from standard uncertainties and from bounds on one side."""

from math import hypot, sqrt

from physbias.energy.record.interval import Interval

COVERAGE_FACTOR = 2.0
"""Standard uncertainties in half of a 95 % interval [1]."""


def interval_around(joules: float, error: float, lag: float = 0.0) -> Interval:
    """Return the 95 % interval of an energy.

    An error that lies evenly between none and ``lag`` has the mean lag/2 and the
    standard deviation |lag|/√12, so the interval is not symmetric about the figure.
    It also holds the interval without any lag: none is as likely as any other.

    Args:
        joules: the figure [J].
        error: standard uncertainty on both sides [J].
        lag: largest error on one side, with its sign [J].
    """
    half = COVERAGE_FACTOR * hypot(error, lag / sqrt(12))
    middle, alone = joules + lag / 2, COVERAGE_FACTOR * error
    low = min(middle - half, joules - alone)
    return Interval(max(0.0, low), max(middle + half, joules + alone))
