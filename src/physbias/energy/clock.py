"""Time as the meter sees it: the machine's own, or a simulated one.

A clock also drives the sampler: :meth:`Clock.run` calls a function again and again
at the instants that the function asks for. The machine's clock does so in a thread,
the virtual clock does so in the caller while virtual time passes.
"""

import sys
import threading
import time
from collections.abc import Callable
from typing import Protocol, runtime_checkable

Tick = Callable[[], float | None]
"""Does one piece of work; returns the next instant [s], or ``None`` when done."""

_JOIN_SECONDS = 5.0
_JOIN_SECONDS_AT_EXIT = 1.0
_LOOK_SECONDS = 0.05


@runtime_checkable
class Ticker(Protocol):
    """Work in progress on a clock."""

    def wake(self) -> None:
        """Run the work again as soon as possible."""
        ...

    def wait(self, done: threading.Event | None = None) -> None:
        """Return when ``done`` is set, or when the work has come to its end."""
        ...


@runtime_checkable
class Clock(Protocol):
    """A source of time [s] that never jumps, and a runner of repeated work."""

    def now(self) -> float:
        """Return the time since some fixed instant [s]."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` [s] pass."""
        ...

    def cpu_time(self) -> float:
        """Return the processor time that this process has used [s]."""
        ...

    def work(self) -> float:
        """Return the processor time that the calling thread has used [s]."""
        ...

    def boot(self) -> float:
        """Return a time [s] that, unlike :meth:`now`, goes on while suspended."""
        ...

    def run(self, tick: Tick) -> Ticker:
        """Call ``tick`` now, and again at each instant [s] that it returns."""
        ...


class MonotonicClock:
    """The machine's monotonic clock; repeated work runs in a daemon thread.

    All its instances are equal, because there is one such clock.
    """

    def __eq__(self, other: object) -> bool:
        """Whether ``other`` is the same clock."""
        return self is other or type(self) is type(other) is MonotonicClock

    def __hash__(self) -> int:
        return hash(MonotonicClock) if type(self) is MonotonicClock else id(self)

    def now(self) -> float:
        """Return the monotonic time [s]."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` [s] pass."""
        time.sleep(max(0.0, seconds))

    def cpu_time(self) -> float:
        """Return user plus system time of all threads of this process [s]."""
        return time.process_time()

    def work(self) -> float:
        """Return the processor time of the calling thread [s]."""
        return time.thread_time()

    def boot(self) -> float:
        """Return the time since the machine started, suspensions included [s].

        Where the system has no such clock it is :meth:`now`.
        """
        clock = getattr(time, "CLOCK_BOOTTIME", None)
        return time.monotonic() if clock is None else time.clock_gettime(clock)

    def run(self, tick: Tick) -> Ticker:
        """Call ``tick`` in a new daemon thread until it returns ``None``."""
        return _ThreadTicker(tick)


class _ThreadTicker:
    def __init__(self, tick: Tick) -> None:
        self._tick = tick
        self._wakeup = threading.Event()
        self._thread = threading.Thread(
            target=self._loop, name="physbias-energy", daemon=True
        )
        self._thread.start()

    def wake(self) -> None:
        self._wakeup.set()

    def wait(self, done: threading.Event | None = None) -> None:
        exiting = not threading.main_thread().is_alive() or sys.is_finalizing()
        longest = _JOIN_SECONDS_AT_EXIT if exiting else _JOIN_SECONDS
        if done is None:
            self._thread.join(longest)
            return
        deadline = time.monotonic() + longest
        while self._thread.is_alive() and time.monotonic() < deadline:
            if done.wait(_LOOK_SECONDS):
                return

    def _loop(self) -> None:
        while (deadline := self._tick()) is not None:
            self._wakeup.wait(max(0.0, deadline - time.monotonic()))
            self._wakeup.clear()


class VirtualClock:
    """A clock that moves only when told to, so that hours pass in milliseconds.

    Args:
        start: first reading of the clock [s].
        busy_cores: processor time that the simulated process uses per second [1].
        late: by how much the next piece of repeated work comes late [s], asked for
            each one: a machine that is short of processors. Never late by default.

    Example:
        >>> clock = VirtualClock()
        >>> clock.sleep(3600.0)
        >>> clock.now()
        3600.0
    """

    def __init__(
        self,
        start: float = 0.0,
        *,
        busy_cores: float = 0.0,
        late: Callable[[], float] = float,
    ) -> None:
        self.busy_cores = busy_cores
        self.late = late
        self._now = start
        self._cpu = 0.0
        self._suspended = 0.0
        self._worked = 0.0
        self._tickers: list[_VirtualTicker] = []

    def now(self) -> float:
        """Return the virtual time [s]."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` [s] of virtual time pass, and run what falls due."""
        target = self._now + max(0.0, seconds)
        while due := [t for t in self._tickers if t.due_by(target)]:
            first = min(due, key=_VirtualTicker.deadline_or_zero)
            self._advance(first.deadline_or_zero())
            first.fire()
            self._tickers = [t for t in self._tickers if t.deadline is not None]
        self._advance(target)

    def cpu_time(self) -> float:
        """Return the processor time of the simulated process [s]."""
        return self._cpu

    def work(self) -> float:
        """Return the time that calls took by :meth:`advance` [s]."""
        return self._worked

    def boot(self) -> float:
        """Return the virtual time, suspensions included [s]."""
        return self._now + self._suspended

    def suspend(self, seconds: float) -> None:
        """Let the machine sleep for ``seconds`` [s] in which its clock stands still."""
        self._suspended += seconds

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` [s] pass inside a call, in which no other work can run."""
        self._worked += seconds
        self._advance(self._now + seconds)

    def run(self, tick: Tick) -> Ticker:
        """Call ``tick`` now, and while virtual time passes."""
        ticker = _VirtualTicker(self, tick)
        ticker.fire()
        if ticker.deadline is not None:
            self._tickers.append(ticker)
        return ticker

    def _advance(self, target: float) -> None:
        step = max(0.0, target - self._now)
        self._cpu += self.busy_cores * step
        self._now += step


class _VirtualTicker:
    def __init__(self, clock: VirtualClock, tick: Tick) -> None:
        self._clock = clock
        self._tick = tick
        self.deadline: float | None = clock.now()

    def due_by(self, target: float) -> bool:
        return self.deadline is not None and self.deadline <= target

    def deadline_or_zero(self) -> float:
        return self.deadline or 0.0

    def fire(self) -> None:
        deadline = self._tick()
        self.deadline = None if deadline is None else deadline + self._clock.late()

    def wake(self) -> None:
        if self.deadline is not None:
            self.deadline = self._clock.now()

    def wait(self, done: threading.Event | None = None) -> None:
        while self.deadline is not None and not (done and done.is_set()):
            self._clock.sleep(self.deadline - self._clock.now())
