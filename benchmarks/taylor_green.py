"""Taylor-Green vortex at Reynolds 1600, beside a published simulation of 512^3 points.

The vortex v = (sin x cos y cos z, -cos x sin y cos z, 0) on [0, 2 pi]^3 breaks up into
small eddies. Means over the box of kinetic energy E and enstrophy W, half the square of
velocity and vorticity, obey -dE/dt = 2 nu W, begin at 1/8 and 3/8, and are compared
with the published ones. Prints tables; `--figure FILE` draws the dissipation.
"""

import argparse
import time
from dataclasses import dataclass
from math import pi
from pathlib import Path

import torch

from physbias.grid import Grid, Periodic
from physbias.numerics import RK4, Spectral
from physbias.pdes import NavierStokes
from physbias.strong import Solver

REYNOLDS = 1600
INTERVAL = 0.05
# Time, kinetic energy, its rate of loss and enstrophy of the 512^3 pseudo-spectral
# reference of case C3.5, International Workshop on High-Order CFD Methods (file
# spectral_Re1600_512.gdiag), to seven digits. The flow is that of M. E. Brachet et al.
# (1983), J. Fluid Mech. 130, 411-452; the row of t = 8.97 holds the largest loss.
REFERENCE = (
    (0.0, 0.125, 0.0004687428, 0.375),
    (0.5, 0.1247638, 0.0004802461, 0.3841955),
    (1.0, 0.1245153, 0.0005188209, 0.4150550),
    (1.5, 0.1242394, 0.0005911841, 0.4729449),
    (2.0, 0.1239168, 0.0007075635, 0.5660478),
    (2.5, 0.1235223, 0.0008808951, 0.7047123),
    (3.0, 0.1230239, 0.001126517, 0.9012081),
    (3.5, 0.1223788, 0.001476982, 1.181574),
    (4.0, 0.1215082, 0.002066236, 1.652964),
    (4.5, 0.1202407, 0.003061200, 2.448957),
    (5.0, 0.1184358, 0.004127097, 3.301699),
    (5.5, 0.1161715, 0.004871541, 3.897239),
    (6.0, 0.1135811, 0.005530986, 4.424761),
    (6.5, 0.1105628, 0.006625069, 5.300051),
    (7.0, 0.1070247, 0.007364770, 5.891733),
    (7.5, 0.1030429, 0.008729992, 6.984035),
    (8.0, 0.09828988, 0.01037290, 8.298340),
    (8.5, 0.09270220, 0.01192071, 9.536445),
    (8.97, 0.08678956, 0.01285753, 10.28613),
    (9.0, 0.08640386, 0.01285454, 10.28377),
    (9.5, 0.08023133, 0.01172934, 9.383371),
    (10.0, 0.07447917, 0.01127205, 9.017462),
)


@dataclass(frozen=True, slots=True)
class Course:
    """Means over the box, one value per output time.

    Args:
        times: output times, ``INTERVAL`` apart from 0 on.
        energy: kinetic energy.
        enstrophy: half the square of the vorticity.
        seconds: CPU time of the run.
    """

    times: torch.Tensor
    energy: torch.Tensor
    enstrophy: torch.Tensor
    seconds: float

    @property
    def dissipation(self):
        """What the viscosity takes."""
        return 2 * self.enstrophy / REYNOLDS

    @property
    def loss(self):
        """-dE/dt by central differences of order 4, but for two times at each end."""
        e = self.energy
        return (8 * (e[1:-3] - e[3:-1]) + e[4:] - e[:-4]) / (12 * INTERVAL)

    @property
    def gap(self):
        """Largest difference of -dE/dt and 2 nu W, relative to the largest 2 nu W."""
        gap = (self.loss - self.dissipation[2:-2]).abs().max()
        return float(gap / self.dissipation.max())

    def near(self, instant):
        """Return the index of the output time nearest to an instant."""
        return int((self.times - instant).abs().argmin())


def vortex(grid, dtype=torch.float64):
    """Return the velocity at the start.

    Source:
        G. I. Taylor, A. E. Green (1937), Proc. R. Soc. Lond. A 158, 499-521.
    """
    x, y, z = grid.coords(dtype=dtype).split(1, dim=1)
    u = torch.sin(x) * torch.cos(y) * torch.cos(z)
    v = -torch.cos(x) * torch.sin(y) * torch.cos(z)
    return torch.cat([u, v, torch.zeros_like(u)], dim=1)


@torch.no_grad()
def run(num_points, end, *, dt, dtype=torch.float64):
    """Return the course of the vortex on num_points^3 points until a time."""
    grid = Grid((num_points,) * 3, (2 * pi,) * 3, boundary=Periodic())
    equation, volume = NavierStokes(1 / REYNOLDS), (2 * pi) ** 3
    solve = Solver(equation, grid, scheme=Spectral(), stepper=RK4(), dt=dt)
    times = INTERVAL * torch.arange(round(end / INTERVAL) + 1, dtype=torch.float64)
    energy, enstrophy, start = [], [], time.process_time()
    for u in solve.stream(vortex(grid, dtype), times.tolist()):
        d = solve.system(u).derivatives
        energy.append(float(equation.dissipated(u, d)["energy"]) / volume)
        enstrophy.append(float(d.integral(d.curl(u).square()).sum()) / 2 / volume)
    seconds = time.process_time() - start
    means = torch.tensor([energy, enstrophy], dtype=torch.float64)
    return Course(times, means[0], means[1], seconds)


def draw(courses, file):
    """Draw what the viscosity takes, beside the published values."""
    from matplotlib import pyplot as plt  # an extra, for the picture alone

    plt.rcParams.update({"svg.hashsalt": "physbias", "font.size": 11})
    figure, axes = plt.subplots(figsize=(7.2, 4.4), layout="constrained")
    looks = ("#d55e00", "#0072b2", "#00805c", "#c4679d")
    for (count, course), colour in zip(sorted(courses.items()), looks, strict=False):
        axes.plot(course.times[2:-2], course.loss, color=colour, lw=5, alpha=0.3)
        axes.plot(course.times, course.dissipation, color=colour, lw=1.5)
        place = int(course.dissipation.argmax())
        axes.annotate(
            f"{count}³",
            (float(course.times[place]), float(course.dissipation[place])),
            xytext=(-4, 5),
            textcoords="offset points",
            color=colour,
            ha="right",
            weight="bold",
        )
    t, _, loss, _ = zip(*REFERENCE, strict=True)
    axes.plot(t, loss, "o", ms=5, mfc="white", mec="#1a1a1a", zorder=3, clip_on=False)
    axes.annotate(
        "512³, published",
        (8.0, 0.01037),
        xytext=(3.4, 0.0112),
        color="#1a1a1a",
        arrowprops={"arrowstyle": "-", "color": "#1a1a1a", "lw": 0.7, "shrinkB": 4},
    )
    axes.set(xlabel="time", ylabel="rate at which kinetic energy is lost")
    axes.set_xlim(0, max(t))
    axes.set_ylim(0)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)


def report(courses):
    """Print the tables of the runs."""
    counts = sorted(courses)
    print("| points | CPU s | E(0) - 1/8 | 2 ν Ω(0) - 3/(4 Re) | gap of the budget |")
    print("| --- | --- | --- | --- | --- |")
    for n in counts:
        c = courses[n]
        start = float(c.energy[0]) - 1 / 8, float(c.dissipation[0]) - 0.75 / REYNOLDS
        print(f"| {n}³ | {c.seconds:.0f} | {start[0]:.0e} | {start[1]:.0e} ", end="")
        print(f"| {c.gap:.1e} |")
    print()
    print("| t | E, 512³ |" + "".join(f" {n}³ |" for n in counts), end="")
    print(" -dE/dt, 512³ |" + "".join(f" 2 ν Ω, {n}³ |" for n in counts))
    print("| --- " * (3 + 2 * len(counts)) + "|")
    for t, energy, loss, _ in REFERENCE:
        if any(abs(c.times[c.near(t)] - t) > 1e-9 for c in courses.values()):
            continue
        row = [f"{t:g}", f"{energy:.5f}"]
        row += [f"{courses[n].energy[courses[n].near(t)]:.5f}" for n in counts]
        row.append(f"{loss:.6f}")
        row += [f"{courses[n].dissipation[courses[n].near(t)]:.6f}" for n in counts]
        print("| " + " | ".join(row) + " |")
    peak = max(REFERENCE, key=lambda row: row[2])
    print(f"\nLargest rate, published: {peak[2]:.6f} at t = {peak[0]:g}", end="")
    for n in counts:
        place = int(courses[n].dissipation.argmax())
        print(f"; {n}³: {courses[n].dissipation[place]:.6f}", end="")
        print(f" at t = {courses[n].times[place]:.2f}", end="")
    print(".")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, nargs="+", default=[64], metavar="N")
    parser.add_argument("--end", type=float, default=10.0, metavar="T")
    parser.add_argument("--dt", type=float, default=0.025)
    parser.add_argument("--single", action="store_true", help="in single precision")
    parser.add_argument("--figure", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    dtype = torch.float32 if arguments.single else torch.float64
    courses = {
        n: run(n, arguments.end, dt=arguments.dt, dtype=dtype) for n in arguments.points
    }
    report(courses)
    if arguments.figure is not None:
        draw(courses, arguments.figure)


if __name__ == "__main__":
    main()
