"""One start of a meter."""

from collections.abc import Callable
from dataclasses import replace

from physbias.energy.block.run import Run
from physbias.energy.model import CpuModel
from physbias.energy.record.record import EnergyRecord
from physbias.energy.record.units import Scalar
from physbias.energy.session.entries import Entries


class Session:
    """One start of a meter: its run, who is inside, and its record.

    Args:
        run: the run.
        model: the model behind an estimate; ``None`` for no estimate.
        lasting: whether it goes on when nobody is inside.
        complete: adds to the record what the run does not know.
    """

    def __init__(
        self,
        run: Run,
        *,
        model: CpuModel | None,
        lasting: bool,
        complete: Callable[[EnergyRecord], EnergyRecord],
    ) -> None:
        self.run = run
        self.entries = Entries(run, lasting=lasting)
        self._model = model
        self._complete = complete
        self._record: EnergyRecord | None = None

    def record(self, strays: Callable[[], int]) -> EnergyRecord:
        """Return the record; the first time this waits for the last readings.

        Args:
            strays: tells how many regions and steps came outside the block [1].
        """
        if self._record is None:
            record = self.run.settle(self._model, strays())
            self._record = self._complete(record)
        return self._record

    def annotate(self, key: str, value: Scalar) -> None:
        """Keep a value in the record, even where it has been read already.

        Args:
            key: its name.
            value: the value.

        Raises:
            ArgumentError: ``value`` cannot be kept.
        """
        self.run.notes.annotate(key, value)
        if self._record is not None:
            notes = dict(self.run.notes.annotations)
            self._record = replace(self._record, annotations=notes)
