"""The command ``physbias measure``: the energy of any program."""

import argparse
import json
import shlex
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from physbias.energy.carbon.footprint import check_pue
from physbias.energy.carbon.intensity import CarbonIntensity, as_intensity
from physbias.energy.machine import Machine
from physbias.energy.meter import EnergyMeter
from physbias.energy.model import CpuModel
from physbias.energy.program import Program, ProgramClock, shows_running
from physbias.energy.record.record import EnergyRecord
from physbias.energy.scan import probe
from physbias.energy.sensors.cuda import DeviceChoice
from physbias.energy.sensors.probe import SensorUnavailableWarning
from physbias.errors import ArgumentError, explain

NOT_FOUND, NOT_EXECUTABLE = 127, 126


def measure(arguments: Sequence[str]) -> int:
    """Run a program, print its energy to standard error, and return its exit code.

    Args:
        arguments: options, ``--`` and the program with its arguments.

    Raises:
        ArgumentError: an option cannot be used; the program has not been started.
    """
    options, command = _parse(arguments)
    if options.probe:
        report = probe()
        print(report)  # noqa: T201 (a command line prints)
        if options.json is not None:
            _write(options.json, json.dumps(report.to_dict(), indent=2))
        return 0
    grid = _grid(options)
    program = Program(command)
    meter = EnergyMeter(
        _devices(options.devices),
        sync="none",
        journal=options.journal,
        label=options.label,
        tags={"command": shlex.join(command)},
        estimate=options.estimate,
        model=CpuModel(owner="the program"),
        machine=Machine(clock=ProgramClock(program)) if options.estimate else None,
    )
    try:
        with _without_warnings(), meter:
            code = program.run()
            meter.annotate("exit_code", code)
    except OSError as error:
        _say(f"physbias measure: {command[0]}: {error.strerror}")
        return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
    record = meter.result
    if grid is not None:
        record = record.with_carbon(grid, pue=options.pue)
    _say(report_text(record))
    if options.json is not None and not _write(options.json, record.to_json()):
        return code or 1
    return code


def report_text(record: EnergyRecord) -> str:
    """Return a record as the lines that are printed."""
    return f"energy: {record.table()}"


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Leave out the warning that nothing can be read: what is printed says it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SensorUnavailableWarning)
        yield


def _parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = _parser()
    given = list(arguments)
    split = given.index("--") if "--" in given else len(given)
    options, rest = parser.parse_known_args(given[:split])
    if rest:
        hint = "" if rest[0].startswith("-") else " (write -- before the program)"
        parser.error(f"unrecognized arguments: {shlex.join(rest)}{hint}")
    command = given[split + 1 :]
    if not command and not options.probe:
        parser.error("no program: physbias measure [options] -- PROGRAM [arguments]")
    if options.estimate and sys.platform == "win32":
        parser.error("--estimate: Windows does not tell the program's processor time")
    if options.estimate and options.journal is not None and not shows_running():
        parser.error("--estimate with --journal: no /proc tells processor time so far")
    if options.json is not None and not options.json.absolute().parent.is_dir():
        parser.error(f"--json: there is no folder {options.json.absolute().parent}")
    return options, command


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="physbias measure",
        usage="physbias measure [options] -- PROGRAM [arguments]",
        description="Run a program and print its energy to standard error.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--probe",
        action="store_true",
        help="print what can be read on this machine and why not the rest",
    )
    parser.add_argument("--json", type=Path, help="file for the whole record")
    parser.add_argument(
        "--journal", type=Path, help="file that survives if this process is killed"
    )
    parser.add_argument("--label", default="", help="name of the run")
    parser.add_argument(
        "--devices",
        default="used",
        help="used, node, or indices and UUIDs with commas between them",
    )
    parser.add_argument(
        "--estimate",
        action="store_true",
        help="give a model figure, labelled estimate, for a CPU without a sensor",
    )
    place = parser.add_mutually_exclusive_group()
    place.add_argument(
        "--country", help="ISO code, for carbon at its annual average; never guessed"
    )
    place.add_argument("--intensity", type=float, help="carbon intensity in g/kWh")
    parser.add_argument("--pue", type=float, help="power usage effectiveness there")
    return parser


def _grid(options: argparse.Namespace) -> CarbonIntensity | None:
    """Return the intensity asked for; a mistake shows before the program starts."""
    check_pue(options.pue)
    given = options.country if options.country is not None else options.intensity
    if given is not None:
        return as_intensity(given)
    if options.pue is not None:
        raise ArgumentError(
            explain(
                "--pue",
                found="no place",
                expected="--country or --intensity beside it",
                remedy="name the place whose electricity was used",
            )
        )
    return None


def _devices(text: str) -> DeviceChoice:
    if text in ("used", "node"):
        return text
    names = [name.strip() for name in text.split(",") if name.strip()]
    return [int(name) if name.isdigit() else name for name in names]


def _write(path: Path, text: str) -> bool:
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        _say(f"physbias measure: {path} cannot be written: {error.strerror}")
        return False
    return True


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 (a command line prints)
