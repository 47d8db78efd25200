"""Proof of an equation: run every probe and report."""

import copy
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import torch

from physbias.arguments import (
    check_count,
    check_function,
    check_kind,
    check_numbers,
    check_positive,
)
from physbias.errors import ArgumentError, explain
from physbias.grid import Grid
from physbias.numerics import (
    SSPRK3,
    DormandPrince,
    FiniteDifference,
    Scheme,
    Staggered,
    Stepper,
)
from physbias.numerics.scheme import check_kinds
from physbias.pdes import PDE
from physbias.verify import (
    batch,
    boundary,
    conservation,
    floor,
    gradients,
    order_space,
    order_time,
    symmetry,
    uses,
    well_posed,
    witness_boundary,
    witness_residual,
    witness_solver,
)
from physbias.verify.case import Case, Invariants
from physbias.verify.finding import Finding, judged
from physbias.verify.points import State
from physbias.verify.report import Report

LIBRARIES = (Path(__file__).parents[1], Path(torch.__file__).parent)
Probe = Callable[[Case], Finding]
PROBES: dict[str, Probe] = {
    order_space.NAME: order_space.probe,
    boundary.NAME: boundary.probe,
    order_time.NAME: order_time.probe,
    uses.NAME: uses.probe,
    floor.NAME: floor.probe,
    batch.NAME: batch.probe,
    batch.COEFFICIENTS: batch.probe_coefficients,
    gradients.NAME: gradients.probe,
    conservation.NAME: conservation.probe,
    symmetry.NAME: symmetry.probe,
    well_posed.NAME: well_posed.probe,
    witness_residual.RESIDUAL: witness_residual.probe_residual,
    witness_boundary.BOUNDARY: witness_boundary.probe_boundary,
    witness_solver.SOLVER: witness_solver.probe_solver,
}


def verify(
    pde: PDE,
    grid: Grid,
    *,
    witness: State | None = None,
    scheme: Scheme = FiniteDifference(4),  # noqa: B008 (a frozen value)
    stepper: Stepper | DormandPrince = SSPRK3(),  # noqa: B008 (a frozen value)
    symmetries: tuple[str, ...] = (),
    invariants: Invariants | None = None,
    mean: float | tuple[float, ...] = 0.0,
    amplitude: float = 1.0,
    order: float | None = None,
    start: float = 0.0,
    duration: float | None = None,
    probes: tuple[str, ...] | None = None,
    seed: int = 0,
) -> Report:
    r"""Probe an equation, a scheme, a stepper and a grid, and report what was found.

    All runs in float64 on the CPU, on a copy of the equation. Orders are taken on
    grids of the same box with other numbers of points.

    Without a witness the probes see whether everything that was made from the equation
    agrees with the equation *as written*. A sign or a factor that is wrong in the
    formula is wrong in every use alike, and only a witness finds it.

    Args:
        pde: the equation, the library's or your own.
        grid: where states live.
        witness: a known solution, called with coordinates ``(1, axis, *space)`` or
            ``(points, axis)`` and a time that broadcasts, differentiable in both; it
            returns the state along axis 1, and may give the multipliers of constraints
            (a pressure) after it.
        scheme: how derivatives are taken.
        stepper: how time is stepped.
        symmetries: those that the equation must have, of ``"translation"``,
            ``"reflection"`` and ``"exchange"`` (of two axes). Those that it has are
            asked of the scheme in any case.
        invariants: takes states and derivatives and returns what is conserved, by name,
            ``(batch,)`` each, besides the equation's own ``invariants``.
        mean: level about which states are manufactured, one number or one per channel;
            keep it away from zero for densities and depths.
        amplitude: size of the manufactured states about it.
        order: order that the scheme promises, if it does not say so itself.
        start: time at which the comparison with the witness starts [s].
        duration: its length [s]; if not given, some of the fastest times of the grid.
        probes: names of the probes to run; all if not given.
        seed: of the manufactured states.

    Raises:
        ArgumentError: an unknown probe or symmetry, levels for another number of
            channels, or a staggered scheme.

    Source:
        K. Salari and P. Knupp (2000), Sandia report SAND2000-1444, and P. J. Roache
        (2002), Journal of Fluids Engineering 124, 4-10, for manufactured solutions.

    Example:
        >>> grid = Grid((32,), (1.0,), boundary=Periodic())
        >>> report = verify(Heat(0.1), grid, probes=("order in space", "symmetry"))
        >>> report.ok
        True
    """
    check_kinds(pde, grid, scheme)
    remedy = "use a stepper of physbias.numerics, such as RK4()"
    check_kind(stepper, "stepper", Stepper | DormandPrince, remedy=remedy)
    for name, function in (("witness", witness), ("invariants", invariants)):
        if function is not None:
            check_function(function, name, remedy="leave it out, or give one")
    levels = mean if isinstance(mean, Sequence) else (mean,)
    check_numbers("mean", *levels)
    check_numbers("amplitude", amplitude)
    check_numbers("start", start)
    for name, value in (("order", order), ("duration", duration)):
        if value is not None:
            check_positive(value, name, remedy="leave it out to have it chosen")
    check_count(seed, "seed", minimum=0)
    _check_names("symmetries", symmetries, symmetry.KINDS)
    if isinstance(scheme, Staggered):
        raise ArgumentError(
            explain(
                "scheme",
                found=repr(scheme),
                expected="one whose fields sit at the points of the grid, where "
                "manufactured states are known",
                remedy="verify the equation with FiniteDifference(2), whose "
                "right-hand side is the same",
            )
        )
    names = tuple(PROBES) if probes is None else probes
    _check_names("probes", names, tuple(PROBES))
    _check_levels(levels, pde.num_channels(grid.ndim))
    case = Case(
        pde=copy.deepcopy(pde).double().cpu(),
        grid=grid,
        scheme=scheme,
        stepper=stepper,
        witness=witness,
        symmetries=symmetries,
        conserved=invariants,
        mean=tuple(levels),
        amplitude=amplitude,
        order=order,
        duration=duration,
        start=start,
        seed=seed,
    )
    begin = perf_counter()
    raised: dict[str, str] = {}
    findings = tuple(_run(name, case, raised) for name in names)
    subject = (
        f"{_name(pde)} on {grid.num_points} points with {scheme!r} and {stepper!r}"
    )
    return Report(subject, findings, perf_counter() - begin)


def _run(name: str, case: Case, raised: dict[str, str]) -> Finding:
    """Return what a probe finds; what it raises is a finding too.

    Args:
        name: of the probe.
        case: what is probed.
        raised: the probe that first raised something, by what it raised; is added to.
    """
    try:
        with torch.enable_grad():
            return PROBES[name](case)
    except Exception as error:  # noqa: BLE001 (a user's equation may raise anything)
        text = f"It raises {type(error).__name__}{_place(error)}: {error}"
        text = text.removesuffix(".") + "."
        first = raised.setdefault(text, name)
        again = first != name
        return judged(
            name,
            passed=False,
            value=None,
            criterion="the equation can be evaluated",
            meaning=f"It raises the same as {first!r}." if again else text,
            remedy=""
            if again
            else "Mend what raises this, or, for a state out of range, set mean= and "
            "amplitude=.",
        )


def _place(error: Exception) -> str:
    """Return the last line of the user's own code on the way to an error."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not any(Path(frame.filename).is_relative_to(home) for home in LIBRARIES)
    ]
    if not own:
        return ""
    return f" (file {own[-1].filename}, line {own[-1].lineno}, in {own[-1].name})"


def _check_levels(levels: Sequence[object], channels: int) -> None:
    if len(levels) not in (1, channels):
        raise ArgumentError(
            explain(
                "mean",
                found=f"{len(levels)} numbers",
                expected=f"one, or one per channel ({channels})",
                remedy="give the level of each channel",
            )
        )


def _check_names(argument: str, names: tuple[str, ...], known: tuple[str, ...]) -> None:
    remedy = f"write a tuple, such as ({known[0]!r},)"
    check_kind(names, argument, tuple | list, remedy=remedy)
    for name in names:
        if name not in known:
            raise ArgumentError(
                explain(
                    argument,
                    found=repr(name),
                    expected=f"of: {', '.join(known)}",
                    remedy="correct the spelling",
                )
            )


def _name(pde: PDE) -> str:
    return (
        "an equation given as a function" if _is_function(pde) else type(pde).__name__
    )


def _is_function(pde: PDE) -> bool:
    return type(pde).__name__.startswith("_")
