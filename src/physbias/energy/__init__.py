"""What a block of code costs in joules, with the uncertainty of the figure.

:class:`EnergyMeter` reads GPUs through NVML and processors through RAPL, and returns
an :class:`EnergyRecord`. Importing this package reads no sensor, starts no thread and
opens no library. :mod:`physbias.energy.simulated` is a machine whose energy is known.
"""

from physbias.energy.block.regions import Region
from physbias.energy.clock import Clock, MonotonicClock, Ticker, VirtualClock
from physbias.energy.machine import Machine
from physbias.energy.meter import EnergyMeter, MeterStateError
from physbias.energy.model import CpuModel
from physbias.energy.record.record import (
    Basis,
    CrossCheck,
    DeviceEnergy,
    EnergyRecord,
    Flag,
    FlagCode,
    Interval,
    RegionEnergy,
    Status,
    Verdict,
)
from physbias.energy.sensors.cuda import GpuIdentity
from physbias.energy.sensors.nvml import NvmlBinding
from physbias.energy.sensors.probe import (
    DeviceKind,
    DeviceLostError,
    Probe,
    ProbeInfo,
    ReadError,
    SensorError,
    SensorUnavailableError,
    SensorUnavailableWarning,
    Source,
    UnsupportedReadingError,
)

__all__ = [
    "Basis",
    "Clock",
    "CpuModel",
    "CrossCheck",
    "DeviceEnergy",
    "DeviceKind",
    "DeviceLostError",
    "EnergyMeter",
    "EnergyRecord",
    "Flag",
    "FlagCode",
    "GpuIdentity",
    "Interval",
    "Machine",
    "MeterStateError",
    "MonotonicClock",
    "NvmlBinding",
    "Probe",
    "ProbeInfo",
    "ReadError",
    "Region",
    "RegionEnergy",
    "SensorError",
    "SensorUnavailableError",
    "SensorUnavailableWarning",
    "Source",
    "Status",
    "Ticker",
    "UnsupportedReadingError",
    "Verdict",
    "VirtualClock",
]
