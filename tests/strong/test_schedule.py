"""Schedules on whole numbers in place of states: what is kept, how many steps run."""

from functools import cache
from math import comb

import pytest
import torch

from physbias.strong.schedule import (
    Binomial,
    Stateless,
    Uniform,
    first_part,
    repetitions,
)


class Count:
    """Steps that add one to a state that is its own number."""

    def __init__(self) -> None:
        self.taken = 0

    def __call__(self, u, n):
        assert int(u) == n  # the step is taken from the state that it belongs to
        self.taken += 1
        return u + 1


def reverse(schedule, count):
    """Return the steps of the sweep, those of the reversal, and the states kept."""
    step, u = Count(), torch.zeros(1)
    last, kept = schedule.forward(u, step, count)
    assert int(last) == count
    sweep = step.taken
    seen = [(n, int(state)) for n, state in schedule.backward(u, kept, step, count)]
    assert seen == [(n, n) for n in reversed(range(count))]
    return sweep, step.taken - sweep, len(kept)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 10, 30])
@pytest.mark.parametrize("segment", [1, 2, 3, 10, 50])
def test_segments_keep_their_borders_and_repeat_all_but_their_last_steps(
    segment, count
):
    sweep, again, kept = reverse(Uniform(segment), count)
    segments = -(-count // segment)
    assert (sweep, again, kept) == (count, count - segments, segments - 1)


@cache
def fewest(steps: int, states: int) -> int:
    """Return the least number of steps to reverse some, by trying every split."""
    if steps == 1:
        return 0
    if states == 1:
        return steps * (steps - 1) // 2
    return min(
        m + fewest(m, states) + fewest(steps - m, states - 1) for m in range(1, steps)
    )


@pytest.mark.parametrize("states", [1, 2, 3, 5, 9])
@pytest.mark.parametrize("count", [1, 2, 3, 6, 10, 21, 56, 60])
def test_binomial_schedules_take_the_fewest_steps(states, count):
    """Against the least of all splits, and the closed form of Griewank and Walther."""
    sweep, again, kept = reverse(Binomial(states), count)
    r = repetitions(count, states)
    closed = r * count - comb(states + r, states + 1)
    assert kept <= states  # one less than that, and the state before the last step
    assert sweep == count
    # the last step of the sweep finds the result, not a state to reverse from
    assert sweep - 1 + again == closed == fewest(count, states)


def test_a_published_count():
    """Three states and three repetitions reverse C(6, 3) = 20 steps at most."""
    assert [repetitions(steps, 3) for steps in (1, 4, 5, 10, 11, 20, 21)] == [
        0, 1, 2, 2, 3, 3, 4,
    ]  # fmt: skip
    assert first_part(20, 3) == 10  # C(5, 3)


def test_nothing_is_kept_of_linear_steps():
    schedule, step, u = Stateless(), Count(), torch.zeros(1)
    last, kept = schedule.forward(u, step, 5)
    assert int(last) == step.taken == 5
    assert kept.numel() == 0
    states = list(schedule.backward(u + 3, kept, step, 5))
    assert [n for n, _ in states] == [4, 3, 2, 1, 0]
    assert all(int(state) == 0 for _, state in states)
    assert step.taken == 5
