"""A known solution beside the solver's: the judge of the whole."""

from math import inf

import torch

from physbias.errors import DivergenceError, ShapeError, StabilityError
from physbias.grid import Grid
from physbias.grid.edge_values import is_function
from physbias.numerics import DormandPrince
from physbias.strong import Solver
from physbias.verify.case import F64, LEVELS, Case, size
from physbias.verify.finding import Finding, judged, skipped
from physbias.verify.orders import observed_order
from physbias.verify.sides import lowest_outflow, walls
from physbias.verify.witness import (
    AS_FUNCTION,
    FIELD_HELD,
    NEEDED,
    TOLERANCE,
    known_state,
)

SOLVER = "witness: solver"
SLACK = 0.5
NUM_STEPS = 10


def probe_solver(case: Case) -> Finding:
    """Solve from the witness on ever finer grids and compare at the end."""
    if case.witness is None:
        return skipped(SOLVER, NEEDED)
    if not case.evolves:
        return skipped(SOLVER, "The equation is steady.")
    try:
        grids = _grids(case)
    except ShapeError as error:
        return skipped(
            SOLVER,
            f"The data at the walls do not fit one sample on finer grids: {error}",
            remedy="Give them as functions of the edge's coordinates and the time.",
        )
    end = case.start + case.span
    errors = []
    for grid in grids:
        try:
            errors.append(_error_of_solver(case, grid, end))
        except (StabilityError, DivergenceError) as error:
            return judged(
                SOLVER,
                passed=False,
                value=None,
                criterion="the solver reaches the end",
                meaning=f"On grid {grid.num_points} the solver stops: {error}",
                remedy="A sign that turns decay into growth does this; so does a step "
                "too long for the stepper.",
            )
    return _judge_solver(case, grids, errors)


def _judge_solver(case: Case, grids: list[Grid], errors: list[float]) -> Finding:
    small, wanted = errors[-1] <= TOLERANCE, _promised_order(case) - SLACK
    if len(grids) == 1 and not small:
        return skipped(
            SOLVER,
            f"After {case.span:.3g} s the solver is {errors[-1]:.1e} of its size "
            f"away from the known solution, but {FIELD_HELD}, and one grid tells no "
            "order.",
            remedy=AS_FUNCTION,
        )
    order = observed_order([1 / grid.num_points[0] for grid in grids], errors)
    passed = small or (wanted < inf and order >= wanted)
    return judged(
        SOLVER,
        passed=passed,
        value=errors[-1],
        criterion=f"order at least {wanted:g}, or at most {TOLERANCE:g}",
        meaning=f"After {case.span:.3g} s on {grids[-1].num_points} points the "
        f"solver is {errors[-1]:.1e} of its size away from the known solution, and the "
        f"distance falls with order {order:.2f}.",
        remedy="The solver converges to something else: look at the finding of the "
        "witness's residual first, then at that of the boundary.",
    )


def _promised_order(case: Case) -> float:
    """Return the order of the solver in spacing and step together.

    Stages that take data of walls at their own times are of second order beside them,
    whatever the stepper (M. H. Carpenter, D. Gottlieb, S. Abarbanel and W.-S. Don
    (1995), SIAM Journal on Scientific Computing 16, 1241-1252).
    """
    stepper, degree = case.stepper, lowest_outflow(case.grid)
    orders = [case.nominal_order]
    if not isinstance(stepper, DormandPrince):
        orders.append(stepper.order)
    if degree is not None:
        orders.append(degree + 1)
    if any(is_function(v) for pair in case.grid.boundary for s in pair for v in s.data):
        orders.append(2)
    return min(orders)


@torch.no_grad()
def _error_of_solver(case: Case, grid: Grid, end: float) -> float:
    coords = grid.coords(dtype=F64)
    u = known_state(case, coords, case.start)
    adaptive = isinstance(case.stepper, DormandPrince)
    solve = Solver(case.pde, grid, scheme=case.scheme, stepper=case.stepper)
    if not adaptive:
        # half the stable step and no longer than a tenth of the whole
        limit = solve.stable_step(u, time=case.start)
        step = min(0.5 * limit, (end - case.start) / NUM_STEPS)
        if step > 0:
            solve.dt, solve.allow_unstable = step, True
    found = solve(u, [case.start, end])[:, -1]
    wanted = known_state(case, coords, end)
    return float((found - wanted).abs().mean()) / size(wanted)


def _grids(case: Case) -> list[Grid]:
    """Return the grids to solve on, whose walls have the user's own data.

    Raises:
        ShapeError: data on the points of an edge, or for several samples.
    """
    grids = (
        [case.grid]
        if case.holds_fields
        else [case.level(k, own_data=True) for k in LEVELS]
    )
    for grid in grids:
        u = torch.zeros(1, case.channels, *grid.num_points, dtype=F64)
        d = case.bind(grid).at(case.start)
        for axis in walls(grid):
            d.partial(u, axis)  # takes the data of both walls
    return grids
