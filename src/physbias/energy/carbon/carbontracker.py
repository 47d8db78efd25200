"""The figure that CarbonTracker would have printed, to set beside published ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import fmean
from typing import TYPE_CHECKING, Literal

from physbias.energy.record.trace import PowerTrace
from physbias.errors import ArgumentError, explain

if TYPE_CHECKING:
    from physbias.energy.record.record import EnergyRecord

DeviceSum = Literal["sum", "mean"]

JOULES_PER_KWH = 3.6e6

_PERIOD = 1.0
_WINDOW = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CarbonTrackerFigure:
    """A compatibility figure, not a measurement.

    Args:
        joules: the figure [J].
        pue: factor in it [1].
        devices: how GPUs were put together.
        samples: readings per GPU [1].
        measured_joules: what the record holds for the same GPUs [J].
    """

    joules: float
    pue: float
    devices: DeviceSum
    samples: int
    measured_joules: float

    @property
    def kilowatt_hours(self) -> float:
        """The figure in the unit that CarbonTracker prints [kWh]."""
        return self.joules / JOULES_PER_KWH

    def __str__(self) -> str:
        """Return one line for people."""
        return (
            f"CarbonTracker-compatible figure (not a measurement): "
            f"{self.kilowatt_hours:.6g} kWh, GPUs only, {self.devices} over GPUs, "
            f"PUE {self.pue:g}; measured: "
            f"{self.measured_joules / JOULES_PER_KWH:.6g} kWh"
        )


def carbontracker_figure(
    record: "EnergyRecord",
    pue: float = 1.58,
    devices: DeviceSum = "sum",
    *,
    before: float | None = None,
) -> CarbonTrackerFigure:
    """Return the mean of readings one second apart, times time, times PUE.

    Each reading is a trailing mean over one second, as the plain power reading is on
    newer boards. The first is taken as the block starts. Processors are left out.

    Args:
        record: what the meter found.
        pue: factor [1], at least 1.
        devices: how to put GPUs together.
        before: power of each GPU before the block [W]; ``None`` to take that of the
            first instant.

    Raises:
        ArgumentError: no GPU has a power trace, or an argument is out of range.

    Source:
        The tool: L. F. W. Anthony, B. Kanding and R. Selvan (2020), arXiv 2007.03051.
        The factor 1.58 is in its release 2.
    """
    _check(pue, devices, before)
    gpus = [d for d in record.devices if d.kind == "gpu" and d.trace is not None]
    traces = [d.trace for d in gpus if d.trace is not None]
    if not traces:
        raise ArgumentError(
            explain(
                "record",
                found="no GPU with a power trace",
                expected="at least one",
                remedy="measure a block with a readable GPU",
            )
        )
    count = max(1, ceil(record.seconds / _PERIOD - 1e-9))
    means = [_mean_reading(trace, count, before) for trace in traces]
    watts = sum(means) if devices == "sum" else fmean(means)
    return CarbonTrackerFigure(
        joules=watts * record.seconds * pue,
        pue=pue,
        devices=devices,
        samples=count,
        measured_joules=sum(d.joules or 0.0 for d in gpus),
    )


def _mean_reading(trace: PowerTrace, count: int, before: float | None) -> float:
    outside = _first(trace.watts) if before is None else before
    energy = trace.energy()
    readings = []
    for i in range(count):
        end = i * _PERIOD
        start = end - _WINDOW
        inside = energy(end) - energy(start)
        readings.append((inside + outside * max(0.0, -start)) / _WINDOW)
    return fmean(readings)


def _first(watts: Sequence[float]) -> float:
    return watts[0] if watts else 0.0


def _check(pue: float, devices: str, before: float | None) -> None:
    checks = (
        ("pue", pue, pue >= 1, "at least 1"),
        ("devices", devices, devices in ("sum", "mean"), '"sum" or "mean"'),
        ("before", before, before is None or before >= 0, "a power [W], or None"),
    )
    for name, value, good, expected in checks:
        if not good:
            raise ArgumentError(
                explain(
                    name,
                    found=repr(value),
                    expected=expected,
                    remedy="leave it at its default",
                )
            )
