"""Orders of schemes that ask for special states: staggered, skew-symmetric, spectral.

Imported by `orders.py`. As in `orders_space.py`, derivatives are written down by hand.
"""

from math import pi

import torch
from orders_rows import Error, Order, Row, slope
from orders_space import SPECTRAL, name, sum_of_slopes
from orders_states import F64, LENGTHS, PERIODIC, TIME, State, label, regions
from torch import Tensor

import physbias as pb
from physbias import numerics
from physbias.grid.edges import Edges

LEVELS = (64, 96)
SHUT = (
    PERIODIC,
    ("Dirichlet", "Dirichlet"),
    ("Symmetry", "Symmetry"),
    ("Symmetry", "Dirichlet"),
)
SKEWED = tuple(
    numerics.SkewSymmetric(scheme)
    for scheme in (
        *(numerics.FiniteDifference(p) for p in (2, 4, 6, 8)),
        *(numerics.Compact(p) for p in (4, 6)),
    )
)


class Reflected(State):
    """A state whose reflections in its walls are smooth: sines and cosines."""

    def __init__(self, pair: tuple[str, str]) -> None:
        super().__init__(pair, 2, vector="Symmetry" in pair)
        if pair == PERIODIC or "Symmetry" in pair:
            return
        self.size, self.rates = torch.ones(1, dtype=F64), []
        self.shifts = [[]]
        for length, sides in zip(LENGTHS, self.pairs, strict=True):
            part = 4.0 if sides[0] == sides[1] else 3.5
            self.rates.append(torch.tensor([part * pi / length], dtype=F64))
            odd = sides[0] == "Dirichlet"
            self.shifts[0].append(torch.tensor([-pi / 2 if odd else 0.0], dtype=F64))

    def grid(self, count: int, degree: int = 1) -> pb.Grid:
        """Return a grid whose walls hold zeros."""
        still = {
            "Periodic": pb.Periodic(),
            "Dirichlet": pb.Dirichlet(0.0),
            "Neumann": pb.Neumann(0.0),
            "Symmetry": pb.Symmetry(),
        }
        sides = [tuple(still[side] for side in pair) for pair in self.pairs]
        return pb.Grid((count, 5 * count // 4), LENGTHS, boundary=sides)


REFLECTED = (
    PERIODIC,
    ("Dirichlet", "Dirichlet"),
    ("Neumann", "Neumann"),
    ("Dirichlet", "Neumann"),
    ("Symmetry", "Symmetry"),
)


def spectral(pair: tuple[str, str]) -> Row:
    """Return the errors of four derivatives by Fourier modes, sines and cosines."""
    state = Reflected(pair)
    grid = state.grid(40)
    d = numerics.Spectral(None).bind(grid, dtype=F64).bound_to(state.fields).at(TIME)
    x, cells = grid.coords(dtype=F64), []
    for order in range(1, 5):
        wrong = []
        for axis in (0, 1):
            exact = state(x, axis=axis, order=order)
            found = d.partial(state(x), axis, order)
            wrong.append(float((found - exact).abs().max() / exact.abs().max()))
        cells.append(Error(max(wrong), SPECTRAL))
    return (label(pair), *cells)


def shut_wind(x: Tensor) -> Tensor:
    """Return a velocity that crosses no wall and has a period in both axes."""
    a, b = (2 * pi * x[:, n : n + 1] / LENGTHS[n] for n in (0, 1))
    return torch.cat([torch.sin(a) * torch.cos(b), torch.sin(b) * torch.cos(a)], 1)


def skewed(scheme: numerics.SkewSymmetric, pair: tuple[str, str]) -> Row:
    """Return the order of skew-symmetric advection inside and beside the walls."""
    nominal, cells = scheme.order, []
    for beside in (False, True):
        if beside and pair == PERIODIC:
            cells.append("–")
            continue
        counts = (40, 60) if nominal > 4 else LEVELS
        errors = []
        for count in counts:
            state = State(pair, 1, power=nominal + 2)
            grid = state.grid(count, 1)
            # what is carried is not the wind, and may have any value at walls
            d = scheme.bind(grid, dtype=F64)
            carried = Edges(grid, state.fields, degree=d.edges.degree)
            d = d.with_edges(carried).at(TIME)
            x = grid.coords(dtype=F64)
            wrong = d.advect(shut_wind(x), state(x))
            wrong = (wrong - sum_of_slopes(state, x, shut_wind(x))).abs()
            part = wrong[..., regions(grid)[beside]]
            errors.append(float(part.max() if beside else part.square().mean().sqrt()))
        found = slope((1 / counts[0], 1 / counts[1]), (errors[0], errors[1]))
        cells.append(Order(found, nominal, at_least=beside))
    return (name(scheme), label(pair), *cells)


def staggered(pair: tuple[str, str]) -> list[Row]:
    """Return the orders of what a staggered grid does, inside and beside the walls."""
    words = ("divergence", "gradient", "second derivatives", "advection")
    errors: dict[str, list[tuple[float, float]]] = {word: [] for word in words}
    for count in LEVELS:
        state = State(pair, 1, vector=True)
        state.pace = 0.0
        grid = state.grid(count, 1)
        d = numerics.Staggered().bind(grid, dtype=F64).bound_to(state.fields).at(TIME)
        centres = grid.coords(dtype=F64)
        faces = [d.face_coords(axis) for axis in (0, 1)]

        def on_faces(make, faces=faces):
            return torch.cat([make(x, c)[:, c : c + 1] for c, x in enumerate(faces)], 1)

        def mixed(x, c, state=state):
            u = state(x)
            slopes = [state(x, axis=a, order=1) for a in (0, 1)]
            net = slopes[0][:, :1] + slopes[1][:, 1:]
            return u[:, :1] * slopes[0] + u[:, 1:] * slopes[1] + net * u

        u = on_faces(lambda x, c, state=state: state(x))
        slopes = [state(centres, axis=a, order=1)[:, a : a + 1] for a in (0, 1)]
        scalar = State(PERIODIC, 1)
        bend = on_faces(
            lambda x, c, state=state: (
                state(x, axis=0, order=2) + state(x, axis=1, order=2)
            )
        )
        rise = on_faces(
            lambda x, c, scalar=scalar: scalar(x, axis=c, order=1).repeat(1, 2, 1, 1)
        )
        inside, beside = regions(grid)
        free = torch.ones(1, 2, *grid.num_points, dtype=torch.bool)
        for axis in (0, 1):
            if pair != PERIODIC:  # the first face is the wall
                free[:, axis].narrow(1 + axis, 0, 1).fill_(value=False)
        pairs = {
            "divergence": (d.div(u), slopes[0] + slopes[1], free[:, :1] | True),
            "gradient": (d.grad(scalar(centres)), rise, free),
            "second derivatives": (d.laplacian(u), bend, free),
            "advection": (d.advect(u, u), on_faces(mixed), free),
        }
        for word, (found, exact, where) in pairs.items():
            wrong = (found - exact).abs() * where
            middle = float(wrong[..., inside].square().mean().sqrt())
            walls = float(wrong[..., beside].max()) if bool(beside.any()) else 0.0
            errors[word].append((middle, walls))
    rows = []
    sizes = (1 / LEVELS[0], 1 / LEVELS[1])
    for word in words:
        (a, p), (b, q) = errors[word]
        walls = "–"
        if pair != PERIODIC:
            nominal = CLOSURES.get(word, 2) if "Dirichlet" in pair else 2
            walls = Order(slope(sizes, (p, q)), nominal, at_least=True)
        rows.append((label(pair), word, Order(slope(sizes, (a, b)), 2), walls))
    return rows


CLOSURES = {"second derivatives": 0, "advection": 1}
