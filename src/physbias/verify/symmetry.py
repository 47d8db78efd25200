"""Symmetries: moving, mirroring and turning space."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from physbias.grid import Grid, Periodic
from physbias.shapes import AXIS_NAMES
from physbias.verify.case import F64, TIME, Case, size
from physbias.verify.finding import Finding, judged, skipped
from physbias.verify.points import NotAtPointsError, at_points
from physbias.verify.sides import homogeneous

NAME = "symmetry"
ON_POINTS = 1e-8
ON_GRID = 1e-10
NUM_POINTS = 40
SHIFT = 3
KINDS = ("translation", "reflection", "exchange")


@dataclass(frozen=True, slots=True)
class Symmetry:
    """One way to move space, on points and on grids.

    Args:
        kind: one of ``KINDS``.
        coords: takes coordinates ``(points, axis)`` to where they come from.
        grid: the grid that the moved state lives on.
        state: moves a state on a grid.
        channels: what it does to the channels of a state, along axis 1.
    """

    kind: str
    coords: Callable[[Tensor], Tensor]
    grid: Grid
    state: Callable[[Tensor], Tensor]
    channels: Callable[[Tensor], Tensor]


def probe(case: Case) -> Finding:
    """Test that a symmetry of the equation is one of the scheme.

    Whether the equation has it is seen at points, where no scheme takes part; those
    that the user asks for must be there.
    """
    if case.holds_fields:
        return skipped(NAME, "A coefficient is a field: no place is like another.")
    kept, broken, missing = [], {}, []
    for name, options in _symmetries(case).items():
        kind = options[0].kind
        try:
            present = [s for s in options if _at_points(case, s) <= ON_POINTS]
        except NotAtPointsError:
            present = [s for s in options if _on_grid(case, s) <= ON_GRID]
        if not present:
            if kind in case.symmetries:
                missing.append(name)
            continue
        error = min(_on_grid(case, s) for s in present)
        if error <= ON_GRID:
            kept.append(name)
        else:
            broken[name] = error
    return _judge(kept, broken, missing)


def _judge(kept: list[str], broken: dict[str, float], missing: list[str]) -> Finding:
    if missing:
        return judged(
            NAME,
            passed=False,
            value=None,
            criterion="the symmetries asked for",
            meaning=f"The equation does not have: {', '.join(missing)}.",
            remedy="Look for a term along the wrong axis, a term that lacks an axis, a "
            "sign, or a coefficient that depends on d.coords.",
        )
    if broken:
        worst = max(broken, key=lambda name: broken[name])
        return judged(
            NAME,
            passed=False,
            value=broken[worst],
            criterion=f"relative difference at most {ON_GRID:g}",
            meaning=f"The equation has the symmetry {worst}, but on the grid it is "
            f"broken by {broken[worst]:.1e} of the size of the right-hand side.",
            remedy="Look for an index, a spacing or a stencil of the scheme that "
            "treats one place, direction or axis unlike another.",
        )
    if not kept:
        return skipped(
            NAME,
            "The equation has none of the symmetries that are looked for.",
            remedy="Name those that it should have in symmetries=(...).",
        )
    return judged(
        NAME,
        passed=True,
        value=0.0,
        criterion=f"relative difference at most {ON_GRID:g}",
        meaning=f"Equation and scheme have: {', '.join(kept)}.",
        remedy="",
    )


def _symmetries(case: Case) -> dict[str, list[Symmetry]]:
    """Return the candidates by name; one is enough of each list."""
    grid, found = homogeneous(case.base), {}
    signs = (1.0, -1.0)
    for axis in range(case.ndim):
        name = AXIS_NAMES[axis]
        if isinstance(grid.boundary[axis][0], Periodic):
            found[f"translation along {name}"] = [_translation(grid, axis)]
        found[f"reflection of {name}"] = [
            _reflection(case, grid, axis, sign) for sign in signs
        ]
    for axis in range(1, case.ndim):
        found[f"exchange of x and {AXIS_NAMES[axis]}"] = [
            _exchange(case, grid, axis, sign) for sign in signs
        ]
    return found


def _translation(grid: Grid, axis: int) -> Symmetry:
    move = torch.zeros(grid.ndim, dtype=F64)
    move[axis] = SHIFT * grid.spacing[axis]
    return Symmetry(
        "translation",
        lambda x: x - move,
        grid,
        lambda u: u.roll(SHIFT, 2 + axis),
        lambda u: u,
    )


def _reflection(case: Case, grid: Grid, axis: int, sign: float) -> Symmetry:
    centre = grid.origin[axis] + grid.lengths[axis] / 2
    flip = torch.ones(grid.ndim, dtype=F64)
    flip[axis] = -1.0
    move = torch.zeros(grid.ndim, dtype=F64)
    move[axis] = 2 * centre
    sides = list(grid.boundary)
    lower, upper = sides[axis]
    sides[axis] = (upper, lower)
    mirrored = Grid(grid.num_points, grid.lengths, boundary=sides, origin=grid.origin)
    # a periodic grid has its first point on the edge, which is its own image
    roll = int(isinstance(lower, Periodic))
    parity = _parity(case, sign)
    for start in _vectors(case):
        parity[start + axis] *= -1.0
    return Symmetry(
        "reflection",
        lambda x: x * flip + move,
        mirrored,
        lambda u: u.flip(2 + axis).roll(roll, 2 + axis),
        lambda u: u * parity.reshape(1, -1, *[1] * (u.ndim - 2)),
    )


def _exchange(case: Case, grid: Grid, axis: int, sign: float) -> Symmetry:
    order = list(range(grid.ndim))
    order[0], order[axis] = axis, 0
    turned = Grid(
        [grid.num_points[a] for a in order],
        [grid.lengths[a] for a in order],
        boundary=[grid.boundary[a] for a in order],
        origin=[grid.origin[a] for a in order],
    )
    where = list(range(case.channels))
    for start in _vectors(case):
        where[start], where[start + axis] = start + axis, start
    index, parity = torch.tensor(where), _parity(case, sign)
    return Symmetry(
        "exchange",
        lambda x: x[:, torch.tensor(order)],
        turned,
        lambda u: u.transpose(2, 2 + axis),
        lambda u: u.index_select(1, index) * parity.reshape(1, -1, *[1] * (u.ndim - 2)),
    )


def _vectors(case: Case) -> list[int]:
    """Return the first channel of every vector field."""
    channels = case.pde.channels(case.ndim)
    return [
        channels[name].start
        for name, kind in case.pde.fields.items()
        if kind == "vector"
    ]


def _parity(case: Case, sign: float) -> Tensor:
    """Return the sign of every channel: of all scalars alike, and of vectors one."""
    result = torch.full((case.channels,), sign, dtype=F64)
    for start in _vectors(case):
        result[start : start + case.ndim] = 1.0
    return result


def _at_points(case: Case, symmetry: Symmetry) -> float:
    """Return how far the equation itself is from a symmetry, relative."""
    grid = case.base
    generator = torch.Generator().manual_seed(case.seed)
    part = torch.rand(NUM_POINTS, case.ndim, generator=generator, dtype=F64)
    lower = torch.tensor(grid.origin, dtype=F64)
    coords = lower + part * torch.tensor(grid.lengths, dtype=F64)
    field, pressure = case.field(), case.pressure()

    def moved(x: Tensor, t: Tensor | float) -> Tensor:
        return symmetry.channels(field(symmetry.coords(x), t))

    def moved_pressure(x: Tensor, t: Tensor | float) -> Tensor:
        assert pressure is not None
        return pressure(symmetry.coords(x), t)

    there = at_points(
        case.pde,
        moved,
        coords,
        TIME,
        pressure=None if pressure is None else moved_pressure,
    )
    here = case.at_points(field, symmetry.coords(coords))
    wanted = symmetry.channels(here.tendency)
    return float((there.tendency - wanted).abs().max()) / size(wanted)


@torch.no_grad()
def _on_grid(case: Case, symmetry: Symmetry) -> float:
    """Return how far the equation on a grid is from a symmetry, relative."""
    grid = homogeneous(case.base)
    u = case.field()(grid.coords(dtype=F64), TIME)
    wanted = symmetry.channels(symmetry.state(_apply(case, grid, u)))
    moved = symmetry.channels(symmetry.state(u))
    found = _apply(case, symmetry.grid, moved)
    return float((found - wanted).abs().max()) / size(wanted)


def _apply(case: Case, grid: Grid, u: Tensor) -> Tensor:
    d = case.bind(grid).at(TIME)
    return case.pde.tendency(u, d) if case.evolves else case.pde.residual(u, d)
