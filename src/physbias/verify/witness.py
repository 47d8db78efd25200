"""What is known of a solution, and where and when it is looked at."""

from collections.abc import Callable
from math import inf

import torch
from torch import Tensor

from physbias.verify.case import F64, Case, largest, size
from physbias.verify.points import State

NUM_POINTS = 200
PARTS_OF_SPAN = (0.0, 0.1, 0.43, 1.0)
TOLERANCE = 1e-6
NEEDED = "It needs a witness."
FIELD_HELD = "a coefficient is a field on the points of the grid"
AS_FUNCTION = "Write such coefficients as functions of d.coords."
Mismatch = Callable[[float], tuple[float, float]]


def state_of(case: Case) -> State:
    """Return the witness without multipliers."""
    witness = case.witness
    assert witness is not None
    return lambda x, t: witness(x, t)[:, : case.channels]


def known_state(case: Case, coords: Tensor, time: float) -> Tensor:
    """Return the witness on a grid at one time."""
    return state_of(case)(coords, torch.tensor(time, dtype=F64)).detach()


def compared_times(case: Case) -> list[float]:
    """Return the times at which formulas are compared [s]."""
    return [case.start + part * case.span for part in PARTS_OF_SPAN]


def random_points(case: Case) -> Tensor:
    """Return points of the box, ``(points, axis)`` [m]."""
    generator = torch.Generator().manual_seed(case.seed)
    part = torch.rand(NUM_POINTS, case.ndim, generator=generator, dtype=F64)
    lower = torch.tensor(case.grid.origin, dtype=F64)
    return lower + part * torch.tensor(case.grid.lengths, dtype=F64)


def worst_mismatch(case: Case, mismatch: Mismatch) -> tuple[float, float]:
    """Return the largest mismatch relative to the largest size, and its time [s]."""
    times = compared_times(case)
    values, sizes = torch.tensor([mismatch(time) for time in times], dtype=F64).T
    relative = (values / sizes.max()).nan_to_num(nan=inf)
    at = int(relative.argmax())
    return float(relative[at]), times[at]


def mismatch_of_period(case: Case, state: State, axis: int) -> Mismatch:
    """Return how far a state is from repeating itself along an axis, at a time.

    Args:
        case: gives the points and the period.
        state: the known solution.
        axis: axis of the period.
    """
    coords = random_points(case)
    move = torch.zeros(case.ndim, dtype=F64)
    move[axis] = case.grid.lengths[axis]

    def mismatch(time: float) -> tuple[float, float]:
        clock = torch.tensor(time, dtype=F64)
        here, there = (state(x, clock).detach() for x in (coords, coords + move))
        return largest(there - here), size(here)

    return mismatch
