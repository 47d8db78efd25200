"""Errors and intervals of the energy meter on boards whose energy is known.

Runs on a virtual clock, the same every time. Two passes over each scenario of
``energy_scenarios``: on ideal boards for the error and the comparison interval, and on
boards with gain, offset and delay drawn from the spread that the full interval assumes.

    python benchmarks/energy_accuracy.py [--quick] [--json PATH] [--only TEXT]
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path
from random import Random

from energy_scenarios import SCENARIOS, Case, Scenario, draw

from physbias.energy import EnergyMeter, VirtualClock
from physbias.energy.simulated import simulate

WINDOWS, QUICK_WINDOWS = 2000, 200
REGIONS_PER_BLOCK = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """One measured window.

    Args:
        joules: the figure [J].
        truth: the true energy [J].
        inside: whether the full interval holds the truth.
        compared: whether the comparison interval holds it.
        width: half of the full interval over the truth [1].
        flags: codes of the flags.
    """

    joules: float
    truth: float
    inside: bool
    compared: bool
    width: float
    flags: tuple[str, ...] = ()

    @property
    def error(self) -> float:
        """Relative error [1]."""
        return self.joules / self.truth - 1


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one scenario.

    Args:
        scenario: its name.
        windows: number of windows in each pass [1].
        rms: root mean square of the relative errors on ideal boards [1].
        bias: their mean [1].
        worst: the largest [1].
        target: the rms error to reach [1].
        coverage: share of full intervals that hold the truth, on drawn boards [1].
        comparison_coverage: share of comparison intervals that hold what the ideal
            board should have seen [1].
        half_width: mean half-width of the full interval [1].
        missing: windows without a figure [1].
    """

    scenario: str
    windows: int
    rms: float
    bias: float
    worst: float
    target: float | None
    coverage: float
    comparison_coverage: float
    half_width: float
    missing: int


def measure(case: Case, seed: int) -> Iterator[Outcome | None]:
    """Yield the outcome of a case: one window, or several regions of one block."""
    machine = simulate(case.boards, VirtualClock(late=case.late))
    clock = machine.clock
    meter = EnergyMeter(cpu=False, machine=machine)
    if not case.inner:
        clock.sleep(case.start)
        with meter:
            clock.sleep(case.seconds)
        record = meter.result
        flags = tuple(f.code.value for f in record.flags)
        yield _outcome(record, case.truth, flags)
        return
    chance = Random(seed)
    clock.sleep(case.start)
    spans = []
    room = case.inner / REGIONS_PER_BLOCK - case.seconds
    with meter:
        for i in range(REGIONS_PER_BLOCK):
            before = room * chance.random()
            clock.sleep(before)
            begin = clock.now()
            with meter.region(f"{i}"):
                clock.sleep(case.seconds)
            spans.append((begin, clock.now()))
            clock.sleep(room - before)
    for i, (begin, end) in enumerate(spans):
        truth = sum(b.trace.energy(end) - b.trace.energy(begin) for b in case.boards)
        yield _outcome(meter.result.region(f"{i}"), truth, ())


def _outcome(entry, truth: float, flags: tuple[str, ...]) -> Outcome | None:
    if entry.joules is None:
        return None
    (low, high), (near, far) = entry.interval, entry.comparison
    tiny = 1e-6 * truth
    return Outcome(
        entry.joules,
        truth,
        low - tiny <= truth <= high + tiny,
        near - tiny <= truth <= far + tiny,
        (high - low) / 2 / truth,
        flags,
    )


def run(scenario: Scenario, windows: int) -> Row:
    """Return the row of a scenario."""
    ideal = list(_windows(scenario, windows, population=False))
    drawn = list(_windows(scenario, windows, population=True))
    good = [o for o in ideal if o is not None]
    kept = [o for o in drawn if o is not None]
    errors = [o.error for o in good]
    return Row(
        scenario=scenario.name,
        windows=len(ideal),
        rms=sqrt(sum(e * e for e in errors) / len(errors)),
        bias=sum(errors) / len(errors),
        worst=max(abs(e) for e in errors),
        target=scenario.target,
        coverage=sum(o.inside for o in kept) / len(kept),
        comparison_coverage=sum(o.compared for o in good) / len(good),
        half_width=sum(o.width for o in kept) / len(kept),
        missing=len(ideal) - len(good) + len(drawn) - len(kept),
    )


def _windows(
    scenario: Scenario, windows: int, *, population: bool
) -> Iterator[Outcome | None]:
    each = REGIONS_PER_BLOCK if scenario.inner else 1
    for seed in range(0, windows, each):
        yield from measure(draw(scenario, seed, population=population), seed)


def table(rows: list[Row]) -> str:
    """Return the rows as a Markdown table."""
    head = (
        "| scenario | rms | target | bias | max | 95 % interval covers "
        "| half-width | comparison covers |\n|" + " --- |" * 8
    )
    lines = [head]
    for row in rows:
        target = "" if row.target is None else f"{row.target:.2%}"
        lines.append(
            f"| {row.scenario} | {row.rms:.3%} | {target} | {row.bias:+.3%} "
            f"| {row.worst:.2%} | {row.coverage:.1%} | {row.half_width:.1%} "
            f"| {row.comparison_coverage:.1%} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer windows")
    parser.add_argument("--json", type=Path, help="file to write")
    parser.add_argument("--only", default="", help="part of the scenarios' names")
    arguments = parser.parse_args()
    windows = QUICK_WINDOWS if arguments.quick else WINDOWS
    rows = [run(s, windows) for s in SCENARIOS if arguments.only in s.name]
    print(table(rows))
    if arguments.json:
        content = [asdict(row) for row in rows]
        arguments.json.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
