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


def test_constant_power_that_hardly_changes_is_exact():
    """Refreshes without a change are counted all the same."""
    for odd in (0.0, 0.001):
        series = Staircase()
        for i in range(1200):
            now = 0.01 * i
            series.append(now, 300.0 + odd * (int(now / 0.1) in (7, 23, 61, 88)))
        series.period = 0.1
        curve = averaged(series, 1.0, 0.0, 10.0)
        assert curve.total == pytest.approx(3000.0, rel=1e-5)


def test_refreshes_without_a_change_at_the_start_are_counted():
    """The load rises 3 s after the start and stays: nothing changes until then."""
    series = mean_readings(5.0, 99.0, until=8.3)
    curve = averaged(series, 1.0, 4.0, 9.0)
    assert curve.total == pytest.approx(60.0 * 5.0 + 240.0 * 2.0, rel=0.005)


def test_readings_that_end_with_the_block_go_on_with_the_last_power():
    """A device that was lost: nothing is read after the end."""
    series = Staircase()
    for i in range(401):
        series.append(0.01 * i, 300.0)
    curve = averaged(series, 1.0, 0.0, 4.0)
    assert curve.total == pytest.approx(1200.0, rel=1e-3)
    assert curve.end_error > 20.0
