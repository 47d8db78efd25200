"""The steps of one solve, taken the way that its gradients need."""

from dataclasses import dataclass

import torch
from torch import Tensor

from physbias.pdes import PDE, ConservationLaw
from physbias.strong.captures import Captures, find_captures
from physbias.strong.gradients import Adjoint, Gradient, LinearAdjoint
from physbias.strong.guard import check_unchanged, held_coefficients
from physbias.strong.linearity import check_linear
from physbias.strong.march import Interval, StepFunction, march, report_blow_up
from physbias.strong.replay import Replay


@dataclass(slots=True)
class Rollout:
    """Takes the intervals of one solve, one after the other.

    Args:
        step: takes a step, compiled or not.
        eager: takes the same step, not compiled.
        pde: the equation.
        gradient: how gradients come back.
        total: number of steps that are to be expected.
    """

    step: StepFunction
    eager: StepFunction
    pde: PDE
    gradient: Gradient
    total: int
    captures: Captures | None = None

    def __call__(self, u: Tensor, interval: Interval, *, final: bool) -> Tensor:
        """Return the state at the end of an interval.

        Args:
            u: state at its start.
            interval: which steps.
            final: whether no other interval follows.

        Raises:
            DivergenceError: the state became NaN or infinite.
        """
        after = self._take(u, interval, final=final)
        if not bool(torch.isfinite(after).all()):
            for step in (self.eager, self.step):  # a compiled one names no wall
                report_blow_up(step, u, interval, remedy=self._remedy())
        return after

    def _remedy(self) -> str:
        """Return what may keep the states of this equation finite."""
        if isinstance(self.pde.known, ConservationLaw):
            return (
                "use a scheme that is made for shocks, MUSCL() or WENO5(), a smaller "
                "dt or a finer grid"
            )
        return "use a smaller dt, more viscosity or a finer grid"

    def _take(self, u: Tensor, interval: Interval, *, final: bool) -> Tensor:
        gradient = self.gradient
        adjoint = isinstance(gradient, Adjoint)  # differentiates no steps
        schedule = None if adjoint else gradient.schedule(self.total)
        if schedule is None or not torch.is_grad_enabled():
            return march(self.step, u, interval)
        if self.captures is None:
            self.captures = self._look(u, interval)
        equation = self.pde.known
        held = held_coefficients(equation)
        replay = Replay(
            # a compiled step was not compiled for what stands in for its coefficients
            self.eager if self.captures.need_stand_ins else self.step,
            interval,
            schedule,
            self.captures,
            check=lambda: check_unchanged(held, equation),
        )
        return replay(u, keep=final or not schedule.final_only)

    def _look(self, u: Tensor, interval: Interval) -> Captures:
        """Return what the steps depend on, after a look at the first of them."""
        time, dt = interval.start, interval.dt
        found = find_captures(lambda v: self.eager(v, time, dt), u, self.pde)
        if isinstance(self.gradient, LinearAdjoint):
            check_linear(self.eager, u, time=time, dt=dt, captures=found)
        return found
