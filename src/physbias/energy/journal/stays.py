"""Stays in regions between two journal lines, few or many, in bounded space."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any, Protocol

from physbias.energy.integration.bounds import interval_around
from physbias.energy.integration.estimator import Measurement
from physbias.energy.record.record import Flag, FlagCode, RegionEnergy

_MOST_ALONE = 8
_RESOLUTION = 0.2


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
        return min(1.0, self.seconds / length) if length > 0 else 1.0


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

    def take(self, origin: float) -> list[list[Any]]:
        """Return the fields of the stays since the last call, many told as one.

        Args:
            origin: start of the block [s].
        """
        spans = [self._ended.popleft() for _ in range(len(self._ended))]
        return fold(spans, origin)


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


def price(
    stays: Sequence[Stay], measurements: Sequence[Measurement]
) -> tuple[tuple[RegionEnergy, ...], dict[str, float]]:
    """Return one entry per region, and the energy outside all of them by device [J].

    Stays told as one take their share, by time, of the energy between the first and
    the last of them.

    Args:
        stays: the stays.
        measurements: one per device; times count from the same start.
    """
    measured = [m for m in measurements if m.curve is not None]
    sums = {stay.name: _Sum(stay.name, measured) for stay in stays}
    for stay in stays:
        parts = [_joules(stay, m, stay.start) for m in measured]
        sums[stay.name].add(stay, parts)
        if stay.parent in sums:
            sums[stay.parent].own -= sum(parts)
    entries = tuple(total.entry() for total in sums.values())
    return entries, {_identity(m): _outside(stays, m) for m in measured}


def _identity(one: Measurement) -> str:
    return one.info.uuid or one.info.label


def _joules(stay: Stay, one: Measurement, start: float) -> float:
    if one.curve is None:
        return 0.0
    return stay.share * one.curve.between(one.start + start, one.start + stay.end)


def _outside(stays: Sequence[Stay], one: Measurement) -> float:
    rest = 0.0 if one.curve is None else one.curve.total
    covered = 0.0
    tops = (stay for stay in stays if stay.parent is None)
    for stay in sorted(tops, key=lambda s: s.start):
        if stay.end > covered:
            rest -= _joules(stay, one, max(stay.start, covered))
            covered = stay.end
    return rest


class _Sum:
    """Running sums over the stays in one region."""

    def __init__(self, name: str, measured: Sequence[Measurement]) -> None:
        self.name = name
        self.measured = measured
        self.joules = [0.0] * len(measured)
        self.own = self.seconds = self.error = 0.0
        self.count = 0

    def add(self, stay: Stay, parts: Sequence[float]) -> None:
        self.count += stay.count
        self.own += sum(parts)
        if stay.repeated:
            return
        self.joules = [a + b for a, b in zip(self.joules, parts, strict=True)]
        self.seconds += stay.seconds
        # how power differs inside and outside is not known of stays told as one
        unknown = sum(parts) * (1 - stay.share) / 2
        border = (
            m.random_error(m.start + stay.start, m.start + stay.end)
            for m in self.measured
        )
        self.error += hypot(unknown, *border)

    def entry(self) -> RegionEnergy:
        if not self.measured:
            return RegionEnergy(self.name, None, None, None, self.seconds, self.count)
        joules = sum(self.joules)
        parts = list(zip(self.measured, self.joules, strict=True))
        systematic = (m.systematic_error(part, self.seconds) for m, part in parts)
        flags = ()
        if self.error > _RESOLUTION * joules:
            text = f"stays in region {self.name!r} are too short for the sensor"
            flags = (Flag(FlagCode.BELOW_RESOLUTION, text),)
        return RegionEnergy(
            name=self.name,
            joules=joules,
            own_joules=self.own,
            interval=interval_around(joules, hypot(self.error, *systematic)),
            seconds=self.seconds,
            count=self.count,
            flags=flags,
            comparison=interval_around(joules, self.error),
            device_joules={_identity(m): part for m, part in parts},
        )
