"""Deviation of the lid-driven cavity on staggered grids from published tables.

Prints the largest deviation from the velocities of Ghia, Ghia and Shin (1982) on the
centre lines, and the extremes there beside those of finer computations (`ghia.py`).
`--quick` stops at the coarsest grids. Each grid starts from the flow on the one before,
and is marched until no velocity changes faster than 1e-6 per unit of time.
"""

import argparse
import time

import ghia
import torch
from torch.nn.functional import interpolate

import physbias as pb
from physbias.numerics import Staggered
from physbias.pdes import NavierStokes

LEVELS = {100: (16, 32, 64, 128), 400: (32, 64, 128), 1000: (32, 64, 128)}
STILL = 1e-6
PERIOD = 1.0
SIDES = [
    pb.Dirichlet(0.0),
    (pb.Dirichlet(0.0), pb.Dirichlet((1.0, 0.0))),
]


def cavity(reynolds, count):
    """Return a solver of the cavity with cells of equal size."""
    grid = pb.Grid((count, count), (1.0, 1.0), boundary=SIDES)
    return pb.Solver(
        NavierStokes(1 / reynolds), grid, scheme=Staggered(), stepper=pb.RK4()
    )


@torch.no_grad()
def steady(solve, u, *, still=STILL):
    """Return the state that no longer changes faster than `still`."""
    system = solve.system(u)
    u = system.admit(u)
    while float(system(u, 0.0).abs().max()) > still:
        dt = 0.8 * solve.stable_step(u)
        for _ in range(round(PERIOD / dt)):
            u = solve.step(u, dt=dt)
    return u


def regridded(u, old, new):
    """Return a state of one solver as one of another."""
    centres = old.system(u).derivatives.to_centres(u)
    size = new.grid.num_points
    fine = interpolate(centres, size=size, mode="bilinear", align_corners=False)
    return new.system(u).derivatives.to_faces(fine)


def centre_lines(u):
    """Return u on the vertical and v on the horizontal line, walls included."""
    count = u.shape[-1]
    wall = torch.zeros(1, dtype=u.dtype)
    places = (torch.arange(count, dtype=u.dtype) + 0.5) / count
    places = torch.cat([wall, places, wall + 1])
    vertical = torch.cat([wall, u[0, 0, count // 2], wall + 1])
    horizontal = torch.cat([wall, u[0, 1, :, count // 2], wall])
    return places, vertical, horizontal


def at(points, places, values):
    """Return values at points, by cubic polynomials through the four nearest."""
    result = []
    for point in points:
        first = int(torch.searchsorted(places, torch.tensor(point))) - 2
        first = min(max(first, 0), len(places) - 4)
        near, known = places[first : first + 4], values[first : first + 4]
        weights = [
            torch.prod(torch.stack([(point - b) / (a - b) for b in near if b != a]))
            for a in near
        ]
        result.append((torch.stack(weights) * known).sum())
    return torch.stack(result)


def deviations(reynolds, u):
    """Return the differences from the tables, u along y and v along x."""
    places, vertical, horizontal = centre_lines(u)
    table = torch.tensor(ghia.U[reynolds], dtype=u.dtype)
    across = torch.tensor(ghia.V[reynolds], dtype=u.dtype)
    return at(ghia.Y, places, vertical) - table, at(ghia.X, places, horizontal) - across


def largest(differences, points, leave_out=None):
    kept = [
        abs(float(d))
        for d, p in zip(differences, points, strict=True)
        if p != leave_out
    ]
    return max(kept)


def extremes(u):
    """Return the smallest u, the largest and the smallest v on fine centre lines."""
    places, vertical, horizontal = centre_lines(u)
    fine = torch.linspace(0.02, 0.98, 1921).tolist()
    down, up = at(fine, places, vertical), at(fine, places, horizontal)
    return float(down.min()), float(up.max()), float(up.min())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="coarsest grids only")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print("| Re | cells | u, largest | v, largest | u min | v max | v min | CPU s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    left_out = []
    for reynolds, counts in LEVELS.items():
        u = torch.zeros(1, 2, counts[0], counts[0], dtype=torch.float64)
        before = cavity(reynolds, counts[0])
        for count in counts[:1] if arguments.quick else counts:
            solve, start = cavity(reynolds, count), time.process_time()
            u = steady(solve, regridded(u, before, solve))
            before, seconds = solve, time.process_time() - start
            along, across = deviations(reynolds, u)
            worst = [
                largest(along, ghia.Y),
                largest(across, ghia.X, ghia.MISPRINT.get(reynolds)),
            ]
            cells = [f"{value:.5f}" for value in (*worst, *extremes(u))]
            row = " | ".join([str(reynolds), f"{count} × {count}", *cells])
            print(f"| {row} | {seconds:.0f} |", flush=True)
            if reynolds in ghia.MISPRINT:
                place = ghia.X.index(ghia.MISPRINT[reynolds])
                printed = ghia.V[reynolds][place]
                left_out.append((reynolds, count, printed, printed + across[place]))
        if reynolds in ghia.EXTREMES:
            source, *values = ghia.EXTREMES[reynolds]
            known = " | ".join(f"{value:.5f}" for value in values)
            print(f"| {reynolds} | {source} | | | {known} | |")
    for reynolds, count, printed, found in left_out:
        print(
            f"Left out: v at x = {ghia.MISPRINT[reynolds]}, Re {reynolds}, "
            f"{printed:.5f} in the table, {float(found):.5f} on {count} × {count}"
        )


if __name__ == "__main__":
    main()
