"""What the stays in regions cost that a journal holds."""

from collections.abc import Iterator, Sequence
from math import hypot

from physbias.energy.integration.bounds import Lags, added, interval_around
from physbias.energy.integration.estimator import Measurement
from physbias.energy.journal.stays import Batch, Stay
from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.record.region import RegionEnergy

_RESOLUTION = 0.2
_ROUNDING = 1e-9


def price(
    batches: Sequence[Batch], measurements: Sequence[Measurement]
) -> tuple[tuple[RegionEnergy, ...], dict[str, float]]:
    """Return one entry per region, and the energy outside all of them by device [J].

    Stays told as one take their share, by time, of the energy between the first and
    the last of them. The regions and the energy outside add up to the whole unless
    outermost stays of several threads overlap.

    Args:
        batches: the stays, line by line.
        measurements: one per device; times count from the same start.
    """
    measured = [m for m in measurements if m.curve is not None]
    stays = [stay for batch in batches for stay in batch.stays]
    sums = {stay.name: _Sum(stay.name, measured) for stay in stays}
    for stay in stays:
        parts = [_joules(stay, m) for m in measured]
        sums[stay.name].add(stay, parts)
        if stay.parent in sums:
            sums[stay.parent].own -= sum(parts)
    entries = tuple(total.entry() for total in sums.values())
    shared = list(_overlaps(batches))
    return entries, {_identity(m): _outside(stays, shared, m) for m in measured}


def _identity(one: Measurement) -> str:
    return one.info.uuid or one.info.label


def _joules(stay: Stay, one: Measurement) -> float:
    return stay.share * _between(one, stay.start, stay.end)


def _lags(stay: Stay, one: Measurement) -> Lags:
    lags = one.lags(one.start + stay.start, one.start + stay.end)
    return tuple(stay.share * lag for lag in lags)


def _between(one: Measurement, start: float, end: float) -> float:
    if one.curve is None:
        return 0.0
    return one.curve.between(one.start + start, one.start + end)


def _outside(
    stays: Sequence[Stay],
    shared: Sequence[tuple[float, float, float]],
    one: Measurement,
) -> float:
    whole = 0.0 if one.curve is None else one.curve.total
    inside = sum(_joules(stay, one) for stay in stays if stay.parent is None)
    twice = sum(part * _between(one, start, end) for start, end, part in shared)
    return whole - (inside - twice)


def _overlaps(batches: Sequence[Batch]) -> Iterator[tuple[float, float, float]]:
    """Yield where outermost stays overlap: start, end [s], and how much of it [1]."""
    borders: list[tuple[float, tuple[int, int], float]] = []
    for number, batch in enumerate(batches):
        tops, (start, end) = batch.tops, batch.window
        folded = any(stay.count > 1 for stay in tops)
        if folded and batch.overlap > 0:
            yield start, end, batch.overlap / (end - start)
        for i, stay in enumerate(tops):
            key = number, 0 if folded else i
            borders.append((stay.start, key, stay.share))
            borders.append((stay.end, key, -stay.share))
    inside: dict[tuple[int, int], float] = {}
    total = before = 0.0
    for time, key, change in sorted(borders):
        if total > 1 + _ROUNDING and time > before:
            yield before, time, total - 1
        part = inside.get(key, 0.0)
        inside[key] = part + change
        total += min(1.0, part + change) - min(1.0, part)
        before = time


class _Sum:
    """Running sums over the stays in one region."""

    def __init__(self, name: str, measured: Sequence[Measurement]) -> None:
        self.name = name
        self.measured = measured
        self.joules = [0.0] * len(measured)
        self.own = self.seconds = self.error = 0.0
        self.lags: Lags = ()
        self.count = 0

    def add(self, stay: Stay, parts: Sequence[float]) -> None:
        self.count += stay.count
        self.own += sum(parts)
        if stay.repeated:
            return
        self.joules = [a + b for a, b in zip(self.joules, parts, strict=True)]
        self.seconds += stay.seconds
        self.lags = added(self.lags, *(_lags(stay, m) for m in self.measured))
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
            interval=interval_around(joules, hypot(self.error, *systematic), self.lags),
            seconds=self.seconds,
            count=self.count,
            flags=flags,
            comparison=interval_around(joules, self.error),
            device_joules={_identity(m): part for m, part in parts},
        )
