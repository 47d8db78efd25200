"""Order of accuracy in space, by manufactured solutions."""

from collections.abc import Callable

import torch
from torch import Tensor

from physbias.grid import Grid
from physbias.numerics import Spectral
from physbias.verify.case import F64, LEVELS, TIME, Case, as_grid
from physbias.verify.finding import Finding, judged, skipped
from physbias.verify.orders import ROUNDING, observed_order
from physbias.verify.points import NotAtPointsError
from physbias.verify.sides import walls

NAME = "order in space"
SLACK = 0.3
EXPONENTIAL = 1e-6
MARGIN = 0.25
Reference = Callable[[Case, Grid], Tensor]
FINE = 12  # a multiple of every level, so that its points hold theirs


def probe(case: Case) -> Finding:
    """Hold the equation on grids against the equation at points.

    The state is manufactured; the tendency at the same points by automatic
    differentiation is the source that would keep it a solution, so that the
    difference is the truncation error of the scheme.
    """
    if case.holds_fields:
        return skipped(
            NAME,
            "A coefficient is a field on this grid's points, and other resolutions "
            "cannot be taken.",
            remedy="In an equation of your own make the coefficient from d.coords, to "
            "have it probed.",
        )
    try:
        errors = [_error(case, case.level(k), _by_points) for k in LEVELS]
        source = "by automatic differentiation"
    except NotAtPointsError:
        if case.has_walls:
            return skipped(
                NAME,
                "The equation asks for a projection, a Poisson solve or an integral, "
                "and between walls nothing exact is at hand to hold it against.",
                remedy="Give a witness.",
            )
        errors = [_error(case, case.level(k), _by_finer_grid) for k in LEVELS]
        source = "from a Fourier evaluation on a finer grid"
    return _judge(case, errors, source)


def _judge(case: Case, errors: list[float], source: str) -> Finding:
    order = observed_order([1 / k for k in LEVELS], errors)
    nominal = case.nominal_order
    remedy = (
        "Look for a spacing, a stencil weight, an axis or a time that the scheme or "
        "the right-hand side gets wrong; write every derivative through d."
    )
    last = errors[-1]
    if nominal == float("inf"):
        passed = last < EXPONENTIAL
        return judged(
            NAME,
            passed=passed,
            value=last,
            criterion=f"relative error below {EXPONENTIAL:g} (spectral)",
            meaning=f"On the finest level the right-hand side of a smooth manufactured "
            f"state is off by {last:.1e} of its size, against the source {source}.",
            remedy=remedy,
        )
    exact = all(error < ROUNDING for error in errors)
    meaning = (
        "The right-hand side of a smooth manufactured state is exact to rounding."
        if exact
        else f"The right-hand side of a smooth manufactured state, against the source "
        f"{source}, is off by {last:.1e} of its size on the finest level and "
        f"falls with order {order:.2f}."
    )
    return judged(
        NAME,
        passed=exact or order >= nominal - SLACK,
        value=order,
        criterion=f"order at least {nominal:g} - {SLACK:g}",
        meaning=meaning,
        remedy=remedy,
    )


def _error(case: Case, grid: Grid, reference: Reference) -> float:
    """Return the mean error away from the walls, relative to the mean size."""
    field = case.field()
    with torch.no_grad():
        found = case.on_grid(grid, field)
    wanted = reference(case, grid)
    inside = interior(grid)
    wrong = (found - wanted)[:, :, inside].abs().mean()
    return float(wrong) / max(float(wanted[:, :, inside].abs().mean()), 1e-300)


def _by_points(case: Case, grid: Grid) -> Tensor:
    return as_grid(case.on_grid_by_points(grid, case.field()).tendency, grid)


@torch.no_grad()
def _by_finer_grid(case: Case, grid: Grid) -> Tensor:
    fine = case.level(FINE)
    exact = Spectral(None).bind(fine, dtype=F64)
    values = case.on_grid(fine, case.field(), TIME, derivatives=exact)
    for axis, count in enumerate(grid.num_points):
        stride = fine.num_points[axis] // count
        index = torch.arange(0, fine.num_points[axis], stride)
        values = values.index_select(2 + axis, index)
    return values


def interior(grid: Grid) -> Tensor:
    """Return where a grid is far from every wall."""
    mask = torch.ones(grid.num_points, dtype=torch.bool)
    for axis in walls(grid):
        lower, length = grid.origin[axis], grid.lengths[axis]
        part = (grid.axes(dtype=F64)[axis] - lower) / length
        inside = (part > MARGIN) & (part < 1 - MARGIN)
        shape = [1] * grid.ndim
        shape[axis] = -1
        mask = mask & inside.reshape(shape)
    return mask
