"""Borders of regions on the time line of the GPUs, found without ever waiting."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from physbias.energy.block.track import Track
from physbias.energy.clock import Clock
from physbias.energy.sensors.queues import GpuQueues, Mark

_ANCHOR_SECONDS = 60.0
_LOOK_SECONDS = 5.0
_ANCHOR_PATIENCE = 2e-4
_ANCHOR_QUERIES = 100
_MOST_PENDING = 20_000


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A mark whose place on the clock is known [s]."""

    mark: Mark
    time: float


@dataclass(frozen=True, slots=True)
class _Pending:
    uuid: str
    mark: Mark
    anchor: _Anchor
    track: Track
    border: int
    passed: float


class GpuBorders:
    """Marks where the GPUs stand when a thread passes the border of a region.

    A mark goes behind the work queued so far, and nothing waits for it. Later borders
    collect the marks that the GPU has reached meanwhile. A mark only knows its
    distance from another one, so each GPU has an anchor: a mark on an idle queue,
    reached at once, whose time the clock tells. It is renewed every minute, because
    the clocks drift apart and long distances are coarse.

    What goes wrong here ends the marking and is kept in :attr:`fault`; borders then
    lie where the program stands.

    Args:
        queues: the queues of the GPUs.
        clock: the clock.
    """

    def __init__(self, queues: GpuQueues, clock: Clock) -> None:
        self.fault: str | None = None
        self.unplaced = 0
        self._queues = queues
        self._clock = clock
        self._anchors: dict[str, _Anchor] = {}
        self._pending: deque[_Pending] = deque()
        self._look_at = clock.now()
        self._lock = threading.Lock()

    def mark(self, track: Track) -> None:
        """Mark the border that ``track`` is about to pass; never wait, never raise."""
        self._guard(lambda: self._mark(track))

    def collect(self) -> None:
        """Place all borders that the GPUs have reached."""
        self._guard(lambda: self._collect(_MOST_PENDING))

    def remarks(self) -> list[str]:
        """Return what went wrong."""
        found = [] if self.fault is None else [self.fault]
        if self.unplaced:
            text = f"{self.unplaced} borders of regions lie where the program stood, "
            found.append(text + "because more waited in the queues than are kept")
        return found

    @property
    def waiting(self) -> bool:
        """Whether a GPU has not reached all borders."""
        return bool(self._pending)

    def _mark(self, track: Track) -> None:
        if not self._queues.ready():
            return
        now = self._clock.now()
        if now >= self._look_at:
            self._look(now)
        for uuid, anchor in self._anchors.items():
            if len(self._pending) >= _MOST_PENDING:
                self.unplaced += 1
                continue
            mark = self._queues.mark(uuid)
            border = track.await_gpu(uuid)
            self._pending.append(_Pending(uuid, mark, anchor, track, border, now))
        self._collect(2 * len(self._anchors))

    def _look(self, now: float) -> None:
        """Find the GPUs in use, and anchor those that need it."""
        self._look_at = now + _LOOK_SECONDS
        anchors = dict(self._anchors)
        for uuid in self._queues.devices():
            old = anchors.get(uuid)
            if old is None or now >= old.time + _ANCHOR_SECONDS:
                new = self._anchor(uuid)
                if new is not None:
                    anchors[uuid] = new
        self._anchors = anchors

    def _anchor(self, uuid: str) -> _Anchor | None:
        mark, before = self._queues.mark(uuid, apart=True), self._clock.now()
        for _ in range(_ANCHOR_QUERIES):
            done, after = mark.done(), self._clock.now()
            if done:
                return _Anchor(mark, (before + after) / 2)
            if after > before + _ANCHOR_PATIENCE:
                break
        return None

    def _collect(self, most: int) -> None:
        if not self._lock.acquire(blocking=False):
            return
        try:
            for _ in range(most):
                if not self._pending or not self._pending[0].mark.done():
                    return
                one = self._pending.popleft()
                time = one.anchor.time + one.mark.since(one.anchor.mark)
                one.track.place(one.uuid, one.border, max(time, one.passed))
                self._queues.release(one.mark)
        finally:
            self._lock.release()

    def _guard(self, action: Callable[[], None]) -> None:
        if self.fault is not None:
            return
        try:
            action()
        except Exception as error:  # noqa: BLE001 - the meter never breaks the block
            self.fault = f"regions are no longer placed on the GPU ({error!r})"
