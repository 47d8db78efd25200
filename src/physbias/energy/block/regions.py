"""Named parts of the measured block: recorded as instants, priced afterwards."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot
from types import TracebackType

from physbias.energy.clock import Clock
from physbias.energy.record.record import Flag, FlagCode, Interval, RegionEnergy

_RESOLUTION = 0.2


@dataclass(slots=True)
class Span:
    """One stay in a region.

    Attributes:
        name: name of the region.
        start: when it began [s].
        end: when it ended [s]; ``None`` while it lasts.
        parent: the stay around it, in the same thread.
        repeated: whether a stay of the same name lies around it.
        thread: identity of the thread.
        cpu_start: processor time of the process at the start [s].
        cpu_end: processor time of the process at the end [s].
    """

    name: str
    start: float
    end: float | None = None
    parent: "Span | None" = None
    repeated: bool = False
    thread: int = 0
    cpu_start: float = 0.0
    cpu_end: float = 0.0

    @property
    def seconds(self) -> float:
        """Length of the stay [s]; zero while it lasts."""
        return 0.0 if self.end is None else self.end - self.start


class RegionLog:
    """The stays in regions, in the order in which they began.

    Args:
        clock: the clock.
        cpu: whether to read the processor time at each border, for estimates.
    """

    def __init__(self, clock: Clock, *, cpu: bool) -> None:
        self.spans: list[Span] = []
        self._clock = clock
        self._cpu = cpu
        self._local = threading.local()
        self._closed = False

    def open(self, name: str) -> Span:
        """Begin a stay in the region ``name``."""
        stack = self._stack()
        span = Span(
            name,
            self._clock.now(),
            parent=stack[-1] if stack else None,
            repeated=any(outer.name == name for outer in stack),
            thread=threading.get_ident(),
            cpu_start=self._clock.cpu_time() if self._cpu else 0.0,
        )
        stack.append(span)
        if not self._closed:
            self.spans.append(span)
        return span

    def close(self, span: Span) -> None:
        """End a stay."""
        if span.end is None:
            span.cpu_end = self._clock.cpu_time() if self._cpu else 0.0
            span.end = self._clock.now()
        stack = self._stack()
        if span in stack:
            del stack[stack.index(span) :]

    def finish(self, end: float, cpu_end: float) -> None:
        """End all stays that last, and take no more."""
        self._closed = True
        for span in self.spans:
            if span.end is None or span.end > end:
                span.end, span.cpu_end = end, cpu_end

    def _stack(self) -> list[Span]:
        stack = getattr(self._local, "stack", None)
        if stack is None:
            stack = self._local.stack = []
        return stack


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


@dataclass(frozen=True, slots=True)
class Price:
    """What a stay in a region costs, by one kind of figure.

    Args:
        joules: energy of a stay [J].
        random: its random standard uncertainty [J].
        systematic: standard uncertainty of an energy [J] used in a time [s], which
            no repetition removes.
        resolution: time below which a stay cannot be told from its neighbours [s].
    """

    joules: Callable[[Span], float]
    random: Callable[[Span], float]
    systematic: Callable[[float, float], float]
    resolution: float


def region_table(spans: Sequence[Span], price: Price | None) -> list[RegionEnergy]:
    """Return one entry per region name, in the order of first use."""
    sums: dict[str, _Sum] = {}
    for span in spans:
        total = sums.setdefault(span.name, _Sum(span.name))
        total.count += 1
        joules = price.joules(span) if price else 0.0
        total.own += joules
        if not span.repeated:
            total.add(span, joules, price)
        if span.parent is not None and span.parent.name in sums:
            sums[span.parent.name].own -= joules
    return [total.entry(price) for total in sums.values()]


def unattributed(spans: Sequence[Span], total: float, price: Price) -> float:
    """Return the energy outside all regions [J]."""
    return total - sum(price.joules(s) for s in outermost(spans))


def outermost(spans: Sequence[Span]) -> list[Span]:
    """Return stays that cover the same time as ``spans`` without any overlap.

    In one thread these are the stays without a parent; stays of several threads that
    overlap are joined.
    """
    joined: list[Span] = []
    tops = (s for s in spans if s.parent is None and s.end is not None)
    for span in sorted(tops, key=lambda s: s.start):
        last = joined[-1] if joined else None
        if last is None or last.end is None or span.start >= last.end:
            joined.append(
                Span(
                    span.name,
                    span.start,
                    span.end,
                    cpu_start=span.cpu_start,
                    cpu_end=span.cpu_end,
                )
            )
        elif span.end is not None and span.end > last.end:
            last.end, last.cpu_end = span.end, span.cpu_end
    return joined


def overlap(spans: Sequence[Span]) -> bool:
    """Return whether stays of several threads overlap."""
    tops = [s for s in spans if s.parent is None]
    return len({s.thread for s in tops}) > 1 and len(outermost(spans)) < len(tops)


class _Sum:
    """Running sums over the stays in one region."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.joules = self.own = self.seconds = 0.0
        self.count = self.stays = 0
        self.long_variance = self.short_error = 0.0

    def add(self, span: Span, joules: float, price: Price | None) -> None:
        self.joules += joules
        self.seconds += span.seconds
        self.stays += 1
        if price is None:
            return
        error = price.random(span)
        if span.seconds < 2 * price.resolution:
            # what a refresh hides is the same each time: it does not average out
            self.short_error += error
        else:
            self.long_variance += error**2

    def entry(self, price: Price | None) -> RegionEnergy:
        if price is None:
            return RegionEnergy(self.name, None, None, None, self.seconds, self.count)
        random = hypot(self.long_variance**0.5, self.short_error)
        half = 2 * hypot(random, price.systematic(self.joules, self.seconds))
        return RegionEnergy(
            name=self.name,
            joules=self.joules,
            own_joules=self.own,
            interval=Interval(max(0.0, self.joules - half), self.joules + half),
            seconds=self.seconds,
            count=self.count,
            flags=self._flags(random, price.resolution),
        )

    def _flags(self, random: float, resolution: float) -> tuple[Flag, ...]:
        short = self.seconds < 2 * resolution * self.stays
        if not short and random <= _RESOLUTION * self.joules:
            return ()
        text = (
            f"stays in region {self.name!r} last {self.seconds / self.stays:.3g} s on "
            f"average, too short for a sensor that refreshes every {resolution:.3g} s"
        )
        return (Flag(FlagCode.BELOW_RESOLUTION, text),)
