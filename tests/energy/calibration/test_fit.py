import numpy as np
import pytest

from physbias.energy.calibration.fit import (
    Edges,
    find_edges,
    fit_counter,
    fit_register,
)
from physbias.energy.calibration.load import Busy

SPANS = [
    Busy(t, t + length, "heavy")
    for t, length in zip(
        np.arange(0.3, 12.0, 0.61), np.tile([0.05, 0.31, 0.12, 0.2], 5), strict=True
    )
]
REFRESHES = np.arange(0.0, 13.0, 0.1)


def busy(times):
    """By the definition of busy time: a sum over the spans."""
    return sum(np.clip(times, s.start, s.end) - s.start for s in SPANS)


def test_edges_lie_between_the_readings():
    edges = find_edges([0.0, 1.0, 2.0, 3.0], [5.0, 5.0, 7.0, 6.0])
    assert edges.times.tolist() == [1.5, 2.5]
    assert edges.values.tolist() == [7.0, 6.0]
    assert edges.error == pytest.approx(1 / 12**0.5)


def test_a_refresh_that_shows_nothing_new_does_not_lengthen_the_period():
    times = np.delete(REFRESHES, [4, 9, 10, 11, 30])
    assert Edges(times, times, 0.0).refresh() == pytest.approx(0.1)


def test_too_few_changes_give_nothing():
    few = Edges(REFRESHES[:5], REFRESHES[:5], 0.0)
    assert few.refresh() is None
    assert fit_counter(few, SPANS) is None
    assert fit_register(few, SPANS) is None


@pytest.mark.parametrize("delay", [0.0, 0.045, 0.3])
def test_the_delay_of_a_counter(delay):
    values = 7.0 + 60.0 * REFRESHES + 240.0 * busy(REFRESHES - delay)
    found = fit_counter(Edges(REFRESHES, values, 1e-3), SPANS)
    assert found is not None
    assert found.delay == pytest.approx(delay, abs=1e-4)
    assert found.window is None
    assert found.misfit < 1e-3


@pytest.mark.parametrize(("window", "delay"), [(0.025, 0.0), (0.1, 0.06), (1.0, 0.02)])
def test_window_and_delay_of_a_register(window, delay):
    late = REFRESHES - delay
    values = 60.0 + 240.0 * (busy(late) - busy(late - window)) / window
    values += np.random.default_rng(0).normal(0.0, 0.3, values.shape)
    found = fit_register(Edges(REFRESHES, values, 1e-3), SPANS)
    assert found is not None
    assert found.window == pytest.approx(window, rel=0.02, abs=1e-3)
    assert found.delay == pytest.approx(delay, abs=max(2e-3, 0.01 * window))


def test_readings_that_follow_another_load_do_not_fit():
    values = np.random.default_rng(0).normal(100.0, 10.0, REFRESHES.shape)
    found = fit_register(Edges(REFRESHES, values, 1e-3), SPANS)
    assert found is not None
    assert found.misfit > 0.5
