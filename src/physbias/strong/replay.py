"""Gradients of many steps from few states: each step is taken again on the way back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from physbias.strong.captures import Captures, StandIns
from physbias.strong.march import Interval, StepFunction, march
from physbias.strong.schedule import Schedule


@dataclass(slots=True)
class Replay:
    """Steps that can be taken again.

    Args:
        step: takes a step.
        interval: which steps.
        schedule: which states are kept.
        captures: what else than the state the steps depend on.
        check: raises where a step would no longer be the same.
    """

    step: StepFunction
    interval: Interval
    schedule: Schedule
    captures: Captures
    check: Callable[[], None]
    kept: Tensor | None = None
    last: Tensor | None = None

    def __call__(self, u: Tensor, *, keep: bool = True) -> Tensor:
        """Return the state after all steps, through which gradients come back.

        Args:
            u: first state.
            keep: keep states now; without it backward takes the steps once more.
        """
        first = u.detach()  # or a compiled step would be compiled for it apart
        with torch.no_grad():
            last, kept = self.schedule.forward(
                first, self._advance, self.interval.count
            )
        if not (u.requires_grad or self.captures.tensors):
            return last
        self.kept = kept if keep else None
        self.last = last
        return _ReplayFunction.apply(self, u, *self.captures.tensors)

    def hand_over(self) -> Tensor:
        """Return the state after all steps, once."""
        assert self.last is not None  # called once, by what is called above
        last, self.last = self.last, None
        return last

    def pull_back(self, u: Tensor, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradient by ``u`` and by what was captured, step by step."""
        count, u = self.interval.count, u.detach()
        kept, self.kept = self.kept, None  # free it, whoever holds the graph
        with torch.no_grad():
            if kept is None:
                _, kept = self.schedule.forward(u, self._advance, count)
            sums: list[Tensor | None] = [None] * len(self.captures.tensors)
            for n, state in self.schedule.backward(u, kept, self._advance, count):
                gradient, *parts = pull_back_step(
                    self.step,
                    state,
                    gradient,
                    time=self.interval.time(n),
                    dt=self.interval.dt,
                    captures=self.captures,
                )
                sums = [_add(a, b) for a, b in zip(sums, parts, strict=True)]
        return gradient, *sums

    def pull_back_with_graph(
        self, u: Tensor, gradient: Tensor
    ) -> tuple[Tensor | None, ...]:
        """Return the same as a graph that can be differentiated again."""
        with StandIns(self.captures) as stand_ins:
            first = u.view_as(u)
            last = march(self.step, first, self.interval)
        return torch.autograd.grad(
            last, (first, *stand_ins), gradient, create_graph=True, allow_unused=True
        )

    def _advance(self, u: Tensor, n: int) -> Tensor:
        return self.step(u, self.interval.time(n), self.interval.dt)


def pull_back_step(
    step: StepFunction,
    u: Tensor,
    gradient: Tensor,
    *,
    time: float,
    dt: float,
    captures: Captures,
) -> tuple[Tensor, *tuple[Tensor | None, ...]]:
    """Return the gradients by the state before a step and by what it captures."""
    with torch.enable_grad(), StandIns(captures) as stand_ins:
        v = u.detach().requires_grad_()
        # grad_outputs would say the same, but imports SymPy: 37 MB
        product = (step(v, time, dt) * gradient).sum()
    by_state, *rest = torch.autograd.grad(product, (v, *stand_ins), allow_unused=True)
    return by_state, *rest


def _add(total: Tensor | None, part: Tensor | None) -> Tensor | None:
    if total is None or part is None:
        return part if total is None else total
    return total + part


class _ReplayFunction(torch.autograd.Function):
    """Ties steps that were taken without a graph to what they depend on."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 (torch's)
        replay: Replay,
        u: Tensor,
        *captured: Tensor,
    ) -> Tensor:
        ctx.replay = replay
        ctx.save_for_backward(u, *captured)
        return replay.hand_over()

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any,  # noqa: ANN401 (torch's)
        gradient: Tensor,
    ) -> tuple[Tensor | None, ...]:
        replay = ctx.replay
        replay.check()
        u, *_ = ctx.saved_tensors
        again = torch.is_grad_enabled()  # create_graph was asked for
        pull_back = replay.pull_back_with_graph if again else replay.pull_back
        return None, *pull_back(u, gradient)
