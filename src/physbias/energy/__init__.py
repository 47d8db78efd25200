"""What a block of code costs in joules, with the uncertainty of the figure.

:class:`EnergyMeter` reads GPUs through NVML and processors through RAPL, and returns
an :class:`EnergyRecord`. Importing this package reads no sensor, starts no thread and
opens no library. :mod:`physbias.energy.simulated` is a machine whose energy is known.
"""

from physbias.energy.baseline import Baseline, IdlePower
from physbias.energy.block.regions import Region
from physbias.energy.calibration.apply import UnusedCalibrationWarning
from physbias.energy.calibration.calibrate import calibrate
from physbias.energy.calibration.calibration import (
    Calibration,
    Latency,
    PowerLevel,
    load_calibrations,
    save_calibrations,
)
from physbias.energy.calibration.load import Busy, Load, TorchLoad
from physbias.energy.carbon import (
    CarbonFootprint,
    CarbonIntensity,
    EmbodiedCarbon,
    GridIntensity,
    SoftwareCarbonIntensity,
)
from physbias.energy.carbon.carbontracker import CarbonTrackerFigure
from physbias.energy.clock import Clock, MonotonicClock, Ticker, VirtualClock
from physbias.energy.host import Host
from physbias.energy.idle import measure_idle
from physbias.energy.job.merge import merge
from physbias.energy.journal.recovery import recover, recover_all
from physbias.energy.machine import Machine
from physbias.energy.meter import EnergyMeter
from physbias.energy.model import CpuModel
from physbias.energy.record.compare import Comparison, Difference
from physbias.energy.record.device import CrossCheck, DeviceEnergy, Verdict
from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.record.interval import Interval
from physbias.energy.record.job import Job, NodeEnergy, Origin, RankEnergy
from physbias.energy.record.net import NetEnergy
from physbias.energy.record.record import Basis, EnergyRecord, Status
from physbias.energy.record.region import RegionEnergy
from physbias.energy.record.snapshot import Snapshot
from physbias.energy.record.software import Software
from physbias.energy.record.summary import Summary, summarise
from physbias.energy.record.trace import PowerTrace
from physbias.energy.record.units import UnitEnergy
from physbias.energy.scan import DeviceReport, ReadingReport, SensorReport, probe
from physbias.energy.sensors.binding import NvmlBinding
from physbias.energy.sensors.condition import Condition
from physbias.energy.sensors.cuda import GpuIdentity
from physbias.energy.sensors.probe import (
    DeviceKind,
    DeviceLostError,
    Probe,
    ProbeInfo,
    ReadError,
    Scope,
    SensorError,
    SensorUnavailableError,
    SensorUnavailableWarning,
    Source,
    UnsupportedReadingError,
)
from physbias.energy.sensors.queues import GpuQueues, Mark
from physbias.energy.sensors.versions import Versions
from physbias.energy.session.states import MeterNotRunningWarning, MeterStateError

__all__ = [
    "Baseline",
    "Basis",
    "Busy",
    "Calibration",
    "CarbonFootprint",
    "CarbonIntensity",
    "CarbonTrackerFigure",
    "Clock",
    "Comparison",
    "Condition",
    "CpuModel",
    "CrossCheck",
    "DeviceEnergy",
    "DeviceKind",
    "DeviceLostError",
    "DeviceReport",
    "Difference",
    "EmbodiedCarbon",
    "EnergyMeter",
    "EnergyRecord",
    "Flag",
    "FlagCode",
    "GpuIdentity",
    "GpuQueues",
    "GridIntensity",
    "Host",
    "IdlePower",
    "Interval",
    "Job",
    "Latency",
    "Load",
    "Machine",
    "Mark",
    "MeterNotRunningWarning",
    "MeterStateError",
    "MonotonicClock",
    "NetEnergy",
    "NodeEnergy",
    "NvmlBinding",
    "Origin",
    "PowerLevel",
    "PowerTrace",
    "Probe",
    "ProbeInfo",
    "RankEnergy",
    "ReadError",
    "ReadingReport",
    "Region",
    "RegionEnergy",
    "Scope",
    "SensorError",
    "SensorReport",
    "SensorUnavailableError",
    "SensorUnavailableWarning",
    "Snapshot",
    "Software",
    "SoftwareCarbonIntensity",
    "Source",
    "Status",
    "Summary",
    "Ticker",
    "TorchLoad",
    "UnitEnergy",
    "UnsupportedReadingError",
    "UnusedCalibrationWarning",
    "Verdict",
    "Versions",
    "VirtualClock",
    "calibrate",
    "load_calibrations",
    "measure_idle",
    "merge",
    "probe",
    "recover",
    "recover_all",
    "save_calibrations",
    "summarise",
]
