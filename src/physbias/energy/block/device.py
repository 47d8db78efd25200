"""One physical device that all meters of a process read together."""

from collections.abc import Callable, Hashable
from typing import Protocol

from physbias.energy.block.phase import PhaseLock
from physbias.energy.clock import Clock
from physbias.energy.integration.outside import undecided
from physbias.energy.integration.timeline import Staircase, Timeline
from physbias.energy.sensors.condition import condition_of
from physbias.energy.sensors.past import kept_power
from physbias.energy.sensors.probe import (
    DeviceLostError,
    Probe,
    ReadError,
    UnsupportedReadingError,
)

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_LATE = 0.010
_HOLE = 0.3
_MARGIN = 1e-3
_LONGEST_WAIT = 0.4
_TOGETHER = 0.002
_AFTER = 0.005
_REFRESHES = 2.2
SLOWEST_WAIT = 1.2
"""Longest wait for a slow counter after a block [s]."""
_NEVER = float("inf")


class Watch:
    """One probe of one meter, and what was read from it.

    Args:
        probe: the probe.
    """

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        self.timeline = Timeline(power_limit=probe.info.power_limit)

    def disown(self) -> None:
        """Forget the readings: this process is a fork of the one that took them."""
        self.timeline = Timeline()
        text = "this process is a fork of the one that measures"
        self.timeline.add_failure(0.0, text, lost=False)


class Channel:
    """One quantity of a device: how to read it, and when it changes next.

    A reading that fails is tried again after a pause that doubles from 0.05 to 1 s,
    one that the device does not offer never again.

    Args:
        read: takes one reading.
        store: which staircase of a timeline holds the readings.
        add: adds a reading to a timeline.
    """

    def __init__(
        self,
        read: Callable[[], float],
        store: Callable[[Timeline], Staircase],
        add: Callable[[Timeline, float, float], None],
    ) -> None:
        self.lock = PhaseLock()
        self.read = read
        self.store = store
        self.add = add
        self.last: tuple[float, float] | None = None
        self.retry = 0.0
        self._failures = 0
        self._awaited: float | None = None

    def take(self, time: float, value: float) -> None:
        """Follow the changes of the readings."""
        self._failures, self.retry = 0, 0.0
        last, self.last = self.last, (time, value)
        changed = last is not None and last[1] != value
        told = last is not None and changed and self.lock.changed(last[0], time)
        awaited, half = self._awaited, self.lock.half
        if awaited is None or time < awaited - half - _MARGIN:
            return
        if time < awaited + half - _MARGIN:
            self._awaited = None if told and time < awaited else awaited
            return
        before = time if last is None else last[0]
        if changed or before < awaited - 2 * half - _MARGIN:
            self._awaited = None
        elif time > awaited + max(2 * half, _LATE):
            self._awaited = None
            self.lock.missed()

    def failed(self, time: float, *, forever: bool) -> None:
        """Put off the next reading."""
        pause = min(_FIRST_PAUSE * 2 ** (self._failures - 1), _LONGEST_PAUSE)
        self.retry = _NEVER if forever else time + (pause if self._failures else 0.0)
        self._failures += 1

    def hurry(self) -> None:
        """Try again now, if the device offers the reading at all."""
        if self.retry < _NEVER:
            self.retry = 0.0

    def due(self, now: float, earliest: float) -> float:
        """Return when to read next [s] to see the first edge after ``earliest`` [s]."""
        lock = self.lock
        if not lock.locked:
            self._awaited = None
            return _NEVER
        if self._awaited is None:
            self._awaited = lock.next_edge(max(now, earliest))
        first, second = self._awaited - lock.half, self._awaited + lock.half
        if now < first:
            return first
        return second if now < second else now + 2 * lock.half

    def covers(self, other: "Channel", time: float) -> bool:
        """Return whether ``other`` changes when this does, as after ``time`` [s]."""
        if not (self.lock.locked and other.lock.locked):
            return False
        own, others = self.lock.next_edge(time), other.lock.next_edge(time)
        period = self.lock.period or 1.0
        apart = abs(own - others)
        return min(apart, abs(apart - period)) < _TOGETHER

    def reset(self) -> None:
        """Forget the phase."""
        self.lock.reset()
        self._awaited = None


class Member(Protocol):
    """What a device asks of a block that watches it."""

    @property
    def period(self) -> float | None:
        """Time between readings that the block wants [s]; ``None`` for any."""
        ...

    def hurried(self, now: float, *, moment: bool) -> bool:
        """Return whether a border of the block is near."""
        ...


class Device:
    """One physical device, read once for all meters that watch it.

    Args:
        probe: what reads it.
    """

    def __init__(self, probe: Probe) -> None:
        info = probe.info
        self.watches: list[Watch] = []
        self.members: list[Member] = []
        self.lost = False
        self.read_at = -_NEVER
        self.pause = info.longest_pause
        self._probe = probe
        self._channels: list[Channel] = []
        if info.counter is not None:
            channel = Channel(
                probe.energy, lambda line: line.energy, Timeline.add_energy
            )
            self._channels.append(channel)
        if info.power:
            channel = Channel(probe.power, lambda line: line.power, Timeline.add_power)
            self._channels.append(channel)

    @property
    def locked(self) -> bool:
        """Whether the refresh of one of its quantities is known."""
        return any(channel.lock.locked for channel in self._channels)

    def read(self, clock: Clock) -> int:
        """Take one reading of each quantity; return how many; never raise."""
        calls = 0
        before = clock.now()
        self.read_at = before
        for channel in self._channels:
            if self.lost or channel.retry > before:
                continue
            calls += 1
            try:
                value = channel.read()
            except Exception as error:  # noqa: BLE001 - a sensor never stops training
                self._fail(channel, clock.now(), error)
            else:
                now = clock.now()
                self._fill(channel, now)
                self._take(channel, (before + now) / 2, value)
            before = clock.now()
        return calls

    def due(self, fast: float | None, pace: float, edge: float | None) -> float:
        """Return when to read next [s].

        Args:
            fast: longest time between readings near a border; ``None`` elsewhere.
            pace: time between readings where no refresh is known [s].
            edge: earliest time of the next edge to watch [s]; ``None`` to watch none.
        """
        if self.lost:
            return _NEVER
        if self.pause is not None:
            return self.read_at + (self.pause if fast is None else fast)
        due = self.read_at + (pace if fast is None else fast)
        if edge is None or not self.locked:
            return due
        followed = self._channels
        if len(followed) > 1 and followed[0].covers(followed[1], self.read_at):
            followed = followed[:1]
        edges = min(channel.due(self.read_at, edge) for channel in followed)
        edges = min(edges, max(due, self.read_at + _LONGEST_WAIT))
        return edges if fast is None else min(due, edges)

    def hurry(self) -> None:
        """Read at the next opportunity what failed."""
        for channel in self._channels:
            channel.hurry()

    def interrupt(self, time: float, seconds: float) -> None:
        """Note that the machine slept for ``seconds`` [s] just before ``time`` [s]."""
        for channel in self._channels:
            channel.reset()
        for watch in self.watches:
            watch.timeline.add_break(time, seconds)

    def thin(self, until: float, spacing: float) -> None:
        """Merge changes before ``until`` [s] that are closer than ``spacing`` [s]."""
        for watch in self.watches:
            watch.timeline.thin(until, spacing)

    def look(self, watch: Watch) -> None:
        """Note in which condition the device is at a border of the block."""
        watch.timeline.conditions.append(condition_of(self._probe))

    def _fill(self, channel: Channel, now: float) -> None:
        """Put what the driver kept where nothing was read for a while."""
        last = channel.last
        if last is None or now - last[0] < _HOLE or not self._fillable(channel):
            return
        time, watts = last
        for age, value in kept_power(self._probe):
            if not time < now - age < now:
                continue
            # the old value stood until the driver noted the new one
            stood, time = now - age - _MARGIN, now - age
            for watch in self.watches:
                if watch.timeline.power.last < stood:
                    channel.add(watch.timeline, stood, watts)
                    channel.add(watch.timeline, time, value)
            watts = value

    def _fillable(self, channel: Channel) -> bool:
        return channel is self._channels[-1] and self._probe.info.counter is None

    def _take(self, channel: Channel, time: float, value: float) -> None:
        channel.take(time, value)
        period = channel.lock.period
        for watch in self.watches:
            channel.add(watch.timeline, time, value)
            if period is not None:
                channel.store(watch.timeline).period = period

    def _fail(self, channel: Channel, time: float, error: Exception) -> None:
        text = str(error) if isinstance(error, ReadError) else repr(error)
        self.lost = isinstance(error, DeviceLostError)
        channel.failed(time, forever=isinstance(error, UnsupportedReadingError))
        for watch in self.watches:
            watch.timeline.add_failure(time, text, lost=self.lost)


def settled(watch: Watch, end: float, now: float, longest: float) -> bool:
    """Return whether enough was read of ``watch`` after ``end`` [s].

    Four edges are enough, or as many as there are in the longest time, which is more
    for a slow counter, or while nearly all edges were read late; where power is only a
    trailing mean, its length and one refresh. Longer where power may be in a lull of
    the load, as long as that can be told.

    Args:
        watch: what was read.
        end: end of the block [s].
        now: the time [s].
        longest: how long to wait for edges [s].
    """
    info, timeline = watch.probe.info, watch.timeline
    if timeline.lost_at is not None:
        return True
    if info.longest_pause is not None:
        return now > end + 2 * _AFTER
    if info.power_average is not None:
        late = min(1.1 * timeline.power.refresh(), longest)
        return now > end + info.power_average + late + _AFTER
    # a counter may be late by a refresh, and stands for another
    slow = min(SLOWEST_WAIT, _REFRESHES * timeline.energy.refresh())
    if not (now > end + max(longest, slow) or timeline.settled(end)):
        return False
    if timeline.vague(end) and now < end + SLOWEST_WAIT:
        return False
    return not undecided(timeline.power, end)


def identity(probe: Probe) -> Hashable:
    """Return what is equal for probes that read the same physical device."""
    try:
        hash(probe)
    except TypeError:
        return id(probe)
    return probe
