"""How long a step may be: stable, and accurate where nobody said how long."""

from collections.abc import Callable, Sequence
from math import ceil, inf

import torch
from torch import Tensor

from physbias.errors import (
    ArgumentError,
    ConvergenceError,
    DivergenceError,
    StabilityError,
    explain,
)
from physbias.numerics import (
    DormandPrince,
    Scheme,
    SemiDiscrete,
    Stepper,
    largest_stable_step,
    ritz_values,
)
from physbias.numerics.flux import FluxDerivatives
from physbias.pdes import ConservationLaw
from physbias.strong.march import StepFunction

SAFETY = 0.8
# difference of one step and two shorter ones that a step chosen here may show, relative
ACCURACY = 1e-4
HALVINGS = 40
# halvings after which an error that has not halved once is one of rounding
STALLED = 3
# rounding that may be seen in one field, in units of that of the largest
ROUNDING = 100
# change of what an equation makes of a direction after which its limit is another
TURNED = 0.05
MOST_STEPS = 10**9
# of steps that nobody asked for
MOST_CHOSEN = 10**7
# where the shorter steps meet: halves could all fall on the same phase of a forcing
MEETING = (3 - 5**0.5) / 2


def stable_step(
    system: SemiDiscrete, stepper: Stepper | DormandPrince, u: Tensor, time: float
) -> float:
    """Return the longest stable step from a state [s].

    Args:
        system: the equation without learned corrections, on the grid.
        stepper: whose stability region counts.
        u: state about which the scheme is linearised.
        time: time of the state [s].
    """
    if isinstance(stepper, DormandPrince):
        return inf
    d, law = system.derivatives, system.pde
    limit = inf
    if isinstance(d, FluxDerivatives) and isinstance(law, ConservationLaw):
        limit = d.at(time).longest_step(u.detach(), law, stepper.growth)
        own = type(law)
        plain = ConservationLaw.source, ConservationLaw.rhs
        if (own.source, own.rhs) == plain:
            return limit  # exact where a limiter would blur the linearisation
    # a stiff part acts also on modes that states do not have: they must not count
    admit = system.derivatives.dealias_state
    with torch.no_grad():
        spectrum = ritz_values(
            lambda w: stepper.explicit_part(system, admit(w), time), u.detach()
        )
    return min(limit, largest_stable_step(spectrum, stepper.growth))


@torch.no_grad()
def accurate_step(
    step: StepFunction,
    u: Tensor,
    time: float,
    *,
    limit: float,
    span: float,
    fields: Sequence[slice],
    first: float = inf,
) -> float:
    """Return the limit, or less where a step that long is not accurate [s].

    Slow decay, growth and reactions are stable at steps far too long to be right: the
    step is halved until one step and two shorter ones agree in each field of each
    sample, relative to the larger one of the states before and after. Where stability
    limits the step, what walls and sources make of nothing counts too: a state near
    zero would otherwise ask for steps that it soon does not need. A field that differs
    by rounding alone, such as a velocity at rest, asks for nothing.

    Args:
        step: takes a step from a state, its time and the length of the step.
        u: state.
        time: time of the state [s].
        limit: stability limit [s].
        span: longest time that one step may cover [s].
        fields: where each field sits among the channels.
        first: longest step to be tried [s].

    Raises:
        ConvergenceError, DivergenceError: an implicit step fails at every length.
        StabilityError: no step is accurate.
    """
    longest = min(SAFETY * limit, span)
    if not 0 < longest < inf:
        return limit
    least = _sizes(u, fields)
    if longest < span:
        least = torch.maximum(least, _made_of_nothing(step, u, time, longest, fields))
    rounding = ROUNDING * torch.finfo(u.dtype).eps
    dt, tried, failure = min(longest, first), [], None
    for _ in range(HALVINGS):
        try:
            once, twice = _both(step, u, time, dt)
        except (ConvergenceError, DivergenceError) as error:
            failure, dt = error, dt / 2
            continue
        wrong = _sizes(once - twice, fields)
        reached = torch.maximum(least, _sizes(twice, fields))
        tried.append((dt, wrong, ~(wrong <= ACCURACY * reached)))  # NaN is bad
        noise = torch.zeros_like(wrong, dtype=torch.bool)
        if len(tried) > STALLED:
            # an error of rounding is one that shorter steps do not make smaller
            noise = wrong > tried[-1 - STALLED][1] / 2
            noise &= wrong <= rounding * reached.amax(1, keepdim=True)
        for length, _, bad in tried:
            if not bool((bad & ~noise).any()):
                return length / SAFETY
        dt = dt / 2
    if failure is not None and not tried:
        raise failure
    if not bool(tried[-1][1].isfinite().all()):
        return tried[0][0] / SAFETY  # the solve names what is not finite
    raise StabilityError(
        explain(
            "dt",
            found=f"no step from {longest:.3g} s down to {2 * dt:.3g} s that is "
            f"accurate to {ACCURACY:g} at t = {time:.6g}",
            expected="a solution that shorter steps resolve",
            remedy="look for jumps, noise or infinite rates in the equation, or give "
            "dt",
        )
    )


def _both(
    step: StepFunction, u: Tensor, time: float, dt: float
) -> tuple[Tensor, Tensor]:
    """Return the states after one step and after two shorter ones."""
    part = MEETING * dt
    return step(u, time, dt), step(step(u, time, part), time + part, dt - part)


def _sizes(u: Tensor, fields: Sequence[slice]) -> Tensor:
    """Return the root mean square of each field of each sample, ``(batch, field)``."""
    sizes = []
    for field in fields:
        values = u[:, field].flatten(1).double()
        # squares of what is very large or small would be infinite or zero
        top = values.abs().amax(1, keepdim=True)
        parts = values / torch.where(top == 0, 1.0, top)
        sizes.append(top[:, 0] * parts.square().mean(1).sqrt())
    return torch.stack(sizes, 1)


def _made_of_nothing(
    step: StepFunction, u: Tensor, time: float, dt: float, fields: Sequence[slice]
) -> Tensor:
    """Return the sizes of what walls and sources alone make in the longest step.

    Where that is so long that it says nothing, as where the state is to grow, a
    shorter one is taken.
    """
    zero = torch.zeros_like(u)
    for _ in range(STALLED):
        try:
            once, twice = _both(step, zero, time, dt)
        except (ConvergenceError, DivergenceError):
            dt = dt / 2
            continue
        made = _sizes(twice, fields)
        if bool((_sizes(once - twice, fields) <= made / 2).all()):
            return made
        dt = dt / 2
    return _sizes(zero, fields)


@torch.no_grad()
def turned(
    tendency: Callable[[Tensor, float], Tensor], u: Tensor, before: float, now: float
) -> bool:
    """Return whether an equation acts otherwise on a state than it did.

    Coefficients may depend on time: what the linearised tendency makes of a random
    direction, most of it in the fastest modes, is compared.

    Args:
        tendency: right-hand side of a state and a time.
        u: state about which it is linearised.
        before: time at which a limit was worked out [s].
        now: time at which it is to serve [s].
    """
    if before == now:
        return False
    generator = torch.Generator().manual_seed(1)
    v = torch.randn(u.shape, generator=generator, dtype=torch.float64).to(u)
    v = 1e-2 * v * (u.abs().max() if bool(u.any()) else 1.0)
    then, there = (tendency(u + v, t) - tendency(u - v, t) for t in (before, now))
    return not bool((there - then).norm() <= TURNED * then.norm())


def admitted_step(
    wanted: float | None,
    limit: float,
    *,
    stepper: Stepper,
    scheme: Scheme,
    system: SemiDiscrete,
) -> float:
    """Return the step to take, or refuse the one that was asked for.

    Args:
        wanted: the step that was asked for [s]; None for a part of the limit.
        limit: the longest step that is allowed [s].
        stepper: for the message.
        scheme: for the message.
        system: the equation on the grid, for the message.

    Raises:
        StabilityError: the step is above the limit, or there is neither.
    """
    if wanted is None:
        if not 0 < limit < inf:
            raise StabilityError(
                explain(
                    "dt",
                    found=f"no dt, and a stability limit of {limit:.3g} for "
                    f"{stepper!r}",
                    expected="a dt, or a limit to take it from",
                    remedy="give dt, or use a stepper that is stable here",
                )
            )
        return SAFETY * limit
    if wanted > limit * (1 + 1e-9):  # more than rounding
        raise StabilityError(
            explain(
                "dt",
                found=f"{wanted:.4g}",
                expected=f"at most {limit:.4g}, the stability limit of "
                f"{stepper!r} with {scheme!r} at this state",
                remedy=f"use a smaller dt, {_unlimited(system)}, or "
                "allow_unstable=True",
            )
        )
    return wanted


def count_steps(start: float, end: float, dt: float, *, given: bool) -> int:
    """Return the number of equal steps from one time to another.

    Args:
        start: where they start [s].
        end: where they end [s].
        dt: longest step [s].
        given: whether the step was asked for, and not chosen.

    Raises:
        StabilityError: more than a machine takes, or than anybody would wait for.
    """
    number = (end - start) / dt * (1 - 1e-9)  # less rounding
    most = MOST_STEPS if given else MOST_CHOSEN
    if number > most:
        raise StabilityError(
            explain(
                "times",
                found=f"{end - start:.3g} s in steps of {dt:.3g} s, {number:.1g} of "
                "them",
                expected=f"at most {most:.0g} steps",
                remedy="check the units of the state, the coefficients, the grid and "
                "the times, look for jumps in the equation, use an implicit stepper, "
                "or give dt",
            )
        )
    return max(1, ceil(number))


def _unlimited(system: SemiDiscrete) -> str:
    """Return the words for a stepper that stiff terms do not limit."""
    try:
        split = system.pde.stiff_symbol(system.derivatives) is not None
    except ArgumentError:  # walls, or coefficients that vary
        split = False
    if split:
        return "an implicit-explicit stepper such as ARS443()"
    return "an implicit stepper such as SDIRK2()"
