"""Random numbers that belong to one sample, and parameters drawn with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, pi

import numpy as np
import torch

from physbias.arguments import check_count, is_number
from physbias.errors import ArgumentError, explain

MOST_SEED = 2**63


@dataclass(frozen=True, slots=True)
class Range:
    """Every value from ``low`` to ``high`` is equally likely.

    Args:
        low: smallest value.
        high: largest value.

    Raises:
        ArgumentError: not finite, or not increasing.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        ends = self.low, self.high
        numbers = all(is_number(end) and isfinite(end) for end in ends)
        if not numbers or self.low >= self.high:
            raise ArgumentError(
                explain(
                    "range",
                    found=":".join(f"{e:g}" if is_number(e) else repr(e) for e in ends),
                    expected="two finite numbers, the smaller one first",
                    remedy="write low:high, or a single number",
                )
            )


@dataclass(frozen=True, slots=True)
class Waves:
    """The wavenumber of whole waves along an axis, whatever the box's length.

    Args:
        count: number of waves [1].
        axis: space axis, 0 for x.

    Raises:
        ArgumentError: not a whole number of waves, or no such axis.
    """

    count: int
    axis: int = 0

    def __post_init__(self) -> None:
        check_count(self.count, "count")
        check_count(self.axis, "axis", minimum=0)

    def wavenumber(self, lengths: Sequence[float]) -> float:
        """Return the wavenumber in a box [rad/m].

        Args:
            lengths: extent along each axis [m].

        Raises:
            ArgumentError: a box without that axis.
        """
        if self.axis >= len(lengths):
            raise ArgumentError(
                explain(
                    "lengths",
                    found=f"{len(lengths)} axes",
                    expected=f"at least {self.axis + 1}, for {self!r}",
                    remedy="give the box more axes, or the parameter a number",
                )
            )
        return 2 * pi * self.count / lengths[self.axis]


Entry = float | Range
Parameter = Entry | tuple[Entry, ...]
Drawn = float | tuple[float, ...]


def generator_of(seed: int, index: int, purpose: str = "") -> torch.Generator:
    """Return the random numbers of one sample for one purpose, and of nothing else.

    Args:
        seed: of the whole set, not negative.
        index: number of the sample in the set.
        purpose: such as the name of a parameter, so that each has its own numbers and
            none shifts another's.
    """
    words = np.random.SeedSequence([seed, index, *purpose.encode()])
    state = int(words.generate_state(1, np.uint64)[0]) % MOST_SEED
    return torch.Generator().manual_seed(state)


def draw_parameters(
    parameters: Mapping[str, Parameter], *, ndim: int, seed: int, index: int
) -> dict[str, Drawn]:
    """Return the parameters of one sample.

    Args:
        parameters: a number, a range, or a tuple of these, one per space axis; a
            single entry serves for every axis, each with a draw of its own.
        ndim: number of space axes [1].
        seed: of the set.
        index: number of the sample.

    Raises:
        ArgumentError: a tuple that has not one entry per axis.
    """
    drawn: dict[str, Drawn] = {}
    for name, value in parameters.items():
        generator = generator_of(seed, index, name)
        if isinstance(value, tuple):
            entries = _per_axis(name, value, ndim)
            drawn[name] = tuple(_draw(entry, generator) for entry in entries)
        else:
            drawn[name] = _draw(value, generator)
    return drawn


def _draw(entry: Entry, generator: torch.Generator) -> float:
    if not isinstance(entry, Range):
        return float(entry)
    share = torch.rand((), generator=generator, dtype=torch.float64).item()
    return entry.low + (entry.high - entry.low) * share


def _per_axis(name: str, entries: Sequence[Entry], ndim: int) -> Sequence[Entry]:
    if len(entries) not in (1, ndim):
        raise ArgumentError(
            explain(
                name,
                found=f"{len(entries)} entries",
                expected=f"one, or one per space axis ({ndim})",
                remedy="separate the entries of the axes by commas, as in 0.5:1,0",
            )
        )
    return entries if len(entries) == ndim else [entries[0]] * ndim
