"""How long a step may be: stable, and accurate where nobody said how long."""

from math import inf

import torch
from torch import Tensor

from physbias.errors import StabilityError, explain
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
    step: StepFunction, u: Tensor, time: float, *, limit: float, span: float
) -> float:
    """Return the limit, or less where a step that long is not accurate [s].

    Slow decay, growth and reactions are stable at steps far too long to be right: the
    step is halved until one step and two shorter ones agree, relative to the larger one
    of the states before and after. Where stability limits the step, the state after the
    longest stable one counts too: a state near zero would otherwise ask for steps that
    what walls or sources soon make of it does not need.

    Args:
        step: takes a step from a state, its time and the length of the step.
        u: state.
        time: time of the state [s].
        limit: stability limit [s].
        span: longest time that one step may cover [s].
    """
    dt = min(SAFETY * limit, span)
    if not 0 < dt < inf:
        return limit
    scale, stable = u.norm(), dt < span
    for _ in range(HALVINGS):
        part = MEETING * dt
        fine = step(step(u, time, part), time + part, dt - part)
        reached = torch.maximum(scale, fine.norm())
        if bool((step(u, time, dt) - fine).norm() <= ACCURACY * reached):
            break
        scale = reached if stable and bool(torch.isfinite(reached)) else scale
        dt = dt / 2
    return dt / SAFETY


def admitted_step(
    wanted: float | None, limit: float, *, stepper: Stepper, scheme: Scheme
) -> float:
    """Return the step to take, or refuse the one that was asked for.

    Args:
        wanted: the step that was asked for [s]; None for a part of the limit.
        limit: the longest step that is allowed [s].
        stepper: for the message.
        scheme: for the message.

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
                remedy="use a smaller dt, an IMEX stepper, or allow_unstable=True",
            )
        )
    return wanted
