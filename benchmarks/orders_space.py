"""Observed orders of every derivative scheme between every pair of walls.

Imported by `orders.py`. States are products of waves along the axes, manufactured for
each pair of walls, and their derivatives are written down by hand: no scheme is its
own witness. Everything is in float64 on an anisotropic plane.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf

import torch
from orders_rows import Error, Figure, Order, Row, slope
from orders_states import F64, PERIODIC, TIME, State, label, regions
from torch import Tensor

import physbias as pb
from physbias import numerics

# points along x of the coarser of two levels; the finer has half as many again, and a
# quarter more lie along y
BASES = (128, 96, 64, 56, 48, 40, 32, 24)
# errors count where they are this many times as large as what noise of the size of
# rounding does
ROUNDING, CLEAR = 1.1e-16, 50
SPECTRAL = 1e-9

Walls = Callable[[str], float]


def polynomial(order: int) -> Walls:
    """Return the order of ghosts by a polynomial of a degree one above the order."""
    known = {"Symmetry": inf, "Outflow": min(order + 2, 9)}
    return lambda side: known.get(side, order + 2)


def mirrored(order: int) -> Walls:
    """Return the order of mirrored ghosts, for states that are not odd or even."""
    known = {"Dirichlet": 2, "Inflow": 2, "Neumann": 3, "Robin": 3, "Symmetry": inf}
    return lambda side: known.get(side, order + 1)


@dataclass(frozen=True)
class Derivative:
    """A scheme whose derivatives of order 1 to 4 are in the table.

    Args:
        scheme: the scheme.
        order: inside, or infinity.
        ghosts: order of the ghost cells beside each kind of wall; None where the
            scheme is for periodic grids.
        degree: of outflows.
        waves: along each axis inside.
        finest: of the bases that are tried.
        exceptions: derivatives whose order inside is another.
    """

    scheme: numerics.Scheme
    order: float
    ghosts: Walls | None
    degree: int = 1
    waves: int = 2
    finest: int = 64
    exceptions: tuple[tuple[int, float], ...] = ()

    def wall(self, pair: tuple[str, str], derivative: int) -> float:
        """Return the order that is promised in the cells beside two walls."""
        ghosts = self.ghosts
        assert ghosts is not None
        return min(self.order, *(ghosts(side) - derivative for side in pair))


@dataclass(frozen=True)
class Transport(Derivative):
    """A scheme that looks upwind: its transport and its fluxes are in the table.

    Args:
        slack: largest distance of an order from the nominal one.
        monotone: whether the order holds away from extrema only.
    """

    slack: float = 0.1
    monotone: bool = False


SPECTRAL_SCHEME = Derivative(numerics.Spectral(None), inf, None)
DERIVATIVES = (
    *(
        Derivative(numerics.FiniteDifference(p), p, polynomial(p), min(p + 1, 8))
        for p in (2, 4, 6, 8)
    ),
    Derivative(numerics.Compact(4), 4, polynomial(4), 5, 4, 96, ((3, 6),)),
    Derivative(numerics.Compact(6), 6, polynomial(6), 7, 4, 96),
    *(
        Derivative(numerics.FiniteDifference(p, mirror=True), p, mirrored(p), p)
        for p in (2, 4, 6, 8)
    ),
)
LIMITERS = (
    numerics.minmod,
    numerics.van_leer,
    numerics.monotonized_central,
    numerics.superbee,
)
FLUXES = (numerics.Rusanov(), numerics.HLL(), numerics.HLLC())
TRANSPORTS = (
    *(Transport(numerics.Upwind(p), p, mirrored(p), p) for p in (1, 3, 5)),
    Transport(numerics.WENO5(), 5, mirrored(5), 5, slack=0.2),
    Transport(numerics.Godunov(), 1, mirrored(1), 1),
    *(
        Transport(numerics.MUSCL(limiter), 2, mirrored(2), 2, 2, 128, monotone=True)
        for limiter in LIMITERS
    ),
)


@dataclass(frozen=True)
class Operation:
    """Something a bound scheme does, and what it should give, by hand.

    Args:
        found: takes the scheme and the state.
        wanted: takes the manufactured state and coordinates.
        made: takes the same and returns what the scheme acts on, if not the state.
        fields: of that.
    """

    found: Callable[[numerics.GridDerivatives, Tensor], Tensor]
    wanted: Callable[[State, Tensor], Tensor]
    made: Callable[[State, Tensor], Tensor] = State.__call__
    fields: Mapping[str, int | str] | None = None


def derivative(order: int) -> Operation:
    """Return a derivative along both axes."""
    return Operation(
        lambda d, u: torch.cat([d.partial(u, a, order) for a in (0, 1)], 1),
        lambda state, x: torch.cat([state(x, axis=a, order=order) for a in (0, 1)], 1),
    )


MIXED = Operation(
    lambda d, u: torch.cat(
        [d.derived.partial(d.partial(u, a), 1 - a) for a in (0, 1)], 1
    ),
    lambda state, x: torch.cat([state(x, axis=None, order=1)] * 2, 1),
)


def wind(x: Tensor) -> Tensor:
    """Return a velocity that turns."""
    parts = [torch.cos(3 * x[:, :1] + x[:, 1:]), torch.sin(2 * x[:, 1:] - x[:, :1])]
    return torch.cat(parts, 1)


def sum_of_slopes(state: State, x: Tensor, v: Tensor) -> Tensor:
    """Return the derivatives along both axes, times a factor each."""
    slopes = [state(x, axis=a, order=1) for a in (0, 1)]
    return v[:, :1] * slopes[0] + v[:, -1:] * slopes[1]


CARRIED = Operation(
    lambda d, u: d.advect(wind(d.coords), u),
    lambda state, x: sum_of_slopes(state, x, wind(x)),
)


BLOWN = Operation(
    lambda d, u: d.flux_divergence(u, pb.pdes.Advection((1.0, -0.5))),
    lambda state, x: state(x, axis=0, order=1) - state(x, axis=1, order=1) / 2,
)


def burgers() -> Operation:
    """Return the flux of half the square, where it comes from one side."""
    law = pb.pdes.InviscidBurgers()
    return Operation(
        lambda d, u: d.flux_divergence(u, law),
        lambda state, x: (9 + state(x)) * sum_of_slopes(state, x, torch.ones_like(x)),
        lambda state, x: 9 + state(x),
    )


def euler() -> Operation:
    """Return the fluxes of a gas whose density a uniform wind (1, 1) carries."""
    law = pb.pdes.CompressibleEuler()

    def made(state: State, x: Tensor) -> Tensor:
        density = 9 + state(x)
        return torch.cat([density, density, density, 2.5 + density], 1)

    return Operation(
        lambda d, u: d.flux_divergence(u, law),
        lambda state, x: sum_of_slopes(state, x, torch.ones_like(x)).repeat(1, 4, 1, 1),
        made,
        law.fields,
    )


def errors(
    operation: Operation,
    state: State,
    grid: pb.Grid,
    scheme: numerics.Scheme,
    *,
    beside: bool = False,
    monotone: bool = False,
) -> tuple[float, float]:
    """Return error and noise, both relative to the largest value.

    The error is the largest beside the walls and the root mean square elsewhere.
    """
    d = scheme.bind(grid, dtype=F64).bound_to(operation.fields or state.fields).at(TIME)
    coords = grid.coords(dtype=F64)
    u, exact = operation.made(state, coords), operation.wanted(state, coords)
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(u.shape, generator=generator, dtype=F64) * ROUNDING
    found = operation.found(d, u)
    mask = regions(grid)[beside].expand(exact.shape)
    if monotone:
        mask = mask & state.is_steep(coords)
    parts = [found - exact, operation.found(d, u * (1 + noise)) - found]
    chosen = [part.abs()[mask] / exact.abs().max() for part in parts]
    if beside:
        return float(chosen[0].max()), float(chosen[1].max())
    return float(chosen[0].square().mean().sqrt()), float(chosen[1].max())


FLUX_CASES = (
    SPECTRAL_SCHEME,
    *(case for case in DERIVATIVES if not getattr(case.scheme, "mirror", False)),
    *TRANSPORTS,
    *(Transport(numerics.Godunov(flux), 1, mirrored(1), 1) for flux in FLUXES[1:]),
    *(
        Transport(
            numerics.MUSCL(limiter, flux), 2, mirrored(2), 2, 2, 128, monotone=True
        )
        for limiter in LIMITERS
        for flux in FLUXES[1:]
    ),
)


def observed(
    operation: Operation,
    case: Derivative,
    pair: tuple[str, str],
    *,
    beside: bool = False,
    bases: tuple[int, ...] = BASES,
) -> float:
    """Return the order inside or beside the walls.

    It is that between the finest two levels whose errors rounding leaves alone.
    """
    state = State(pair, 1 if beside else case.waves, power=case.order + 2)
    monotone = isinstance(case, Transport) and case.monotone

    def at(count: int) -> tuple[float, float]:
        return errors(
            operation,
            state,
            state.grid(count, case.degree),
            case.scheme,
            beside=beside,
            monotone=monotone,
        )

    for base in (b for b in bases if b <= case.finest):
        error, noise = at(3 * base // 2)
        if error > CLEAR * noise:
            break
    return slope((1 / base, 1.5 / base), (error, at(base)[0]))


def derivatives(
    case: Derivative, pair: tuple[str, str], bases: tuple[int, ...] = BASES
) -> Row:
    """Return the orders of four derivatives, inside and beside the walls."""
    inside: list[str | Figure] = []
    walls: list[str | Figure] = []
    for order in range(1, 5):
        operation = derivative(order)
        found = observed(operation, case, pair, beside=False, bases=bases)
        nominal = dict(case.exceptions).get(order, case.order)
        inside.append(Order(found, nominal))
        if pair == PERIODIC:
            walls.append("–")
            continue
        found = observed(operation, case, pair, beside=True, bases=bases)
        walls.append(Order(found, case.wall(pair, order), at_least=True))
    return (name(case.scheme), label(pair), *inside, *walls)


def mixed(
    case: Derivative, pair: tuple[str, str], bases: tuple[int, ...] = BASES
) -> Row:
    """Return the orders of the mixed second derivative, corners included."""
    inside = Order(observed(MIXED, case, pair, bases=bases), case.order)
    if pair == PERIODIC:
        return (name(case.scheme), label(pair), inside, "–")
    found = observed(MIXED, case, pair, beside=True, bases=bases)
    beside: str | Figure = Order(found, case.wall(pair, 1), at_least=True)
    if case.order == 8 and "Symmetry" in pair and {*pair} <= {"Symmetry", "Outflow"}:
        beside = f"{found:.2f}, not judged"
    return (name(case.scheme), label(pair), inside, beside)


def transport(
    case: Transport, pair: tuple[str, str], bases: tuple[int, ...] = BASES
) -> Row:
    """Return the orders of transport and of a flux, inside and beside the walls."""
    cells: list[str | Figure] = []
    for operation in (CARRIED, BLOWN):
        found = observed(operation, case, pair, beside=False, bases=bases)
        cells.append(Order(found, case.order, case.slack))
        if pair == PERIODIC:
            cells.append("–")
            continue
        found = observed(operation, case, pair, beside=True, bases=bases)
        cells.append(Order(found, case.wall(pair, 1), case.slack, at_least=True))
    return (name(case.scheme), label(pair), *cells)


def nonlinear(case: Derivative) -> Row:
    """Return the orders of the fluxes of two nonlinear laws on a periodic plane."""
    cells: list[str | Figure] = []
    slack = case.slack if isinstance(case, Transport) else 0.1
    for operation in (burgers(), euler()):
        if case.order == inf:
            state = State(PERIODIC, waves=2)
            grid = state.grid(48, case.degree)
            error, _ = errors(operation, state, grid, case.scheme)
            cells.append(Error(error, SPECTRAL))
            continue
        if operation.fields is None and isinstance(
            getattr(case.scheme, "riemann", None), numerics.HLLC
        ):
            cells.append("has no contact")
            continue
        cells.append(Order(observed(operation, case, PERIODIC), case.order, slack))
    return (name(case.scheme), *cells)


def name(scheme: numerics.Scheme) -> str:
    """Return what a user writes to make a scheme, without what is the default."""
    text = repr(scheme)
    for default in (
        "order=",
        "dealias=",
        "limiter=",
        "riemann=",
        "scheme=",
        ", mirror=False",
    ):
        text = text.replace(default, "")
    return f"`{text}`"
