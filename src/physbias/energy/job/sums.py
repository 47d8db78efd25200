"""Regions, functional units and net energy of several records, added up."""

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from typing import TypeVar

from physbias.energy.record.interval import Interval, Sides, both, without
from physbias.energy.record.net import NetEnergy
from physbias.energy.record.record import Basis, EnergyRecord
from physbias.energy.record.region import RegionEnergy
from physbias.energy.record.units import Scalar, UnitEnergy

T = TypeVar("T")

_UNKNOWN = "some were counted where no energy was measured that is part of the sum"


def region_sum(parts: Sequence[RegionEnergy]) -> RegionEnergy:
    """Return a region of several records; half-widths add linearly, at worst.

    Args:
        parts: its entries in the records.
    """
    known = [p for p in parts if p.joules is not None and p.interval is not None]
    whole = len(known) == len(parts)
    return RegionEnergy(
        name=parts[0].name,
        joules=sum(p.joules or 0.0 for p in known) if whole else None,
        own_joules=sum(p.own_joules or 0.0 for p in known) if whole else None,
        interval=_interval_sum([p.interval for p in known]) if whole else None,
        seconds=sum(p.seconds for p in parts),
        count=sum(p.count for p in parts),
        flags=tuple(dict.fromkeys(flag for p in parts for flag in p.flags)),
        comparison=_interval_sum([p.comparison for p in known]) if whole else None,
        device_joules={
            uuid: sum(p.device_joules.get(uuid, 0.0) for p in parts)
            for uuid in dict.fromkeys(u for p in parts for u in p.device_joules)
        },
    )


def unit_sums(
    records: Sequence[EnergyRecord],
    basis: Basis,
    joules: float | None,
    interval: Interval | None,
) -> tuple[UnitEnergy, ...]:
    """Return the functional units of all records: counts add up by name.

    The energy per unit is that of the whole by all of them. There is none where a
    record has counted units whose energy is not part of the whole.

    Args:
        records: the records.
        basis: what the whole is made of.
        joules: energy of the whole [J].
        interval: its 95 % interval.
    """
    parts = [(r, unit) for r in records for unit in r.units]
    totals: dict[str, float] = {}
    unknown: dict[str, str] = {}
    for record, one in parts:
        totals[one.unit] = totals.get(one.unit, 0) + one.count
        if one.count and (record.basis is not basis or one.joules_per_unit is None):
            unknown.setdefault(one.unit, one.reason or _UNKNOWN)
    return tuple(
        UnitEnergy.share(unit, n, joules, interval, unknown.get(unit))
        for unit, n in totals.items()
    )


def net_sum(
    parts: Sequence[tuple[EnergyRecord, Sequence[float]]],
    joules: float | None,
    interval: Interval | None,
    seconds: float,
) -> NetEnergy | None:
    """Return the energy of all records above idle, if each of them has it.

    The idle energy of a record counts for the share of its time that counts. Where
    that share is not the same for all its devices, the interval spans them. What the
    idle powers add to the half-widths adds linearly, at worst.

    Args:
        parts: records with a share of the sum, and what part of the time of each of
            their devices counts [1].
        joules: energy of the whole [J].
        interval: its 95 % interval.
        seconds: length of the whole [s].
    """
    nets = [(r, r.net, shares) for r, shares in parts if r.net is not None]
    if joules is None or interval is None or not nets or len(nets) < len(parts):
        return None
    idle = error = below = above = 0.0
    for record, net, shares in nets:
        share = (min(shares) + max(shares)) / 2
        doubt = (max(shares) - min(shares)) / 2 * abs(net.idle_joules)
        low, high = _widening(record, net)
        idle += share * net.idle_joules
        error += share * net.idle_error_watts * record.seconds + doubt / sqrt(3)
        below += share * low + doubt
        above += share * high + doubt
    rest = joules - idle
    low, high = both(interval.sides(joules), (below, above))
    alone = nets[0][1] if len(nets) == 1 else None
    return NetEnergy(
        joules=rest,
        interval=Interval(rest - low, rest + high),
        idle_joules=idle,
        idle_watts=idle / seconds,
        idle_error_watts=error / seconds,
        drift_watts=None if alone is None else alone.drift_watts,
        stable=all(net.stable for _, net, _ in nets),
        source="; ".join(dict.fromkeys(net.source for _, net, _ in nets)),
    )


def agreed(values: Iterable[T]) -> T | None:
    """Return the value that all records have; ``None`` where they differ.

    Args:
        values: those of each record, at least one.
    """
    first, *others = values
    return first if all(other == first for other in others) else None


def common(annotations: Sequence[Mapping[str, Scalar]]) -> dict[str, Scalar]:
    """Return the annotations that all records share; the others stay in the members.

    Args:
        annotations: those of each record.
    """
    first, *others = annotations
    return {
        name: value
        for name, value in first.items()
        if all(name in other and other[name] == value for other in others)
    }


def _widening(record: EnergyRecord, net: NetEnergy) -> Sides:
    """Return what the idle power adds to the half-widths, in quadrature [J]."""
    joules, interval = record.joules or 0.0, record.interval or Interval(0.0, 0.0)
    return without(net.interval.sides(net.joules), interval.sides(joules))


def _interval_sum(parts: Sequence[Interval | None]) -> Interval | None:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return Interval(sum(p.low for p in known), sum(p.high for p in known))
