"""Error against CPU time: which scheme and stepper to pay for.

For every problem each scheme is run on several grids, or each stepper with several
steps, in float64 on one thread. Runs are interleaved, and times are medians of the
process's CPU seconds, after one step has been taken to warm up and without the search
for a stable step. The error is the L2 norm of the difference from the reference over
that of the reference. Prints tables; `--figures DIR` draws one picture per problem.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor, log10, pi
from pathlib import Path

import torch
from torch import Tensor

from physbias.data import shear_flow_initial_state
from physbias.data.generate import shear_flow_grid
from physbias.grid import Grid, Periodic
from physbias.numerics import (
    ARK324,
    ARS222,
    ARS443,
    CNAB2,
    ETDRK2,
    ETDRK4,
    RK4,
    SSPRK3,
    WENO5,
    FiniteDifference,
    Scheme,
    Spectral,
    Stepper,
    Upwind,
)
from physbias.pdes import PDE, Burgers, KuramotoSivashinsky, NavierStokes, TracerFlow
from physbias.strong import Solver

F64 = torch.float64
# fraction of the stability limit at which grids are compared
SAFETY = 0.5


@dataclass(frozen=True, slots=True)
class Run:
    """One point of a diagram.

    Args:
        label: of its line.
        scheme: in space.
        stepper: in time.
        num_points: along the first axis.
        num_steps: until the end; from the stability limit if not given.
    """

    label: str
    scheme: Scheme
    stepper: Stepper
    num_points: int
    num_steps: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One diagram.

    Args:
        title: what is solved.
        name: of the file.
        equation: what is solved.
        grid: takes the number of points along the first axis.
        start: takes a grid and returns the initial state.
        end: time at which states are compared.
        runs: the points.
        reference: returns the state at the end on a fine grid, whose points include
            those of the others.
    """

    title: str
    name: str
    equation: PDE
    grid: Callable[[int], Grid]
    start: Callable[[Grid], Tensor]
    end: float
    runs: list[Run]
    reference: Callable[["Problem"], Tensor]


@dataclass(frozen=True, slots=True)
class Point:
    """What came of a run."""

    run: Run
    num_steps: int
    error: float
    seconds: float


def prepare(problem, run):
    """Return a solver, an admitted state and the number of steps."""
    grid = problem.grid(run.num_points)
    u0 = problem.start(grid)
    options = {"scheme": run.scheme, "stepper": run.stepper}
    count = run.num_steps
    if count is None:
        limit = Solver(problem.equation, grid, **options).stable_step(u0)
        count = int(problem.end / (SAFETY * limit)) + 1
    solve = Solver(
        problem.equation, grid, dt=problem.end / count, allow_unstable=True, **options
    )
    return solve, u0, count


@torch.no_grad()
def final(problem, run):
    """Return the state at the end."""
    solve, u0, _ = prepare(problem, run)
    return solve(u0, [0.0, problem.end])[:, -1]


def sampled(reference, u):
    """Return the reference at the points of a coarser state."""
    for dim in range(2, u.ndim):
        stride, rest = divmod(reference.shape[dim], u.shape[dim])
        assert rest == 0
        reference = reference[(slice(None),) * dim + (slice(None, None, stride),)]
    return reference


@torch.no_grad()
def measure(problem, repeats):
    """Return the points of a diagram."""
    reference = problem.reference(problem)
    prepared = [prepare(problem, run) for run in problem.runs]
    times, states = [[] for _ in prepared], [None] * len(prepared)
    for solve, u0, _ in prepared:
        solve.step(u0)
    for _ in range(repeats):
        for k, (solve, u0, _) in enumerate(prepared):
            start = time.process_time()
            states[k] = solve(u0, [0.0, problem.end])[:, -1]
            times[k].append(time.process_time() - start)
    points = []
    for run, (_, _, count), u, seconds in zip(
        problem.runs, prepared, states, times, strict=True
    ):
        truth = sampled(reference, u)
        error = float((u - truth).norm() / truth.norm())
        points.append(Point(run, count, error, statistics.median(seconds)))
    return points


# --- the problems -----------------------------------------------------------------


def over_grids(pairs, counts):
    return [Run(*pair, count) for pair in pairs for count in counts]


def burgers():
    """A sine that steepens, by the transformation of Cole and Hopf."""
    viscosity = 0.1

    def exact(problem):
        """Solve the heat equation for phi = exp(-1/(2 nu) int u) mode by mode."""
        count = 2048
        x = problem.grid(count).coords(dtype=F64)
        modes = torch.fft.rfft(torch.exp((torch.cos(x) - 1) / (2 * viscosity)))
        k = torch.arange(count // 2 + 1, dtype=F64)
        modes = modes * torch.exp(-viscosity * k**2 * problem.end)
        slope = torch.fft.irfft(1j * k * modes, n=count)
        return -2 * viscosity * slope / torch.fft.irfft(modes, n=count)

    pairs = [
        ("FiniteDifference(2)", FiniteDifference(2), RK4()),
        ("FiniteDifference(4)", FiniteDifference(4), RK4()),
        ("FiniteDifference(8)", FiniteDifference(8), RK4()),
        ("Upwind(3)", Upwind(3), RK4()),
        ("WENO5", WENO5(), RK4()),
        ("Spectral", Spectral(), RK4()),
        ("Spectral, ETDRK4", Spectral(), ETDRK4()),
    ]
    return Problem(
        title="Burgers' equation, ν = 0.1, from sin x to t = 1.5",
        name="burgers",
        equation=Burgers(viscosity),
        grid=lambda n: Grid((n,), (2 * pi,), boundary=Periodic()),
        start=lambda grid: torch.sin(grid.coords(dtype=F64)),
        end=1.5,
        runs=over_grids(pairs, (16, 32, 64, 128)),
        reference=exact,
    )


def kuramoto_sivashinsky():
    """The run of Kassam and Trefethen (2005), SIAM J. Sci. Comput. 26, figure 3.2."""

    def start(grid):
        x = grid.coords(dtype=F64) / 16
        return torch.cos(x) * (1 + torch.sin(x))

    steppers = [CNAB2(), ETDRK2(), ARS222(), ARS443(), ARK324(), ETDRK4()]
    runs = [
        Run(type(stepper).__name__, Spectral(), stepper, 128, count)
        for stepper in steppers
        for count in (40, 80, 160, 320, 640)
    ]
    runs.append(Run("RK4", Spectral(), RK4(), 128))
    return Problem(
        title="Kuramoto-Sivashinsky equation on 128 points to t = 20",
        name="kuramoto-sivashinsky",
        equation=KuramotoSivashinsky(),
        grid=lambda n: Grid((n,), (32 * pi,), boundary=Periodic()),
        start=start,
        end=20.0,
        runs=runs,
        reference=lambda p: final(p, Run("", Spectral(), RK4(), 128, 10_000)),
    )


def shear_flow():
    """Two layers with blobs and a tracer."""
    pairs = [
        ("FiniteDifference(2)", FiniteDifference(2), RK4()),
        ("FiniteDifference(4)", FiniteDifference(4), RK4()),
        ("FiniteDifference(6)", FiniteDifference(6), RK4()),
        ("FiniteDifference(8)", FiniteDifference(8), RK4()),
        ("Upwind(5)", Upwind(5), RK4()),
        ("Spectral", Spectral(), RK4()),
    ]
    return Problem(
        title="Shear flow with tracer, Re = 1000, to t = 1",
        name="shear-flow",
        equation=TracerFlow(1e-3),
        grid=lambda n: shear_flow_grid((n, 2 * n)),
        start=lambda grid: shear_flow_initial_state(
            2, 4, 1.0, num_points=grid.num_points, dtype=F64
        ),
        end=1.0,
        runs=over_grids(pairs, (16, 32, 64, 96)),
        reference=lambda p: final(p, Run("", Spectral(), RK4(), 192)),
    )


def taylor_green():
    """The vortex that breaks up, before it has."""

    def start(grid):
        x, y, z = grid.coords(dtype=F64).split(1, dim=1)
        u = torch.sin(x) * torch.cos(y) * torch.cos(z)
        v = -torch.cos(x) * torch.sin(y) * torch.cos(z)
        return torch.cat([u, v, torch.zeros_like(u)], dim=1)

    pairs = [
        ("FiniteDifference(2)", FiniteDifference(2), RK4()),
        ("FiniteDifference(4)", FiniteDifference(4), RK4()),
        ("FiniteDifference(6)", FiniteDifference(6), RK4()),
        ("Spectral", Spectral(), RK4()),
        ("Spectral, SSPRK3", Spectral(), SSPRK3()),
    ]
    return Problem(
        title="Taylor-Green vortex in three dimensions, Re = 200, to t = 1",
        name="taylor-green-3d",
        equation=NavierStokes(1 / 200),
        grid=lambda n: Grid((n,) * 3, (2 * pi,) * 3, boundary=Periodic()),
        start=start,
        end=1.0,
        runs=over_grids(pairs, (8, 16, 24, 32, 48)),
        reference=lambda p: final(p, Run("", Spectral(), RK4(), 96, 40)),
    )


PROBLEMS = (burgers, kuramoto_sivashinsky, shear_flow, taylor_green)


# --- tables and pictures ----------------------------------------------------------


def report(problem, points):
    """Print the points of a diagram."""
    print(f"### {problem.title}\n")
    print("| scheme or stepper | points | steps | error | CPU s |")
    print("| --- | --- | --- | --- | --- |")
    for point in points:
        size = " × ".join(map(str, problem.grid(point.run.num_points).num_points))
        print(
            f"| {point.run.label} | {size} | {point.num_steps} | "
            f"{point.error:.1e} | {point.seconds:.2g} |"
        )
    print(flush=True)


# told apart with the common colour-vision deficiencies; markers say the same once more
COLOURS = (
    "#0072b2",
    "#d55e00",
    "#00805c",
    "#1a1a1a",
    "#c4679d",
    "#8a6d00",
    "#5b4fb3",
)
MARKERS = "os^Dvp*"
GAP = 0.055  # between names beside the picture, in heights


def draw(problem, points, folder):
    """Draw error against CPU time, each line with its name beside its end."""
    from matplotlib import pyplot as plt  # an extra, for the picture alone
    from matplotlib.ticker import NullFormatter

    plt.rcParams.update({"svg.hashsalt": "physbias", "font.size": 11})
    figure, axes = plt.subplots(figsize=(7.2, 4.6))
    figure.subplots_adjust(left=0.11, right=0.74, top=0.92, bottom=0.13)
    labels = list(dict.fromkeys(point.run.label for point in points))
    ends = []
    for label, colour, marker in zip(labels, COLOURS, MARKERS, strict=False):
        own = [point for point in points if point.run.label == label]
        seconds = [point.seconds for point in own]
        errors = [point.error for point in own]
        axes.loglog(seconds, errors, marker=marker, color=colour, ms=6, lw=1.5)
        ends.append((seconds[-1], errors[-1], label, colour))
    axes.set(xlabel="CPU seconds", ylabel="relative error")
    axes.set_title(problem.title, loc="left", fontsize=11)
    axes.grid(color="#dddddd", lw=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_formatter(NullFormatter())  # they would overlap
    low, high = map(log10, axes.get_xlim())
    if floor(high) <= ceil(low):  # one power of ten gives no scale
        axes.set_xlim(10.0 ** floor(low), 10.0 ** ceil(high))
    figure.canvas.draw()
    to_axes = axes.transData + axes.transAxes.inverted()
    places = sorted((*to_axes.transform((s, e)), n, c) for s, e, n, c in ends)
    places.sort(key=lambda place: place[1])
    heights = [place[1] for place in places]
    for k in range(1, len(heights)):
        heights[k] = max(heights[k], heights[k - 1] + GAP)
    excess = heights[-1] - 1.0
    if excess > 0:
        heights[-1] -= excess
        for k in range(len(heights) - 2, -1, -1):
            heights[k] = min(heights[k], heights[k + 1] - GAP)
    for (x, y, name, colour), height in zip(places, heights, strict=True):
        axes.annotate(
            name,
            (x, y),
            xytext=(1.03, height),
            xycoords="axes fraction",
            textcoords="axes fraction",
            color=colour,
            va="center",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.5, "ls": ":"},
        )
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(
        folder / f"work-precision-{problem.name}.svg", metadata={"Date": None}
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    names = [make().name for make in PROBLEMS]
    parser.add_argument("--problems", nargs="+", choices=names, default=names)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--figures", type=Path, metavar="DIR")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for problem in (make() for make in PROBLEMS):
        if problem.name in arguments.problems:
            points = measure(problem, arguments.repeats)
            report(problem, points)
            if arguments.figures is not None:
                draw(problem, points, arguments.figures)


if __name__ == "__main__":
    main()
