"""The record of a run from its journal, whether or not the run came to its end."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import floor
from pathlib import Path
from typing import Any

from physbias.energy.block.ledger import Block, settle
from physbias.energy.block.notes import Notes
from physbias.energy.integration.estimator import Measurement, measure
from physbias.energy.journal.journal import JOURNAL_SCHEMA, check_path
from physbias.energy.journal.pricing import price
from physbias.energy.journal.stays import Batch, Stay
from physbias.energy.journal.tap import restore
from physbias.energy.model import CpuModel
from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.record.job import Origin
from physbias.energy.record.parse import from_plain
from physbias.energy.record.record import EnergyRecord, Status
from physbias.energy.sensors.probe import Missing, ProbeInfo
from physbias.errors import DataError, explain

_DRAIN = 0.35
_ROUNDING = 1e-9
_FAMILY = JOURNAL_SCHEMA.rpartition("/")[0]


def recover(path: str | Path) -> EnergyRecord:
    """Return the record of the last run in a journal.

    A run that came to its end gives its record back as it was. Of a run that was
    killed, the readings up to its last whole line are evaluated as the meter would
    have done; the record has the status ``killed`` and a flag. Torn lines are left
    out.

    Args:
        path: the journal.

    Raises:
        DataError: the file holds no run.
        OSError: there is no such file, or it cannot be read.
    """
    return recover_all(path)[-1]


def recover_all(path: str | Path) -> list[EnergyRecord]:
    """Return the records of all runs in a journal, in the order of their starts.

    Args:
        path: the journal.

    Raises:
        DataError: the file holds no run.
        OSError: there is no such file, or it cannot be read.
    """
    runs: dict[str, _Run] = {}
    for line in _lines(check_path(path, "path")):
        if str(line.get("schema", "")).startswith(_FAMILY):
            runs.setdefault(line["run"], _Run(line))
        elif line.get("run") in runs:
            runs[line["run"]].add(line)
    if not runs:
        raise DataError(
            explain(
                "path",
                found=f"no run in {path}",
                expected="a file that EnergyMeter(journal=...) has written",
                remedy="check the name of the file",
            )
        )
    return [run.record() for run in runs.values()]


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for text in file:
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, Mapping) and isinstance(line.get("run"), str):
                yield line


@dataclass(slots=True)
class _Run:
    header: Mapping[str, Any]
    readings: list[Mapping[str, Any]] = field(default_factory=list)
    complete: Mapping[str, Any] | None = None

    def add(self, line: Mapping[str, Any]) -> None:
        if "record" in line:
            self.complete = line["record"]
        elif "t" in line:
            self.readings.append(line)

    def record(self) -> EnergyRecord:
        if self.complete is not None:
            return from_plain(EnergyRecord, self.complete)
        header, last = self.header, self.readings[-1] if self.readings else {}
        start = header["start"]
        end = start + self._length(last)
        measurements = self._measurements(start, end)
        status = Status(last.get("status", Status.KILLED))
        block = Block(
            start=start,
            end=end,
            cpu_seconds=last.get("cpu", 0.0),
            status=status,
            error=last.get("error"),
            started=header["started"],
            notes=Notes(
                header["label"],
                header["tags"],
                dict(last.get("annotations", {})),
                self._counts(end - start),
            ),
        )
        missing = [from_plain(Missing, one) for one in header["missing"]]
        model = from_plain(CpuModel, header["model"]) if header["model"] else None
        record = settle(block, measurements, missing, model)
        regions, outside = price(self._stays(last, end - start), measurements)
        devices = tuple(
            replace(d, unattributed=outside.get(d.uuid or d.label))
            if regions or outside
            else d
            for d in record.devices
        )
        unattributed = record.unattributed
        if regions or outside:
            # a model's figure cannot be parted: the journal has no processor times
            unattributed = sum(outside.values()) if outside else None
        text = f"from the journal of a run that was {status}, {end - start:.3g} s of it"
        origin = from_plain(Origin, header["origin"])
        return replace(
            record,
            devices=devices,
            regions=regions,
            unattributed=unattributed,
            flags=(*record.flags, Flag(FlagCode.RECOVERED, text)),
            origin=replace(origin, end_seconds=origin.start_seconds + end - start),
        )

    def _stays(self, last: Mapping[str, Any], end: float) -> list[Batch]:
        """Return the stays up to the end of what can be evaluated [s]."""
        batches = [
            Batch([Stay(*stay) for stay in line["regions"]], line.get("overlap", 0.0))
            for line in self.readings
        ]
        batches += [Batch([_lasting(stay, end)]) for stay in last.get("open", ())]
        return [batch.until(end) for batch in batches]

    def _counts(self, end: float) -> dict[str, float]:
        """Return the functional units up to the end of what can be evaluated [s].

        Lines tell them about once per second; in between they are taken to have come
        evenly, and one that was not done by then does not count.
        """
        time, counts = 0.0, dict[str, float]()
        for line in self.readings:
            after, more = line.get("at", line["t"]), line.get("counts", {})
            if after >= end:
                share = (end - time) / (after - time) if after > time else 1.0
                return {
                    unit: _part(counts.get(unit, 0), most, share)
                    for unit, most in more.items()
                }
            time, counts = after, dict(more)
        return counts

    def _length(self, last: Mapping[str, Any]) -> float:
        """Return the length of what can be evaluated [s].

        A run that was killed is cut a little before its last readings, because the
        energy up to a border is known from readings after it.
        """
        if "end" in last:
            return last["end"]
        means = [info["power_average"] or 0.0 for info in self.header["devices"]]
        length = last.get("t", 0.0)
        drained = length - max(_DRAIN, *means, 0.0)
        return drained if drained > 0 else length

    def _measurements(self, start: float, end: float) -> list[Measurement]:
        parts = [line["devices"] for line in self.readings]
        measurements = []
        for i, plain in enumerate(self.header["devices"]):
            info = from_plain(ProbeInfo, plain)
            timeline = restore([part[i] for part in parts], start)
            measurements.append(measure(info, timeline, start, end))
        return measurements


def _part(least: float, most: float, share: float) -> float:
    grown = share * (most - least)
    return least + (floor(grown + _ROUNDING) if isinstance(most, int) else grown)


def _lasting(stay: Sequence[Any], end: float) -> Stay:
    name, parent, repeated, start = stay
    return Stay(name, parent, repeated, 1, start, end, max(0.0, end - start))
