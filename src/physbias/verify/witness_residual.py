"""A known solution put into the equation: the judge of its signs and factors."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from physbias.numerics import Spectral
from physbias.verify.case import F64, LEVELS, Case, largest
from physbias.verify.finding import Finding, judged, skipped
from physbias.verify.points import NotAtPointsError, State, at_points
from physbias.verify.witness import (
    AS_FUNCTION,
    FIELD_HELD,
    NUM_POINTS,
    TOLERANCE,
    compared_times,
    mismatch_of_period,
    random_points,
    worst_mismatch,
)

RESIDUAL = "witness: residual"
BEND = 0.1
NONE_GIVEN = (
    "No witness: nothing here can see a wrong sign or factor, which every use shares."
)
GIVE_ONE = "Give witness=, a callable (coords, time) that solves the equation."


def probe_residual(case: Case) -> Finding:
    """Put the witness into the equation at random points of space and time."""
    known = _known_solutions(case)
    if not known:
        return skipped(RESIDUAL, NONE_GIVEN, remedy=GIVE_ONE)
    if case.holds_fields:
        return skipped(
            RESIDUAL, f"It is taken at points, and {FIELD_HELD}.", remedy=AS_FUNCTION
        )
    values, untried = {}, ""
    for name, state in known.items():
        try:
            values[name] = _relative_residual(case, state)
        except NotAtPointsError as error:
            untried = str(error)
    if not values:
        return skipped(RESIDUAL, f"No known solution can be put in: {untried}.")
    name = max(values, key=lambda name: values[name])
    value = values[name]
    return judged(
        RESIDUAL,
        passed=value <= TOLERANCE,
        value=value,
        criterion=f"at most {TOLERANCE:g} of the largest term",
        meaning=f"At {NUM_POINTS} random points {name} leaves a residual "
        f"of {value:.1e} of the size of its terms.",
        remedy="The formula of the equation (or of the witness) is wrong: look for a "
        "flipped sign, a missing factor, a wrong axis, a missing term, or a time that "
        "d.time should have given.",
    )


def _known_solutions(case: Case) -> dict[str, State]:
    """Return the witness, or the exact solutions that the equation has itself."""
    if case.witness is not None:
        return {"the known solution": case.witness}
    return {
        f"the exact solution {name}": getattr(case.pde, name)
        for name, ndims in case.pde.exact.items()
        if case.ndim in ndims
    }


def _relative_residual(case: Case, witness: State) -> float:
    coords = random_points(case)
    # not at the start, where the derivatives of a formula may be singular
    found = [
        _residual(case, witness, coords, time) for time in compared_times(case)[1:]
    ]
    wrong, scale = map(float, torch.tensor(found, dtype=F64).amax(0))
    return wrong / scale if scale != 0 else 0.0


def _residual(
    case: Case, witness: State, coords: Tensor, time: float
) -> tuple[float, float]:
    """Return the largest residual and the size of the terms that should cancel."""
    channels = case.channels
    given = witness(coords, torch.full_like(coords[:, :1], time)).shape[1]

    def state(x: Tensor, t: Tensor | float) -> Tensor:
        return witness(x, t)[:, :channels]

    def pressure(x: Tensor, t: Tensor | float) -> Tensor:
        return witness(x, t)[:, channels:]

    if case.pde.constraints and given != channels + case.pde.num_multipliers:
        return _residual_on_grid(case, state, time)
    try:
        found = at_points(case.pde, state, coords, time, pressure=pressure)
    except NotAtPointsError:
        return _residual_on_grid(case, state, time)

    def change(other: State) -> Tensor:
        return at_points(case.pde, other, coords, time, pressure=pressure).tendency

    if not case.evolves:
        return largest(found.tendency), _size_of_terms(change, state, case)
    scale = _size_of_terms(change, state, case, found.rate)
    return largest(found.rate - found.tendency), scale


def _residual_on_grid(case: Case, state: State, time: float) -> tuple[float, float]:
    """Return the same on a fine periodic grid, where the equation needs one."""
    if case.has_walls:
        message = "the equation needs a grid, and between walls none is exact"
        raise NotAtPointsError(message)
    periods = [mismatch_of_period(case, state, axis) for axis in range(case.ndim)]
    if any(worst_mismatch(case, mismatch)[0] > TOLERANCE for mismatch in periods):
        message = "the equation needs a grid, and the solution has not its period"
        raise NotAtPointsError(message)
    grid = case.level(2 * LEVELS[-1])
    coords, exact = grid.coords(dtype=F64), Spectral(None).bind(grid, dtype=F64)
    moving = torch.func.jvp(
        lambda t: state(coords, t),
        (torch.tensor(time, dtype=F64),),
        (torch.tensor(1.0, dtype=F64),),
    )
    clock = torch.tensor(time, dtype=F64)

    @torch.no_grad()
    def change(other: State) -> Tensor:
        return case.pde.tendency(other(coords, clock), exact.at(time))

    rate = moving[1]
    scale = _size_of_terms(change, state, case, rate)
    return largest(rate - change(state)), scale


def _size_of_terms(
    change: Callable[[State], Tensor], witness: State, case: Case, *rates: Tensor
) -> float:
    """Return the size of what should cancel, also where nothing moves.

    Args:
        change: gives the tendency of a state.
        witness: the known solution.
        case: gives a field by which it is bent a little.
        rates: what is known to be of that size.
    """
    bend = replace(case, mean=(0.0,)).field()

    def bent(x: Tensor, t: Tensor | float) -> Tensor:
        return witness(x, t) * (1 + BEND * bend(x, t)[:, :1])

    found = change(witness)
    return max(largest(change(bent) - found) / BEND, *map(largest, (found, *rates)))
