"""One measured block, from its start to its record."""

from collections.abc import Callable
from datetime import UTC, datetime

from physbias.energy.block.ledger import Block, settle
from physbias.energy.block.regions import RegionLog
from physbias.energy.block.sampler import Sampler, Watch
from physbias.energy.clock import Clock
from physbias.energy.integration.estimator import measure
from physbias.energy.model import CpuModel
from physbias.energy.record.record import EnergyRecord, Status
from physbias.energy.sensors import cuda
from physbias.energy.sensors.probe import Discovery


class Run:
    """One measured block, from its start to its record.

    Args:
        clock: the clock.
        found: the sensors.
        period: time between readings [s].
        cpu: whether to read the processor time at borders, for an estimate.
    """

    def __init__(
        self, clock: Clock, found: Discovery, *, period: float, cpu: bool
    ) -> None:
        self.log = RegionLog(clock, cpu=cpu)
        self.stopped = False
        self._clock = clock
        self._missing = found.missing
        self._faults: list[str] = []
        self._watches = [Watch(probe) for probe in found.probes]
        self._sampler = Sampler(self._watches, clock, period=period)
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._synchronize()
        self._guard(self._sampler.read)
        self._cpu_start = self._cpu_end = clock.cpu_time()
        self._start = self._end = clock.now()
        self._status, self._error = Status.FINISHED, None
        self._guard(self._sampler.start)

    @property
    def seconds(self) -> float:
        """Length of the block, so far while it lasts [s]."""
        end = self._end if self.stopped else self._clock.now()
        return end - self._start

    def stop(self, status: Status, error: str | None) -> None:
        """End the block; a second time changes nothing."""
        if self.stopped:
            return
        self._synchronize()
        self._end, self._cpu_end = self._clock.now(), self._clock.cpu_time()
        self.stopped = True
        self._status, self._error = status, error
        self.log.finish(self._end, self._cpu_end)
        self._guard(lambda: self._sampler.finish(self._end))

    def settle(self, model: CpuModel | None, stray: int) -> EnergyRecord:
        """Return the record, after the last reading has been taken."""
        self._sampler.wait()
        block = Block(
            start=self._start,
            end=self._end,
            cpu_seconds=self._cpu_end - self._cpu_start,
            status=self._status,
            error=self._error,
            started=self._started,
            spans=self.log.spans,
            stray=stray,
            faults=self._faults,
        )
        measurements = [
            measure(w.probe.info, w.timeline, self._start, self._end)
            for w in self._watches
        ]
        return settle(block, measurements, self._missing, model)

    def _synchronize(self) -> None:
        self._guard(cuda.synchronize)

    def _guard(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - the meter never breaks the block
            self._faults.append(repr(error))
