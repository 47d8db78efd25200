"""Which states a solve keeps, and how the others come back in reverse order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import comb
from typing import Protocol

from torch import Tensor

# takes the state before step n, and n; returns the state after it
Advance = Callable[[Tensor, int], Tensor]


class Schedule(Protocol):
    """What is kept of the states of ``count`` steps, the first of which is known."""

    @property
    def final_only(self) -> bool:
        """Whether only the last interval between output times keeps states."""
        ...

    def forward(self, u: Tensor, advance: Advance, count: int) -> tuple[Tensor, Tensor]:
        """Return the last state, and those that were kept in one tensor.

        Args:
            u: first state.
            advance: takes a step.
            count: number of steps.
        """
        ...

    def backward(
        self, u: Tensor, kept: Tensor, advance: Advance, count: int
    ) -> Iterator[tuple[int, Tensor]]:
        """Yield every step's number and the state before it, from the last step on.

        Args:
            u: first state.
            kept: what ``forward`` kept; it may be overwritten.
            advance: takes a step.
            count: number of steps.
        """
        ...


@dataclass(frozen=True, slots=True)
class Uniform:
    """Keep one state per segment, and all of one segment while it is reversed.

    Args:
        segment: steps from one kept state to the next.
    """

    segment: int
    final_only: bool = False

    def forward(self, u: Tensor, advance: Advance, count: int) -> tuple[Tensor, Tensor]:
        """Return the last state, and those at the borders of segments."""
        # one block: arrays that come and go beside it then leave no holes
        kept = u.new_empty((count - 1) // self.segment, *u.shape)
        for n in range(count):
            if n > 0 and n % self.segment == 0:
                kept[n // self.segment - 1] = u
            u = advance(u, n)
        return u, kept

    def backward(
        self, u: Tensor, kept: Tensor, advance: Advance, count: int
    ) -> Iterator[tuple[int, Tensor]]:
        """Yield every step's number and the state before it, from the last step on."""
        block = u.new_empty(min(self.segment, count) - 1, *u.shape)
        for begin in reversed(range(0, count, self.segment)):
            end = min(begin + self.segment, count)
            first = v = kept[begin // self.segment - 1] if begin else u
            for n in range(begin, end - 1):
                v = block[n - begin] = advance(v, n)
            for n in reversed(range(begin + 1, end)):
                yield n, block[n - begin - 1]
            yield begin, first


@dataclass(frozen=True, slots=True)
class Binomial:
    """Keep a given number of states at once and take the fewest steps for that.

    Args:
        states: kept at once, the first one among them; the one before the next step
            to be reversed comes on top.

    Source:
        A. Griewank and A. Walther (2000), ACM Transactions on Mathematical Software
        26, 19-45, proposition 1 and equation 7.
    """

    states: int
    final_only: bool = True

    def forward(self, u: Tensor, advance: Advance, count: int) -> tuple[Tensor, Tensor]:
        """Return the last state, and those that the reversal starts from."""
        places = self._places(count)
        kept = u.new_empty(min(self.states, count), *u.shape)
        for n in range(count):
            if n in places:
                kept[places.index(n)] = u
            if n == count - 1:
                kept[-1] = u  # the reversal begins here
            u = advance(u, n)
        return u, kept

    def backward(
        self, u: Tensor, kept: Tensor, advance: Advance, count: int
    ) -> Iterator[tuple[int, Tensor]]:
        """Yield every step's number and the state before it, from the last step on."""
        yield count - 1, kept[-1]
        held, end = [0, *self._places(count)], count - 1
        while held:
            begin = held[-1]
            state = kept[len(held) - 2] if len(held) > 1 else u
            if begin == end:
                held.pop()
                continue
            if end - begin == 1:
                yield begin, state
                held.pop()
                end = begin
                continue
            free = self.states - len(held)
            split = begin + first_part(end - begin, free + 1)
            for n in range(begin, split):
                state = advance(state, n)
            if free > 0:
                kept[len(held) - 1] = state
                held.append(split)
            else:
                yield split, state
                end = split

    def _places(self, count: int) -> list[int]:
        """Return the steps before which the first sweep keeps the state."""
        places, begin = [], 0
        for states in range(self.states, 1, -1):
            if count - begin == 1:
                break
            begin += first_part(count - begin, states)
            places.append(begin)
        return places


def repetitions(steps: int, states: int) -> int:
    """Return how often a step is repeated at most, with so many states kept.

    It is the smallest r for which C(states + r, states) is no less than ``steps``.
    """
    r = 0
    while comb(states + r, states) < steps:
        r += 1
    return r


def first_part(steps: int, states: int) -> int:
    """Return after how many steps the next state is kept, for the fewest steps in all.

    Args:
        steps: to be reversed, at least two.
        states: kept at once, the first one among them.
    """
    r = repetitions(steps, states)
    return min(comb(states + r - 1, states), steps - comb(states + r - 2, states - 1))


@dataclass(frozen=True, slots=True)
class Stateless:
    """Keep nothing: the steps are linear, so that any state gives their transpose."""

    final_only: bool = False

    def forward(self, u: Tensor, advance: Advance, count: int) -> tuple[Tensor, Tensor]:
        """Return the last state, and no other."""
        kept = u.new_empty(0)
        for n in range(count):
            u = advance(u, n)
        return u, kept

    def backward(
        self, u: Tensor, kept: Tensor, advance: Advance, count: int
    ) -> Iterator[tuple[int, Tensor]]:
        """Yield every step's number and a state of zeros, from the last step on."""
        zero = u.new_zeros(u.shape)
        for n in reversed(range(count)):
            yield n, zero
