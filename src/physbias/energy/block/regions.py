"""Named parts of the measured block: their borders, recorded as they are passed."""

import threading
from collections.abc import Callable
from types import TracebackType

from physbias.energy.block.borders import GpuBorders
from physbias.energy.block.strands import Tracks
from physbias.energy.block.track import CLOSE, Span, Track
from physbias.energy.clock import Clock

__all__ = ["Region", "RegionLog", "Span"]


class RegionLog:
    """The borders of regions, on one track per thread or asyncio task.

    Args:
        clock: the clock.
        cpu: whether to read the processor time at each border, for estimates.
        borders: places the borders where the GPUs stand; ``None`` to place them where
            the program stands.
        closed: called with each stay that ends.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        cpu: bool = False,
        borders: GpuBorders | None = None,
        closed: Callable[[Span], None] | None = None,
    ) -> None:
        self._tracks = Tracks()
        self._borders = borders
        self._numbers: dict[str, int] = {}
        self._clock = clock
        self._cpu = cpu
        self._closed = closed
        self._lock = threading.Lock()
        self._finished = False

    @property
    def tracks(self) -> list[Track]:
        """The borders that threads and tasks passed."""
        return list(self._tracks.all)

    @property
    def names(self) -> list[str]:
        """Names of the regions in the order of first use."""
        return list(self._numbers)

    def open(self, name: str) -> Span:
        """Begin a stay in the region ``name``."""
        track = self._tracks.current()
        depth = track.depths.get(name, 0)
        number = self._number(name)
        span = Span(name, 0.0, track.top, depth > 0, track)
        span.start = self._pass(track, number)
        track.depths[name] = depth + 1
        track.top = span
        return span

    def close(self, span: Span) -> None:
        """End a stay, and with it those inside that still last."""
        track = span.track
        while span.end is None and track.top is not None:
            inner = track.top
            track.top = inner.parent
            track.depths[inner.name] -= 1
            inner.end = self._pass(track, CLOSE)
            if self._closed is not None:
                self._closed(inner)
        if track.top is None:
            self._tracks.leave(track)

    def finish(self, end: float) -> None:
        """Take no more borders; stays that last end at ``end`` [s]."""
        self._finished = True
        for track in self.tracks:
            span = track.top
            while span is not None:
                if span.end is None:
                    span.end = end
                    if self._closed is not None:
                        self._closed(span)
                span = span.parent

    def _pass(self, track: Track, code: int) -> float:
        if self._finished:
            return self._clock.now()
        if self._borders is not None:
            self._borders.mark(track)
        now = self._clock.now()
        if self._cpu:
            track.cpu.append(self._clock.cpu_time())
        track.codes.append(code)
        track.times.append(now)
        return now

    def _number(self, name: str) -> int:
        number = self._numbers.get(name)
        if number is None:
            with self._lock:
                number = self._numbers.setdefault(name, len(self._numbers))
        return number


class Region:
    """Context manager of one stay in a region; see :meth:`EnergyMeter.region`."""

    __slots__ = ("_log", "_name", "_span")

    def __init__(self, log: RegionLog | None, name: str) -> None:
        self._log = log
        self._name = name
        self._span: Span | None = None

    def __enter__(self) -> "Region":
        if self._log is not None:
            self._span = self._log.open(self._name)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._log is not None and self._span is not None:
            self._log.close(self._span)
