"""Two records of the same devices side by side."""

from dataclasses import dataclass
from enum import StrEnum
from math import hypot, inf, sqrt
from typing import TYPE_CHECKING

from physbias.energy.record.interval import Interval
from physbias.energy.record.text import format_joules
from physbias.errors import ArgumentError, explain

if TYPE_CHECKING:
    from physbias.energy.record.record import EnergyRecord


class Difference(StrEnum):
    """Whether two energies differ by more than their random errors."""

    HIGHER = "higher"
    LOWER = "lower"
    NOT_SHOWN = "not shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one run needed beside another on the same devices.

    The errors of gain and offset that both runs share are left out, so the intervals
    are narrower than those of the energies themselves.

    Args:
        joules: energy of the first run less that of the second [J].
        interval: 95 % interval of ``joules``.
        ratio: energy of the first run over that of the second [1]; ``None`` where the
            second is zero.
        ratio_interval: 95 % interval of ``ratio``; its upper end is infinite where the
            second energy may be zero.
        verdict: whether zero lies outside ``interval``.
        text: the finding in a sentence.
    """

    joules: float
    interval: Interval
    ratio: float | None
    ratio_interval: Interval | None
    verdict: Difference
    text: str

    def __str__(self) -> str:
        """Return the finding in a sentence."""
        return self.text


def compare(first: "EnergyRecord", second: "EnergyRecord") -> Comparison:
    """Compare two runs by the intervals without the shared errors of the sensors.

    Args:
        first: one record.
        second: another of the same devices, read from the same sources.

    Raises:
        ArgumentError: a record has no measured figure, or the devices or their sources
            differ, so that the errors of the sensors do not cancel.

    Source:
        Interval of the ratio: E. C. Fieller (1954), Journal of the Royal Statistical
        Society B 16, 175-185.
    """
    a, one = measured(first)
    b, two = measured(second)
    require_same_devices(first, second)
    difference = a - b
    interval = Interval(
        difference - hypot(a - one.low, two.high - b),
        difference + hypot(one.high - a, b - two.low),
    )
    verdict = Difference.NOT_SHOWN
    if interval.low > 0 or interval.high < 0:
        verdict = Difference.HIGHER if difference > 0 else Difference.LOWER
    ratio = a / b if b > 0 else None
    ratio_interval = None if ratio is None else _ratio_interval(a, one, b, two)
    return Comparison(
        joules=difference,
        interval=interval,
        ratio=ratio,
        ratio_interval=ratio_interval,
        verdict=verdict,
        text=_sentence(difference, interval, ratio, ratio_interval, verdict),
    )


def measured(record: "EnergyRecord") -> tuple[float, Interval]:
    """Return a measured energy [J] and its comparison interval.

    Raises:
        ArgumentError: the record has no figure, or a modelled one.
    """
    joules, interval = record.joules, record.comparison
    if joules is not None and interval is not None and record.basis == "measurement":
        return joules, interval
    raise ArgumentError(
        explain(
            "record",
            found=f"no measured energy ({record.reason or 'a model figure'})",
            expected="a measurement",
            remedy="compare runs whose energy was read from sensors",
        )
    )


def sources(record: "EnergyRecord") -> dict[str, str]:
    """Return the source of each measured device, under its UUID."""
    return {
        device.uuid: str(device.source)
        for device in record.devices
        if device.joules is not None and device.source not in (None, "estimate")
    }


def require_same_devices(first: "EnergyRecord", second: "EnergyRecord") -> None:
    """Raise :class:`ArgumentError` unless two records share devices and sources."""
    one, two = sources(first), sources(second)
    if one == two and not _on_two_machines(first, second):
        return
    raise ArgumentError(
        explain(
            "devices",
            found=f"{_list(one)} against {_list(two)}",
            expected="the same devices, read from the same sources",
            remedy="measure both runs on the same devices; the errors of different "
            "sensors do not cancel",
        )
    )


def _on_two_machines(first: "EnergyRecord", second: "EnergyRecord") -> bool:
    if first.origin is None or second.origin is None:
        return False
    one, two = first.origin.host.machine, second.origin.host.machine
    return one is not None and two is not None and one != two


def _list(devices: dict[str, str]) -> str:
    return ", ".join(f"{uuid} by {source}" for uuid, source in devices.items()) or "-"


def _ratio_interval(a: float, one: Interval, b: float, two: Interval) -> Interval:
    """Return the ends of a/b, with the error that makes each end worst."""
    below = _fieller(a, a - one.low, b, two.high - b, -1)
    above = _fieller(a, one.high - a, b, b - two.low, 1)
    return Interval(max(0.0, below), above)


def _fieller(a: float, half_a: float, b: float, half_b: float, side: int) -> float:
    """Return one root of (a - r b)² = half_a² + (r half_b)²."""
    square = b**2 - half_b**2
    if square <= 0:
        return inf if side > 0 else 0.0
    root = sqrt(max(0.0, (a * half_b) ** 2 + half_a**2 * square))
    return (a * b + side * root) / square


def _sentence(
    joules: float,
    interval: Interval,
    ratio: float | None,
    ratio_interval: Interval | None,
    verdict: Difference,
) -> str:
    ends = f"{format_joules(interval.low, 3)} to {format_joules(interval.high, 3)}"
    size = f"{format_joules(joules, 3)} (95 % interval {ends})"
    if ratio is not None and ratio_interval is not None:
        low, high = ratio_interval
        size += f", {ratio:.4g} times as much ({low:.4g} to {high:.4g})"
    if verdict is Difference.NOT_SHOWN:
        return f"No difference is shown: {size}."
    return f"The first run needed {verdict} energy: {size}."
