"""Gives each run of a meter its origin, and its journal if one is wanted."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from physbias.energy.block.run import Run
from physbias.energy.journal import exits
from physbias.energy.journal.identity import Identity
from physbias.energy.journal.scribe import Scribe
from physbias.energy.machine import Machine
from physbias.energy.model import CpuModel
from physbias.energy.record.record import EnergyRecord


class Registrar:
    """Gives each run of a meter its origin, and its journal if one is wanted.

    Args:
        journal: path of the journal; ``None`` for none.
        finish: ends the run and reads its result; called at the interpreter's exit if
            the journal still lacks its last line.
    """

    def __init__(
        self, journal: str | Path | None, finish: Callable[[], object]
    ) -> None:
        self._path = None if journal is None else Path(journal)
        self._finish = finish
        self._identity: Identity | None = None
        self._scribe: Scribe | None = None

    def begin(self, machine: Machine, model: CpuModel | None) -> tuple[Scribe, ...]:
        """Return who has to follow the run that begins.

        Args:
            machine: what the run reads.
            model: its model behind an estimate.
        """
        if self._scribe is not None:
            self._scribe.leave()
        self._identity = Identity(machine.clock, machine.host, machine.environ)
        if self._path is None:
            return ()
        self._scribe = Scribe(self._path, self._identity, model)
        exits.remember(self._finish)
        return (self._scribe,)

    def sign(self, run: Run, record: EnergyRecord) -> EnergyRecord:
        """Return the record of a run with its origin, and end the journal with it.

        Args:
            run: the run.
            record: its record.
        """
        if self._identity is not None:
            origin = self._identity.origin(run.start, run.end)
            record = replace(record, origin=origin)
        if self._scribe is not None:
            flags = self._scribe.settled(record)
            record = replace(record, flags=(*record.flags, *flags))
            self._scribe = None
            exits.forget(self._finish)
        return record
