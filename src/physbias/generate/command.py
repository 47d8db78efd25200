"""The command ``physbias generate NAME --out DIR``."""

import argparse
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any, NoReturn

from physbias.arguments import check_count
from physbias.errors import ArgumentError, explain
from physbias.generate.catalogue import RECIPES
from physbias.generate.drawing import Entry, Parameter, Range
from physbias.generate.find import dashed, find_recipe
from physbias.generate.recipe import Recipe, parameters_of
from physbias.generate.run import Report, generate
from physbias.generate.shards import SHORTEST, file_attributes

INTERRUPTED = 130
# seconds between the lines of a run whose output is no terminal
PAUSE = 10.0
USAGE = """usage: physbias generate NAME --out DIR [options]
       physbias generate NAME --help    what can be set for this equation
       physbias generate --list         the equations of the library

Make trajectories of an equation in The Well's HDF5 layout. NAME is an equation of the
library, or MODULE:NAME of one of your own, where MODULE may be a file."""


def command(arguments: Sequence[str]) -> int:
    """Make a data set.

    Args:
        arguments: those of the command line after ``generate``.

    Returns:
        0, or 130 where it was interrupted.

    Raises:
        PhysbiasError: what is asked for cannot be made.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        _say(USAGE)
        return 0
    if arguments[0] == "--list":
        _say("\n".join(_rows()))
        return 0
    if arguments[0].startswith("-"):
        raise ArgumentError(
            explain(
                "NAME",
                found=repr(arguments[0]),
                expected="the name of an equation first",
                remedy="write physbias generate burgers --out DIR, say",
            )
        )
    base = find_recipe(arguments[0])
    options = _parser(arguments[0], base).parse_args(_joined(arguments[1:]))
    for name, least in (("--frames", 2), ("--per-file", 1)):
        given = getattr(options, name[2:].replace("-", "_"))
        check_count(least if given is None else given, name, minimum=least)
    recipe = _changed(base, options)
    with _reporter() as report:
        try:
            files = generate(
                recipe,
                options.out,
                train=options.train,
                valid=options.valid,
                test=options.test,
                seed=options.seed,
                batch=options.batch,
                per_file=options.per_file,
                progress=report,
            )
        except KeyboardInterrupt:
            _say("interrupted: whole files are kept; the same command goes on")
            return INTERRUPTED
    steps = [file_attributes(path).get(SHORTEST, inf) for path in files]
    if min(steps) < recipe.step(recipe.dt):
        _warn(
            f"steps of {recipe.dt:g} s are not stable for every sample: steps as short "
            f"as {min(steps):.3g} s were taken ({SHORTEST} in the files)"
        )
    size = sum(path.stat().st_size for path in files) / 2**20
    _say(f"{len(files)} files, {size:.1f} MiB, in {options.out / 'data'}")
    return 0


class _Parser(argparse.ArgumentParser):
    """Names the options nearest to one that it does not know."""

    def error(self, message: str) -> NoReturn:
        kind, _, words = message.partition(": ")
        if kind == "unrecognized arguments":
            word = words.split()[0].partition("=")[0]
            near = get_close_matches(word, self._option_string_actions)
            hint = f"the nearest are {', '.join(near)}; " if near else ""
            message = f"{message} ({hint}--help shows all options)"
        super().error(message)


def _parser(name: str, recipe: Recipe) -> argparse.ArgumentParser:
    parser = _Parser(
        prog=f"physbias generate {name}",
        description=f"Samples of {recipe.name} with {recipe.scheme!r} and "
        f"{type(recipe.stepper).__name__}, started from {recipe.initial_state!r}.",
        epilog="The same command goes on where a run was interrupted.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--out", type=Path, required=True, help="folder of the data set")
    for split, count in (("train", 8), ("valid", 1), ("test", 1)):
        add(f"--{split}", type=int, default=count, help=f"samples ({count})")
    add("--seed", type=int, default=0, help="of all random numbers (0)")
    points, lengths = _words(recipe.num_points), _words(recipe.lengths)
    add("--points", help=f"points per axis, separated by commas ({points})")
    add("--lengths", help=f"extent per axis [m] ({lengths})")
    add("--duration", type=float, help=f"[s] ({recipe.duration:g})")
    add("--frames", type=int, help=f"stored states ({recipe.num_frames})")
    add("--dt", type=float, help=f"longest step [s] ({recipe.dt:g})")
    add("--batch", type=int, default=1, help="samples computed together (1)")
    add("--per-file", type=int, help="most samples in a file (by their size)")
    group = parser.add_argument_group(
        "parameters of the equation", "a number, or low:high for a draw per sample"
    )
    known = recipe.all_parameters
    for parameter in parameters_of(recipe.equation):
        default = _shown(known[parameter]) if parameter in known else "the equation's"
        each = ", per axis by commas" if _per_axis(known.get(parameter)) else ""
        try:
            group.add_argument(
                _flag(parameter),
                dest=f"parameter {parameter}",
                metavar="VALUE",
                help=f"({default}{each})",
            )
        except argparse.ArgumentError as error:
            raise ArgumentError(
                explain(
                    recipe.name,
                    found=f"a parameter {parameter!r}",
                    expected="names that are no option of the command",
                    remedy="rename it, or call physbias.generate.generate in Python",
                )
            ) from error
    return parser


def _changed(recipe: Recipe, options: argparse.Namespace) -> Recipe:
    """Return a recipe with what the command line changes."""
    changes: dict[str, Any] = {}
    if options.points is not None:
        changes["num_points"] = _numbers(options.points, "--points", int)
        for count in changes["num_points"]:
            check_count(count, "--points")
    if options.lengths is not None:
        changes["lengths"] = _numbers(options.lengths, "--lengths", float)
    elif len(changes.get("num_points", recipe.lengths)) != len(recipe.lengths):
        # a cube with the recipe's side, on more or fewer axes
        changes["lengths"] = recipe.lengths[:1] * len(changes["num_points"])
    for name, value in (
        ("duration", options.duration),
        ("num_frames", options.frames),
        ("dt", options.dt),
    ):
        if value is not None:
            changes[name] = value
    parameters = dict(recipe.parameters)
    known = recipe.all_parameters
    for key, text in vars(options).items():
        kind, _, name = key.partition(" ")
        if kind == "parameter" and text is not None:
            parameters[name] = _parameter(text, name, each=_per_axis(known.get(name)))
    return replace(recipe, parameters=parameters, **changes)


def _parameter(text: str, name: str, *, each: bool) -> Parameter:
    first, *others = (_entry(part, name) for part in text.split(","))
    return (first, *others) if each or others else first


def _entry(text: str, name: str) -> Entry:
    low, colon, high = text.partition(":")
    try:
        return Range(float(low), float(high)) if colon else float(low)
    except ValueError:  # that of a Range too
        raise ArgumentError(
            explain(
                _flag(name),
                found=repr(text),
                expected="a number, or two finite ones, the smaller one first",
                remedy="write 0.01:0.1, say, or a single number",
            )
        ) from None


def _numbers(text: str, name: str, kind: Callable[[str], Any]) -> tuple[Any, ...]:
    try:
        return tuple(kind(part) for part in text.split(","))
    except ValueError as error:
        raise ArgumentError(
            explain(
                name,
                found=repr(text),
                expected="numbers separated by commas, such as 64,128",
                remedy="correct it",
            )
        ) from error


def _joined(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with negative values tied to their options."""
    result: list[str] = []
    for argument in arguments:
        if re.match(r"-[\d.]", argument) and result and result[-1].startswith("--"):
            result[-1] += f"={argument}"
        else:
            result.append(argument)
    return result


@contextmanager
def _reporter() -> Iterator[Report]:
    """Give a function that shows how far a run is: a bar, or lines in a log."""
    bars = sys.stderr.isatty() and importlib.util.find_spec("rich") is not None
    if not bars:
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("samples"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("samples", total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


class _Lines:
    """Says now and then, and at the end, how many samples are done."""

    def __init__(self) -> None:
        self._start = self._last = monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = monotonic()
        if done < total and now - self._last < PAUSE:
            return
        self._last = now
        _warn(f"{done} of {total} samples, {now - self._start:.0f} s")


def _rows() -> list[str]:
    """Return a table of the recipes."""
    rows = [("NAME", "points", "box [m]", "span [s]", "frames", "parameters")]
    for name, recipe in RECIPES.items():
        parameters = recipe.all_parameters.items()
        rows.append(
            (
                dashed(name),
                _words(recipe.num_points),
                _words(recipe.lengths),
                f"{recipe.duration:g}",
                str(recipe.num_frames),
                " ".join(f"{key}={_shown(value)}" for key, value in parameters),
            )
        )
    widths = [max(len(row[n]) for row in rows) for n in range(5)]
    return [
        "  ".join([*(row[n].ljust(widths[n]) for n in range(5)), row[5]]).rstrip()
        for row in rows
    ]


def _shown(value: Parameter) -> str:
    entries = value if isinstance(value, tuple) else (value,)
    return ",".join(
        f"{e.low:g}:{e.high:g}" if isinstance(e, Range) else f"{e:g}" for e in entries
    )


def _per_axis(value: Parameter | None) -> bool:
    return isinstance(value, tuple)


def _flag(parameter: str) -> str:
    return f"--{parameter.replace('_', '-')}"


def _words(values: Sequence[float]) -> str:
    return ",".join(f"{value:g}" for value in values)


def _say(text: str) -> None:
    print(text)  # noqa: T201 (a command line prints)


def _warn(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 (the same)
