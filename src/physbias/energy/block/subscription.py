"""The wish of one block to have its devices read."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from physbias.energy.block.device import SLOWEST_WAIT, Watch, settled
from physbias.energy.block.sampler import Sampler
from physbias.energy.clock import Clock

_BORDER_SECONDS = 0.35
_SETTLE_SECONDS = 0.5
_MOMENT = 0.02
_LISTEN_EVERY = 1.0


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
        self._sampler: Sampler | None = None

    def start(self) -> None:
        """Read once, and begin to read on the clock."""
        self.started = self._listened = self._clock.now()
        if self.watches or self._listen is not None:
            self._sampler = Sampler.join(self, self._clock)

    def finish(self, end: float) -> None:
        """Say that the block ended at ``end`` [s]; readings go on a little."""
        self.end = end
        if self._sampler is not None and not self.settled.is_set():
            self._sampler.hurry(self)

    def wait(self) -> None:
        """Return when the last reading has been taken."""
        if self._sampler is not None:
            self._sampler.wait(self.settled)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep the readings as they are while the caller looks at them."""
        if self._sampler is None:
            yield
        else:
            with self._sampler.reading:
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
        return self.end is not None and now > self.end + SLOWEST_WAIT + _SETTLE_SECONDS

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
        self._sampler, self._listen = None, None
        self.settled = threading.Event()
        self.settled.set()
        for watch in self.watches:
            watch.disown()
