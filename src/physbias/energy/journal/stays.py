"""Stays in regions between two journal lines, few or many, in bounded space."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

_MOST_ALONE = 8


class Span(Protocol):
    """What is needed of a stay in a region that has ended."""

    @property
    def name(self) -> str:
        """Name of the region."""
        ...

    @property
    def parent(self) -> "Span | None":
        """The stay around it."""
        ...

    @property
    def repeated(self) -> bool:
        """Whether a stay of the same name lies around it."""
        ...

    @property
    def start(self) -> float:
        """When it began [s]."""
        ...

    @property
    def seconds(self) -> float:
        """Length of the stay [s]."""
        ...


@dataclass(slots=True)
class Stay:
    """One stay in a region, or many of the same kind told as one.

    Args:
        name: name of the region.
        parent: name of the region around it; ``None`` if it is an outermost one.
        repeated: whether a stay of the same name lies around it.
        count: number of stays [1].
        start: start of the first one, since the start of the block [s].
        end: end of the last one [s].
        seconds: time inside [s].
    """

    name: str
    parent: str | None
    repeated: bool
    count: int
    start: float
    end: float
    seconds: float

    @property
    def share(self) -> float:
        """Part of the time from ``start`` to ``end`` that was spent inside [1]."""
        length = self.end - self.start
        return min(1.0, max(0.0, self.seconds / length)) if length > 0 else 1.0

    def until(self, end: float) -> "Stay | None":
        """Return the part up to ``end`` [s] from the start of the block, if any."""
        start, stop = max(0.0, self.start), min(self.end, end)
        if stop < start or stop == start < self.end:
            return None
        part = (stop - start) / (self.end - self.start) if stop > start else 1.0
        return replace(
            self,
            count=max(1, round(part * self.count)),
            start=start,
            end=stop,
            seconds=part * self.seconds,
        )


@dataclass(slots=True)
class Batch:
    """The stays of one journal line.

    In one thread, outermost stays of different lines never overlap, and those of one
    line only seem to, where many are told as one.

    Args:
        stays: the stays.
        overlap: time that outermost stays of several threads share [s].
    """

    stays: Sequence[Stay]
    overlap: float = 0.0

    @property
    def tops(self) -> list[Stay]:
        """The outermost stays."""
        return [stay for stay in self.stays if stay.parent is None]

    @property
    def window(self) -> tuple[float, float]:
        """From the first to the last border of an outermost stay [s]."""
        tops = self.tops
        start = min((stay.start for stay in tops), default=0.0)
        return start, max((stay.end for stay in tops), default=start)

    def until(self, end: float) -> "Batch":
        """Return the part up to ``end`` [s] from the start of the block."""
        cut = (stay.until(end) for stay in self.stays)
        left = Batch([stay for stay in cut if stay is not None])
        (start, stop), (first, last) = self.window, left.window
        part = (last - first) / (stop - start) if stop > start else 0.0
        return replace(left, overlap=min(1.0, part) * self.overlap)


class Stays:
    """Collects stays; taking them is up to another thread."""

    def __init__(self) -> None:
        self._ended: deque[Span] = deque()

    def add(self, span: Span) -> None:
        """Take a stay that has ended."""
        self._ended.append(span)

    @property
    def outermost(self) -> bool:
        """Whether the newest stay is an outermost one."""
        return bool(self._ended) and self._ended[-1].parent is None

    def take(self, origin: float) -> dict[str, Any]:
        """Return what a line holds of the stays since the last call.

        These are the fields of the stays, many told as one, and the time that
        outermost ones of several threads share, if there is any.

        Args:
            origin: start of the block [s].
        """
        spans = [self._ended.popleft() for _ in range(len(self._ended))]
        taken: dict[str, Any] = {"regions": fold(spans, origin)}
        shared = round(_shared([span for span in spans if span.parent is None]), 5)
        if shared > 0:
            taken["overlap"] = shared
        return taken


def fold(spans: Sequence[Span], origin: float) -> list[list[Any]]:
    """Return the fields of one :class:`Stay` per span, or per kind if there are many.

    Args:
        spans: stays that have ended.
        origin: start of the block [s].
    """
    kinds: dict[tuple[str, str | None, bool], list[Span]] = {}
    for span in spans:
        outer = None if span.parent is None else span.parent.name
        kinds.setdefault((span.name, outer, span.repeated), []).append(span)
    folded = []
    for kind, alike in kinds.items():
        alone = len(alike) <= _MOST_ALONE
        for part in [[span] for span in alike] if alone else [alike]:
            start = min(span.start for span in part) - origin
            end = max(span.start + span.seconds for span in part) - origin
            times = start, end, sum(span.seconds for span in part)
            folded.append([*kind, len(part), *(round(time, 5) for time in times)])
    return folded


def _shared(spans: Sequence[Span]) -> float:
    """Return by how much the stays are longer than the time that they cover [s]."""
    shared, latest = 0.0, float("-inf")
    for span in sorted(spans, key=lambda span: span.start):
        end = span.start + span.seconds
        shared += max(0.0, min(end, latest) - span.start)
        latest = max(latest, end)
    return shared
