"""Where one thread or task passed borders of regions, and the stays that last."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

CLOSE = -1
"""What a track holds where a region ends; where one begins it holds its number."""


@dataclass(slots=True, eq=False)
class Span:
    """One stay in a region.

    Attributes:
        name: name of the region.
        start: when the program began it [s].
        parent: the stay around it, in the same thread and task.
        repeated: whether a stay of the same name lies around it.
        track: the borders of its thread or task.
        end: when the program ended it [s]; ``None`` while it lasts.
    """

    name: str
    start: float
    parent: "Span | None"
    repeated: bool
    track: "Track"
    end: float | None = None

    @property
    def seconds(self) -> float:
        """Length of the stay [s]; zero while it lasts."""
        return 0.0 if self.end is None else self.end - self.start


class Track:
    """The borders that one thread or task passed, as compact columns.

    Attributes:
        codes: the number of the region that begins, or ``CLOSE``.
        times: when the program passed the border [s].
        cpu: processor time of the process there [s]; empty unless it is asked for.
        top: the innermost stay that lasts.
        depths: how many stays of a name last.
    """

    def __init__(self) -> None:
        self.codes = array("i")
        self.times = array("d")
        self.cpu = array("d")
        self.top: Span | None = None
        self.depths: dict[str, int] = {}
        self._gpu: dict[str, array[float]] = {}

    def await_gpu(self, uuid: str) -> int:
        """Return the place of the border to come, which a GPU has yet to reach."""
        column, place = self._gpu.setdefault(uuid, array("d")), len(self.times)
        column.extend(self.times[len(column) : place])
        column.append(inf)
        return place

    def place(self, uuid: str, border: int, time: float) -> None:
        """Say when a GPU reached a border [s]."""
        self._gpu[uuid][border] = time

    def gpu_times(self, uuid: str, start: float, end: float) -> "array[float]":
        """Return when a GPU reached each border [s], from ``start`` to ``end`` [s].

        Along one thread these times never go back, so that a region inside another
        one stays inside it, whatever streams the thread used. A border that the GPU
        has not reached lies at the end.
        """
        count = len(self.times)
        known = self._gpu.get(uuid, array("d"))[:count]
        times = known + self.times[len(known) : count]
        latest = start
        for i, time in enumerate(times):
            latest = max(latest, min(time, end))
            times[i] = latest
        return times

    def stays(self) -> Iterator[tuple[int, int, bool, int, int]]:
        """Return all stays, those inside before those around them.

        Each is the number of its region, that of the region around it or ``CLOSE``,
        whether a stay in the same region lies around it, and the places of its two
        borders; the second one is ``CLOSE`` where the stay never ended.
        """
        stack: list[tuple[int, int]] = []
        depths: dict[int, int] = {}
        for place, code in enumerate(self.codes[: len(self.times)]):
            if code != CLOSE:
                stack.append((code, place))
                depths[code] = depths.get(code, 0) + 1
            elif stack:
                yield self._leave(stack, depths, place)
        while stack:
            yield self._leave(stack, depths, CLOSE)

    @staticmethod
    def _leave(
        stack: list[tuple[int, int]], depths: dict[int, int], place: int
    ) -> tuple[int, int, bool, int, int]:
        number, opened = stack.pop()
        depths[number] -= 1
        outer = stack[-1][0] if stack else CLOSE
        return number, outer, depths[number] > 0, opened, place
