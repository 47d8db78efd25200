"""What a study's reader is shown in words and numbers, and its form in a terminal.

The tables are built once, as text, so that the terminal and the report agree.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from physbias.study.lifecycle import LifeCycle, break_even
from physbias.study.results import CandidateResult, EnergyFigure, StudyResult

if TYPE_CHECKING:
    from rich.console import Console

NOT_MEASURED = "not measured"
NO_VALUE = "–"
PREFIXES = {-12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table as text.

    Args:
        title: heading.
        columns: headings of the columns; the first names the row.
        rows: one tuple of cells per row.
        caption: what the reader must know to read it.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    caption: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A candidate over its seeds.

    Args:
        runs: the candidate's results, one per seed; not empty.
    """

    runs: tuple[CandidateResult, ...]

    @property
    def name(self) -> str:
        """Name of the candidate."""
        return self.runs[0].name

    @property
    def rung(self) -> str:
        """Strength of its physics."""
        return self.runs[0].rung

    @property
    def trained(self) -> bool:
        """Whether anything was learned; without that it needs no data either."""
        return any(run.num_parameters or run.epochs for run in self.runs)

    @property
    def vrmse(self) -> float:
        """One-step VRMSE, mean over fields and seeds [1]."""
        return fmean(run.vrmse for run in self.runs)

    @property
    def diverged(self) -> list[int]:
        """First step that was not finite, for each seed that has one."""
        return [
            next(step for step, error in enumerate(run.rollout, 1) if error is None)
            for run in self.runs
            if None in run.rollout
        ]

    @property
    def training(self) -> EnergyFigure:
        """Energy of training over the seeds; zero where nothing is learned."""
        figure = merge_figures([run.training for run in self.runs])
        if figure.joules is None and not self.trained:
            return EnergyFigure(0.0, 0.0, 0.0, "none", figure.seconds)
        return figure

    @property
    def inference(self) -> EnergyFigure:
        """Energy of one forecast step over the seeds."""
        return merge_figures([run.inference for run in self.runs])

    def spread(self, value: Callable[[CandidateResult], float | None]) -> str:
        """Return mean and standard deviation over the seeds as text."""
        values = [value(run) for run in self.runs]
        finite = [x for x in values if x is not None and math.isfinite(x)]
        if not finite or len(finite) < len(values):
            return NO_VALUE if None in values else "not finite"
        return with_spread(fmean(finite), stdev(finite) if len(finite) > 1 else None)

    def rollout_end(self) -> float | None:
        """Return the VRMSE at the last step; None if a seed diverged before."""
        ends = [run.rollout[-1] if run.rollout else None for run in self.runs]
        values = [end for end in ends if end is not None]
        return fmean(values) if len(values) == len(ends) else None

    def rollout_text(self) -> str:
        """Return the VRMSE at the last step, or where the roll-out diverged."""
        if not self.diverged:
            return self.spread(lambda run: run.rollout[-1] if run.rollout else None)
        text = f"diverged at step {min(self.diverged)}"
        if len(self.runs) > 1:
            text += f" ({len(self.diverged)} of {len(self.runs)} seeds)"
        return text


def summarise(result: StudyResult) -> list[Summary]:
    """Return one summary per candidate, in the order of the study."""
    runs: dict[str, list[CandidateResult]] = {}
    for run in result.candidates:
        runs.setdefault(run.name, []).append(run)
    return [Summary(tuple(group)) for group in runs.values()]


def persistence_vrmse(summaries: Sequence[Summary]) -> float | None:
    """Return the one-step VRMSE of the candidate called persistence [1]."""
    return next((s.vrmse for s in summaries if s.name == "persistence"), None)


def limits(figure: EnergyFigure) -> tuple[float, float]:
    """Return the 95 % interval of a figure that has joules [J]."""
    joules = figure.joules or 0.0
    low = joules if figure.low is None else figure.low
    return low, joules if figure.high is None else figure.high


def merge_figures(figures: Sequence[EnergyFigure]) -> EnergyFigure:
    """Return the mean of several figures, with an interval that holds all of theirs."""
    seconds = fmean(figure.seconds for figure in figures)
    reasons = [f.reason or "no reason given" for f in figures if f.joules is None]
    if reasons:
        return EnergyFigure(None, None, None, "none", seconds, reasons[0])
    return EnergyFigure(
        joules=fmean(figure.joules or 0.0 for figure in figures),
        low=min(limits(figure)[0] for figure in figures),
        high=max(limits(figure)[1] for figure in figures),
        source="+".join(dict.fromkeys(figure.source for figure in figures)),
        seconds=seconds,
    )


def number(value: float, digits: int = 3) -> str:
    """Return a number with some significant digits.

    Example:
        >>> number(0.04), number(1234567.0), number(2e-7, 2)
        ('0.0400', '1.23 × 10⁶', '2.0 × 10⁻⁷')
    """
    if not math.isfinite(value):
        return "not finite"
    if value == 0:
        return "0"
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    if -4 < int(power) < 5:
        return f"{float(f'{mantissa}e{power}'):.{max(digits - 1 - int(power), 0)}f}"
    return f"{mantissa} × 10{str(int(power)).translate(SUPERSCRIPTS)}"


def with_spread(mean: float, deviation: float | None) -> str:
    """Return a mean with its spread to the same decimal.

    Example:
        >>> with_spread(0.04213, 0.0012)
        '0.0421 ± 0.0012'
    """
    text = number(mean)
    if deviation is None:
        return text
    if "×" in text or not 0 < deviation < 1e4:
        return f"{text} ± {number(deviation, 2)}"
    decimals = max(len(text.partition(".")[2]), math.ceil(-math.log10(deviation)))
    return f"{mean:.{decimals}f} ± {deviation:.{decimals}f}"


def count(value: float) -> str:
    """Return a number of forecasts.

    Example:
        >>> count(1), count(12_345.0), count(12_345_678.0)
        ('1', '12,300', '1.23 × 10⁷')
    """
    return f"{float(f'{value:.3g}'):,g}" if value < 999_500 else number(value)


def si(value: float, *ends: float, unit: str) -> str:
    """Return a quantity, and its interval, with a prefix that suits it.

    Example:
        >>> si(12_840.0, unit="J"), si(1_000.0, 900.0, 1_100.0, unit="J")
        ('12.8 kJ', '1.00 kJ (0.900–1.10)')
    """
    power = int(f"{value:.2e}".split("e")[1]) // 3 * 3 if value else 0
    power = min(max(power, min(PREFIXES)), max(PREFIXES))
    text = f"{number(value / 10.0**power)} {PREFIXES[power]}{unit}".strip()
    if not ends:
        return text
    return f"{text} ({'–'.join(number(end / 10.0**power) for end in ends)})"


def duration(seconds: float) -> str:
    """Return a duration in the unit that suits it."""
    if seconds < 60:
        return si(seconds, unit="s")
    if seconds < 3600:
        return f"{number(seconds / 60)} min"
    return f"{number(seconds / 3600)} h"


def energy(figure: EnergyFigure) -> str:
    """Return the joules of a figure with their interval, or that there are none."""
    if figure.joules is None:
        return NOT_MEASURED
    return si(figure.joules, *(limits(figure) if figure.joules else ()), unit="J")


def all_notes(result: StudyResult) -> list[str]:
    """Return the study's notes and those that its numbers call for."""
    notes, summaries = list(result.notes), summarise(result)
    figures = [f for s in summaries for f in (s.training, s.inference)]
    if any("estimate" in f.source for f in [*figures, result.data_energy]) and not any(
        "estimate" in note.lower() for note in notes
    ):
        notes.insert(0, "Energy is an ESTIMATE where its source says so.")
    if result.data_energy.joules is None:
        notes.append(
            "The energy of making the data was not measured "
            f"({result.data_energy.reason or 'no reason given'}) and is missing from "
            "every E(N), which flatters trained candidates against the baselines."
        )
    for summary in summaries:
        for stage in ("training", "inference"):
            figure: EnergyFigure = getattr(summary, stage)
            if figure.joules is None:
                notes.append(
                    f"The {stage} energy of {summary.name} was not measured: "
                    f"{figure.reason or 'no reason given'}."
                )
        if summary.diverged:
            notes.append(f"The roll-out of {summary.name} {summary.rollout_text()}.")
    if all(len(summary.runs) == 1 for summary in summaries):
        notes.append("One seed per candidate: the spread over seeds is unknown.")
    return notes


def skill_table(result: StudyResult, *, spreads: bool = True) -> TextTable:
    """Return the one-step skill of every candidate.

    Args:
        result: of the study.
        spreads: whether each channel shows its spread over seeds, not the mean only.
    """
    summaries = summarise(result)
    channels = list(dict.fromkeys(c for run in result.candidates for c in run.one_step))
    persistence = persistence_vrmse(summaries)
    rows: list[tuple[str, ...]] = []
    for s in summaries:
        cells = [s.spread(lambda run, c=c: run.one_step.get(c)) for c in channels]
        rows.append(
            (
                s.name,
                s.rung,
                s.spread(lambda run: run.vrmse),
                number(s.vrmse / persistence) if persistence else NO_VALUE,
                *(cells if spreads else [cell.partition(" ±")[0] for cell in cells]),
            )
        )
    return TextTable(
        "One-step skill",
        ("candidate", "rung", "VRMSE", "÷ persistence", *channels),
        rows,
        "VRMSE: root mean square error over the standard deviation of the truth in "
        "space; 0 is perfect, 1 is what predicting the mean of the truth scores. "
        "Mean over fields, then per field. ± is the standard deviation over seeds. "
        "÷ persistence: below 1 beats repeating the last state.",
    )


def rollout_table(result: StudyResult) -> TextTable:
    """Return the skill of roll-outs, and what the physics says of the forecasts."""
    steps = max((len(run.rollout) for run in result.candidates), default=0)
    rows = [
        (
            s.name,
            si(fmean(run.num_parameters for run in s.runs), unit=""),
            s.rollout_text(),
            s.spread(lambda run: run.divergence),
            s.spread(lambda run: run.crps),
            s.spread(lambda run: run.spread_skill),
            str(s.runs[0].evaluations or NO_VALUE),
        )
        for s in summarise(result)
    ]
    return TextTable(
        "Roll-out and physics",
        (
            "candidate",
            "parameters",
            f"VRMSE at step {steps}",
            "divergence",
            "CRPS",
            "spread",
            "evals",
        ),
        rows,
        "A roll-out counts as diverged when any test trajectory does. Divergence: rms "
        "divergence over rms gradient of the one-step forecast, by Fourier derivatives "
        "(a finite-difference solver is free of its own divergence, not of this one). "
        "CRPS: fair, over the standard deviation of the truth. Spread: of the ensemble "
        "over the error of its mean, 1 if calibrated. Evals: of the network or the "
        "right-hand side, per forecast step, all members together.",
    )


def energy_table(result: StudyResult) -> TextTable:
    """Return the energy of every stage, with its interval and source."""
    data = result.data_energy
    rows = [("(data)", "", duration(data.seconds), energy(data), "", data.source)]
    for s in summarise(result):
        stages = [s.training, s.inference] if s.trained else [s.inference]
        sources = dict.fromkeys(f.source for f in stages if f.joules is not None)
        rows.append(
            (
                s.name,
                f"{fmean(run.epochs for run in s.runs):.3g}" if s.trained else "",
                duration(s.training.seconds) if s.trained else "",
                energy(s.training) if s.trained else "none needed",
                energy(s.inference),
                ", ".join(sources) or "none",
            )
        )
    return TextTable(
        "Energy by stage",
        ("candidate", "epochs", "time", "training", "per forecast step", "source"),
        rows,
        "Means over seeds; in brackets the 95 % interval, holding those of all seeds. "
        "Per forecast step: of one trajectory. Row (data): making the data.",
    )


def life_cycles(result: StudyResult) -> list[LifeCycle]:
    """Return the life cycles of all candidates whose energy is known.

    Candidates that learn nothing need no data. Data whose energy was not measured count
    as nothing; :func:`all_notes` says so.
    """
    data = result.data_energy.joules or 0.0
    return [
        LifeCycle(s.name, data if s.trained else 0.0, training, inference)
        for s in summarise(result)
        if (training := s.training.joules) is not None
        and (inference := s.inference.joules) is not None
    ]


def cheapest_ranges(cycles: Sequence[LifeCycle]) -> list[tuple[float, LifeCycle]]:
    """Return from which number of forecasts on which candidate is the cheapest.

    Example:
        >>> net, solver = LifeCycle("net", 0, 90, 1), LifeCycle("solver", 0, 0, 10)
        >>> [(start, best.name) for start, best in cheapest_ranges([net, solver])]
        [(1.0, 'solver'), (10.0, 'net')]
    """
    if not cycles:
        return []
    start, best = 1.0, min(cycles, key=lambda c: (c.total(1), c.inference))
    ranges = [(start, best)]
    while rivals := [
        (crossing, rival.inference, index)
        for index, rival in enumerate(cycles)
        if rival.inference < best.inference
        and (crossing := break_even(rival, best)) is not None
    ]:
        start, _, index = min(rivals)
        best = cycles[index]
        ranges.append((start, best))
    return ranges


def skilled(result: StudyResult) -> set[str]:
    """Return the candidates that beat persistence at one step; all without it."""
    summaries = summarise(result)
    bar = persistence_vrmse(summaries)
    return {s.name for s in summaries if bar is None or s.vrmse < bar}


def cheapest_table(result: StudyResult) -> TextTable:
    """Return who is cheapest for how many forecasts."""
    cycles, good = life_cycles(result), skilled(result)
    skill = {s.name: s.spread(lambda run: run.vrmse) for s in summarise(result)}
    rows: list[tuple[str, ...]] = []
    for label, field in (
        ("all candidates", cycles),
        ("those that beat persistence", [c for c in cycles if c.name in good]),
    ):
        ranges = cheapest_ranges(field)
        for index, (start, best) in enumerate(ranges):
            last = index + 1 == len(ranges)
            end = "any number" if last else count(ranges[index + 1][0])
            rows.append((label, count(start), end, best.name, skill[best.name]))
    return TextTable(
        "Cheapest over the life cycle",
        ("among", "from N =", "to N =", "cheapest", "its VRMSE"),
        rows,
        "E(N) = E_data + E_train + N · E_inference, where N counts forecast steps of "
        "one trajectory and E_data is the cost of all data, counted in full for every "
        "candidate that learns.",
    )


def print_table(result: StudyResult, console: "Console") -> None:
    """Print the notes, then the tables of a study.

    Args:
        result: of the study.
        console: to print on; 100 columns are enough.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console.print(Text(result.title, style="bold"))
    for note in all_notes(result):
        console.print(Text(f"Note: {note}", style="yellow"))
    for table in (
        skill_table(result, spreads=False),
        rollout_table(result),
        energy_table(result),
        cheapest_table(result),
    ):
        console.print(Text(f"\n{table.title}", style="bold"))
        grid = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
        for index, column in enumerate(table.columns):
            heading = Text(column.replace("_", " "))
            grid.add_column(heading, justify="right" if index else "left")
        for row in table.rows:
            grid.add_row(*(Text(cell) for cell in row))
        console.print(grid)
        console.print(Text(table.caption, style="dim"))
