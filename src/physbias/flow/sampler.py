"""Fixed-step Runge-Kutta rules that carry a state from flow time 0 to 1."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from physbias.errors import ArgumentError, explain
from physbias.flow.path import Times
from physbias.shapes import State

VelocityField = Callable[[State, Times], State]
"""Velocity at a state and at times of shape ``(batch,)``."""


@dataclass(frozen=True, slots=True)
class Sampler:
    """An explicit Runge-Kutta rule on equal steps of [0, 1].

    Args:
        name: Name in words.
        order: Order of accuracy in the step.
        nodes: Time of each stage within a step, in steps.
        rows: Weights of the earlier stages in each stage.
        weights: Weights of the stages in the step.

    Raises:
        ArgumentError: The parts of the rule do not fit together.

    Example:
        >>> MIDPOINT.evaluations(5)
        10
    """

    name: str
    order: int
    nodes: tuple[float, ...]
    rows: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check that stage ``i`` is built from the ``i`` stages before it."""
        lengths = [len(row) for row in self.rows]
        consistent = all(
            abs(sum(row) - node) < 1e-12
            for row, node in zip(self.rows, self.nodes, strict=False)
        )
        explicit = lengths == list(range(len(self.nodes)))
        complete = len(self.weights) == len(self.nodes)
        if not (explicit and complete and consistent):
            raise ArgumentError(
                explain(
                    "rows",
                    found=f"{self.rows} with nodes {self.nodes}",
                    expected="row i with i weights that add up to node i",
                    remedy="write the tableau of an explicit rule",
                )
            )

    def evaluations(self, steps: int) -> int:
        """Return the number of velocity evaluations that ``steps`` steps take."""
        return _checked_steps(steps) * len(self.nodes)

    def states(
        self, field: VelocityField, x0: State, *, steps: int
    ) -> Iterator[tuple[float, State]]:
        """Yield time and state ``steps + 1`` times, from 0 to exactly 1.

        Args:
            field: Velocity at a state and at times of shape ``(batch,)``.
            x0: State at time 0; it is not changed.
            steps: Number of equal steps.

        Shape:
            Each state: ``(batch, channel, *space)``, the shape of ``x0``.

        Yields:
            Pairs of a time [1] and the state then.

        Raises:
            ArgumentError: ``steps`` is below 1.
        """
        _checked_steps(steps)
        x = x0
        yield 0.0, x
        for n in range(steps):
            x = self._step(field, x, n, steps)
            yield (n + 1) / steps, x

    def integrate(self, field: VelocityField, x0: State, *, steps: int) -> State:
        """Return the state at time 1; arguments as in :meth:`states`."""
        x1 = x0
        for _, x in self.states(field, x0, steps=steps):
            x1 = x
        return x1

    def _step(self, field: VelocityField, x: State, n: int, steps: int) -> State:
        """Return the state after step ``n`` of ``steps``."""
        slopes: list[Tensor] = []
        for node, row in zip(self.nodes, self.rows, strict=True):
            t = torch.full(x.shape[:1], (n + node) / steps, dtype=x.dtype).to(x.device)
            slopes.append(field(_advance(x, slopes, row, steps), t))
        return _advance(x, slopes, self.weights, steps)


def _advance(
    x: State, slopes: list[Tensor], weights: tuple[float, ...], steps: int
) -> State:
    """Return ``x`` moved along the weighted slopes by one step of ``1 / steps``."""
    for weight, slope in zip(weights, slopes, strict=True):
        if weight:
            x = x + (weight / steps) * slope
    return x


def _checked_steps(steps: int) -> int:
    """Return ``steps`` if it is a whole number of at least one."""
    if not isinstance(steps, int) or steps < 1:
        raise ArgumentError(
            explain(
                "steps",
                found=steps,
                expected="a whole number, 1 or more",
                remedy="5 midpoint steps are enough for most forecasts",
            )
        )
    return steps


EULER = Sampler("Euler", 1, (0.0,), ((),), (1.0,))
"""First order, one evaluation a step; ensembles come out too narrow."""

MIDPOINT = Sampler("midpoint", 2, (0.0, 0.5), ((), (0.5,)), (0.0, 1.0))
"""Second order, two evaluations a step; the default."""

HEUN = Sampler("Heun", 2, (0.0, 1.0), ((), (1.0,)), (0.5, 0.5))
"""Second order, two evaluations a step, the last of them at time 1."""

RK4 = Sampler(
    "RK4",
    4,
    (0.0, 0.5, 0.5, 1.0),
    ((), (0.5,), (0.0, 0.5), (0.0, 0.0, 1.0)),
    (1 / 6, 1 / 3, 1 / 3, 1 / 6),
)
"""Fourth order, four evaluations a step."""
