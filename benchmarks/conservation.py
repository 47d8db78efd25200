"""How well integrals are kept over ten thousand steps, in double precision.

The first table holds what a scheme promises to keep: sums whose fluxes telescope, means
that no derivative touches, water at rest. The second holds energies and norms that the
stepper keeps near or loses slowly: the largest departure during the first tenth of the
steps stands beside that during all of them, so that a drift is seen. Departures are
relative to the integral of the absolute values of the state.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from math import pi

import torch
from torch import Tensor

from physbias.grid import Grid, Periodic, Symmetry
from physbias.numerics import (
    ARS222,
    ETDRK4,
    HLLC,
    MUSCL,
    RK4,
    SSPRK3,
    WENO5,
    FiniteDifference,
    Godunov,
    Leapfrog,
    Scheme,
    Spectral,
    Stepper,
    Upwind,
    Yoshida4,
    van_leer,
)
from physbias.pdes import (
    PDE,
    Advection,
    CahnHilliard,
    CompressibleEuler,
    CubicSchroedinger,
    Heat,
    InviscidBurgers,
    KortewegDeVries,
    KuramotoSivashinsky,
    Maxwell,
    Schroedinger,
    ShallowWater,
    SineGordon,
    TracerFlow,
    VorticityFlow,
    Wave,
)
from physbias.strong import Solver

STEPS = 10_000
SAMPLES = 100
F64 = torch.float64
Start = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Trial:
    """One run.

    Args:
        equation: what is solved.
        grid: where.
        scheme: in space.
        stepper: in time.
        dt: length of a step.
        start: takes coordinates and returns the initial state.
        keeps: invariants of the equation that are looked at; none where the state
            itself is not to move.
    """

    equation: PDE
    grid: Grid
    scheme: Scheme
    stepper: Stepper
    dt: float
    start: Start
    keeps: tuple[str, ...]

    def __str__(self) -> str:
        cells = [
            type(self.equation).__name__,
            " and ".join(name.replace("_", " ") for name in self.keeps) or "rest",
            "periodic" if self.grid.is_periodic else "walls",
            _said(self.scheme),
            type(self.stepper).__name__,
            " × ".join(map(str, self.grid.num_points)),
        ]
        return " | ".join(cells)


def _said(scheme):
    """Return a scheme in few words."""
    name = type(scheme).__name__
    if isinstance(scheme, FiniteDifference | Upwind):
        return f"{name}({scheme.order})"
    if isinstance(scheme, Godunov | MUSCL):
        return f"{name}, {type(scheme.riemann).__name__}"
    return name


def departures(trial, steps=STEPS):
    """Return the largest departures: during the first tenth of the steps, and ever."""
    solve = Solver(
        trial.equation,
        trial.grid,
        scheme=trial.scheme,
        stepper=trial.stepper,
        dt=trial.dt,
        allow_unstable=True,  # the step is known to be stable, the guard need not look
    )
    u = trial.start(trial.grid.coords(dtype=F64))
    system = solve.system(u)
    u = start = system.admit(u)
    d = system.derivatives

    def integrals(state):
        found = trial.equation.invariants(state, d)
        return torch.stack([found[name] for name in trial.keeps])

    if trial.keeps:
        before = integrals(start)
        scale = torch.maximum(before.abs(), integrals(start.abs()).abs())
    early = largest = 0.0
    every = max(1, steps // SAMPLES)
    for n in range(1, steps + 1):
        u = solve.step(u, dt=trial.dt, time=(n - 1) * trial.dt)
        if n % every == 0:
            if trial.keeps:
                found = float(((integrals(u) - before).abs() / scale).max())
            else:
                found = float((u - start).abs().max() / start.abs().max())
            largest = max(largest, found) if found == found else float("nan")
            early = largest if n <= steps // 10 else early
    return early, largest


def line(count, length=2 * pi, *, origin=0.0):
    return Grid((count,), (length,), boundary=Periodic(), origin=(origin,))


def plane(boundary=None):
    return Grid((12, 10), (2 * pi, pi), boundary=boundary or Periodic())


def waves(x):
    """Return a smooth field of the plane, of no mean and no symmetry."""
    tilted = torch.sin(x[:, :1] + 0.3) * torch.cos(2 * x[:, 1:2])
    return tilted + 0.2 * torch.cos(x[:, :1])


def gas(x):
    """Return density, momentum and energy of waves in a wind, which steepen."""
    w = 0.4 * waves(x)
    state = torch.cat([1 + w, 0.5 + w, 0.3 - w, 1 + w], 1)
    d = FiniteDifference(2).bind(plane(), dtype=F64)
    return CompressibleEuler(1.4).conserved(state, d)


def tube(x):
    """Return gas at rest, compressed on one side."""
    squeezed = 1 + 0.4 * torch.cos(x)
    return torch.cat([squeezed, 0 * x, squeezed / 0.4], 1)


def bed(x):
    """Return an island that rises above the water."""
    return 1.5 * torch.exp(-((x[:, :1] - 3) ** 2) - (x[:, 1:] - 1.5) ** 2)


def lake(x):
    """Return water at rest around the island."""
    depth = (1 - bed(x)).clamp_min(0)
    return torch.cat([depth, 0 * depth, 0 * depth], 1)


def splash(x):
    """Return the lake with a heap of water beside the island."""
    heap = 0.4 * torch.exp(-4 * (x[:, :1] - 1) ** 2) * (bed(x) < 1)
    return lake(x) + torch.cat([heap, 0 * heap, 0 * heap], 1)


def whirls(x):
    """Return a velocity in the plane, and a tracer."""
    x, y = x.split(1, 1)
    u = 0.5 + torch.sin(2 * y) + 0.3 * torch.cos(x) * torch.cos(2 * y)
    v = 0.4 * torch.sin(x) - 0.2
    return torch.cat([u, v, 1 + 0.5 * torch.cos(x - 2 * y)], 1)


def promised():
    """Return the runs of which something is kept to rounding."""
    wind, gases = Advection((1.0, -0.5)), CompressibleEuler(1.4)
    sharp = MUSCL(van_leer, HLLC())
    walls, pipe = plane(Symmetry()), Grid((48,), (2 * pi,), boundary=Symmetry())
    sea = ShallowWater(9.81, bed(walls.coords(dtype=F64)))
    everything = ("density", "momentum_x", "momentum_y", "energy")
    flow = ("momentum_x", "momentum_y", "tracer")
    kdv, phases = KortewegDeVries(6.0, 1.0), CahnHilliard(1.0, 0.05)
    ssp, rk4 = SSPRK3(), RK4()

    def plateau(x):
        return 1.5 + waves(x)

    def swell(x):
        return 0.2 + 0.2 * torch.sin(2 * pi * x / 20)

    def mixture(x):
        return 0.2 + waves(x) / 2

    rows = [
        *(
            (wind, plane(), s, ssp, 0.05, plateau, ("u",))
            for s in (FiniteDifference(4), Upwind(5), MUSCL(), WENO5())
        ),
        *(
            (InviscidBurgers(), line(48), s, ssp, 0.02, lambda x: 1.5 + x.sin(), ("u",))
            for s in (Godunov(), MUSCL())
        ),
        (gases, plane(), sharp, ssp, 0.02, gas, everything),
        (gases, pipe, WENO5(), ssp, 0.02, tube, ("density", "energy")),
        (sea, walls, MUSCL(), ssp, 0.01, splash, ("volume",)),
        (sea, walls, MUSCL(), ssp, 0.01, lake, ()),
        (kdv, line(32, 20.0), Spectral(), ETDRK4(), 0.01, swell, ("mass",)),
        (kdv, line(32, 20.0), FiniteDifference(2), rk4, 0.05, swell, ("mass",)),
        (
            KuramotoSivashinsky(),
            line(96, 32 * pi),
            Spectral(),
            ETDRK4(),
            0.1,
            lambda x: 0.3 + torch.cos(x / 16) * (1 + torch.sin(x / 16)),
            ("momentum",),
        ),
        (phases, plane(), Spectral(1 / 2), ETDRK4(), 0.01, mixture, ("mass",)),
        (phases, plane(), FiniteDifference(2), ARS222(), 0.01, mixture, ("mass",)),
        (Heat(0.5), walls, FiniteDifference(4), rk4, 0.01, plateau, ("heat",)),
        *(
            (TracerFlow(0.01, 0.02), plane(), s, rk4, 0.05, whirls, flow)
            for s in (FiniteDifference(4), Spectral())
        ),
        (VorticityFlow(0.01), plane(), Spectral(), rk4, 0.05, waves, ("circulation",)),
    ]
    return [Trial(*row) for row in rows]


def near():
    """Return the runs of which a quadratic integral is kept near its start."""
    space = line(32, 16.0, origin=-8.0)
    light = Grid((10, 8), (2 * pi, pi), boundary=Periodic())
    string, pendulums = Wave(), SineGordon()
    wave, maxwell = Schroedinger(0.5), Maxwell()
    fd, rk4, energy, norm = FiniteDifference(4), RK4(), ("energy",), ("norm",)

    def plucked(x):
        hump = torch.exp(-(x**2))
        return torch.cat([hump, 0 * hump], 1)

    def breather(x):
        return pendulums.breather(x, 0.0)

    def packet(x):
        return wave.packet(x, 0.0, wavenumbers=(pi / 4,))

    def soliton(x):
        return CubicSchroedinger().soliton(x, 0.0, speed=0.0)

    def ray(x):
        return maxwell.plane_wave(x, 0.0, wavenumbers=(1.0, 2.0))

    rows = [
        *(
            (string, space, fd, s, 0.1, plucked, energy)
            for s in (Leapfrog(), Yoshida4(), rk4)
        ),
        *(
            (pendulums, space, fd, s, 0.1, breather, energy)
            for s in (Leapfrog(), Yoshida4(), rk4)
        ),
        *((maxwell, light, fd, s, 0.1, ray, energy) for s in (Leapfrog(), rk4)),
        *((wave, space, fd, s, 0.05, packet, norm) for s in (Leapfrog(), rk4)),
        (CubicSchroedinger(), space, Spectral(1 / 2), rk4, 0.02, soliton, norm),
    ]
    return [Trial(*row) for row in rows]


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--equations", nargs="+", metavar="NAME", help="these alone")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    chosen = arguments.equations
    heading = "| equation | kept | box | scheme | stepper | points |"
    for trials, columns in (
        (promised(), (" largest departure |",)),
        (near(), (" first tenth |", " all steps |")),
    ):
        print(heading + "".join(columns))
        print("| --- " * (6 + len(columns)) + "|")
        for trial in trials:
            if chosen and type(trial.equation).__name__ not in chosen:
                continue
            figures = departures(trial, arguments.steps)[-len(columns) :]
            cells = " | ".join(f"{value:.1e}" for value in figures)
            print(f"| {trial} | {cells} |", flush=True)
        print()


if __name__ == "__main__":
    main()
