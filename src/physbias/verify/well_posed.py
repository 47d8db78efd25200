"""Short waves may not grow the faster, the shorter they are."""

from math import pi

import torch
from torch import Tensor

from physbias.grid import Grid, Periodic
from physbias.numerics import FiniteDifference, SemiDiscrete
from physbias.verify.case import BATCH, F64, TIME, Case
from physbias.verify.finding import Finding, judged, skipped

NAME = "well-posedness"
NUM_POINTS = 8
# waves that are shorter than the box by these factors
FACTORS = (1024, 4096)
EPSILON = 1e-6
# rates grow, where they do, with a power of the wavenumber of at least one half
GROWTH = 2.0
# part of the fastest rate below which growth is rounding
SHARE = 1e-3


@torch.no_grad()
def probe(case: Case) -> Finding:
    r"""Linearise about constant states and follow the growth of ever shorter waves.

    A wave :math:`e^{ikx}` grows at the largest real part of the eigenvalues of the
    symbol. Where that rises without bound with :math:`k`, no time is so short that
    the solution depends continuously on its initial state (J. Hadamard 1923).

    Source:
        H.-O. Kreiss and J. Lorenz (1989), "Initial-Boundary Value Problems and the
        Navier-Stokes Equations", Academic Press, chapter 2.
    """
    if not case.evolves:
        return skipped(NAME, "The equation is steady.")
    if case.holds_fields:
        return skipped(NAME, "A coefficient is a field on the points of the grid.")
    worst, number = 0.0, 0.0
    for level in _levels(case):
        for direction in _directions(case.ndim):
            (_, slow, _), (k, fast, radius) = (
                _growth(case, level, direction, factor) for factor in FACTORS
            )
            grows = fast > SHARE * radius and fast > GROWTH * max(slow, 0.0)
            if grows and fast > worst:
                worst, number = fast, k
    return judged(
        NAME,
        passed=worst == 0,
        value=worst,
        criterion="growth that is bounded for short waves",
        meaning=f"A wave of {number:.2g} rad/m grows at {worst:.2g} 1/s, and shorter "
        "ones faster: no solution depends continuously on its initial state."
        if worst > 0
        else "Short waves of small size do not grow the faster, the shorter they are.",
        remedy="Look for the sign of the highest derivative, such as a diffusion that "
        "gathers instead of spreading.",
    )


def _levels(case: Case) -> Tensor:
    """Return states of single points, as the other probes meet them."""
    middle = [
        o + s / 2 for o, s in zip(case.grid.origin, case.grid.lengths, strict=True)
    ]
    coords = torch.tensor([middle], dtype=F64)
    return torch.cat([case.field(n)(coords, TIME) for n in range(BATCH)])


def _directions(ndim: int) -> list[tuple[int, ...]]:
    """Return the axes and, where there are several, a diagonal, in turns per box."""
    axes = [tuple(int(a == b) for b in range(ndim)) for a in range(ndim)]
    return axes if ndim == 1 else [*axes, (1,) * ndim]


def _growth(
    case: Case, level: Tensor, turns: tuple[int, ...], factor: int
) -> tuple[float, float, float]:
    """Return wavenumber [rad/m], growth and fastest rate [1/s] about a state."""
    lengths = [length / factor for length in case.grid.lengths]
    grid = Grid(
        [NUM_POINTS] * case.ndim, lengths, boundary=Periodic(), origin=case.grid.origin
    )
    system = SemiDiscrete(
        case.pde,
        FiniteDifference(4).bind(grid, dtype=F64).bound_to(case.pde.fields),
    )
    numbers = [2 * pi * n / s for n, s in zip(turns, lengths, strict=True)]
    k = torch.tensor(numbers, dtype=F64)
    shape = (-1, *[1] * case.ndim)
    start = torch.tensor(grid.origin, dtype=F64).view(shape)
    phase = (k.view(shape) * (grid.coords(dtype=F64)[0] - start)).sum(0)
    count = len(level)
    each = torch.eye(count, dtype=F64).view(count, count, *[1] * case.ndim)
    waves = EPSILON * torch.cat([each * torch.cos(phase), each * torch.sin(phase)])
    base = level.view(1, count, *[1] * case.ndim)
    slope = (system(base + waves, TIME) - system(base - waves, TIME)) / (2 * EPSILON)
    response = torch.complex(slope[:count], slope[count:])
    space = tuple(range(2, response.ndim))
    symbol = (response * torch.exp(-1j * phase)).mean(space)
    rates = torch.linalg.eigvals(symbol)
    return float(k.norm()), float(rates.real.max()), float(rates.abs().max())
