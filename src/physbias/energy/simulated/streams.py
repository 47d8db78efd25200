"""A GPU that works off a queue, while the program that fills it goes on."""

import struct
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence

from physbias.energy.clock import Clock
from physbias.energy.sensors.queues import Mark


class SimulatedStream:
    """A queue of kernels, and the power that a board draws as it works them off.

    Hand it to a :class:`SimulatedGpu` as its trace. Kernels run one after the other,
    each as soon as it is queued and the one before has ended.

    Args:
        clock: the machine's clock.
        idle: power with an empty queue [W].

    Example:
        >>> from physbias.energy import VirtualClock
        >>> clock = VirtualClock()
        >>> stream = SimulatedStream(clock, idle=60.0)
        >>> stream.launch(2.0, watts=300.0)
        >>> stream.launch(1.0, watts=160.0)
        >>> stream.end, clock.now()
        (3.0, 0.0)
        >>> stream.energy(4.0)
        820.0
    """

    def __init__(self, clock: Clock, *, idle: float = 60.0) -> None:
        self.idle = idle
        self._clock = clock
        self._starts: list[float] = []
        self._extra: list[float] = []
        self._before: list[float] = [0.0]
        self._end = clock.now()

    @property
    def end(self) -> float:
        """When the work queued so far is done [s]; not before now."""
        return max(self._end, self._clock.now())

    def launch(self, seconds: float, watts: float) -> None:
        """Queue a kernel, and return at once.

        Args:
            seconds: how long it runs [s].
            watts: power while it runs [W].
        """
        start, extra = self.end, watts - self.idle
        self._starts.append(start)
        self._extra.append(extra)
        self._before.append(self._before[-1] + extra * seconds)
        self._end = start + seconds

    def synchronize(self) -> None:
        """Wait until the queue is empty."""
        self._clock.sleep(self.end - self._clock.now())

    def energy(self, time: float) -> float:
        """Return the integral of the power from 0 to ``time`` [J]."""
        i = bisect_right(self._starts, time) - 1
        if i < 0:
            return self.idle * time
        running = self._extra[i] * (time - self._starts[i])
        whole = self._before[i + 1] - self._before[i]
        share = min(running, whole) if whole >= 0 else max(running, whole)
        return self.idle * time + self._before[i] + share


class SimulatedMark:
    """A mark in a simulated queue.

    Args:
        time: when the GPU reaches it [s].
        shown: the same on the GPU's own clock [s].
        now: tells the time [s].
    """

    __slots__ = ("_now", "shown", "time")

    def __init__(self, time: float, shown: float, now: Callable[[], float]) -> None:
        self.time = time
        self.shown = shown
        self._now = now

    def done(self) -> bool:
        """Return whether the GPU has reached it."""
        return self._now() >= self.time

    def since(self, earlier: "SimulatedMark") -> float:
        """Return the time since another mark [s], as coarse as CUDA tells it.

        CUDA gives milliseconds as a number of 32 bits.
        """
        exact = 1e3 * (self.shown - earlier.shown)
        return struct.unpack("f", struct.pack("f", exact))[0] / 1e3


class SimulatedQueues:
    """The queues of a simulated machine, behind the same seam as those of torch.

    Args:
        streams: the queue of each board by UUID.
        clock: the machine's clock.
        drift: by how much the clocks of the boards go too fast [1].
    """

    def __init__(
        self,
        streams: Mapping[str, SimulatedStream],
        clock: Clock,
        *,
        drift: float = 0.0,
    ) -> None:
        self.streams = dict(streams)
        self.capturing = False
        self.marks = 0
        self.live = 0
        self._clock = clock
        self._drift = drift

    def ready(self) -> bool:
        """Return whether marks can be put: not while a graph is being captured."""
        return bool(self.streams) and not self.capturing

    def devices(self) -> Sequence[str]:
        """Return the UUIDs of the boards that have a queue."""
        return tuple(self.streams)

    def synchronize(self) -> None:
        """Wait until all queues are empty."""
        for stream in self.streams.values():
            stream.synchronize()

    def mark(self, uuid: str, *, apart: bool = False) -> SimulatedMark:
        """Put a mark behind the work queued so far, or on an empty queue."""
        self.marks += 1
        self.live += 1
        time = self._clock.now() if apart else self.streams[uuid].end
        return SimulatedMark(time, (1 + self._drift) * time, self._clock.now)

    def release(self, mark: Mark) -> None:
        """Take back a mark."""
        self.live -= 1
