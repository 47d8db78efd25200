"""Who is inside a measured block, and how it ends."""

from collections.abc import Hashable
from inspect import CO_ASYNC_GENERATOR, CO_GENERATOR
from types import TracebackType

from physbias.energy.block.regions import Region
from physbias.energy.block.run import Run
from physbias.energy.block.strands import ProcessLock, current_strand
from physbias.energy.record.record import Status

Ending = tuple[Status, str | None]


def ending_of(error: BaseException | None) -> Ending:
    """Return status and error of a block that ended with an exception or without.

    A block in a generator that its consumer has left has finished; one in a coroutine
    that was closed before its end was interrupted.

    Args:
        error: the exception; ``None`` for none.
    """
    if error is None or (isinstance(error, GeneratorExit) and _in_generator(error)):
        return Status.FINISHED, None
    failed = isinstance(error, Exception)
    return Status.FAILED if failed else Status.INTERRUPTED, type(error).__name__


def _in_generator(error: BaseException) -> bool:
    """Return whether the outermost function that ``error`` passed is a generator."""
    traceback = error.__traceback__
    flags = 0 if traceback is None else traceback.tb_frame.f_code.co_flags
    return bool(flags & (CO_GENERATOR | CO_ASYNC_GENERATOR))


class Entry:
    """One ``with`` statement or one call inside a run.

    Args:
        entries: all those inside the run.
        region: its region; ``None`` for the one that began the run.
    """

    __slots__ = ("_entries", "region", "strand")

    def __init__(self, entries: "Entries", region: Region | None) -> None:
        self._entries = entries
        self.region = region
        self.strand = current_strand()

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.region is not None:
            self.region.__exit__(kind, error, traceback)
        self._entries.leave(self, ending_of(error))


class Entries:
    """All ``with`` statements and calls inside one run.

    A run that the first of them began ends when all have left, whichever is the last.
    Its status is that of the first that ended badly, where that was not inside
    another one of the same thread or task, whose matter it is.

    Args:
        run: the run.
        lasting: whether it goes on when all have left.
    """

    def __init__(self, run: Run, *, lasting: bool) -> None:
        self.run = run
        self._lasting = lasting
        self._inside: dict[Entry, None] = {}
        self._depths: dict[Hashable, int] = {}
        self._over = False
        self._ending: Ending = ending_of(None)
        self._lock = ProcessLock()

    def enter(self, name: str) -> Entry | None:
        """Return a new entry; ``None`` where the run has just ended.

        Args:
            name: name of its region, unless it begins the run.
        """
        run, region = self.run, None
        with self._lock:
            if run.stopped or self._over:
                return None
            if self._inside or self._lasting:
                region = run.region(name)
            entry = Entry(self, region)
            self._inside[entry] = None
            depth = self._depths.get(entry.strand, 0)
            self._depths[entry.strand] = depth + 1
        if region is not None:
            region.__enter__()
        return entry

    def leave(self, entry: Entry, ending: Ending) -> None:
        """Note that ``entry`` has ended; the last one ends the run.

        Args:
            entry: the entry.
            ending: how it ended.
        """
        with self._lock:
            if entry not in self._inside:
                return
            del self._inside[entry]
            depth = self._depths.pop(entry.strand) - 1
            if depth:
                self._depths[entry.strand] = depth
            elif self._ending[0] is Status.FINISHED:
                self._ending = ending
            self._over = not self._inside and not self._lasting
        if self._over:
            self.run.stop(*self._ending)


class Statements:
    """The ``with`` statements of a meter that have not ended."""

    def __init__(self) -> None:
        self._open: list[Entry] = []

    def push(self, entry: Entry) -> None:
        """Keep the entry of a statement that begins."""
        self._open.append(entry)

    def pop(self) -> Entry | None:
        """Return the entry of the statement that ends.

        It is the latest of this thread or task, or else the latest of all: a fixture
        may begin in one task and end in another.
        """
        here = current_strand()
        for entry in reversed(self._open):
            if entry.strand == here:
                self._open.remove(entry)
                return entry
        return self._open.pop() if self._open else None
