"""One measured block, from its start to its record."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from physbias.energy.block.borders import GpuBorders
from physbias.energy.block.device import Watch
from physbias.energy.block.ledger import Block, settle
from physbias.energy.block.notes import Notes
from physbias.energy.block.progress import Progress
from physbias.energy.block.regions import Region, RegionLog
from physbias.energy.block.strands import ProcessLock
from physbias.energy.block.subscription import Subscription
from physbias.energy.block.track import Span
from physbias.energy.integration.estimator import Measurement, measure
from physbias.energy.machine import Machine
from physbias.energy.model import CpuModel
from physbias.energy.record.record import EnergyRecord, Status
from physbias.energy.record.snapshot import Snapshot
from physbias.energy.record.software import installed_software
from physbias.energy.sensors.probe import Discovery

INERT = "this process is a fork of the one that measures"
"""Why a child process's copy of a meter has no figure."""

_SHORTEST = 0.1
_SHARE = 20.0


class Sync(StrEnum):
    """Where the meter takes the queues of the GPUs into account.

    Attributes:
        AUTO: it waits for them at both ends of the block, and marks the borders of
            regions in them.
        BORDER: it waits at both ends only.
        EVENTS: it marks the borders of regions, and never waits.
        NONE: neither.
    """

    AUTO = "auto"
    BORDER = "border"
    EVENTS = "events"
    NONE = "none"

    @property
    def waits(self) -> bool:
        """Whether the ends of the block wait for the queues."""
        return self in (Sync.AUTO, Sync.BORDER)

    @property
    def marks(self) -> bool:
        """Whether the borders of regions are marked in the queues."""
        return self in (Sync.AUTO, Sync.EVENTS)


@runtime_checkable
class Listener(Protocol):
    """Follows a run; what it raises becomes a flag of the record."""

    def started(self, run: "Run") -> None:
        """Take note that the block has begun."""
        ...

    def tick(self, now: float) -> None:
        """Do what is due at the time ``now`` [s]; called about once per second."""
        ...

    def region_closed(self, span: Span) -> None:
        """Take note of a stay in a region that has ended."""
        ...

    def stopped(self, run: "Run") -> None:
        """Take note that the block has ended."""
        ...


class Run:
    """One measured block, from its start to its record.

    In a child process that a fork made of it, it is inert: it reads nothing, waits
    for nothing and takes no region.

    Args:
        machine: what is read.
        found: the sensors.
        period: time between readings [s]; ``None`` to follow the devices.
        cpu: whether to read the processor time at borders, for an estimate.
        sync: where to take the queues of the GPUs into account.
        notes: what the user adds to the record.
        listeners: who follows the run.
    """

    def __init__(
        self,
        machine: Machine,
        found: Discovery,
        *,
        period: float | None = None,
        cpu: bool = False,
        sync: Sync = Sync.AUTO,
        notes: Notes | None = None,
        listeners: Sequence[Listener] = (),
    ) -> None:
        self.clock = clock = machine.clock
        self.missing = found.missing
        self.notes = notes or Notes()
        self.listeners = tuple(listeners)
        self.faults: list[str] = []
        self.watches = [Watch(probe) for probe in found.probes]
        self.started = datetime.now(UTC).isoformat(timespec="seconds")
        self.stopped = False
        self.status, self.error = Status.FINISHED, None
        self._pid = os.getpid()
        self._ending, self._ends = ProcessLock(), False
        self._kept: tuple[Snapshot | None, float] = (None, 0.0)
        self._queues, self._sync = machine.queues, sync
        self._borders = GpuBorders(machine.queues, clock) if sync.marks else None
        self.log = RegionLog(
            clock,
            cpu=cpu,
            borders=self._borders,
            closed=self._region_closed if self.listeners else None,
        )
        listen = self._tick if self.listeners else None
        self._readings = Subscription(self.watches, clock, period=period, listen=listen)
        if sync.waits:
            self._guard(self._queues.synchronize)
        self._guard(self._readings.start)
        self.cpu_start = self.cpu_end = clock.cpu_time()
        self.start = self.end = clock.now()
        self._progress = Progress(self.watches, self.start, self.hold)
        for listener in self.listeners:
            self._guard(lambda one=listener: one.started(self))

    @property
    def inert(self) -> bool:
        """Whether this is a child process's copy."""
        return os.getpid() != self._pid

    @property
    def seconds(self) -> float:
        """Length of the block, so far while it lasts [s]."""
        end = self.end if self.stopped else self.clock.now()
        return end - self.start

    def region(self, name: str) -> Region:
        """Return a region of the block; in a child process's copy it is not counted.

        Args:
            name: its name.
        """
        return Region(None if self.inert else self.log, name)

    def stop(self, status: Status, error: str | None) -> None:
        """End the block; a second time changes nothing.

        If another thread is ending it, this waits for that.
        """
        if self.inert:
            return
        with self._ending:
            if self._ends:
                return
            self._ends = True
            try:
                if self._sync.waits:
                    self._guard(self._queues.synchronize)
            finally:
                self._finish(status, error)

    def _finish(self, status: Status, error: str | None) -> None:
        self.end, self.cpu_end = self.clock.now(), self.clock.cpu_time()
        self.status, self.error = status, error
        self.stopped = True
        self._guard(lambda: self.log.finish(self.end))
        self._guard(lambda: self._readings.finish(self.end))
        for listener in self.listeners:
            self._guard(lambda one=listener: one.stopped(self))

    def wait(self) -> None:
        """Return when the last reading of the block has been taken."""
        self._readings.wait()

    def hold(self) -> AbstractContextManager[None]:
        """Keep the readings as they are while the caller looks at them."""
        return self._readings.hold()

    def measurements(self) -> list[Measurement]:
        """Return what each device used in the block."""
        with self.hold():
            return [
                measure(w.probe.info, w.timeline, self.start, self.end)
                for w in self.watches
            ]

    def settle(self, model: CpuModel | None, stray: int) -> EnergyRecord:
        """Return the record, after the last reading has been taken.

        Args:
            model: the model for the processor; ``None`` for no estimate.
            stray: regions and steps outside the block [1].
        """
        self.wait()
        faults = list(dict.fromkeys([*self.faults, *self._readings.faults]))
        if self._borders is not None:
            self._borders.collect()
            faults += self._borders.remarks()
        block = Block(
            start=self.start,
            end=self.end,
            cpu_start=self.cpu_start,
            cpu_seconds=self.cpu_end - self.cpu_start,
            status=self.status,
            error=self.error,
            started=self.started,
            names=self.log.names,
            tracks=self.log.tracks,
            notes=self.notes,
            stray=stray,
            faults=faults,
            queued=self._borders is not None and self._borders.waiting,
        )
        record = settle(block, self.measurements(), self.missing, model)
        return replace(record, software=installed_software())

    def so_far(self, model: CpuModel | None) -> Snapshot:
        """Return what the block has used up to the last readings.

        It is worked out from copies of the readings, and kept for twenty times as
        long as that took, so that it takes at most a twentieth of the caller's time.

        Args:
            model: the model for the processor; ``None`` for no estimate.
        """
        if self.inert:
            return Snapshot(None, None, self.seconds, INERT)
        kept, until = self._kept
        if kept is not None and self.clock.now() < until:
            return kept
        began = time.perf_counter()
        try:
            snapshot = self._snapshot(model)
        except Exception as error:  # noqa: BLE001 - the meter never breaks the block
            snapshot = Snapshot(None, None, self.seconds, f"no figure yet ({error!r})")
        pause = max(_SHORTEST, _SHARE * (time.perf_counter() - began))
        self._kept = snapshot, self.clock.now() + pause
        return snapshot

    def _snapshot(self, model: CpuModel | None) -> Snapshot:
        shot = self._progress.snapshot() if self.watches else None
        if shot is not None and (shot.joules is not None or model is None):
            return shot
        block = Block(
            start=self.start,
            end=self.clock.now(),
            cpu_seconds=self.clock.cpu_time() - self.cpu_start,
        )
        record = settle(block, (), self.missing, model)
        return Snapshot(record.joules, record.interval, record.seconds, record.reason)

    def _tick(self, now: float) -> None:
        for listener in self.listeners:
            self._guard(lambda one=listener: one.tick(now))

    def _region_closed(self, span: Span) -> None:
        for listener in self.listeners:
            self._guard(lambda one=listener: one.region_closed(span))

    def _guard(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - the meter never breaks the block
            if repr(error) not in self.faults:
                self.faults.append(repr(error))
