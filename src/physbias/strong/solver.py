"""A differentiable solver: an equation, a grid, a scheme and a stepper."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from math import inf
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from physbias.arguments import check_kind, check_numbers, check_positive
from physbias.errors import ArgumentError, explain
from physbias.grid import Grid
from physbias.numerics import (
    SSPRK3,
    DormandPrince,
    FiniteDifference,
    Multistep,
    Scheme,
    SemiDiscrete,
    Stepper,
)
from physbias.numerics.scheme import check_parts
from physbias.pdes import PDE
from physbias.pdes.misfits import naming_misfits
from physbias.shapes import check_finite, check_float
from physbias.strength import Strength
from physbias.strong.adaptive import integrate
from physbias.strong.checks import (
    check_choices,
    check_compiles,
    check_evolves,
    check_times,
)
from physbias.strong.gradients import Adjoint, Backprop, Gradient
from physbias.strong.guard import StepGuard
from physbias.strong.limits import (
    accurate_step,
    admitted_step,
    count_steps,
    stable_step,
    turned,
)
from physbias.strong.march import Interval
from physbias.strong.rollout import Rollout


class Solver(nn.Module):
    """Solve an equation forward in time, with gradients.

    The initial state is first brought to what the scheme and the equation's
    constraints allow: modes that would alias are removed, a velocity is made free of
    divergence.

    Args:
        pde: the equation.
        grid: where states live.
        scheme: how derivatives are taken.
        stepper: how time is stepped; ``DormandPrince`` chooses its own steps.
        dt: longest step [s]; intervals between output times are divided into equal
            steps no longer than this. If not given, 0.8 of the stability limit, or
            less where one step and two shorter ones differ by more than 1e-4 in a
            field of a sample. All samples share it: give ``dt`` where the result of
            one must not depend on the others. The same holds for the error that
            ``DormandPrince`` controls.
        gradient: how gradients come back: ``Backprop()``, ``Checkpoint()``,
            ``BinomialCheckpoint(states)``, ``LinearAdjoint()``, ``Adjoint()`` or
            ``Autograd()``.
        compile: compile the step with ``torch.compile``, which fuses it.
        allow_unstable: take steps above the stability limit.

    Shape:
        ``u0``: ``(batch, channel, *space)``; ``times``: ``(time,)`` [s], the first of
        them the time of ``u0``; result: ``(batch, time, channel, *space)``.

    Raises:
        ShapeError: ``u0`` does not fit the grid or the equation.
        NonFiniteError: ``u0`` holds NaN or infinity.
        StabilityError: ``dt`` is above the stability limit.
        DivergenceError: the solution became NaN or infinite; the message names the
            step.

    Example:
        >>> grid = Grid((64,), (1.0,), boundary=Periodic())
        >>> solve = Solver(Heat(1e-3), grid)
        >>> solve(torch.sin(2 * torch.pi * grid.coords()), [0.0, 1.0]).shape
        torch.Size([1, 2, 1, 64])
    """

    strength: ClassVar[Strength] = Strength.STRONG

    def __init__(
        self,
        pde: PDE,
        grid: Grid,
        *,
        scheme: Scheme = FiniteDifference(4),  # noqa: B008 (a frozen value)
        stepper: Stepper | DormandPrince = SSPRK3(),  # noqa: B008 (a frozen value)
        dt: float | None = None,
        gradient: Gradient = Backprop(),  # noqa: B008 (a frozen value)
        compile: bool = False,  # noqa: A002 (torch's own word for it)
        allow_unstable: bool = False,
    ) -> None:
        super().__init__()
        check_parts(pde, grid, scheme)
        remedy = "use a stepper of physbias.numerics, such as RK4()"
        check_kind(stepper, "stepper", Stepper | DormandPrince, remedy=remedy)
        check_evolves(pde)
        for name, flag in (("compile", compile), ("allow_unstable", allow_unstable)):
            check_kind(flag, name, bool, remedy="write True or False")
        adaptive = isinstance(stepper, DormandPrince)
        check_choices(dt, gradient, adaptive=adaptive, compiled=compile)
        if compile:
            check_compiles(stepper)
        self.pde = pde
        self.grid = grid
        self.scheme = scheme
        self.stepper = stepper
        self.dt = dt
        self.gradient = gradient
        self.compile_step = compile
        self.allow_unstable = allow_unstable
        self._systems: dict[tuple[torch.dtype, torch.device], SemiDiscrete] = {}
        self._step_function: Callable[..., Tensor] | None = None
        self._guard = StepGuard()

    def forward(
        self,
        u0: Float[Tensor, "batch channel *space"],
        times: Sequence[float] | Float[Tensor, " time"],
    ) -> Float[Tensor, "batch time channel *space"]:
        """Return the states at the given times, ``u0`` as admitted first.

        Args:
            u0: state at ``times[0]``.
            times: increasing times [s].
        """
        return torch.stack(list(self.stream(u0, times)), dim=1)

    def stream(self, u0: Tensor, times: Sequence[float] | Tensor) -> Iterator[Tensor]:
        """Yield the states at the given times one by one.

        Args:
            u0: state at ``times[0]``.
            times: increasing times [s].
        """
        instants = check_times(times)
        self._check_state(u0)
        system = self.system(u0)
        u = system.admit(u0)
        if u.is_inference():  # such tensors do not tell that they were changed in place
            with torch.inference_mode(False), torch.no_grad():
                system(u.clone(), instants[0])
        if isinstance(self.stepper, DormandPrince):
            with naming_misfits(self.pde.known, tuple(u.shape)):
                yield from integrate(
                    system,
                    u,
                    instants,
                    stepper=self.stepper,
                    adjoint=isinstance(self.gradient, Adjoint),
                )
            return
        if self.dt is None:
            self._guard.forget()  # or earlier calls would decide the steps of this one
        span = max((end - start for start, end in pairwise(instants)), default=0.0)
        with naming_misfits(self.pde.known, tuple(u.shape)):
            dt = self._admitted_step(u, instants[0], span)
        yield u
        first, given = 0, self.dt is not None
        total = count_steps(instants[0], instants[-1], dt, given=given)
        rollout = Rollout(
            self._advance, self._eager_advance, self.pde, self.gradient, total
        )
        for start, end in pairwise(instants):
            if self.dt is None and first:  # what happens now may need shorter steps
                dt = self._admitted_step(u, start, span, first=2 * dt)
            count = count_steps(start, end, dt, given=given)
            interval = Interval(start, (end - start) / count, count, first)
            carried = self._begin(u, start, interval.dt)
            u = self._state(rollout(carried, interval, final=end == instants[-1]))
            first += count
            yield u

    def step(
        self, u: Tensor, *, dt: float | None = None, time: float = 0.0
    ) -> Float[Tensor, "batch channel *space"]:
        """Return the state one step later, without a look at its values.

        Args:
            u: state, as a solve would take it; neither its shape nor NaN is looked for.
            dt: length of the step [s], whatever the stability limit; if not given, the
                solver's own, checked against it.
            time: time of the state [s].

        Raises:
            ArgumentError: a stepper that chooses its own steps, ``dt`` that is not
                positive, a time that is no finite number.
            StabilityError: the solver's own ``dt`` is above the stability limit.
        """
        check_numbers("time", time)
        if isinstance(self.stepper, DormandPrince):
            raise ArgumentError(
                explain(
                    "stepper",
                    found="DormandPrince, which chooses its own steps",
                    expected="a stepper of fixed steps",
                    remedy="call the solver with times instead",
                )
            )
        if dt is None:
            dt = self._admitted_step(u, time, inf)
        else:
            check_positive(dt, "dt", remedy="give the length of the step [s]")
        return self._step(u, time, dt)

    def system(self, u: Tensor) -> SemiDiscrete:
        """Return the equation on the grid, in the dtype and on the device of ``u``."""
        check_float(u, "u")
        key = (u.dtype, u.device)
        if key not in self._systems or self._systems[key].pde is not self.pde:
            bound = self.scheme.bind(self.grid, dtype=u.dtype, device=u.device)
            self._systems[key] = SemiDiscrete(self.pde, bound)
        return self._systems[key]

    def replace(self, *, pde: PDE) -> "Solver":
        """Return a solver of another equation with the same settings."""
        return Solver(
            pde,
            self.grid,
            scheme=self.scheme,
            stepper=self.stepper,
            dt=self.dt,
            gradient=self.gradient,
            compile=self.compile_step,
            allow_unstable=self.allow_unstable,
        )

    def extra_repr(self) -> str:
        """Show the settings."""
        return (
            f"num_points={self.grid.num_points}, scheme={self.scheme!r}, "
            f"stepper={self.stepper!r}, dt={self.dt}, gradient={self.gradient!r}"
        )

    @property
    def equation(self) -> PDE:
        """The equation whose coefficients may be set between calls."""
        return self.pde.known

    def diagnose(self, u: Tensor, *, time: float = 0.0) -> dict[str, Tensor]:
        """Return the fields that follow from a state, such as the pressure.

        Args:
            u: state.
            time: its time [s], which forces and walls may depend on.
        """
        self._check_shape(u, "u")
        check_numbers("time", time)
        return self.pde.diagnose(u, self.system(u).derivatives.at(time))

    def stable_step(self, u: Tensor, *, time: float = 0.0) -> float:
        """Return the longest stable step from a state [s].

        The spectrum of the scheme, linearised about the state, is held against the
        stability region of the stepper.
        """
        self._check_shape(u, "u")
        check_numbers("time", time)
        system = SemiDiscrete(self.pde.known, self.system(u).derivatives)
        return stable_step(system, self.stepper, u, time)

    def __getstate__(self) -> dict[str, object]:
        """Leave the compiled step out of copies and pickles: it is made anew."""
        return {**self.__dict__, "_step_function": None}

    def _step(self, u: Tensor, time: float, dt: float) -> Tensor:
        return self._state(self._advance(self._begin(u, time, dt), time, dt))

    def _eager_step(self, u: Tensor, time: float, dt: float) -> Tensor:
        return self._state(self._eager_advance(self._begin(u, time, dt), time, dt))

    def _begin(self, u: Tensor, time: float, dt: float) -> Tensor:
        """Return what the stepper carries from step to step, most often the state."""
        if not isinstance(self.stepper, Multistep):
            return u
        return self.stepper.begin(self.system(u), u, time, dt)

    def _state(self, carried: Tensor) -> Tensor:
        if not isinstance(self.stepper, Multistep):
            return carried
        return self.stepper.state(carried)

    def _advance(self, carried: Tensor, time: float, dt: float) -> Tensor:
        if not self.compile_step:
            return self._eager_advance(carried, time, dt)
        if self._step_function is None:
            self._step_function = torch.compile(self._method(), fullgraph=True)
        # tensors, so that a new time or step is not a new program
        clock = torch.tensor(time, dtype=torch.float64)
        length = torch.tensor(dt, dtype=torch.float64)
        return self._step_function(self.system(carried), carried, clock, length)

    def _eager_advance(self, carried: Tensor, time: float, dt: float) -> Tensor:
        return self._method()(self.system(carried), carried, time, dt)

    def _method(self) -> Callable[..., Tensor]:
        assert not isinstance(self.stepper, DormandPrince)  # refused by the callers
        if isinstance(self.stepper, Multistep):
            return self.stepper.advance
        return self.stepper.step

    def _check_state(self, u0: Tensor) -> None:
        self._check_shape(u0, "u0")
        check_finite(u0, "u0")
        self.pde.known.check_coefficients()
        self.pde.known.check_values(u0, "u0")

    def _check_shape(self, u: Tensor, name: str) -> None:
        check_float(u, name)
        self.grid.check(u, name)
        self.pde.check_channels(u, self.grid.ndim, name)

    def _admitted_step(
        self, u: Tensor, time: float, span: float, *, first: float = inf
    ) -> float:
        """Return the step to take, or refuse the one that was asked for."""
        assert not isinstance(self.stepper, DormandPrince)  # has no such limit
        if self.allow_unstable and self.dt is not None:
            return self.dt
        equation, system = self.pde.known, self.system(u)
        if self.dt is None and turned(
            lambda w, t: equation.tendency(w, system.derivatives.at(t)),
            u.detach(),
            self._guard.time,
            time,
        ):
            self._guard.forget()
        limit = self._guard.limit(
            equation,
            u,
            time=time,
            compute=lambda: self.stable_step(u, time=time),
            wanted=self.dt,
        )
        if self.dt is None:
            with _evaluating(self.pde):
                limit = accurate_step(
                    self._eager_step,
                    u,
                    time,
                    limit=limit,
                    span=span,
                    fields=tuple(self.pde.channels(self.grid.ndim).values()),
                    first=first,
                )
        return admitted_step(
            self.dt, limit, stepper=self.stepper, scheme=self.scheme, system=system
        )


@contextmanager
def _evaluating(pde: PDE) -> Iterator[None]:
    """Keep what an equation learns from being changed, or rolled dice for, by tries."""
    training = [part for part in pde.modules() if part.training]
    for part in training:
        part.training = False
    try:
        yield
    finally:
        for part in training:
            part.training = True
