"""A known solution against the equation: the only judge of its signs and factors."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import inf

import torch
from torch import Tensor

from physbias.conditions import (
    Boundary,
    Dirichlet,
    Mirror,
    Neumann,
    Robin,
)
from physbias.edge_values import Part, is_function
from physbias.errors import DivergenceError, ShapeError, StabilityError
from physbias.grid import Grid
from physbias.numerics import DormandPrince, Spectral
from physbias.shapes import AXIS_NAMES
from physbias.strong import Solver
from physbias.verify.case import F64, LEVELS, Case, largest, size
from physbias.verify.finding import Finding, judged, skipped
from physbias.verify.orders import observed_order
from physbias.verify.points import NotAtPointsError, State, at_points
from physbias.verify.sides import channel_conditions, lowest_outflow, walls

RESIDUAL = "witness: residual"
BOUNDARY = "witness: boundary"
SOLVER = "witness: solver"
TOLERANCE = 1e-6
NUM_POINTS = 200
PARTS_OF_SPAN = (0.0, 0.1, 0.43, 1.0)
SLACK = 0.5
NUM_STEPS = 10
BEND = 0.1
Mismatch = Callable[[float], tuple[float, float]]
NONE_GIVEN = (
    "No witness: nothing here can see a wrong sign or factor, which every use shares."
)
FIELD_HELD = "a coefficient is a field on the points of the grid"
AS_FUNCTION = "Write such coefficients as functions of d.coords."
NEEDED = "It needs a witness."
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


def probe_boundary(case: Case) -> Finding:
    """Test whether the witness obeys the conditions of the grid."""
    if case.witness is None:
        return skipped(BOUNDARY, NEEDED)
    worst, where = 0.0, ""
    for axis in range(case.ndim):
        for place, mismatch in _mismatches(case, axis).items():
            value, time = _worst(case, mismatch)
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


def _known_solutions(case: Case) -> dict[str, State]:
    """Return the witness, or the exact solutions that the equation has itself."""
    if case.witness is not None:
        return {"the known solution": case.witness}
    return {
        f"the exact solution {name}": getattr(case.pde, name)
        for name, ndims in case.pde.exact.items()
        if case.ndim in ndims
    }


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


def _relative_residual(case: Case, witness: State) -> float:
    coords = _random_points(case)
    # not at the start, where the derivatives of a formula may be singular
    found = [_residual(case, witness, coords, time) for time in _times(case)[1:]]
    wrong, scale = map(float, torch.tensor(found, dtype=F64).amax(0))
    return wrong / scale if scale != 0 else 0.0


@torch.no_grad()
def _error_of_solver(case: Case, grid: Grid, end: float) -> float:
    coords = grid.coords(dtype=F64)
    u = _state(case, coords, case.start)
    adaptive = isinstance(case.stepper, DormandPrince)
    solve = Solver(case.pde, grid, scheme=case.scheme, stepper=case.stepper)
    if not adaptive:
        # half the stable step and no longer than a tenth of the whole
        limit = solve.stable_step(u, time=case.start)
        step = min(0.5 * limit, (end - case.start) / NUM_STEPS)
        if step > 0:
            solve.dt, solve.allow_unstable = step, True
    found = solve(u, [case.start, end])[:, -1]
    wanted = _state(case, coords, end)
    return float((found - wanted).abs().mean()) / size(wanted)


def _state_of(case: Case) -> State:
    """Return the witness without multipliers."""
    witness = case.witness
    assert witness is not None
    return lambda x, t: witness(x, t)[:, : case.channels]


def _state(case: Case, coords: Tensor, time: float) -> Tensor:
    """Return the witness on a grid at one time."""
    return _state_of(case)(coords, torch.tensor(time, dtype=F64)).detach()


def _times(case: Case) -> list[float]:
    """Return the times at which formulas are compared [s]."""
    return [case.start + part * case.span for part in PARTS_OF_SPAN]


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


def _random_points(case: Case) -> Tensor:
    generator = torch.Generator().manual_seed(case.seed)
    part = torch.rand(NUM_POINTS, case.ndim, generator=generator, dtype=F64)
    return _placed(case, part)


def _placed(case: Case, part: Tensor) -> Tensor:
    lower = torch.tensor(case.grid.origin, dtype=F64)
    return lower + part * torch.tensor(case.grid.lengths, dtype=F64)


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
    periods = [_mismatch_of_period(case, state, axis) for axis in range(case.ndim)]
    if any(_worst(case, mismatch)[0] > TOLERANCE for mismatch in periods):
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


def _mismatches(case: Case, axis: int) -> dict[str, Mismatch]:
    """Return, for both ends of an axis, how far the witness is from what they ask."""
    name = AXIS_NAMES[axis]
    if axis not in walls(case.grid):
        mismatch = _mismatch_of_period(case, _state_of(case), axis)
        return {f"the period along {name}": mismatch}
    return {
        f"the {side} wall of {name}": partial(_mismatch_of_wall, case, axis, which)
        for which, side in enumerate(("lower", "upper"))
    }


def _worst(case: Case, mismatch: Mismatch) -> tuple[float, float]:
    """Return the largest mismatch relative to the largest size, and its time [s]."""
    times = _times(case)
    values, sizes = torch.tensor([mismatch(time) for time in times], dtype=F64).T
    relative = (values / sizes.max()).nan_to_num(nan=inf)
    at = int(relative.argmax())
    return float(relative[at]), times[at]


def _mismatch_of_period(case: Case, state: State, axis: int) -> Mismatch:
    coords = _random_points(case)
    move = torch.zeros(case.ndim, dtype=F64)
    move[axis] = case.grid.lengths[axis]

    def mismatch(time: float) -> tuple[float, float]:
        clock = torch.tensor(time, dtype=F64)
        here, there = (state(x, clock).detach() for x in (coords, coords + move))
        return largest(there - here), size(here)

    return mismatch


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
    misses, scale = [], size(_state(case, _random_points(case), time))
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
