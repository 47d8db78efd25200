"""Lines of execution: a thread, or an asyncio task in it."""

import os
import sys
import threading
from collections.abc import Hashable
from types import TracebackType
from typing import Any
from weakref import ref

from physbias.energy.block.track import Track


def current_task() -> Any | None:  # noqa: ANN401 - naming its type imports asyncio
    """Return the asyncio task that runs in this thread, if one does.

    Does not import asyncio: where nobody has, there are no tasks.
    """
    asyncio = sys.modules.get("asyncio")
    running = getattr(asyncio, "_get_running_loop", None)
    if asyncio is None or running is None or running() is None:
        return None
    return asyncio.current_task()


def current_strand() -> Hashable:
    """Return what tells this task, or this thread outside any task, from others."""
    task = current_task()
    return threading.get_ident() if task is None else ref(task)


class Tracks:
    """Gives each thread a track of its own, and each asyncio task inside a region.

    Tasks of one thread use a track one after the other, so that there are as many as
    tasks at the same time.

    Attributes:
        all: the tracks so far.
    """

    def __init__(self) -> None:
        self.all: list[Track] = []
        self._thread = _Thread()
        self._of: dict[ref[Any], Track] = {}
        self._leases: dict[Track, tuple[ref[Any], list[Track]]] = {}

    def current(self) -> Track:
        """Return the track of the running task, or of the thread outside any."""
        task, thread = current_task(), self._thread
        if task is None:
            if thread.own is None:
                thread.own = self._new()
            return thread.own
        key = ref(task)
        track = self._of.get(key)
        if track is None:
            track = thread.idle.pop() if thread.idle else self._new()
            self._of[key] = track
            self._leases[track] = key, thread.idle
        return track

    def leave(self, track: Track) -> None:
        """Let other tasks have a track in which no stay lasts."""
        lease = self._leases.pop(track, None)
        if lease is not None:
            key, idle = lease
            self._of.pop(key, None)
            idle.append(track)

    def _new(self) -> Track:
        track = Track()
        self.all.append(track)
        return track


class _Thread(threading.local):
    """The tracks of one thread: its own, and those that its tasks have left."""

    def __init__(self) -> None:
        self.own: Track | None = None
        self.idle: list[Track] = []


class ProcessLock:
    """A lock that one thread may take several times, and that no fork leaves locked."""

    def __init__(self) -> None:
        self._locks: dict[int, threading.RLock] = {}

    def __enter__(self) -> None:
        self._mine().acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._mine().release()

    def _mine(self) -> "threading.RLock":
        return self._locks.setdefault(os.getpid(), threading.RLock())
