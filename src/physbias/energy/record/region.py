"""The energy of one region of a block."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from physbias.energy.record.flags import Flag
from physbias.energy.record.interval import Interval


@dataclass(frozen=True, slots=True)
class RegionEnergy:
    """Energy of all stays in a named part of the block.

    Args:
        name: name of the region.
        joules: energy, regions inside included [J]; ``None`` if there is none.
        own_joules: energy without the regions inside [J].
        interval: 95 % interval of ``joules``.
        seconds: time spent inside [s].
        count: number of stays [1].
        flags: remarks.
        comparison: 95 % interval without the systematic error of the sensors.
        device_joules: the parts of ``joules`` by UUID of the device [J].
    """

    name: str
    joules: float | None
    own_joules: float | None
    interval: Interval | None
    seconds: float
    count: int
    flags: tuple[Flag, ...] = ()
    comparison: Interval | None = None
    device_joules: Mapping[str, float] = field(default_factory=dict)


def region_named(regions: Sequence[RegionEnergy], name: str) -> RegionEnergy:
    """Return the entry of the region ``name``.

    Raises:
        KeyError: there is none; its text lists the names and the nearest.
    """
    for region in regions:
        if region.name == name:
            return region
    raise KeyError(_no_region(name, [region.name for region in regions]))


def _no_region(name: object, names: list[str]) -> str:
    near = get_close_matches(str(name), names, n=1)
    advice = (
        f"did you mean {near[0]!r}?" if near else "regions are made by meter.region"
    )
    return f"no region {name!r}; there are {names}; {advice}"
