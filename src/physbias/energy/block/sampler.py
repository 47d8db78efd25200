"""Reads each device once for all blocks that watch it, at the instants that matter."""

import os
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from math import floor

from physbias.energy.block.budget import Budget
from physbias.energy.block.device import Device, Watch, identity, settled
from physbias.energy.clock import Clock, Ticker

__all__ = ["Subscription", "Watch"]

PACE = 0.017
"""Time between readings where no refresh is known yet [s]. It does not divide the
usual refresh of 0.1 s, so that edges are seen at all phases."""

_BORDER_SECONDS = 0.35
_SETTLE_SECONDS = 0.5
_TOGETHER = 0.0005
_SHORTEST_TURN = 1e-3
_LATELY = 0.002
_MOMENT = 0.02
_SUSPENDED = 0.5
_THIN_EVERY = 30.0
_THIN_AFTER = 60.0
_THIN_SPACING = 0.09
_LISTEN_EVERY = 1.0
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0


class Subscription:
    """The wish of one block to have its watches read, from its start to its settling.

    All blocks of a process on the same clock share one thread. A device that several
    of them watch is read once for all. The thread ends when the last block settles.

    Args:
        watches: what to read; equal probes are the same device.
        clock: when to read.
        period: time between readings [s]; ``None`` to follow the refreshes of the
            devices, as far as 0.5 % of one core allows.
        listen: called with the time [s] about once per second, by the thread.
    """

    def __init__(
        self,
        watches: Sequence[Watch],
        clock: Clock,
        *,
        period: float | None = None,
        listen: Callable[[float], None] | None = None,
    ) -> None:
        self.watches = tuple(watches)
        self.period = period
        self.started = -float("inf")
        self.end: float | None = None
        self.settled = threading.Event()
        self.faults: list[str] = []
        self._clock = clock
        self._listen = listen
        self._listened = 0.0
        self._looked = 0
        self._hub: _Hub | None = None

    def start(self) -> None:
        """Read once, and begin to read on the clock."""
        self.started = self._listened = self._clock.now()
        if self.watches or self._listen is not None:
            self._hub = _Hub.join(self, self._clock)

    def finish(self, end: float) -> None:
        """Say that the block ended at ``end`` [s]; readings go on a little."""
        self.end = end
        if self._hub is not None and not self.settled.is_set():
            self._hub.hurry(self)

    def wait(self) -> None:
        """Return when the last reading has been taken."""
        if self._hub is not None:
            self._hub.wait(self.settled)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep the readings as they are while the caller looks at them."""
        if self._hub is None:
            yield
        else:
            with self._hub.reading:
                yield

    def enough(self, now: float) -> bool:
        """Return whether the block has ended and its borders are known."""
        end = self.end
        if end is None:
            return False
        return all(settled(w, end, now, _SETTLE_SECONDS) for w in self.watches)

    def hurried(self, now: float, *, moment: bool) -> bool:
        """Return whether a border of the block is near, or was a ``moment`` ago."""
        if moment:
            ended = self.end is not None and now - self.end < _MOMENT
            return ended or now - self.started < _MOMENT
        return self.end is not None or now - self.started < _BORDER_SECONDS

    def unseen(self) -> bool:
        """Return whether a border has passed at which nobody looked yet."""
        borders = 1 if self.end is None else 2
        if self._looked >= borders:
            return False
        self._looked = borders
        return True

    def overdue(self, now: float) -> bool:
        """Return whether the block ended so long ago that nothing more will come."""
        return self.end is not None and now > self.end + 2 * _SETTLE_SECONDS

    def tell(self, now: float, *, last: bool = False) -> None:
        """Call the listener if a second has passed, or for the last time."""
        waited = last or now - self._listened >= _LISTEN_EVERY
        if self._listen is not None and waited:
            self._listened = now
            try:
                self._listen(now)
            except Exception as error:  # noqa: BLE001 - a listener stops nothing
                self.faults.append(repr(error))

    def disown(self) -> None:
        """Become inert in a child process, which has no thread and must not read."""
        self._hub, self._listen = None, None
        self.settled = threading.Event()
        self.settled.set()
        for watch in self.watches:
            watch.disown()


class _Hub:
    """The one reader of all devices on a clock."""

    _all: dict[Clock, "_Hub"] = {}  # noqa: RUF012 - one registry for the process
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
    def join(cls, member: Subscription, clock: Clock) -> "_Hub":
        """Let the hub of ``clock`` read for ``member``."""
        cls._guard_forks()
        with cls._lock:
            hub = cls._all.get(clock)
            fresh = hub is None
            if hub is None:
                hub = cls._all[clock] = cls(clock)
            with hub.reading:
                hub._admit(member)
        if not fresh:
            hub.wake()
            return hub
        try:
            hub._ticker = clock.run(hub._tick)
        except BaseException:
            with cls._lock:
                cls._all.pop(clock, None)
            raise
        return hub

    @classmethod
    def _guard_forks(cls) -> None:
        if not cls._guarded and hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=cls._forget)
            cls._guarded = True

    @classmethod
    def _forget(cls) -> None:
        """Drop all hubs without a word to any sensor, in the child of a fork."""
        hubs, cls._all, cls._lock = list(cls._all.values()), {}, threading.Lock()
        for hub in hubs:
            for member in hub._members:
                member.disown()

    def hurry(self, member: Subscription) -> None:
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

    def _admit(self, member: Subscription) -> None:
        self._members.append(member)
        for watch in member.watches:
            key = identity(watch.probe)
            if key not in self._devices:
                self._devices[key] = Device(watch.probe)
            self._devices[key].watches.append(watch)
            self._devices[key].members.append(member)
        self._read(self._devices_of(member))

    def _devices_of(self, member: Subscription) -> list[Device]:
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
            due = self._due(start)
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
            dues = [time for time, _ in self._schedule(now)]
        for member in members:
            member.tell(now)
        for member in done:
            member.tell(now, last=True)
        return max(min([now + _LISTEN_EVERY, *dues]), now + _TOGETHER)

    def _look(self) -> None:
        """Note the condition of the devices at the borders of blocks."""
        for member in self._members:
            if member.unseen():
                for watch in member.watches:
                    self._devices[identity(watch.probe)].look(watch)

    def _due(self, now: float) -> list[Device]:
        """Return what to read now: what is due, and with it all that is cheap."""
        schedule = list(self._schedule(now))
        due = [device for time, device in schedule if time <= now + _TOGETHER]
        if not due or not self._budget.together:
            return due
        return [
            device
            for time, device in schedule
            if time <= now + _TOGETHER
            or (device.pause is None and now - device.read_at > _LATELY)
        ]

    def _schedule(self, now: float) -> Iterator[tuple[float, Device]]:
        """Yield when each device is due; their edges are watched in turn."""
        gap, burst = self._budget.gap, self._budget.burst
        turn = max(2 * gap * len(self._devices), _SHORTEST_TURN)
        for place, device in enumerate(self._devices.values()):
            moment = device.pause is not None
            wished = []
            follow = False
            for member in device.members:
                if member.period is None:
                    follow = True
                else:
                    wished.append(max(member.period, gap))
                if burst is not None and member.hurried(now, moment=moment):
                    wished.append(burst)
            fast = min(wished, default=None)
            share = place / len(self._devices)
            edge = (floor(now / turn - share) + 1 + share) * turn if follow else None
            yield device.due(fast, max(PACE, gap), edge), device

    def _dismiss(self, members: Sequence[Subscription]) -> None:
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
