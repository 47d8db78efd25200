"""Greenhouse gas caused by the energy of a record."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import hypot, inf
from typing import TYPE_CHECKING

from physbias.energy.carbon.intensity import (
    CarbonIntensity,
    GridIntensity,
    as_intensity,
)
from physbias.energy.carbon.sci import EmbodiedCarbon, SoftwareCarbonIntensity
from physbias.energy.record.interval import Interval
from physbias.energy.record.power import counted
from physbias.errors import ArgumentError, explain

if TYPE_CHECKING:
    from physbias.energy.record.record import EnergyRecord

JOULES_PER_KWH = 3.6e6

_SLICE = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CarbonFootprint:
    """Greenhouse gas of one block, in CO2 equivalents.

    Args:
        grams: energy of the machine times the intensity of its electricity [g];
            ``None`` where there is no energy figure.
        grams_interval: 95 % interval of ``grams``, from the errors of energy and
            intensity.
        joules: energy of the machine [J].
        grams_per_kwh: intensity, weighted by the energy of each time [g/kWh].
        intensity_error: standard uncertainty of the intensity, relative [1].
        intensity_source: where the intensity comes from.
        place: what the intensity holds for; ``None`` if not said.
        year: year of an annual average; ``None`` otherwise.
        time_matched: whether the intensity of each time was used.
        pue: power usage effectiveness of the site, taken as exact; ``None`` if not
            given.
        facility_joules: energy with the site's share, ``pue`` times ``joules`` [J].
        facility_grams: the same times the intensity [g].
        embodied_grams: share of the hardware's making [g]; ``None`` if not given.
        embodied_error: its standard uncertainty, relative [1].
        estimated: whether the energy is a model figure.
        reason: why there is no figure.
    """

    grams: float | None
    grams_interval: Interval | None
    joules: float | None
    grams_per_kwh: float | None
    intensity_error: float
    intensity_source: str
    place: str | None = None
    year: int | None = None
    time_matched: bool = False
    pue: float | None = None
    facility_joules: float | None = None
    facility_grams: float | None = None
    embodied_grams: float | None = None
    embodied_error: float = 0.0
    estimated: bool = False
    reason: str | None = None

    def sci(self, units: float, unit: str) -> SoftwareCarbonIntensity:
        """Return the software carbon intensity per functional unit, (O + M) / R.

        O is E I, where E is the energy of the devices in the record, idle power
        included, times ``pue`` if that was given: the specification wants the
        energy of all reserved hardware, and in a data centre its efficiency. The
        PUE is not applied to M.

        Args:
            units: how many functional units the block served [1].
            unit: what one of them is, such as ``"step"``.

        Raises:
            ArgumentError: there is no figure, no embodied part, or no positive number
                of units.

        Source:
            Software Carbon Intensity specification, ISO/IEC 21031:2024.
        """
        if self.grams is None or self.grams_interval is None:
            raise ArgumentError(_needs("an energy figure", self.reason or "none"))
        if not isinstance(unit, str) or not unit:
            raise ArgumentError(_needs("the name of the unit", repr(unit)))
        if self.embodied_grams is None:
            raise ArgumentError(_needs("the embodied part", "none"))
        if not (isinstance(units, int | float) and units > 0):
            raise ArgumentError(_needs("a positive number of units", repr(units)))
        scale = self.pue or 1.0
        embodied = 2 * self.embodied_error * self.embodied_grams
        low = hypot(scale * (self.grams - self.grams_interval.low), embodied)
        high = hypot(scale * (self.grams_interval.high - self.grams), embodied)
        total = scale * self.grams + self.embodied_grams
        return SoftwareCarbonIntensity(
            grams_per_unit=total / units,
            interval=Interval(max(0.0, total - low) / units, (total + high) / units),
            operational_grams=scale * self.grams,
            embodied_grams=self.embodied_grams,
            units=units,
            unit=unit,
        )

    def __str__(self) -> str:
        """Return one line for people."""
        from physbias.energy.carbon.text import footprint_line

        return footprint_line(self)


def footprint(
    record: "EnergyRecord",
    intensity: CarbonIntensity | float | str,
    *,
    pue: float | None = None,
    embodied: EmbodiedCarbon | None = None,
) -> CarbonFootprint:
    """Return the greenhouse gas of a record.

    Args:
        record: what the meter found.
        intensity: [g/kWh], a country code, or a :class:`CarbonIntensity`, which is
            asked for the intensity at the times of the power trace.
        pue: power usage effectiveness of the site, at least 1 [1].
        embodied: greenhouse gas of making the hardware.

    Raises:
        ArgumentError: the intensity, the country or ``pue`` cannot be used.
    """
    check_pue(pue)
    grid = as_intensity(intensity)
    fixed = isinstance(grid, GridIntensity)
    known = record.joules is not None and record.interval is not None
    mean = _mean_intensity(record, grid) if known else None
    grams = interval = None
    if mean is not None and record.joules is not None and record.interval is not None:
        per_joule = mean / JOULES_PER_KWH
        grams = record.joules * per_joule
        spread = 2 * grid.error * grams
        low = hypot((record.joules - record.interval.low) * per_joule, spread)
        high = hypot((record.interval.high - record.joules) * per_joule, spread)
        interval = Interval(max(0.0, grams - low), grams + high)
    return CarbonFootprint(
        grams=grams,
        grams_interval=interval,
        joules=record.joules,
        grams_per_kwh=mean,
        intensity_error=grid.error,
        intensity_source=grid.source,
        place=grid.place if isinstance(grid, GridIntensity) else None,
        year=grid.year if isinstance(grid, GridIntensity) else None,
        time_matched=not fixed,
        pue=pue,
        facility_joules=_times(pue, record.joules),
        facility_grams=_times(pue, grams),
        embodied_grams=None if embodied is None else embodied.share(record.seconds),
        embodied_error=0.0 if embodied is None else embodied.error,
        estimated=record.basis == "estimate",
        reason=None if known else record.reason,
    )


def check_pue(pue: float | None) -> None:
    """Raise :class:`ArgumentError` for a PUE that is no finite ratio of at least 1."""
    number = isinstance(pue, int | float) and not isinstance(pue, bool)
    if pue is None or (number and 1 <= pue < inf):
        return
    raise ArgumentError(
        explain(
            "pue",
            found=repr(pue),
            expected="a ratio of at least 1",
            remedy="give the site's total energy over its computers' energy",
        )
    )


def _mean_intensity(record: "EnergyRecord", grid: CarbonIntensity) -> float | None:
    """Return the intensity [g/kWh] weighted by the energy of each time."""
    if isinstance(grid, GridIntensity):
        return grid.grams_per_kwh
    start = _start(record)
    weighted = energy = seconds_weighted = seconds = 0.0
    for begin, end, joules in _slices(record):
        value = float(grid.at(start + timedelta(seconds=(begin + end) / 2)))
        weighted += value * joules
        energy += joules
        seconds_weighted += value * (end - begin)
        seconds += end - begin
    if energy > 0:
        return weighted / energy
    return seconds_weighted / seconds if seconds > 0 else float(grid.at(start))


def _slices(record: "EnergyRecord") -> Iterator[tuple[float, float, float]]:
    """Yield start [s], end [s] and energy [J] of parts no longer than five minutes."""
    for device in counted(record):
        joules = device.joules or 0.0
        cells = [(0.0, record.seconds, 1.0)]
        if device.trace is not None:
            cells = list(device.trace.cells())
        total = sum((end - begin) * watts for begin, end, watts in cells)
        for begin, end, watts in cells:
            share = (end - begin) * watts / total if total > 0 else 0.0
            parts = max(1, int((end - begin) / _SLICE) + 1)
            step = (end - begin) / parts
            for i in range(parts):
                left = begin + i * step
                yield left, left + step, joules * share / parts


def _start(record: "EnergyRecord") -> datetime:
    try:
        start = datetime.fromisoformat(record.started)
    except ValueError:
        start = None
    if start is not None and start.tzinfo is not None:
        return start
    raise ArgumentError(
        explain(
            "record",
            found=f"the start time {record.started!r}",
            expected="an ISO 8601 time with time zone",
            remedy="give one intensity for the whole block instead of a provider",
        )
    )


def _times(factor: float | None, value: float | None) -> float | None:
    return None if factor is None or value is None else factor * value


def _needs(expected: str, found: str) -> str:
    return explain(
        "sci",
        found=found,
        expected=expected,
        remedy="measure the energy, pass embodied=EmbodiedCarbon(...) to carbon(), and "
        "count units with step()",
    )
