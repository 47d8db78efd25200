"""The command ``physbias verify MODULE:NAME``."""

import argparse
import inspect
from collections.abc import Callable, Sequence
from math import pi
from typing import Any, cast

from torch import Tensor

from physbias.errors import ArgumentError, explain
from physbias.grid import Grid
from physbias.grid.conditions import (
    Boundary,
    Dirichlet,
    Neumann,
    Outflow,
    Periodic,
    Symmetry,
)
from physbias.locate import locate
from physbias.numerics import Compact, FiniteDifference, Scheme, Spectral
from physbias.pdes import PDE, Derivatives, pde
from physbias.verify.points import State
from physbias.verify.runner import PROBES, verify
from physbias.verify.symmetry import KINDS

CONDITIONS: dict[str, Callable[[], Boundary]] = {
    "periodic": Periodic,
    "dirichlet": Dirichlet,
    "neumann": Neumann,
    "symmetry": Symmetry,
    "outflow": Outflow,
}
SCHEMES: dict[str, Scheme] = {
    **{f"fd{order}": FiniteDifference(order) for order in (2, 4, 6, 8)},
    **{f"compact{order}": Compact(order) for order in (4, 6)},
    "spectral": Spectral(),
}
NUM_POINTS = 48
RightHandSide = Callable[[Tensor, Derivatives], Tensor]


def command(arguments: Sequence[str]) -> int:
    """Verify an equation and print the report.

    Args:
        arguments: those of the command line after ``verify``.

    Returns:
        0 where no probe failed, else 1.

    Raises:
        ArgumentError: what is named cannot be found, or is no equation.
    """
    options = _parser().parse_args(arguments)
    equation = _as_pde(locate(options.equation), options.fields)
    witness = None if options.witness is None else locate(options.witness)
    if witness is not None and not callable(witness):
        raise ArgumentError(
            explain(
                "--witness",
                found=type(witness).__name__,
                expected="a callable (coords, time) that returns the state",
                remedy="name a function",
            )
        )
    report = verify(
        equation,
        _grid(options.points, options.lengths, options.boundary),
        witness=cast(State | None, witness),
        scheme=SCHEMES[options.scheme],
        symmetries=tuple(options.symmetry),
        mean=tuple(options.mean),
        amplitude=options.amplitude,
        duration=options.duration,
        probes=tuple(options.probe) or None,
        seed=options.seed,
    )
    print(report.to_json() if options.json else report)  # noqa: T201 (a command prints)
    return 0 if report.ok else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="physbias verify",
        description="Prove an equation: orders, batch, gradients, boundaries, "
        "conservation, symmetry, and a witness if there is one.",
    )
    parser.add_argument(
        "equation",
        metavar="MODULE:NAME",
        help="a PDE, a class of one that needs no argument, or a function (u, d); "
        "MODULE may be a file",
    )
    parser.add_argument(
        "--witness", metavar="MODULE:NAME", help="a known solution (coords, time)"
    )
    parser.add_argument(
        "--fields", default="u", help="name of the field of a function (u)"
    )
    parser.add_argument(
        "--points", default=str(NUM_POINTS), help="points per axis, such as 48,64"
    )
    parser.add_argument("--lengths", help="extent per axis [m] (2 pi each)")
    parser.add_argument(
        "--boundary",
        default="periodic",
        help="one per axis, such as periodic,dirichlet/neumann; of "
        + ", ".join(CONDITIONS),
    )
    parser.add_argument(
        "--scheme", choices=tuple(SCHEMES), default="fd4", help="derivatives (fd4)"
    )
    parser.add_argument(
        "--symmetry",
        action="append",
        choices=KINDS,
        default=[],
        help="a symmetry that it must have; may be repeated",
    )
    parser.add_argument(
        "--mean", type=float, nargs="+", default=[0.0], help="level of each channel"
    )
    parser.add_argument(
        "--amplitude", type=float, default=1.0, help="size of the states"
    )
    parser.add_argument(
        "--duration", type=float, help="span of the comparison with the witness [s]"
    )
    parser.add_argument(
        "--probe",
        action="append",
        choices=tuple(PROBES),
        default=[],
        help="run this probe only; may be repeated",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the states (0)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _as_pde(found: Any, fields: str) -> PDE:  # noqa: ANN401 (the same)
    if isinstance(found, PDE):
        return found
    if isinstance(found, type) and issubclass(found, PDE):
        _check_bare(found)
        return found()
    if callable(found) and not isinstance(found, type):
        return pde(cast(RightHandSide, found), fields)
    raise ArgumentError(
        explain(
            "MODULE:NAME",
            found=repr(found),
            expected="a PDE, a class of one, or a function (u, d)",
            remedy="name the equation itself",
        )
    )


def _check_bare(equation: type[PDE]) -> None:
    """Raise unless a class can be called without arguments."""
    parameters = inspect.signature(equation).parameters.values()
    needed = [
        p.name
        for p in parameters
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    if needed:
        name = equation.__name__
        raise ArgumentError(
            explain(
                "MODULE:NAME",
                found=f"the class {name}, which needs {', '.join(needed)}",
                expected="a class that needs no argument, or an equation",
                remedy="give defaults in its __init__, or name an equation, as after "
                f"mine = {name}(...)",
            )
        )


def _grid(points: str, lengths: str | None, boundary: str) -> Grid:
    counts = [int(_as_number(part, "--points")) for part in points.split(",")]
    extents = [2 * pi] * len(counts)
    if lengths is not None:
        extents = [_as_number(part, "--lengths") for part in lengths.split(",")]
    entries = [[_condition(c) for c in e.split("/")] for e in boundary.split(",")]
    if len(entries) == 1:
        entries = entries * len(counts)
    sides = [entry * 2 if len(entry) == 1 else entry for entry in entries]
    return Grid(counts, extents, boundary=sides)


def _as_number(text: str, option: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ArgumentError(
            explain(
                option,
                found=repr(text),
                expected="numbers with commas between them",
                remedy="write, for example, 48,64",
            )
        ) from None


def _condition(name: str) -> Boundary:
    if name not in CONDITIONS:
        raise ArgumentError(
            explain(
                "--boundary",
                found=repr(name),
                expected=f"one of: {', '.join(CONDITIONS)}",
                remedy="give values other than zero in Python, with physbias.verify",
            )
        )
    return CONDITIONS[name]()
