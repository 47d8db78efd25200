"""Observed orders of all schemes and steppers, and all equations with their witness.

Prints the tables of `docs/orders.md`, in Markdown; `--out FILE` writes them too. A
figure out of tolerance is marked, and the command then ends with status 1. Takes two to
four minutes on one core.
"""

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orders_others
import orders_space
import orders_time
import orders_witnesses
import torch
from orders_rows import Table
from orders_states import PAIRS

HEAD = """# Orders and witnesses

What every scheme, stepper and equation promises, and what was observed. Printed on
{date} by `python benchmarks/orders.py --out docs/orders.md` (`make orders`) in float64
with torch {version} on the CPU. A figure out of tolerance would be marked **out**, and
the command would fail; {verdict}. A test fails if the package exports a scheme, stepper
or equation that has no line here.

In brackets stand the promises. An order is observed between two levels and must lie
within 0.1 of the nominal one, within 0.2 for WENO and implicit-explicit steps. Beside
walls it must reach the promise less as much, and may be more: there the error is a sum
of two, that of the formula inside and that of what continues the field beyond the wall.

Space is tried on anisotropic planes whose two axes have the same pair of walls in
opposite order. Manufactured states are products of waves in eight phases, with data of
the walls that vary along them and in time, and derivatives by hand. *Inside* is the
root-mean-square error of the middle half, *at walls* the largest error in the two cells
at any wall. Levels have half as many points again, and are the finest at which errors
are 50 times as large as what noise of the size of rounding causes.
"""
DERIVATIVES = """`partial` of order 1 to 4. Walls lower the order of a derivative where
the ghost cells beyond them are of too low an order: a polynomial through the wall's
datum of degree p + 1 gives order p + 2 − n for the n-th derivative (one of degree p is
enough for the first of `Compact`), mirrored ghosts (`mirror=True`) 2 − n beside values
and 3 − n beside slopes, for states that are not odd or even there. A negative order is
an error that grows. Outflows have degree p + 1, at most 8, and p with mirrored ghosts.
The third derivative of `Compact(4)` is that of `Compact(6)` inside."""
MIXED = """`d.derived.y(d.x(u))` and the same with the axes exchanged, corners
included: the first derivative keeps the order that it has beside its own walls, and
what it makes is no field, so that beyond the walls of the other axis its own cells
continue it. At order 8, with planes of symmetry and no datum, rounding ends the range
in which an order could be judged."""
TRANSPORT = """`advect` in a wind that turns, and the flux of `Advection`. Ghost cells
are mirrored in walls, as above; outflows have degree p. The figures of `MUSCL` are
those of cells without an extremum nearby: at one, its limiters make it first order by
design."""
FLUXES = "`flux_divergence` of u²/2 and of the Euler equations, on a periodic plane."
SPECTRAL = """Errors of `Spectral(None)` on 40 × 50 points, relative to the largest
value, for states that go on smoothly when they are reflected."""
SKEW = "`advect` in a wind that crosses no wall."
STAGGERED = """`Staggered`: divergence in the cells, the rest on the faces. Ghosts of a
velocity along a wall are mirrored, which costs its second derivative two orders and its
advection one."""


def columns(first: tuple[str, ...], words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the head of a table with columns inside and at walls."""
    return (
        *first,
        *(f"{word}, inside" for word in words),
        *(f"{word}, at walls" for word in words),
    )


def derivatives() -> Table:
    """Return the orders of four derivatives between all walls."""
    rows = [
        orders_space.derivatives(case, pair)
        for case in orders_space.DERIVATIVES
        for pair in PAIRS
    ]
    head = columns(("scheme", "walls"), ("1st", "2nd", "3rd", "4th"))
    return Table("Derivatives", DERIVATIVES, head, tuple(rows))


def mixed() -> Table:
    """Return the orders of mixed derivatives between all walls."""
    rows = [
        orders_space.mixed(case, pair)
        for case in orders_space.DERIVATIVES
        for pair in PAIRS
    ]
    head = ("scheme", "walls", "inside", "at walls and in corners")
    return Table("Mixed derivatives", MIXED, head, tuple(rows))


def transport() -> Table:
    """Return the orders of schemes that look upwind, between all walls."""
    rows = [
        orders_space.transport(case, pair)
        for case in orders_space.TRANSPORTS
        for pair in PAIRS
    ]
    words = ("advection, inside", "at walls", "flux, inside", "at walls")
    head = ("scheme", "walls", *words)
    return Table("Upwind schemes", TRANSPORT, head, tuple(rows))


def fluxes() -> Table:
    """Return the orders of nonlinear fluxes."""
    rows = [orders_space.nonlinear(case) for case in orders_space.FLUX_CASES]
    return Table("Nonlinear fluxes", FLUXES, ("scheme", "u²/2", "Euler"), tuple(rows))


def spectral() -> Table:
    """Return the errors of Fourier modes, sines and cosines."""
    rows = [orders_others.spectral(pair) for pair in orders_others.REFLECTED]
    head = ("walls", "1st", "2nd", "3rd", "4th")
    return Table("Spectral derivatives", SPECTRAL, head, tuple(rows))


def skewed() -> Table:
    """Return the orders of skew-symmetric advection."""
    pairs = (*orders_others.SHUT, ("Neumann", "Neumann"))
    rows = [
        orders_others.skewed(scheme, pair)
        for scheme in orders_others.SKEWED
        for pair in pairs
    ]
    head = ("scheme", "walls", "inside", "at walls")
    return Table("Skew-symmetric advection", SKEW, head, tuple(rows))


def staggered() -> Table:
    """Return the orders of the staggered grid."""
    rows = [row for pair in orders_others.SHUT for row in orders_others.staggered(pair)]
    head = ("walls", "operation", "inside", "at walls")
    return Table("Staggered grid", STAGGERED, head, tuple(rows))


PARTS: dict[str, Callable[[], Table]] = {
    "derivatives": derivatives,
    "mixed": mixed,
    "spectral": spectral,
    "transport": transport,
    "fluxes": fluxes,
    "skewed": skewed,
    "staggered": staggered,
    "steppers": orders_time.table,
    "equations": orders_witnesses.table,
}


def page(tables: list[Table]) -> str:
    """Return the page with a head that says how many figures are out."""
    missed = sum(len(table.missed) for table in tables)
    total = sum(len(table.rows) for table in tables)
    verdict = f"{missed} of {total} rows are" if missed else f"none of {total} rows is"
    head = HEAD.format(
        date=datetime.now(UTC).date(),
        version=torch.__version__.split("+")[0],
        verdict=verdict,
    )
    return "\n".join([head, *map(str, tables)])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="file to write the page to as well")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(1)
    tables = []
    for part in chosen.parts:
        tables.append(PARTS[part]())
        print(tables[-1], flush=True)
    if chosen.out:
        chosen.out.write_text(page(tables))
    missed = [row for table in tables for row in table.missed]
    for row in missed:
        print("out of tolerance:", *row, file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
