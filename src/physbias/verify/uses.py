"""All uses of an equation must say the same."""

import torch
from torch import Tensor

from physbias.errors import PhysbiasError
from physbias.numerics import DormandPrince
from physbias.strong import Solver
from physbias.verify.boundary import FIRST
from physbias.verify.case import F64, LEVELS, TIME, Case, as_grid, largest, size
from physbias.verify.finding import Finding, judged, skipped
from physbias.verify.points import NotAtPointsError
from physbias.weak import ResidualLoss

NAME = "agreement of uses"
ROUNDING = 1e-8
SHORT_STEP = 1e-3
AT_POINTS = 0.1


def probe(case: Case) -> Finding:
    """Compare the right-hand side, the grid residual, the solver and the points."""
    if not case.evolves:
        return skipped(
            NAME, "The equation is steady: its residual is its only use on a grid."
        )
    grid = case.base if case.holds_fields else case.level(LEVELS[-1])
    said, worst = [], 0.0
    for name, compare, limit in (
        ("the residual on the grid and the right-hand side", _residual, ROUNDING),
        ("a short step of the solver and the right-hand side", _step, SHORT_STEP),
        ("the residual at points and on the grid", _points, AT_POINTS),
    ):
        try:
            error = compare(case)
        except NotAtPointsError:
            continue
        except (IndexError, TypeError, RuntimeError) as reason:
            if isinstance(reason, PhysbiasError) or compare is not _points:
                raise
            return _unusable(reason)
        said.append(name)
        worst = max(worst, error / limit)
        if error > limit:
            return judged(
                NAME,
                passed=False,
                value=error,
                criterion=f"relative difference at most {limit:g}",
                meaning=f"On one state and time, {name} differ by {error:.1e} of their "
                f"size (grid {grid.num_points}).",
                remedy=(FIRST if case.has_walls and compare is _points else "")
                + "Look for a time, a coordinate or a coefficient that one of "
                "them does not pass on, and use d.time and d.coords only.",
            )
    return judged(
        NAME,
        passed=True,
        value=worst,
        criterion="differences, as parts of what is allowed, at most 1",
        meaning=f"They agree: {'; '.join(said)}.",
        remedy="",
    )


def _unusable(reason: Exception) -> Finding:
    return judged(
        NAME,
        passed=False,
        value=None,
        criterion="the equation can be taken at points",
        meaning=f"At points it raises {type(reason).__name__}: {reason}",
        remedy="Write it with d and plain arithmetic along axis 1 only: at points a "
        "state is (points, channel), without space axes.",
    )


@torch.no_grad()
def _residual(case: Case) -> float:
    """Hold the residual on the grid against its definition."""
    grid = case.base
    field, coords, system = case.field(), grid.coords(dtype=F64), case.system(grid)
    dt = 0.1 / case.spectral_radius(grid)
    early, late = (system.admit(field(coords, t)) for t in (TIME, TIME + dt))
    frames = torch.stack([early, late], 1)
    loss = ResidualLoss(case.pde, grid, dt, scheme=case.scheme)
    found = loss.residual(frames, start=TIME)[:, 0]
    tendency = (system(early, TIME) + system(late, TIME + dt)) / 2
    return largest(found - ((late - early) / dt - tendency)) / size(tendency)


@torch.no_grad()
def _step(case: Case) -> float:
    """Hold the change over a short step, by its length, against the right-hand side."""
    if isinstance(case.stepper, DormandPrince):
        return 0.0
    grid = case.base
    u, system = case.states(grid, 1), case.system(grid)
    solve = Solver(
        case.pde,
        grid,
        scheme=case.scheme,
        stepper=case.stepper,
        dt=1.0,
        allow_unstable=True,
    )
    tendency = system(u, TIME)
    long, short = (
        (solve.step(u, dt=dt, time=TIME) - u) / dt
        for dt in (part / case.spectral_radius(grid) for part in (2e-3, 1e-3))
    )
    # what is of the order of the step cancels
    return largest(2 * short - long - tendency) / size(tendency)


def _points(case: Case) -> float:
    """Hold the residual on a fine grid against the one at its points."""
    if case.holds_fields:
        raise NotAtPointsError
    grid, field = case.level(LEVELS[-1]), case.field()
    exact = case.on_grid_by_points(grid, field)
    at_points: Tensor = as_grid(exact.rate - exact.tendency, grid)
    with torch.no_grad():
        rate = field.rate(grid.coords(dtype=F64), TIME)
        on_grid = rate - case.on_grid(grid, field)
    scale = size(as_grid(exact.tendency, grid)) + size(rate)
    return float((on_grid - at_points).abs().mean()) / scale
