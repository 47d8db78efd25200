"""How an equation is held against a witness from outside it.

Imported by `orders_witnesses.py`. Witnesses are closed-form solutions, which know
nothing of the right-hand side, growth rates by hand, and manufactured sources.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import pi

import torch
from orders_rows import Error, Row
from torch import Tensor

import physbias as pb
from physbias import numerics, pdes
from physbias.strong import EllipticSolver

F64 = torch.float64


@dataclass(frozen=True)
class Witness:
    """One line of the table.

    Args:
        equation: name of the class.
        words: what the witness is.
        points: of the grid.
        how: scheme and stepper.
        end: time [s].
        bound: largest error that counts as right.
        measure: returns the error.
    """

    equation: str
    words: str
    points: tuple[int, ...]
    how: str
    end: float
    bound: float
    measure: Callable[["Witness"], float]

    def row(self) -> Row:
        """Measure, and return the line."""
        points = " × ".join(map(str, self.points))
        error = Error(self.measure(self), self.bound)
        time = f"{self.end:g}" if self.end else "–"
        return (f"`{self.equation}`", self.words, points, self.how, time, error)


def relative(found: Tensor, exact: Tensor, *, mean: bool = False) -> float:
    """Return the largest error over the largest value, or the same of means."""
    wrong, size = (found - exact).abs(), exact.abs()
    ratio = wrong.mean() / size.mean() if mean else wrong.max() / size.max()
    return float(ratio)


@torch.no_grad()
def against(
    pde: pb.PDE,
    grid: pb.Grid,
    exact: Callable[[Tensor, float], Tensor],
    *,
    end: float,
    dt: float | None = None,
    start: float = 0.0,
    stepper: numerics.Stepper | None = None,
    scheme: numerics.Scheme | None = None,
    mean: bool = False,
) -> float:
    """Return the error of a run from an exact solution."""
    x, channels = grid.coords(dtype=F64), pde.num_channels(grid.ndim)
    solve = pb.Solver(
        pde,
        grid,
        scheme=scheme or pb.Spectral(None),
        stepper=stepper or pb.RK4(),
        dt=dt,
    )
    found = solve(exact(x, start)[:, :channels], [start, end])[:, -1]
    return relative(found, exact(x, end)[:, :channels], mean=mean)


def periodic(points: Sequence[int], *lengths: float, middle: bool = False) -> pb.Grid:
    """Return a periodic grid, about the origin if asked for."""
    sizes = lengths or (2 * pi,) * len(points)
    corner = [-size / 2 for size in sizes] if middle else None
    return pb.Grid(points, sizes, boundary=pb.Periodic(), origin=corner)


def known(
    pde: pb.PDE,
    method: str,
    grid: Callable[[Sequence[int]], pb.Grid],
    *,
    given: Mapping[str, object] | None = None,
    **settings: object,
) -> Callable[[Witness], float]:
    """Return the measurement against an exact solution of the equation."""

    def measure(witness: Witness) -> float:
        exact = partial(getattr(pde, method), **(given or {}))
        return against(
            pde,
            grid(witness.points),
            exact,
            end=witness.end,
            **settings,
        )

    return measure


def front(pde: pb.PDE, method: str) -> Callable[[Witness], float]:
    """Return the measurement of a front between walls that hold its exact value."""

    def measure(witness: Witness) -> float:
        exact = getattr(pde, method)
        wall = pb.Dirichlet(lambda x, t: exact(x, float(t)))
        grid = pb.Grid(witness.points, (16.0,), boundary=wall, origin=(-8.0,))
        scheme = pb.FiniteDifference(8)
        return against(pde, grid, exact, end=witness.end, scheme=scheme)

    return measure


def growth(
    pde: pb.PDE, rest: Sequence[float], k: float, jacobian: Sequence[Sequence[float]]
) -> Callable[[Witness], float]:
    """Return the measurement of a small wave about a state of rest."""

    @torch.no_grad()
    def measure(witness: Witness) -> float:
        grid = periodic(witness.points, 2 * pi / k)
        x, matrix = grid.coords(dtype=F64), torch.tensor(jacobian, dtype=F64)
        still = torch.tensor(rest, dtype=F64)[None, :, None]
        start = torch.linspace(1.0, 0.4, len(rest), dtype=F64)
        wave = 1e-6 * torch.cos(k * x)
        solve = pb.Solver(
            pde, grid, scheme=pb.Spectral(), stepper=pb.ETDRK4(), dt=witness.end / 200
        )
        u0 = still + start[None, :, None] * wave
        found = solve(u0, [0.0, witness.end])[:, -1] - still
        grown = torch.linalg.matrix_exp(matrix * witness.end) @ start
        return relative(found, grown[None, :, None] * wave)

    return measure


def steady(
    make: Callable[[Tensor], tuple[pb.PDE, Tensor]],
) -> Callable[[Witness], float]:
    """Return the measurement of an equation of rest between walls of two kinds."""

    def measure(witness: Witness) -> float:
        sides = [(pb.Dirichlet(0.0), pb.Neumann(0.0)), pb.Periodic()]
        grid = pb.Grid(witness.points, (1.0, 2.0), boundary=sides)
        pde, exact = make(grid.coords(dtype=F64))
        return relative(EllipticSolver(pde, grid)(), exact)

    return measure


def _shape(x: Tensor) -> tuple[Tensor, ...]:
    """Return u = sin(pi x / 2) (2 + cos(pi y)), u_x, u_y and the Laplacian."""
    a, b = pi / 2, pi
    s, c = torch.sin(a * x[:, :1]), torch.cos(a * x[:, :1])
    f, g = 2 + torch.cos(b * x[:, 1:]), -b * torch.sin(b * x[:, 1:])
    return s * f, a * c * f, s * g, -a * a * s * f - b * b * s * (f - 2)


def poisson(x: Tensor) -> tuple[pb.PDE, Tensor]:
    """Return the equation with the source of a known state."""
    u, _, _, bend = _shape(x)
    return pdes.Poisson(bend), u


def helmholtz(x: Tensor) -> tuple[pb.PDE, Tensor]:
    """Return the equation with the source of a known state."""
    u, _, _, bend = _shape(x)
    return pdes.Helmholtz(-3.0, bend - 3 * u), u


def darcy(x: Tensor) -> tuple[pb.PDE, Tensor]:
    """Return the equation with the source of a known state, in a varying medium."""
    u, u_x, u_y, bend = _shape(x)
    along, across = x[:, :1], pi * x[:, 1:]
    k = 2 + along**2 + torch.sin(across) / 2
    flow = k * bend + 2 * along * u_x + pi / 2 * torch.cos(across) * u_y
    return pdes.Darcy(k, -flow), u


@torch.no_grad()
def sod(witness: Witness) -> float:
    """Return the mean error of the density in Sod's tube."""
    grid = pb.Grid(witness.points, (1.0,), boundary=pb.Outflow(0), origin=(-0.5,))
    law, x = pdes.CompressibleEuler(), grid.coords(dtype=F64)
    sides = pdes.GasState(1.0, 0.0, 1.0), pdes.GasState(0.125, 0.0, 0.1)

    def gas(t: float) -> Tensor:
        density, v, p = pdes.exact_riemann(*sides, x[0, 0] / t)
        return torch.stack([density, density * v, p / 0.4 + density * v**2 / 2])[None]

    scheme = numerics.MUSCL(riemann=numerics.HLLC())
    solve = pb.Solver(law, grid, scheme=scheme, stepper=pb.SSPRK3())
    found = solve(gas(1e-12), [0.0, witness.end])[:, -1]
    return relative(found[:, :1], gas(witness.end)[:, :1], mean=True)


@torch.no_grad()
def dam(witness: Witness) -> float:
    """Return the mean error of the depth after a dam breaks onto shallow water."""
    grid = pb.Grid(witness.points, (20.0,), boundary=pb.Outflow(0), origin=(-10.0,))
    x = grid.coords(dtype=F64)[0, 0]
    scheme = numerics.MUSCL(riemann=numerics.HLL())
    solve = pb.Solver(pdes.ShallowWater(), grid, scheme=scheme, stepper=pb.SSPRK3())
    u0 = pdes.stoker(x, 1e-12, depths=(2.0, 0.5))[None]
    found = solve(u0, [0.0, witness.end])[:, -1]
    exact = pdes.stoker(x, witness.end, depths=(2.0, 0.5))[None]
    return relative(found[:, :1], exact[:, :1], mean=True)


def steepening(witness: Witness) -> float:
    """Return the error of a wave that steepens, before it breaks."""

    def exact(x: Tensor, t: float) -> Tensor:
        return pdes.along_characteristics(
            lambda y: 1 + torch.sin(y) / 2, x, t, largest=2.0
        )

    return against(
        pdes.InviscidBurgers(),
        periodic(witness.points),
        exact,
        end=witness.end,
        dt=0.01,
        scheme=numerics.WENO5(),
        stepper=pb.RK4(),
    )


def fitzhugh_rest() -> tuple[float, float]:
    """Return the state of rest of FitzHugh's coefficients, by bisection."""
    low, high = -2.0, -1.0
    for _ in range(100):
        v = (low + high) / 2
        rising = v - v**3 / 3 - (v + 0.7) / 0.8 > 0
        low, high = (v, high) if rising else (low, v)
    return v, (v + 0.7) / 0.8


def line(length: float) -> Callable[[Sequence[int]], pb.Grid]:
    return lambda points: periodic(points, length, middle=True)
