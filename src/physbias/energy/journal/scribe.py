"""Tells a journal what happens in a run."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from physbias.energy.block.run import Run
from physbias.energy.block.track import Span
from physbias.energy.journal.identity import Identity
from physbias.energy.journal.journal import Journal
from physbias.energy.model import CpuModel
from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.record.record import EnergyRecord


class Scribe:
    """Follows a run and keeps its journal.

    Args:
        path: the journal.
        identity: who measures.
        model: the model behind an estimate; ``None`` for no estimate.
    """

    def __init__(self, path: Path, identity: Identity, model: CpuModel | None) -> None:
        self._journal = Journal(path)
        self._identity = identity
        self._model = model
        self._run: Run | None = None

    def started(self, run: Run) -> None:
        """Write the first line."""
        self._run = run
        header = {
            "run": self._identity.run_id,
            "origin": self._identity.origin(run.start, run.start),
            "started": run.started,
            "label": run.notes.label,
            "tags": dict(run.notes.tags),
            "missing": list(run.missing),
            "model": self._model,
        }
        devices = [(watch.probe.info, watch.timeline) for watch in run.watches]
        self._journal.open(header, run.start, devices)

    def tick(self, now: float) -> None:
        """Write a line if one is due, and one with the last readings."""
        if self._run is None:
            return
        if self._run.stopped:
            self._journal.write(now, self._facts(self._run))
        else:
            self._journal.tick(now, self._facts(self._run))

    def region_closed(self, span: Span) -> None:
        """Take note of a stay in a region that has ended."""
        self._journal.closed(span)

    def stopped(self, run: Run) -> None:
        """Write a line with how the block ended."""
        with run.hold():
            self._journal.write(run.end, self._facts(run))

    def settled(self, record: EnergyRecord) -> list[Flag]:
        """Write the last line, and return what has to be said of the journal.

        Args:
            record: the record of the run.
        """
        self._journal.close(record.to_dict())
        if self._journal.fault is None:
            return []
        return [Flag(FlagCode.JOURNAL_OFF, self._journal.fault)]

    def leave(self) -> None:
        """Close the journal without a record."""
        self._journal.close(None)

    def _facts(self, run: Run) -> Mapping[str, Any]:
        facts: dict[str, Any] = {}
        if run.notes.counts:
            facts["counts"] = dict(run.notes.counts)
        if run.notes.annotations:
            facts["annotations"] = dict(run.notes.annotations)
        if run.stopped:
            end = {"end": run.end - run.start, "status": run.status, "error": run.error}
            facts |= end
        else:
            facts["open"] = list(_lasting(run))
        if self._model is not None:
            cpu = run.cpu_end if run.stopped else run.clock.cpu_time()
            facts["cpu"] = cpu - run.cpu_start
        return facts


def _lasting(run: Run) -> Iterator[list[Any]]:
    """Yield the fields of the stays that last; they go on to the end of the line."""
    for track in list(run.log.tracks):
        span = track.top
        while span is not None:
            parent = None if span.parent is None else span.parent.name
            yield [span.name, parent, span.repeated, round(span.start - run.start, 5)]
            span = span.parent
