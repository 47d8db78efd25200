"""Two records of the same devices side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import hypot, inf, sqrt
from typing import TYPE_CHECKING

from physbias.energy.record.check import check_record
from physbias.energy.record.interval import Interval
from physbias.energy.record.power import counted, cut_short
from physbias.energy.record.shared import Twin, twins
from physbias.energy.record.text import format_joules
from physbias.errors import ArgumentError, explain

if TYPE_CHECKING:
    from physbias.energy.record.record import EnergyRecord


class Difference(StrEnum):
    """Whether two energies differ by more than their errors."""

    HIGHER = "higher"
    LOWER = "lower"
    NOT_SHOWN = "not shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What one run needed beside another on the same devices.

    Gain and offset of a sensor are wrong alike in both runs. The error of the gain
    cancels in the ratio of two runs on one device, but not in their difference; that of
    the offset cancels in the difference of runs of the same length, and in the ratio as
    far as their mean powers are alike. The lag of the sensor counts for each run.

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
    """Compare two runs with the errors that they do not share.

    Args:
        first: one record.
        second: another of the same devices, read from the same sources.

    Raises:
        ArgumentError: a record has no measured figure, a device was not measured up to
            the end, or the devices or their sources differ, so that the errors of the
            sensors do not cancel.

    Source:
        Interval of the ratio: E. C. Fieller (1954), Journal of the Royal Statistical
        Society B 16, 175-185.
    """
    check_record(second, "other")
    a, one = measured(first)
    b, two = measured(second)
    require_same_devices(first, second)
    pairs = list(twins(counted(first), counted(second)))
    difference = a - b
    behind = sum(pair.lags[0][0] - pair.lags[1][1] for pair in pairs)
    before = sum(pair.lags[0][1] - pair.lags[1][0] for pair in pairs)
    shared = hypot(*(error for pair in pairs for error in pair.left(1.0)))
    interval = Interval(
        difference + behind - hypot(a - one.low, two.high - b, 2 * shared),
        difference + before + hypot(one.high - a, b - two.low, 2 * shared),
    )
    verdict = Difference.NOT_SHOWN
    if interval.low > 0 or interval.high < 0:
        verdict = Difference.HIGHER if difference > 0 else Difference.LOWER
    ratio = a / b if b > 0 else None
    ratio_interval = None if ratio is None else _ratio_interval(a, one, b, two, pairs)
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
        ArgumentError: the record has no figure or a modelled one, or a device was not
            measured up to the end.
    """
    joules, interval = record.joules, record.comparison
    if joules is not None and interval is not None and record.basis == "measurement":
        _require_whole(record)
        return joules, interval
    raise ArgumentError(
        explain(
            "record",
            found=f"no measured energy ({record.reason or 'a model figure'})",
            expected="a measurement",
            remedy="compare runs whose energy was read from sensors",
        )
    )


def _require_whole(record: "EnergyRecord") -> None:
    lost = [
        f"{device.label} was lost before the end"
        for device in counted(record)
        if any(flag.code == "device-lost" for flag in device.flags)
    ]
    merged = record.job is not None
    short = "; ".join(lost) or (
        None if merged else cut_short(counted(record), record.seconds)
    )
    if short:
        raise ArgumentError(
            explain(
                "record",
                found=short,
                expected="all devices measured for the whole block",
                remedy="measure the run again; energies of unlike parts do not compare",
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


def _ratio_interval(
    a: float, one: Interval, b: float, two: Interval, pairs: Sequence[Twin]
) -> Interval:
    """Return the ends of a/b, with the error that makes each end worst."""
    lags = [pair.lags for pair in pairs]
    least_a, most_a = (a + sum(lag[0][end] for lag in lags) for end in (0, 1))
    least_b, most_b = (b + sum(lag[1][end] for lag in lags) for end in (0, 1))
    below = _fieller(least_a, a - one.low, most_b, two.high - b, -1, pairs)
    above = _fieller(most_a, one.high - a, least_b, b - two.low, 1, pairs)
    return Interval(max(0.0, below), above)


def _fieller(
    a: float, half_a: float, b: float, half_b: float, side: int, pairs: Sequence[Twin]
) -> float:
    """Return one root of (a - r b)² = half_a² + (r half_b)² + 4 Σ (s_a - r s_b)².

    The s are the standard errors that a sensor makes alike in both runs. The roots are
    taken about a/b, where an error that cancels leaves nothing to round.
    """
    unbounded = inf if side > 0 else 0.0
    if b <= 0:
        return unbounded
    ratio = a / b
    errors = [(pair.left(ratio), pair.second) for pair in pairs]
    both = [
        (left, s)
        for many, second in errors
        for left, s in zip(many, second, strict=True)
    ]
    square = b**2 - half_b**2 - 4 * sum(s**2 for _, s in both)
    if square <= 0:
        return unbounded
    slope = ratio * half_b**2 - 4 * sum(left * s for left, s in both)
    rest = half_a**2 + (ratio * half_b) ** 2 + 4 * sum(left**2 for left, _ in both)
    return ratio + (slope + side * sqrt(slope**2 + square * rest)) / square


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
