"""What the equation conserves, the solver must conserve."""

from collections.abc import Callable
from math import isfinite

import torch
from torch import Tensor

from physbias.grid import Grid, Periodic
from physbias.numerics import DormandPrince
from physbias.strong import Solver
from physbias.verify.case import F64, TIME, Case, largest, size
from physbias.verify.finding import Finding, judged, skipped
from physbias.verify.orders import observed_order
from physbias.verify.points import NotAtPointsError

NAME = "conservation"
ROUNDING = 1e-11
PROMISED = 1e-9
SLACK = 0.7
NUM_STEPS = 16
REACH = 0.4
FIELDS = 4
RATED = (4, 8)
NODES = {1: 48, 2: 24, 3: 14}
Integrals = Callable[[Tensor, Grid], dict[str, Tensor]]


def probe(case: Case) -> Finding:
    """Follow integrals over some steps on two grids.

    They are the invariants of the equation, those that are given, and the integrals
    of the fields whose tendency integrates to nothing at points.
    """
    if not case.evolves:
        return skipped(NAME, "The equation is steady.")
    if isinstance(case.stepper, DormandPrince):
        return skipped(NAME, "The stepper chooses its own steps and errors.")
    grids = [case.base] if case.holds_fields else [case.level(k) for k in (2, 4)]
    kept = _kept_channels(case)

    def integrals(u: Tensor, grid: Grid) -> dict[str, Tensor]:
        d = case.bind(grid).at(TIME)
        found = {name: d.integral(u)[:, k] for name, k in kept.items()}
        if grid.is_periodic:
            found |= case.pde.invariants(u, d)
        if case.conserved is not None:
            found |= case.conserved(u, d)
        return found

    if not integrals(case.states(grids[0], 1), grids[0]):
        return skipped(
            NAME,
            "The equation promises no invariant, and no field keeps its integral.",
            remedy="Give them in invariants=lambda u, d: {name: (batch,)}.",
        )
    drifts, measured = _drifts(case, grids, integrals), grids
    falling = drifts
    if case.has_walls and len(grids) > 1:
        # drifts of a few steps are those of transients that the closures begin
        measured = [case.level(k) for k in RATED]
        falling = _rates(case, measured, integrals)
    sizes = [1 / grid.num_points[0] for grid in measured]
    orders = {name: observed_order(sizes, falling[name]) for name in drifts}
    return _judge(case, drifts, orders)


def _judge(
    case: Case, drifts: dict[str, list[float]], orders: dict[str, float]
) -> Finding:
    # what is not conserved at all changes with order zero, and what the closures at
    # walls lose with less than that of the scheme
    wanted = min(case.nominal_order, getattr(case.stepper, "order", 1)) - SLACK
    wanted = min(wanted, 1.0) if case.has_walls else wanted
    exact, falling, lost = [], [], {}
    for name, values in drifts.items():
        order = orders[name]
        if all(value <= ROUNDING for value in values):
            exact.append(name)
        elif order >= wanted:
            falling.append(f"{name} ({values[-1]:.1e}, order {order:.1f})")
        else:
            lost[name] = values[-1]
    worst = max((values[-1] for values in drifts.values()), default=0.0)
    said = []
    if exact:
        said.append(f"Kept to rounding: {', '.join(exact)}.")
    if falling:
        said.append(f"Kept to the scheme's accuracy: {', '.join(falling)}.")
    if lost:
        text = ", ".join(f"{name} ({value:.1e})" for name, value in lost.items())
        said.append(f"Drifts, and no less on a finer grid: {text}.")
    return judged(
        NAME,
        passed=not lost,
        value=worst,
        criterion=f"relative drift at most {ROUNDING:g}, or order {max(wanted, 0):g}",
        meaning=" ".join(said),
        remedy="Look for a source, a flux through a wall, a product that the scheme "
        "takes in another form, or a wrong formula of the invariant.",
    )


@torch.no_grad()
def _drifts(
    case: Case, grids: list[Grid], integrals: Integrals
) -> dict[str, list[float]]:
    """Return the relative drift of every integral, one value per grid."""
    span = NUM_STEPS * REACH / case.spectral_radius(grids[-1])
    times = [TIME, TIME + span / 2, TIME + span]
    result: dict[str, list[float]] = {}
    for coarser, grid in enumerate(reversed(grids)):
        solve = Solver(
            case.pde,
            grid,
            scheme=case.scheme,
            stepper=case.stepper,
            dt=span / NUM_STEPS * 2**coarser,
            allow_unstable=True,
        )
        frames = solve(case.states(grid, 1), times).unbind(1)
        found = [integrals(u, grid) for u in frames]
        scales = integrals(frames[0].abs(), grid)
        for name, start in found[0].items():
            scale = max(size(start), largest(scales[name]))
            drift = max(largest(later[name] - start) for later in found[1:]) / scale
            result.setdefault(name, []).insert(0, drift if isfinite(drift) else 1.0)
    return result


@torch.no_grad()
def _rates(
    case: Case, grids: list[Grid], integrals: Integrals
) -> dict[str, list[float]]:
    """Return the rate at which each integral changes [1/s], one value per grid.

    The largest of several states: that of one may change its sign between two grids.
    """
    result: dict[str, list[float]] = {}
    for grid in grids:
        u, system = case.states(grid), case.system(grid)
        found, rates = torch.func.jvp(
            lambda w, grid=grid: integrals(w, grid), (u,), (system(u, TIME),)
        )[:2]
        for name, rate in rates.items():
            result.setdefault(name, []).append(largest(rate) / size(found[name]))
    return result


def _kept_channels(case: Case) -> dict[str, int]:
    """Return the channels whose tendency integrates to nothing, by name.

    Of one field it may do so by chance, where no two of its waves meet.
    """
    if case.holds_fields or case.pde.constraints:
        return {}
    coords, weights = quadrature(case.smooth_grid, NODES[case.ndim])
    totals, scales = [], []
    for seed in range(FIELDS):
        field = case.field(seed, natural=case.has_walls)
        try:
            value = case.at_points(field, coords).tendency * weights[:, None]
        except NotAtPointsError:
            return {}
        totals.append(value.sum(0).abs())
        scales.append(value.abs().sum(0))
    total, scale = torch.stack(totals).amax(0), torch.stack(scales).amax(0)
    return {
        f"integral of {name}": channel
        for channel, name in enumerate(_channel_names(case))
        if float(total[channel]) <= PROMISED * float(scale[channel])
        and float(scale[channel]) > 0
    }


def _channel_names(case: Case) -> list[str]:
    names = []
    for name, where in case.pde.channels(case.ndim).items():
        count = where.stop - where.start
        names += [name] if count == 1 else [f"{name}[{k}]" for k in range(count)]
    return names


def quadrature(grid: Grid, count: int) -> tuple[Tensor, Tensor]:
    """Return points and weights that integrate smooth functions over a box.

    Equal ones along periodic axes, those of Gauss and Legendre between walls.
    """
    nodes, weights = [], []
    for axis, (lower, _) in enumerate(grid.boundary):
        if isinstance(lower, Periodic):
            place = torch.arange(count, dtype=F64) / count
            share = torch.full((count,), 1 / count, dtype=F64)
        else:
            place, share = _gauss_legendre(count)
        nodes.append(grid.origin[axis] + grid.lengths[axis] * place)
        weights.append(grid.lengths[axis] * share)
    coords = torch.stack(torch.meshgrid(*nodes, indexing="ij")).flatten(1).T
    share = torch.stack(torch.meshgrid(*weights, indexing="ij")).prod(0).flatten()
    return coords, share


def _gauss_legendre(count: int) -> tuple[Tensor, Tensor]:
    """Return nodes and weights on [0, 1].

    Source:
        G. H. Golub and J. H. Welsch (1969), Mathematics of Computation 23, 221-230.
    """
    k = torch.arange(1, count, dtype=F64)
    off = k / (4 * k**2 - 1).sqrt()
    values, vectors = torch.linalg.eigh(torch.diag(off, 1) + torch.diag(off, -1))
    return (values + 1) / 2, vectors[0] ** 2
