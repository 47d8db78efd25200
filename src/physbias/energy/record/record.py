"""The result of a measurement: frozen, complete, and plain enough to store."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from physbias.energy.carbon.carbontracker import (
    CarbonTrackerFigure,
    DeviceSum,
    carbontracker_figure,
)
from physbias.energy.carbon.footprint import CarbonFootprint, footprint
from physbias.energy.carbon.intensity import CarbonIntensity
from physbias.energy.carbon.sci import EmbodiedCarbon
from physbias.energy.record.compare import Comparison, compare
from physbias.energy.record.device import DeviceEnergy
from physbias.energy.record.flags import Flag
from physbias.energy.record.interval import Interval
from physbias.energy.record.job import Job, Origin
from physbias.energy.record.net import NetEnergy
from physbias.energy.record.parse import from_plain
from physbias.energy.record.region import RegionEnergy, region_named
from physbias.energy.record.schema import SCHEMA, plain
from physbias.energy.record.software import Software
from physbias.energy.record.tables import DEVICES, frame, write_csv
from physbias.energy.record.text import line
from physbias.energy.record.units import Scalar, UnitEnergy
from physbias.errors import DataError, explain

if TYPE_CHECKING:
    from pandas import DataFrame


class Basis(StrEnum):
    """What the total is made of; measurements and estimates are never summed."""

    MEASUREMENT = "measurement"
    ESTIMATE = "estimate"
    NONE = "none"


class Status(StrEnum):
    """How the measured block ended."""

    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    KILLED = "killed"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyRecord:
    """All that a meter found out about one block.

    Args:
        joules: sum over the measured devices [J], or of the estimates where nothing
            was measured; ``None`` where there is neither.
        interval: 95 % interval of ``joules``.
        comparison: the same without systematic errors of the sensors.
        basis: what ``joules`` is made of.
        reason: why ``joules`` is ``None``.
        seconds: length of the block [s].
        status: how the block ended.
        error: type of the exception that ended it.
        started: wall-clock time of the start, ISO 8601 in UTC.
        devices: one entry per device, estimates included.
        regions: one entry per region name.
        unattributed: energy outside all regions [J].
        flags: remarks on the whole and on its devices.
        label: name that the user gave to the run.
        tags: further texts of the user, by name.
        annotations: values that the user added while it ran, by name.
        units: energy per functional unit, one entry per unit.
        origin: the process and the time that were measured.
        job: how the parts make up the whole, where several records were merged.
        members: the records that were merged.
        software: versions of what the figures rest on.
        footprint: greenhouse gas, if :meth:`with_carbon` was asked for it.
        net: energy above idle, if an idle power was given or measured.
    """

    joules: float | None
    interval: Interval | None
    comparison: Interval | None
    basis: Basis
    reason: str | None
    seconds: float
    status: Status
    error: str | None
    started: str
    devices: tuple[DeviceEnergy, ...]
    regions: tuple[RegionEnergy, ...]
    unattributed: float | None
    flags: tuple[Flag, ...]
    label: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, Scalar] = field(default_factory=dict)
    units: tuple[UnitEnergy, ...] = ()
    origin: Origin | None = None
    job: Job | None = None
    members: tuple["EnergyRecord", ...] = ()
    software: Software | None = None
    footprint: CarbonFootprint | None = None
    net: NetEnergy | None = None

    def region(self, name: str) -> RegionEnergy:
        """Return the entry of the region ``name``.

        Raises:
            KeyError: there is none; its text lists the names and the nearest.
        """
        return region_named(self.regions, name)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as dicts, lists, numbers, strings and ``None``.

        Names carry units (``energy_J``, ``duration_s``) and are the same for every
        record of a schema; what is missing is ``None``.
        """
        return {"schema": SCHEMA, **plain(self)}

    def to_json(self) -> str:
        """Return the record as one JSON text."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "EnergyRecord":
        """Return the record that :meth:`to_dict` stored.

        Raises:
            DataError: the data are no record.
        """
        return from_plain(cls, data)

    @classmethod
    def from_json(cls, text: str) -> "EnergyRecord":
        """Return the record that :meth:`to_json` stored.

        Raises:
            DataError: the text is no record.
        """
        try:
            return cls.from_dict(json.loads(text))
        except json.JSONDecodeError as error:
            raise DataError(
                explain(
                    "text",
                    found=f"no JSON ({error})",
                    expected="what to_json has written",
                    remedy="read a journal with recover",
                )
            ) from error

    def to_csv(self, path: str | Path | None = None, *, table: str = DEVICES) -> str:
        """Return one table of the record as CSV, and write it if a path is given.

        The columns of a table are the same for every record of a schema.

        Args:
            path: file to write.
            table: ``"record"`` (one row), ``"devices"``, ``"regions"``, ``"units"``,
                ``"flags"``, ``"members"`` or ``"power"`` (one row per cell of each
                device's power trace).

        Raises:
            ArgumentError: there is no such table.
        """
        return write_csv(self, table, path)

    def to_frame(self, *, table: str = DEVICES) -> "DataFrame":
        """Return one table of the record as a pandas frame; tables as in to_csv.

        Raises:
            ArgumentError: there is no such table.
            MissingExtraError: pandas is not installed.
        """
        return frame(self, table)

    def compare(self, other: "EnergyRecord") -> Comparison:
        """Return this run beside another on the same devices.

        What the sensors get wrong alike in both runs is taken out of the intervals, as
        :class:`~physbias.energy.Comparison` says.

        Args:
            other: a record of the same devices, read from the same sources.

        Raises:
            ArgumentError: a record has no measured figure, a device was lost before
                the end, or the devices or their sources differ.
        """
        return compare(self, other)

    def methods_sentence(self) -> str:
        """Return how the energy was measured, in words for a paper."""
        from physbias.energy.record.methods import methods_sentence

        return methods_sentence(self)

    def mlperf_block(self) -> str:
        """Return the facts that the MLPerf power rules ask for, line by line."""
        from physbias.energy.record.methods import mlperf_block

        return mlperf_block(self)

    def carbon(
        self,
        intensity: CarbonIntensity | float | str,
        *,
        pue: float | None = None,
        embodied: EmbodiedCarbon | None = None,
    ) -> CarbonFootprint:
        """Return the greenhouse gas of the block; a place is never guessed.

        Args:
            intensity: of the electricity [g/kWh], a country code such as ``"DE"`` for
                the annual average in the built-in table, or a provider that knows the
                intensity at each time.
            pue: power usage effectiveness of the site [1]; the facility's energy and
                gas are stated apart, and only if it is given.
            embodied: greenhouse gas of making the hardware.

        Raises:
            ArgumentError: the intensity, the country or ``pue`` cannot be used.
        """
        return footprint(self, intensity, pue=pue, embodied=embodied)

    def with_carbon(
        self,
        intensity: CarbonIntensity | float | str,
        *,
        pue: float | None = None,
        embodied: EmbodiedCarbon | None = None,
    ) -> "EnergyRecord":
        """Return the record with its greenhouse gas; arguments as in :meth:`carbon`."""
        found = self.carbon(intensity, pue=pue, embodied=embodied)
        return replace(self, footprint=found)

    def carbontracker_figure(
        self,
        pue: float = 1.58,
        devices: DeviceSum = "sum",
        *,
        before: float | None = None,
    ) -> CarbonTrackerFigure:
        """Return what CarbonTracker would have printed; never the measurement.

        It helps to set published figures beside this record.

        Args:
            pue: factor that CarbonTracker multiplies its figure by [1].
            devices: ``"mean"`` over GPUs, as its versions 2.0 to 2.3 report, or
                ``"sum"``.
            before: power of each GPU before the block [W], which its first reading
                shows; ``None`` to take that of the first instant.

        Raises:
            ArgumentError: no GPU has a power trace, or an argument is out of range.
        """
        return carbontracker_figure(self, pue, devices, before=before)

    def __str__(self) -> str:
        """Return one line for people."""
        return line(self)

    def table(self) -> str:
        """Return several lines for people: total, devices, regions, units, remarks.

        Example:
            >>> from physbias.energy import EnergyMeter
            >>> from physbias.energy.simulated import Constant, SimulatedGpu, simulate
            >>> machine = simulate([SimulatedGpu(Constant(300.0))])
            >>> with EnergyMeter(cpu=False, machine=machine) as meter:
            ...     machine.clock.sleep(10.0)
            >>> print(meter.result.table().splitlines()[-2].rstrip())
            device  energy   95 % interval    mean power  source
        """
        from physbias.energy.record.report import report

        return report(self)

    def __repr__(self) -> str:
        """Return the one line, marked as a record."""
        return f"<{type(self).__name__} {self}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ANN401, FBT001
        """Show the table in a terminal of IPython."""
        printer.text(repr(self) if cycle else self.table())

    def _repr_html_(self) -> str:
        from physbias.energy.record.notebook import html

        return html(self)
