"""Witness: a burst of 300 W over 60 W, read as a mean over the last second."""

import pytest

from physbias.energy.integration.averaged import averaged
from physbias.energy.integration.timeline import Staircase


def energy(time, start=0.23, end=1.58):
    return 60.0 * time + 240.0 * (min(max(time, start), end) - start)


def mean_readings(start, end, until):
    series = Staircase()
    for i in range(int(until / 0.01)):
        now = 0.1 * (i // 10)
        series.append(
            2.0 + 0.01 * i, energy(now, start, end) - energy(now - 1, start, end)
        )
    return series


def test_trailing_mean_is_corrected_on_both_sides():
    """A plain sum of such readings misses half a window of load."""
    series = mean_readings(0.0, 5.0, until=6.3)
    curve = averaged(series, 1.0, 2.0, 7.0)
    assert curve.total == pytest.approx(1500.0, rel=0.002)
    assert curve.between(4.0, 5.0) == pytest.approx(300.0, rel=0.01)
    assert curve.error(4.0, 5.0) > 0.05 * 300.0
