"""Several runs of the same block as one figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from physbias.energy.record.check import check_record
from physbias.energy.record.compare import measured, require_same_devices
from physbias.energy.record.interval import Interval, Sides, both, without
from physbias.energy.record.student import t_quantile
from physbias.energy.record.text import format_joules
from physbias.errors import ArgumentError, explain

if TYPE_CHECKING:
    from physbias.energy.record.record import EnergyRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The mean of repeated runs on the same devices.

    Args:
        runs: number of runs [1].
        joules: mean energy [J].
        interval: 95 % interval of the mean; its random part is Student's t times the
            standard error over runs, and no less than the meter's own random error
            leaves of their mean; its systematic part that of the sensors on each side,
            which repetition does not reduce.
        comparison: the same without the systematic part.
        between_joules: standard deviation between runs [J]; ``None`` for one run.
        within_joules: standard deviation that the meter expects of one run from its
            own random errors, as a root mean square over runs [J].
        seconds: mean length [s].
    """

    runs: int
    joules: float
    interval: Interval
    comparison: Interval
    between_joules: float | None
    within_joules: float
    seconds: float

    def __str__(self) -> str:
        """Return one line for people."""
        half = (self.interval.high - self.interval.low) / 2
        text = f"{format_joules(self.joules)} ± {format_joules(half, 3)}"
        within = f"within a run {format_joules(self.within_joules, 3)}"
        if self.between_joules is None:
            return f"{text}  (1 run, standard deviation {within})"
        between = f"between runs {format_joules(self.between_joules, 3)}"
        return f"{text}  ({self.runs} runs, standard deviation {between}, {within})"


def summarise(records: Sequence["EnergyRecord"]) -> Summary:
    """Return the mean energy of repeated runs, with its spread.

    Args:
        records: records of the same block on the same devices, at least one.

    Raises:
        ArgumentError: there is none, one has no measured figure, or the devices or
            their sources differ.
    """
    if not records:
        raise ArgumentError(
            explain(
                "records",
                found="none",
                expected="at least one record",
                remedy="pass the result of each run",
            )
        )
    for record in records:
        check_record(record, "records")
    for record in records[1:]:
        require_same_devices(records[0], record)
    figures = [measured(record) for record in records]
    energies = [joules for joules, _ in figures]
    mean, runs = fmean(energies), len(records)
    within = sqrt(fmean(_half(interval) ** 2 for _, interval in figures)) / 2
    between = stdev(energies) if runs > 1 else None
    if between is None:
        comparison = figures[0][1]
    else:
        spread = max(t_quantile(runs - 1) * between, 2 * within)
        half = spread / sqrt(runs)
        comparison = Interval.around(mean, (half, half))
    low, high = (fmean(side) for side in zip(*map(_systematic, records), strict=True))
    interval = Interval.around(mean, both(comparison.sides(mean), (low, high)))
    return Summary(
        runs=runs,
        joules=mean,
        interval=interval,
        comparison=comparison,
        between_joules=between,
        within_joules=within,
        seconds=fmean(record.seconds for record in records),
    )


def _half(interval: Interval) -> float:
    return (interval.high - interval.low) / 2


def _systematic(record: "EnergyRecord") -> Sides:
    """Return the half-widths [J] that are left when the random part is taken out."""
    if record.interval is None or record.comparison is None or record.joules is None:
        return 0.0, 0.0
    random = record.comparison.sides(record.joules)
    return without(record.interval.sides(record.joules), random)
