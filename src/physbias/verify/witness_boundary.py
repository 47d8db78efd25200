"""A known solution at the walls and ends of the grid: the judge of its conditions."""

from functools import partial

import torch
from torch import Tensor

from physbias.grid.conditions import Boundary, Dirichlet, Mirror, Neumann, Robin
from physbias.grid.edge_values import Part
from physbias.shapes import AXIS_NAMES
from physbias.verify.case import F64, Case, largest, size
from physbias.verify.finding import Finding, judged, skipped
from physbias.verify.sides import channel_conditions, walls
from physbias.verify.witness import (
    NEEDED,
    TOLERANCE,
    Mismatch,
    known_state,
    mismatch_of_period,
    random_points,
    state_of,
    worst_mismatch,
)

BOUNDARY = "witness: boundary"


def probe_boundary(case: Case) -> Finding:
    """Test whether the witness obeys the conditions of the grid."""
    if case.witness is None:
        return skipped(BOUNDARY, NEEDED)
    worst, where = 0.0, ""
    for axis in range(case.ndim):
        for place, mismatch in _mismatches(case, axis).items():
            value, time = worst_mismatch(case, mismatch)
            if value > worst:
                worst, where = (
                    value,
                    f"{place} by {value:.1e} of its size at {time:g} s",
                )
    return judged(
        BOUNDARY,
        passed=worst <= TOLERANCE,
        value=worst,
        criterion=f"at most {TOLERANCE:g} of the size of the witness",
        meaning="The known solution obeys the conditions of the grid."
        if worst <= TOLERANCE
        else f"The known solution misses the condition at {where}.",
        remedy="The boundary of the grid is not that of the problem: check kind, "
        "value, its change in time, sign of the outward slope, and the length and "
        "origin of the box.",
    )


def _mismatches(case: Case, axis: int) -> dict[str, Mismatch]:
    """Return, for both ends of an axis, how far the witness is from what they ask."""
    name = AXIS_NAMES[axis]
    if axis not in walls(case.grid):
        mismatch = mismatch_of_period(case, state_of(case), axis)
        return {f"the period along {name}": mismatch}
    return {
        f"the {side} wall of {name}": partial(_mismatch_of_wall, case, axis, which)
        for which, side in enumerate(("lower", "upper"))
    }


def _mismatch_of_wall(
    case: Case, axis: int, which: int, time: float
) -> tuple[float, float]:
    """Return how far the witness is from what a wall asks at one time, and its size."""
    witness, grid = case.witness, case.grid
    assert witness is not None
    coords = grid.edge_coords(axis, which, dtype=F64).requires_grad_()
    clock = torch.as_tensor(time, dtype=F64)
    u = witness(coords, clock)[:, : case.channels]
    conditions = channel_conditions(case.pde, grid, axis, which)
    misses, scale = [], size(known_state(case, random_points(case), time))
    for channel, condition in enumerate(conditions):
        (gradient,) = torch.autograd.grad(
            u[:, channel].sum(), coords, retain_graph=True, materialize_grads=True
        )
        slope = (2 * which - 1) * gradient[:, axis]
        missed, wanted = _missed(condition, u[:, channel], slope, coords, clock)
        misses.append(missed.flatten())
        scale = max(scale, largest(wanted))
    return largest(torch.cat(misses)), scale


def _missed(
    condition: Boundary, value: Tensor, slope: Tensor, coords: Tensor, time: Tensor
) -> tuple[Tensor, Tensor]:
    """Return by how much a channel misses its condition, and what was wanted."""

    def data(held: object) -> Tensor:
        part = held if isinstance(held, Part) else None
        inner = part.value if part else held
        if callable(inner) and not isinstance(inner, Tensor):
            inner = inner(coords.detach(), time)
        if isinstance(inner, tuple):
            inner = torch.tensor(inner).reshape(-1, *[1] * (coords.ndim - 2))
        result = torch.as_tensor(inner, dtype=F64).detach()
        if part and result.ndim >= coords.ndim - 1:  # it has an axis of channels
            at = 1 - coords.ndim
            result = result.select(at, part.start if result.shape[at] > 1 else 0)
        return result

    match condition:
        case Dirichlet():
            wanted = data(condition.value)
            return value - wanted, wanted
        case Neumann():
            wanted = data(condition.slope)
            return slope - wanted, wanted
        case Robin():
            wanted = data(condition.value)
            found = data(condition.a) * value + data(condition.b) * slope
            return found - wanted, wanted
        case Mirror():
            zero = torch.zeros_like(value)
            return (value if condition.sign < 0 else slope), zero
        case _:
            return torch.zeros_like(value), torch.zeros_like(value)
