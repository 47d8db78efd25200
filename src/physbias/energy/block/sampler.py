"""Reads each device once for all blocks that watch it, in one thread per clock."""

import os
import threading
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from physbias.energy.block.budget import Budget
from physbias.energy.block.device import Device, identity
from physbias.energy.block.schedule import TOGETHER, due_now, due_times
from physbias.energy.clock import Clock, Ticker

if TYPE_CHECKING:
    from physbias.energy.block.subscription import Subscription

_SUSPENDED = 0.5
_THIN_EVERY = 30.0
_THIN_AFTER = 60.0
_THIN_SPACING = 0.09
_LONGEST_REST = 1.0
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0


class Sampler:
    """The one reader of all devices on a clock, for all blocks that watch them.

    Its thread begins with the first block and ends when the last one has settled.

    Args:
        clock: the clock.
    """

    _all: dict[Clock, "Sampler"] = {}  # noqa: RUF012 - one registry for the process
    _lock = threading.Lock()
    _guarded = False

    def __init__(self, clock: Clock) -> None:
        self.reading = threading.Lock()
        self._clock = clock
        self._devices: dict[Hashable, Device] = {}
        self._members: list[Subscription] = []
        self._ticker: Ticker | None = None
        self._asleep = clock.boot() - clock.now()
        self._budget = Budget(clock)
        self._thinned = clock.now()
        self._faults = 0

    @classmethod
    def join(cls, member: "Subscription", clock: Clock) -> "Sampler":
        """Let the sampler of ``clock`` read for ``member``."""
        cls._guard_forks()
        with cls._lock:
            sampler = cls._all.get(clock)
            fresh = sampler is None
            if sampler is None:
                sampler = cls._all[clock] = cls(clock)
            with sampler.reading:
                sampler._admit(member)
        if not fresh:
            sampler.wake()
            return sampler
        try:
            sampler._ticker = clock.run(sampler._tick)
        except BaseException:
            with cls._lock:
                cls._all.pop(clock, None)
            raise
        return sampler

    @classmethod
    def _guard_forks(cls) -> None:
        if not cls._guarded and hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=cls._forget)
            cls._guarded = True

    @classmethod
    def _forget(cls) -> None:
        """Drop all samplers without a word to any sensor, in the child of a fork."""
        samplers, cls._all, cls._lock = list(cls._all.values()), {}, threading.Lock()
        for sampler in samplers:
            for member in sampler._members:
                member.disown()

    def hurry(self, member: "Subscription") -> None:
        """Read for ``member`` now, unless the thread is reading, and go on fast."""
        if self.reading.acquire(blocking=False):
            try:
                devices = self._devices_of(member)
                for device in devices:
                    device.hurry()
                self._read(devices)
            finally:
                self.reading.release()
        self.wake()

    def wake(self) -> None:
        """Let the next readings come now."""
        if self._ticker is not None:
            self._ticker.wake()

    def wait(self, done: threading.Event) -> None:
        """Return when ``done`` is set, and the thread has ended if nobody needs it."""
        if self._ticker is not None:
            self._ticker.wait(done)
            if not self._members:
                self._ticker.wait()

    def _admit(self, member: "Subscription") -> None:
        self._members.append(member)
        for watch in member.watches:
            key = identity(watch.probe)
            if key not in self._devices:
                self._devices[key] = Device(watch.probe)
            self._devices[key].watches.append(watch)
            self._devices[key].members.append(member)
        self._read(self._devices_of(member))

    def _devices_of(self, member: "Subscription") -> list[Device]:
        found = [self._devices.get(identity(w.probe)) for w in member.watches]
        return [device for device in found if device is not None]

    def _read(self, devices: Sequence[Device]) -> None:
        now = self._clock.now()
        asleep = self._clock.boot() - now
        if asleep - self._asleep > _SUSPENDED:
            for device in self._devices.values():
                device.interrupt(now, asleep - self._asleep)
        self._asleep = asleep
        for device in devices:
            device.read(self._clock)

    def _tick(self) -> float | None:
        try:
            deadline = self._work()
        except Exception as error:  # noqa: BLE001 - a fault never ends the process
            deadline = self._recover(error)
        else:
            self._faults = 0
        if not self._members and self._close():
            return None
        return deadline

    def _work(self) -> float:
        with self.reading:
            start, worked = self._clock.now(), self._clock.work()
            due = due_now(self._devices.values(), self._budget, start)
            self._read(due)
            now = self._clock.now()
            self._look()
            self._budget.add(len(due), now - start, self._clock.work() - worked)
            done = [m for m in self._members if m.enough(now)]
            self._dismiss(done)
            if now - self._thinned > _THIN_EVERY:
                self._thinned = now
                for device in self._devices.values():
                    device.thin(now - _THIN_AFTER, _THIN_SPACING)
            members = list(self._members)
            dues = due_times(self._devices.values(), self._budget, now)
        for member in members:
            member.tell(now)
        for member in done:
            member.tell(now, last=True)
        following = min((time for time, _ in dues), default=now + _LONGEST_REST)
        return max(min(now + _LONGEST_REST, following), now + TOGETHER)

    def _look(self) -> None:
        """Note the condition of the devices at the borders of blocks."""
        for member in self._members:
            if member.unseen():
                for watch in member.watches:
                    self._devices[identity(watch.probe)].look(watch)

    def _dismiss(self, members: Sequence["Subscription"]) -> None:
        for member in members:
            self._members.remove(member)
            for device in self._devices_of(member):
                device.watches = [w for w in device.watches if w not in member.watches]
                device.members = [m for m in device.members if m is not member]
            member.settled.set()
        if members:
            self._devices = {k: d for k, d in self._devices.items() if d.watches}

    def _recover(self, error: Exception) -> float:
        """Store the fault, let go of blocks that wait, and try again later."""
        now = self._clock.now()
        self._faults += 1
        with self.reading:
            for member in self._members:
                member.faults.append(f"the sampler failed: {error!r}")
            self._dismiss([m for m in self._members if m.overdue(now)])
        return now + min(_FIRST_PAUSE * 2**self._faults, _LONGEST_PAUSE)

    def _close(self) -> bool:
        with self._lock:
            if self._members:
                return False
            self._all.pop(self._clock, None)
            return True
