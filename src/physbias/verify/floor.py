"""What the residual loss of the truth is."""

import copy

import torch
from torch import Tensor

from physbias.pdes import PDE, Derivatives
from physbias.verify.boundary import FIRST
from physbias.verify.case import F64, TIME, Case, as_grid
from physbias.verify.finding import Finding, judged, skipped
from physbias.verify.points import NotAtPointsError
from physbias.weak import ResidualLoss

NAME = "residual floor"
LIMIT = 0.05
INTERVAL = 0.1  # between frames, in the time that the field takes to change


def _sourced(base: PDE, source: Tensor, pressure: Tensor | None) -> PDE:
    """Return an equation with a known source and known multipliers."""
    result = copy.copy(base)

    def tendency(u: Tensor, d: Derivatives, _: Tensor | None = None) -> Tensor:
        return base.tendency(u, d, pressure) + source

    object.__setattr__(result, "tendency", tendency)
    object.__setattr__(result, "constraints", ())
    return result


def probe(case: Case) -> Finding:
    """Score a trajectory that solves the equation, with its source, exactly."""
    if not case.evolves:
        return skipped(NAME, "The equation is steady.")
    if case.holds_fields:
        return skipped(
            NAME,
            "A coefficient is a field: no exact source is at hand.",
            remedy="Score your own data with ResidualLoss.floor(truth).",
        )
    grid = case.base
    coords, d = grid.coords(dtype=F64), case.bind(grid)
    still = case.field()
    try:
        exact = case.on_grid_by_points(grid, still)
    except NotAtPointsError:
        return skipped(
            NAME,
            "The equation cannot be taken at points: no exact source is at hand.",
            remedy="Score your own data with ResidualLoss.floor(truth).",
        )
    size = float(exact.tendency.square().mean().sqrt())
    spread = float((exact.state - exact.state.mean(0)).square().mean().sqrt())
    rate = max(size / spread, 1e-12)
    dt, field = INTERVAL / rate, case.field(rate=rate)
    times = (TIME, TIME + dt)
    parts = [case.on_grid_by_points(grid, field, t) for t in times]
    sources = [as_grid(part.rate - part.tendency, grid) for part in parts]
    frames = torch.stack([field(coords, t) for t in times], 1)
    pressure = case.pressure()
    given = None
    if pressure is not None:
        given = torch.cat([pressure(coords, t) for t in times])
    pde = _sourced(case.pde, d.dealias(torch.cat(sources)), given)
    with torch.no_grad():
        loss = ResidualLoss(pde, grid, dt, scheme=case.scheme)
        found = loss(frames, start=TIME)
    relative = float(found.sqrt()) / size
    return judged(
        NAME,
        passed=relative <= LIMIT,
        value=relative,
        criterion=f"at most {LIMIT:g} of the size of the right-hand side",
        meaning=f"On grid {grid.num_points} with frames {dt:.2g} s apart, a trajectory "
        f"that solves the equation exactly has a residual of {relative:.1e} of the "
        f"size of the right-hand side, a loss of {float(found):.2g}: below that a loss "
        "says nothing.",
        remedy=(FIRST if case.has_walls else "")
        + "Use more points, a higher order, or frames closer in time.",
    )
