"""The power of a record's devices over time."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from physbias.energy.record.device import DeviceEnergy
    from physbias.energy.record.record import EnergyRecord

_SAME = 1 - 1e-6


def counted(record: "EnergyRecord") -> list["DeviceEnergy"]:
    """Return the devices whose energy is in the record's total."""
    modelled = record.basis == "estimate"
    return [
        device
        for device in record.devices
        if device.joules is not None and (device.source == "estimate") == modelled
    ]


def cut_short(devices: "Iterable[DeviceEnergy]", seconds: float) -> str | None:
    """Return which devices were not measured up to the end, or ``None`` if all were.

    Args:
        devices: entries of a record; those without a figure do not count.
        seconds: length of the block [s].
    """
    short = [
        f"{device.label} was measured for {device.seconds:.3g} s of {seconds:.3g} s"
        for device in devices
        if device.joules is not None and device.seconds < seconds * _SAME
    ]
    return "; ".join(short) or None
