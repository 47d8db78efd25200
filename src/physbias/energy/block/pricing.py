"""What the stays in regions cost, device by device."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil, hypot

from physbias.energy.block.track import CLOSE, Track
from physbias.energy.integration.bounds import Lags, added, interval_around
from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.record.region import RegionEnergy

_RESOLUTION = 0.2
_AIM = 0.05


@dataclass(frozen=True, slots=True)
class Price:
    """What one device used between two instants, by one kind of figure.

    Args:
        device: identity of the device.
        start: start of what is known [s].
        end: end of it [s].
        energy: energy between two instants [J].
        random: its random standard uncertainty [J].
        systematic: standard uncertainty of an energy [J] used in a time [s], which
            no repetition removes.
        resolution: time below which a stay cannot be told from its neighbours [s].
        lags: what a part gains at each of the ages that the sensor may have [J].
        by_cpu_time: whether instants are processor times rather than times.
    """

    device: str
    start: float
    end: float
    energy: Callable[[float, float], float]
    random: Callable[[float, float], float]
    systematic: Callable[[float, float], float]
    resolution: float = 0.0
    lags: Callable[[float, float], Lags] = lambda start, end: ()
    by_cpu_time: bool = False

    def borders(self, track: Track) -> "array[float]":
        """Return the instants of the borders of a track."""
        if not self.by_cpu_time:
            return track.gpu_times(self.device, self.start, self.end)
        held = (min(max(time, self.start), self.end) for time in track.cpu)
        return array("d", held)


@dataclass(frozen=True, slots=True)
class Pricing:
    """The regions of a block with their energies.

    Args:
        regions: one entry per region, in the order of first use.
        unattributed: energy outside all regions by device [J].
        overlap: whether stays of several threads or tasks overlap.
    """

    regions: tuple[RegionEnergy, ...] = ()
    unattributed: dict[str, float] = field(default_factory=dict)
    overlap: bool = False


def price_regions(
    names: Sequence[str],
    tracks: Sequence[Track],
    prices: Sequence[Price],
    window: tuple[float, float],
) -> Pricing:
    """Return what the regions cost, and what was used outside them.

    Parts and *unattributed* add up to the whole, for each device, where regions of
    several threads or tasks do not overlap.

    Args:
        names: names of the regions, in the order of their numbers.
        tracks: the borders that each thread or task passed.
        prices: one per device with a figure.
        window: start and end of the block [s].
    """
    times = Price("", *window, _no_energy, _no_energy, _no_energy)
    timed = _Sums(times, len(names))
    overlap = timed.add(tracks)
    sums = [_Sums(price, len(names)) for price in prices]
    outside = {}
    for one in sums:
        one.add(tracks)
        total = one.price.energy(one.price.start, one.price.end)
        outside[one.price.device] = total - one.covered
    regions = (
        _entry(name, timed.of[number], [(s.price, s.of[number]) for s in sums])
        for number, name in enumerate(names)
    )
    return Pricing(tuple(regions), outside, overlap)


def _no_energy(start: float, end: float) -> float:
    return 0.0


@dataclass(slots=True)
class _Sum:
    """Running sums over the stays in one region on one device."""

    joules: float = 0.0
    own: float = 0.0
    seconds: float = 0.0
    count: int = 0
    stays: int = 0
    random: float = 0.0
    lags: Lags = ()


class _Sums:
    """The sums of one device, by number of region."""

    def __init__(self, price: Price, count: int) -> None:
        self.price = price
        self.of = [_Sum() for _ in range(count)]
        self.covered = 0.0

    def add(self, tracks: Sequence[Track]) -> bool:
        """Add all stays; return whether outermost ones of two tracks overlap."""
        tops: list[tuple[float, float]] = []
        for track in tracks:
            tops += self._add_track(track)
        overlap, latest = False, self.price.start
        for start, end in sorted(tops) if len(tracks) > 1 else tops:
            overlap = overlap or start < latest
            if end > latest:
                self.covered += self.price.energy(max(start, latest), end)
                latest = end
        return overlap

    def _add_track(self, track: Track) -> Iterator[tuple[float, float]]:
        borders, price = self.price.borders(track), self.price
        for number, outer, repeated, opened, closed in track.stays():
            start = borders[opened]
            end = price.end if closed == CLOSE else borders[closed]
            joules = price.energy(start, end)
            total = self.of[number]
            total.count += 1
            total.own += joules
            if outer == CLOSE:
                yield start, end
            else:
                self.of[outer].own -= joules
            if repeated:
                continue
            total.joules += joules
            total.seconds += end - start
            total.stays += 1
            total.lags = added(total.lags, price.lags(start, end))
            error = price.random(start, end)
            # what a refresh hides at borders alike is alike: it does not average out
            total.random += error


def _entry(name: str, timed: _Sum, parts: Sequence[tuple[Price, _Sum]]) -> RegionEnergy:
    if not parts:
        return RegionEnergy(name, None, None, None, timed.seconds, timed.count)
    joules = sum(part.joules for _, part in parts)
    random = hypot(*(part.random for _, part in parts))
    systematic = (p.systematic(part.joules, part.seconds) for p, part in parts)
    both = hypot(random, *systematic)
    resolution = max(price.resolution for price, _ in parts)
    return RegionEnergy(
        name=name,
        joules=joules,
        own_joules=sum(part.own for _, part in parts),
        interval=interval_around(
            joules, both, added(*(part.lags for _, part in parts))
        ),
        seconds=timed.seconds,
        count=timed.count,
        flags=_flags(name, joules, random, resolution, timed),
        comparison=interval_around(joules, random),
        device_joules={price.device: part.joules for price, part in parts},
    )


def _flags(
    name: str, joules: float, random: float, resolution: float, timed: _Sum
) -> tuple[Flag, ...]:
    short = timed.seconds < 2 * resolution * timed.stays
    if not short and random <= _RESOLUTION * joules:
        return ()
    text = (
        f"stays in region {name!r} last {timed.seconds / timed.stays:.3g} s on "
        f"average, too short for a sensor that refreshes every {resolution:.3g} s"
    )
    if joules > 0 and random > _AIM * joules:
        text += f"; about {ceil(random / (_AIM * joules))} repetitions in one stay "
        text += "would reach 5 %"
    return (Flag(FlagCode.BELOW_RESOLUTION, text),)
