"""The power of a record's devices over time."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from physbias.energy.record.record import DeviceEnergy, EnergyRecord


def counted(record: "EnergyRecord") -> list["DeviceEnergy"]:
    """Return the devices whose energy is in the record's total."""
    modelled = record.basis == "estimate"
    return [
        device
        for device in record.devices
        if device.joules is not None and (device.source == "estimate") == modelled
    ]
