"""Witness: boards whose refresh period and phase are chosen by the test."""

from math import floor

import pytest

from physbias.energy.block.phase import PhaseLock


def follow(lock, period, phase, until, *, start=0.0, spacing=0.007, jitter=None):
    """Read evenly until locked, then around the expected edges; return the errors."""
    time, errors, seen = start, [], floor((start - phase) / period)

    def stair(t):
        k = floor((t - phase) / period)
        late = 0.0 if jitter is None else jitter(k)
        return k if t >= phase + k * period + late else k - 1

    while time < until:
        if lock.locked:
            edge = lock.next_edge(time)
            errors.append(edge - phase - period * round((edge - phase) / period))
            half = lock.half
            moments = [edge - half, edge + half, edge + 3 * half, edge + 5 * half]
            for moment in moments:
                before, time, last, seen = time, moment, seen, stair(moment)
                if seen != last:
                    lock.changed(before, time)
                    if time > edge:
                        break
            else:
                lock.missed()
        else:
            before, time = time, time + spacing
            if stair(time) != seen:
                lock.changed(before, time)
                seen = stair(time)
    return errors


@pytest.mark.parametrize("period", [0.1, 0.1037, 0.05, 0.031])
@pytest.mark.parametrize("phase", [0.0, 0.0123, 0.029])
def test_edges_are_bracketed_within_three_milliseconds(period, phase):
    lock = PhaseLock()
    errors = follow(lock, period, phase, 60.0)
    assert lock.locked
    assert lock.period == pytest.approx(period, rel=2e-4)
    assert lock.half == pytest.approx(0.0015)
    assert max(map(abs, errors[-100:])) < 0.0017


def test_a_lock_needs_three_edges_at_equal_distances():
    lock = PhaseLock()
    for edge in (1.0, 1.1, 1.25, 1.31):
        lock.changed(edge - 0.002, edge + 0.002)
        assert not lock.locked
    for edge in (1.41, 1.51):
        lock.changed(edge - 0.002, edge + 0.002)
    assert lock.locked
    assert lock.next_edge(1.52) == pytest.approx(1.61, abs=1e-6)


def test_readings_too_far_apart_do_not_lock():
    lock = PhaseLock()
    for k in range(20):
        lock.changed(0.1 * k - 0.03, 0.1 * k)
    assert not lock.locked


def test_a_shifted_phase_is_found_again():
    lock = PhaseLock()
    follow(lock, 0.1, 0.0, 10.0)
    errors = follow(lock, 0.1, 0.05, 20.0, start=10.0)
    assert max(map(abs, errors[-20:])) < 0.002


def test_jitter_of_three_per_cent_widens_the_bracket_but_keeps_the_lock():
    lock = PhaseLock()

    def late(k):
        return 0.003 * ((k * 7919) % 101) / 101

    errors = follow(lock, 0.1, 0.02, 60.0, jitter=late)
    assert lock.locked
    assert lock.period == pytest.approx(0.1, rel=1e-3)
    assert max(map(abs, errors[-200:])) < 0.01
    assert len(errors) > 560


def test_a_device_that_stands_still_is_unlocked():
    lock = PhaseLock()
    follow(lock, 0.1, 0.0, 5.0)
    for _ in range(3):
        assert lock.locked
        lock.missed()
    assert not lock.locked


def test_a_phase_that_runs_away_is_dropped():
    """Readings once per refresh see a change each time, and never where it was."""
    lock = PhaseLock()
    follow(lock, 0.1, 0.0, 5.0)
    for k in range(3):
        assert lock.locked
        lock.changed(5.0 + 0.095 * k, 5.0 + 0.095 * (k + 1))
    assert not lock.locked
