"""What a sensor gets wrong alike in two runs, and what it does not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from physbias.energy.record.interval import without

if TYPE_CHECKING:
    from physbias.energy.record.device import DeviceEnergy

Errors = tuple[float, ...]
Bounds = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Twin:
    """One device in two runs.

    Args:
        first: what each error of one standard uncertainty adds to the first run [J].
        second: what the same error adds to the second run [J].
        lags: for each run, the least and the most that a lag hides [J].
    """

    first: Errors
    second: Errors
    lags: tuple[Bounds, Bounds]

    def left(self, ratio: float) -> Errors:
        """Return what is left of each error in first - ratio × second [J]."""
        return tuple(
            a - ratio * b for a, b in zip(self.first, self.second, strict=True)
        )


def twins(
    first: "Sequence[DeviceEnergy]", second: "Sequence[DeviceEnergy]"
) -> Iterator[Twin]:
    """Return the devices of two runs in pairs, with their errors.

    The errors of two runs are one where the sensor is known to be in error by as much
    and corrected alike; otherwise none cancels.

    Args:
        first: devices of one run.
        second: the same devices in another.
    """
    others = {device.uuid: device for device in second}
    for one in first:
        two = others[one.uuid]
        a, b = _errors(one), _errors(two)
        if _sensor(one) == _sensor(two) and one.gain_error is not None:
            yield Twin(a, b, (_lag(one), _lag(two)))
        else:
            apart = (*a, *(0.0 for _ in b)), (*(0.0 for _ in a), *b)
            yield Twin(*apart, (_lag(one), _lag(two)))


def _sensor(device: "DeviceEnergy") -> tuple[str | None, float | None, float | None]:
    return device.calibration, device.gain_error, device.offset_error_watts


def _errors(device: "DeviceEnergy") -> Errors:
    joules, gain, offset = device.joules, device.gain_error, device.offset_error_watts
    if joules is None or gain is None or offset is None:
        return (_systematic(device),)
    return gain * joules, offset * device.seconds, device.delay_error_joules or 0.0


def _systematic(device: "DeviceEnergy") -> float:
    """Return the standard uncertainty of all that is not random [J]."""
    if device.joules is None or device.interval is None or device.comparison is None:
        return 0.0
    random = device.comparison.sides(device.joules)
    return max(without(device.interval.sides(device.joules), random)) / 2


def _lag(device: "DeviceEnergy") -> Bounds:
    return device.lag_joules or (0.0, 0.0)
