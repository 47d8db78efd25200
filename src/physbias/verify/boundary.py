"""Closures at walls: the order beside them, against that of the interior."""

import torch
from torch import Tensor

from physbias.grid import Grid
from physbias.verify.case import LEVELS, Case, as_grid, size
from physbias.verify.finding import Finding, judged, skipped
from physbias.verify.orders import ROUNDING, observed_order
from physbias.verify.points import AtPoints, NotAtPointsError
from physbias.verify.sides import lowest_outflow, walls

NAME = "boundary closures"
SLACK = 0.5
BESIDE = 2
BLIND = 0.5  # below this order the error does not go away with the spacing
# for probes that a wrong wall makes fail too
FIRST = (
    "Look at 'boundary closures' first: between walls a derivative of a product or of "
    "a derivative needs d.derived. "
)


def probe(case: Case) -> Finding:
    """Take the order of the truncation error in the cells beside the walls.

    First for fields that obey the conditions and nothing else; where that fails, for
    fields that are odd about a value and even about a slope, which mirrored ghost
    cells continue exactly.
    """
    if not case.has_walls:
        return skipped(NAME, "Every axis is periodic: there is no wall.")
    if case.holds_fields:
        return skipped(NAME, "A coefficient is a field on this grid's points.")
    try:
        errors, exact = _errors(case, natural=False)
    except NotAtPointsError:
        return skipped(
            NAME, "The equation cannot be taken at points, to be held against."
        )
    promised = min(case.nominal_order, case.nominal_order + 2 - exact.highest)
    if exact.derived:  # without a datum at the wall; the solution keeps its order
        promised = max(promised - 1, min(promised, 1))
    leaving = lowest_outflow(case.grid)
    if leaving is not None:
        promised = min(promised, leaving + 1 - exact.highest)
    order = _order(errors)
    criterion = (
        f"order at least {promised:g} - {SLACK:g} in the {BESIDE} cells at walls"
    )
    if order >= promised - SLACK:
        return judged(
            NAME,
            passed=True,
            value=order,
            criterion=criterion,
            meaning=f"{_rate(order)} beside the walls, for any smooth state that "
            + (
                "is odd about their values and even about their slopes."
                if case.spectral
                else "obeys the conditions."
            ),
            remedy="",
        )
    natural, _ = _errors(case, natural=True)
    symmetric = _order(natural)
    if symmetric >= case.nominal_order - SLACK and order > -SLACK:
        return judged(
            NAME,
            passed=True,
            value=symmetric,
            criterion=criterion,
            meaning=f"{_rate(symmetric)} beside the walls for states that are odd "
            "about a value and even about a slope, as mirrored ghost cells assume; for "
            f"other states it falls with order {order:.2f} there.",
            remedy="",
        )
    return judged(
        NAME,
        passed=False,
        value=order,
        criterion=criterion,
        meaning=f"{_rate(order)} beside the walls, with {errors[-1]:.1e} of the size "
        "of the right-hand side on the finest level: "
        + (
            "what is differentiated does not obey the conditions of the grid, or the "
            "scheme does not see the conditions."
            if order < BLIND
            else "the closure is less accurate than the interior."
        ),
        remedy=_remedy(case),
    )


def _remedy(case: Case) -> str:
    """Return what to do where the scheme has what can be done."""
    derived = (
        "use d.diffuse(u, k) for a k that is even about the walls, or FiniteDifference,"
        " which has d.derived"
        if case.spectral
        else "write d.derived.div(k * d.grad(u)) or d.diffuse(u, k) in place of "
        "d.div(k * d.grad(u)), and d.derived.x(u * u) for a product"
    )
    return (
        "A derivative of a derivative or of a product meets the conditions of the "
        f"state, which do not hold for it: {derived}. In a scheme of your own check "
        "the kind, the place (the face of the cell, not its centre) and the value of "
        "the condition that ghost cells are made from."
    )


def _rate(order: float) -> str:
    if order == float("inf"):
        return "The truncation error is rounding"
    return f"The truncation error falls with order {order:.2f}"


def _order(errors: list[float]) -> float:
    if all(error < ROUNDING for error in errors):
        return float("inf")
    # the largest error of few cells wavers: take the widest pair of levels
    ends = [errors[0], errors[-1]]
    return observed_order([1 / LEVELS[0], 1 / LEVELS[-1]], ends)


def _errors(case: Case, *, natural: bool) -> tuple[list[float], AtPoints]:
    """Return the errors of the levels, and the equation at the finest one's points."""
    field, errors, exact = case.field(natural=natural), [], None
    for k in LEVELS:
        grid = case.level(k)
        with torch.no_grad():
            found = case.on_grid(grid, field)
        exact = case.on_grid_by_points(grid, field)
        wanted = as_grid(exact.tendency, grid)
        wrong = (found - wanted)[:, :, beside_walls(grid)]
        errors.append(float(wrong.abs().max()) / size(wanted))
    assert exact is not None  # there are levels
    return errors, exact


def beside_walls(grid: Grid) -> Tensor:
    """Return the cells nearest to any wall."""
    mask = torch.zeros(grid.num_points, dtype=torch.bool)
    for axis in walls(grid):
        for index in range(BESIDE):
            mask.select(axis, index)[...] = True
            mask.select(axis, -1 - index)[...] = True
    return mask
