"""Equal steps from one output time to the next."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from physbias.errors import DivergenceError, explain
from physbias.grid.edge_data import naming_walls

# takes a state, its time [s] and the length of the step [s]
StepFunction = Callable[[Tensor, float, float], Tensor]


@dataclass(frozen=True, slots=True)
class Interval:
    """Equal steps from one output time to the next.

    Args:
        start: time of the first state [s].
        dt: length of a step [s].
        count: number of steps.
        first: number of the first step in the whole solve, for messages.
    """

    start: float
    dt: float
    count: int
    first: int = 0

    def time(self, n: int) -> float:
        """Return the time of the state before step ``n`` [s]."""
        return self.start + n * self.dt


def march(step: StepFunction, u: Tensor, interval: Interval) -> Tensor:
    """Return the state after all steps, with the graph of every operation.

    Args:
        step: takes a step.
        u: first state.
        interval: which steps.
    """
    for n in range(interval.count):
        u = step(u, interval.time(n), interval.dt)
    return u


@torch.no_grad()
def report_blow_up(
    step: StepFunction, u: Tensor, interval: Interval, *, remedy: str
) -> None:
    """Repeat the steps to find the one that was not finite, and name it.

    Args:
        step: takes a step.
        u: first state.
        interval: which steps.
        remedy: what to do, for the message.

    Raises:
        DivergenceError: a step whose result is not finite, or a function at a wall
            that gives such values; a compiled step does not name the latter.
    """
    largest = float(u.abs().max())
    for n in range(interval.count):
        with naming_walls():
            u = step(u, interval.time(n), interval.dt)
        if not bool(torch.isfinite(u).all()):
            raise DivergenceError(
                explain(
                    "solution",
                    found=f"NaN or infinity after step {interval.first + n + 1} "
                    f"(t = {interval.time(n + 1):.6g}, dt = {interval.dt:.3g}), the "
                    f"largest value before it {largest:.3g}",
                    expected="finite values",
                    remedy=remedy,
                )
            )
        largest = float(u.abs().max())
