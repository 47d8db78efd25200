"""Order of accuracy in time, by manufactured solutions."""

import copy

import torch
from torch import Tensor

from physbias.grid import Grid
from physbias.numerics import DormandPrince
from physbias.pdes import PDE, Derivatives
from physbias.strong import Solver
from physbias.verify.case import F64, LEVELS, Case, size
from physbias.verify.fields import ManufacturedField
from physbias.verify.finding import Finding, judged, skipped
from physbias.verify.orders import observed_order

NAME = "order in time"
SLACK = 0.3
STEPS = (8, 16, 32)
MOST_STEPS = 128
REACH = 0.4  # longest step, in the fastest time of the equation on the grid


def forced(base: PDE, field: ManufacturedField) -> PDE:
    """Return an equation with the source that makes a manufactured state its solution.

    The source is taken on the same scheme, so that space is exact and time alone errs.
    """
    result = copy.copy(base)  # all else, such as a symbol or momenta, stays

    def rhs(u: Tensor, d: Derivatives) -> Tensor:
        known = admitted(base, d.dealias_state(field(d.coords, d.time)), d)
        rate = admitted(base, d.dealias(field.rate(d.coords, d.time)), d)
        return base.rhs(u, d) + rate - base.rhs(known, d)

    object.__setattr__(result, "rhs", rhs)
    return result


def admitted(pde: PDE, u: Tensor, d: Derivatives) -> Tensor:
    """Return what constraints leave of a state or of its rate."""
    for constraint in pde.constraints:
        u = constraint.project(pde, u, d)
    return u


def probe(case: Case) -> Finding:
    """Solve for a manufactured state with ever shorter steps."""
    if not case.evolves:
        return skipped(NAME, "The equation is steady.")
    if isinstance(case.stepper, DormandPrince):
        return skipped(
            NAME, "The stepper chooses its own steps.", remedy="Set its tolerances."
        )
    grid = case.base if case.holds_fields else case.level(LEVELS[0])
    radius = case.spectral_radius(grid)
    field, nominal = case.field(rate=radius), case.stepper.order
    errors = [_error(case, grid, field, steps, radius) for steps in STEPS]
    order = observed_order([1 / n for n in STEPS], errors)
    steps: list[int] = list(STEPS)
    while order < nominal - SLACK and steps[-1] < MOST_STEPS:
        # the order is that of short steps
        steps.append(2 * steps[-1])
        errors.append(_error(case, grid, field, steps[-1], radius))
        order = observed_order([1 / n for n in steps], errors)
    return judged(
        NAME,
        passed=order >= nominal - SLACK,
        value=order,
        criterion=f"order at least {nominal} - {SLACK:g}",
        meaning=f"Solving for a manufactured state whose source is exact in space, "
        f"{case.stepper!r} errs by {errors[-1]:.1e} after {steps[-1]} steps and "
        f"gains order {order:.2f} from halving them.",
        remedy="Check the weights and stage times of the stepper, and that the "
        "right-hand side has no memory from one call to the next.",
    )


@torch.no_grad()
def _error(
    case: Case, grid: Grid, field: ManufacturedField, steps: int, radius: float
) -> float:
    """Return the mean error of a solve for one field, relative to its size."""
    span = STEPS[0] * REACH / radius
    d, coords = case.bind(grid), grid.coords(dtype=F64)
    start, wanted = (
        admitted(case.pde, d.dealias_state(field(coords, time)), d)
        for time in (0.0, span)
    )
    solve = Solver(
        forced(case.pde, field),
        grid,
        scheme=case.scheme,
        stepper=case.stepper,
        dt=span / steps,
        allow_unstable=True,
    )
    found = solve(start, [0.0, span])[:, -1]
    return float((found - wanted).abs().mean()) / size(wanted)
