"""Energy over the whole life: data, training and N forecasts."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LifeCycle:
    r"""Energy of a candidate as a function of the number of forecasts.

    :math:`E(N) = E_\mathrm{data} + E_\mathrm{train} + N\,E_\mathrm{inference}`

    Args:
        name: of the candidate.
        data: energy of making its training data [J]; zero if it needs none.
        training: energy of training [J].
        inference: energy of one forecast [J].

    Source:
        arXiv 2605.15399 for counting until a learned solver pays.
    """

    name: str
    data: float
    training: float
    inference: float

    def total(self, forecasts: float) -> float:
        """Return the energy spent after a number of forecasts [J]."""
        return self.data + self.training + forecasts * self.inference


def break_even(a: LifeCycle, b: LifeCycle) -> float | None:
    """Return the number of forecasts at which two candidates have cost the same.

    Args:
        a: one candidate.
        b: another.

    Returns:
        The number, or None where one is cheaper from the first forecast on for ever.

    Example:
        >>> break_even(LifeCycle("net", 0, 90, 1), LifeCycle("solver", 0, 0, 10))
        10.0
    """
    slope = a.inference - b.inference
    fixed = (b.data + b.training) - (a.data + a.training)
    if slope == 0 or fixed / slope <= 0:
        return None
    return fixed / slope


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return which points no other point beats in both coordinates, cheapest first.

    Args:
        points: (cost, error) pairs; less is better in both.

    Example:
        >>> pareto_front([(1, 5), (2, 3), (3, 4), (4, 1)])
        [0, 1, 3]
    """
    front, best = [], float("inf")
    for index in sorted(range(len(points)), key=lambda i: points[i]):
        if points[index][1] < best:
            front.append(index)
            best = points[index][1]
    return front
