"""The command line: ``physbias study``, ``measure``, ``verify``, ``generate``."""

import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from physbias.errors import MissingExtraError, PhysbiasError, explain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID
    from typer import Typer

    from physbias.study import StudyResult, StudySettings

INTERRUPTED = 130


def main() -> None:
    """Run the command line.

    Raises:
        SystemExit: always, with 0 for success, 1 for an error of the user's, 130 for
            an interruption.
    """
    if sys.argv[1:2] == ["--version"]:  # needs none of the study's packages
        print(f"physbias {version('physbias')}")  # noqa: T201 (a command line prints)
        raise SystemExit(0)
    if sys.argv[1:2] == ["measure"]:
        raise SystemExit(_measure(sys.argv[2:]))
    if sys.argv[1:2] == ["verify"]:
        raise SystemExit(_verify(sys.argv[2:]))
    if sys.argv[1:2] == ["generate"]:
        raise SystemExit(_generate(sys.argv[2:]))
    try:
        app = _make_app()
    except ImportError as error:
        text = explain(
            "physbias",
            found=f"no package {error.name}",
            expected="the command line's packages",
            remedy='run: pip install "physbias[study]"',
        )
        raise SystemExit(str(MissingExtraError(text))) from error
    try:
        app()
    except PhysbiasError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 (a command line prints)
        raise SystemExit(1) from error


def _make_app() -> "Typer":
    import typer

    app = typer.Typer(
        help="Physics at the strength you choose, and what it costs in joules.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def root() -> None:
        """Physics at the strength you choose, and what it costs in joules."""

    app.command("study")(study)

    @app.command("measure")
    def measure() -> None:
        """Run any program and print its energy: physbias measure -- PROGRAM."""
        raise SystemExit(_measure(sys.argv[2:]))

    @app.command("verify")
    def verify() -> None:
        """Prove an equation of your own: physbias verify MODULE:NAME."""
        raise SystemExit(_verify(sys.argv[2:]))

    @app.command("generate")
    def generate() -> None:
        """Make a data set of an equation: physbias generate NAME --out DIR."""
        raise SystemExit(_generate(sys.argv[2:]))

    return app


def _generate(arguments: list[str]) -> int:
    from physbias.generate.command import command

    try:
        return command(arguments)
    except PhysbiasError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 (a command line prints)
        return 1


def _verify(arguments: list[str]) -> int:
    from physbias.verify.command import command

    try:
        return command(arguments)
    except PhysbiasError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 (a command line prints)
        return 1


def _measure(arguments: list[str]) -> int:
    from physbias.energy.command import measure

    try:
        return measure(arguments)
    except PhysbiasError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 (a command line prints)
        return 1


def study(
    out: Path = Path("study-report"),
    data: Path | None = None,
    candidates: str | None = None,
    seconds: float | None = None,
    epochs: float | None = None,
    seeds: int = 1,
    stride: int | None = None,
    horizon: int = 8,
    threads: int = 1,
    device: str | None = None,
) -> None:
    """Train one candidate per rung of physics strength and judge skill against joules.

    Makes shear-flow data with the library's own solver, or reads a folder of The
    Well's files, trains each candidate within the same budget, and writes a table,
    results.json and report.html. A second call resumes an interrupted study.

    Args:
        out: Folder for data, candidates, results and report.
        data: Folder of The Well's HDF5 files, instead of making data.
        candidates: Comma-separated names; all if not given.
        seconds: Training time per candidate [s]; 25 if no budget is given.
        epochs: Passes over the data per candidate, instead of seconds.
        seeds: Seeds per candidate that learns.
        stride: Frames from one state to the next; by default the smallest at which
            persistence errs by 0.15 (VRMSE).
        horizon: Steps of the roll-outs.
        threads: Threads of PyTorch on a CPU.
        device: Where to compute; cuda where there is one, else cpu.
    """
    import torch
    from rich.console import Console

    from physbias.errors import ArgumentError
    from physbias.study import EpochBudget, StudySettings, TimeBudget, print_table
    from physbias.study.settings import CANDIDATES

    if seconds is not None and epochs is not None:
        raise ArgumentError(
            explain(
                "--seconds and --epochs",
                found="both",
                expected="one budget",
                remedy="drop one of them",
            )
        )
    names = CANDIDATES
    if candidates is not None:
        names = tuple(name.strip() for name in candidates.split(","))
    settings = StudySettings(
        out=out,
        data=data,
        candidates=names,
        budget=TimeBudget(25.0 if seconds is None else seconds)
        if epochs is None
        else EpochBudget(epochs),
        seeds=seeds,
        stride=stride,
        horizon=horizon,
        threads=threads,
        device=device or ("cuda" if torch.cuda.is_available() else "cpu"),
    )
    console = Console()
    result = _run_with_bars(settings, console)
    console.print()
    print_table(result, console)
    console.print(f"\nreport: {out / 'report.html'}\nresults: {out / 'results.json'}")


def _run_with_bars(settings: "StudySettings", console: "Console") -> "StudyResult":
    """Run a study and draw how far each stage is."""
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    from physbias.study import run_study

    bars: dict[str, TaskID] = {}
    columns = (
        TextColumn("{task.description:24}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:

        def report(stage: str, fraction: float) -> None:
            if stage not in bars:
                bars[stage] = progress.add_task(stage, total=1.0)
            progress.update(bars[stage], completed=fraction)

        try:
            return run_study(settings, report)
        except KeyboardInterrupt:
            progress.stop()
            console.print(
                "interrupted: what was finished is kept; the same command resumes"
            )
            raise SystemExit(INTERRUPTED) from None
