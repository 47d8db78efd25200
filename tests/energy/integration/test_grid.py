"""Witness: refreshes at known instants, seen in brackets."""

from itertools import pairwise
from random import Random

import pytest

from physbias.energy.integration.grid import lock_edges

PERIOD = 0.1


def seen(true, width, chance, early=()):
    """Brackets of up to ``width`` [s] around edges; wide where the edge came early."""
    brackets = []
    for k, time in enumerate(true):
        low, high = time - width * chance.random(), time + width * chance.random()
        brackets.append((time - 0.09 if k in early else low, high))
    middles = [(p + q) / 2 for p, q in brackets]
    return middles, [(q - p) / 2 for p, q in brackets]


def test_edges_are_sharpened_by_the_regular_refresh():
    true = [0.037 + 0.1 * k for k in range(60)]
    seen = [(0.017 * int(t / 0.017) + 0.0085, 0.0085) for t in true]
    times, slacks = zip(*seen, strict=True)
    locked, sharpened = lock_edges(times, slacks, 0.1)
    rough = max(abs(a - b) for a, b in zip(times, true, strict=True))
    fine = max(abs(a - b) for a, b in zip(locked, true, strict=True))
    assert fine < 0.4 * rough
    assert max(sharpened) < max(slacks)


def test_irregular_edges_stay_where_they_were_seen():
    times = [0.0, 0.1, 0.26, 0.3, 0.41, 0.5, 0.58, 0.7, 0.83, 0.9]
    slacks = [0.004] * 10
    locked, _ = lock_edges(times, slacks, 0.1)
    assert all(abs(a - b) <= 0.004 + 1e-12 for a, b in zip(times, locked, strict=True))
    assert all(b > a for a, b in pairwise(locked))


def test_edges_of_a_steady_device_come_out_nearly_exact():
    true = [0.0213 + PERIOD * k for k in range(200)]
    times, slacks = seen(true, 0.005, Random(1))
    locked, sharpened = lock_edges(times, slacks, 1.01 * PERIOD)
    errors = [abs(a - b) for a, b in zip(locked, true, strict=True)]
    assert max(errors) < 0.0012
    assert all(e <= s for e, s in zip(errors, sharpened, strict=True))


@pytest.mark.parametrize("jitter", [0.0006, 0.003])
def test_an_edge_that_came_early_is_put_where_its_wide_bracket_meets_the_grid(jitter):
    """Between two such edges the reading before one is that behind the other."""
    chance = Random(2)
    true = [PERIOD * k + jitter * chance.uniform(-1, 1) for k in range(100)]
    early = {20, 21, 22, 50, 77, 78}
    times, slacks = seen(true, 0.003, chance, early)
    locked, sharpened = lock_edges(times, slacks, PERIOD)
    for k in early:
        assert abs(locked[k] - true[k]) < 2.5 * jitter + 0.003
        assert sharpened[k] < 0.01
    outside = [abs(a - b) > s for a, b, s in zip(locked, true, sharpened, strict=True)]
    assert sum(outside) < 0.15 * len(outside)


def test_a_wide_bracket_with_an_edge_at_either_end_does_not_take_that_of_the_next():
    """Readings just before each edge see each change one refresh late."""
    true = [PERIOD * k for k in range(40)]
    brackets = [(t - 0.002, t + 0.002) for t in true]
    for k in range(10, 13):
        brackets[k] = (true[k] - 0.0015, true[k + 1] - 0.004)
    times = [(p + q) / 2 for p, q in brackets]
    slacks = [(q - p) / 2 for p, q in brackets]
    locked, _ = lock_edges(times, slacks, PERIOD)
    assert max(abs(a - b) for a, b in zip(locked, true, strict=True)) < 0.004


@pytest.mark.parametrize(("high", "slack"), [(-0.001, 0.04), (0.03, 0.003)])
def test_a_late_reading_just_about_a_refresh_may_show_either_of_two(high, slack):
    """Nothing was read for two refreshes, and nothing after."""
    true = [PERIOD * k for k in range(40)]
    brackets = [(t - 0.0015, t + 0.0015) for t in true]
    end = PERIOD * 41 + high
    brackets.append((end - PERIOD, end))
    times = [(p + q) / 2 for p, q in brackets]
    slacks = [(q - p) / 2 for p, q in brackets]
    locked, sharpened = lock_edges(times, slacks, PERIOD)
    possible = [40 * PERIOD, 41 * PERIOD] if high < 0 else [41 * PERIOD]
    assert all(abs(locked[-1] - t) <= sharpened[-1] + 1.5e-3 for t in possible)
    assert (sharpened[-1] > slack) == (high < 0)
    assert max(sharpened[:-1]) < 0.002


def test_few_or_wide_brackets_stay_as_they_are():
    times, slacks = [0.0, 0.1, 0.2, 0.3], [0.004] * 4
    assert lock_edges(times, slacks, PERIOD) == (times, slacks)
    times, slacks = [0.1 * k for k in range(20)], [0.04] * 20
    assert lock_edges(times, slacks, PERIOD) == (times, slacks)
