"""What the meter asks of a sensor, and how a sensor says that it cannot answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from physbias.errors import PhysbiasError


class SensorUnavailableWarning(UserWarning):
    """No sensor can be read, so the meter reports no energy."""


class SensorUnavailableError(PhysbiasError, RuntimeError):
    """A strict meter was started where something it should read cannot be read."""


class ReadError(PhysbiasError, RuntimeError):
    """A sensor failed to answer once."""


class UnsupportedReadingError(ReadError):
    """The device does not offer this reading at all."""


class DeviceLostError(ReadError):
    """The device is gone and will not answer again."""


class DeviceKind(StrEnum):
    """What a sensor watches."""

    GPU = "gpu"
    CPU = "cpu"
    DRAM = "dram"


class Source(StrEnum):
    """Where a figure comes from."""

    COUNTER = "counter"
    POWER = "power"
    RAPL = "rapl"
    ESTIMATE = "estimate"


class Scope(StrEnum):
    """What the power and the counter of a sensor hold.

    Attributes:
        GPU: the board of a GPU with its memory.
        MODULE: a module of GPU and processor together, as on Grace Hopper.
        PACKAGE: a processor with its caches.
        MEMORY: the memory of a processor.
    """

    GPU = "gpu"
    MODULE = "module"
    PACKAGE = "package"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class SensorError:
    """Standard uncertainty of a sensor that averaging cannot remove.

    Args:
        gain: relative part [1].
        offset: constant part [W].

    Source:
        The defaults are the standard deviations over 19 boards against an external
        meter in the public data of Yang, Adamek and Armour (arXiv 2312.02741).
    """

    gain: float = 0.037
    offset: float = 5.9


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeInfo:
    """What is known of a sensor before it is read.

    Args:
        uuid: identity of the device, the same in every process.
        name: name of the model.
        label: short name for people, such as ``GPU 0``.
        kind: what is watched.
        counter: where the figure of an energy counter comes from; ``None`` if the
            device has no counter.
        power: whether power can be read.
        counter_refresh: period of the counter [s]; ``None`` to find it in the data.
        power_average: length of the trailing mean that the power reading is [s];
            ``None`` for a reading that covers one refresh or less.
        power_limit: highest power the device allows itself [W]; ``None`` if unknown.
        delay: age of what the counter shows at a refresh [s]; ``None`` if not
            calibrated: then anything up to one refresh.
        delay_error: standard uncertainty of ``delay`` [s].
        sensor_window: time before each refresh that the power reading covers [s], if
            that is known to be less than the refresh.
        gain: shown over true power, from a calibration [1].
        offset: power shown on top, from a calibration [W].
        longest_pause: time between readings away from borders [s], for a counter that
            refreshes too fast to follow; ``None`` to follow its refresh.
        scope: what the readings hold.
        calibration: where gain, offset and times come from, if from a calibration.
        calibration_sha256: digest of that calibration.
        error: systematic uncertainty of the sensor.
        proven: whether the mapping from the process's devices to this one is certain.
        whole: whether this process uses all of the device, not only a part (MIG).
    """

    uuid: str
    name: str
    label: str
    kind: DeviceKind
    counter: Source | None
    power: bool = False
    counter_refresh: float | None = None
    power_average: float | None = None
    power_limit: float | None = None
    delay: float | None = None
    delay_error: float = 0.0
    sensor_window: float | None = None
    gain: float = 1.0
    offset: float = 0.0
    longest_pause: float | None = None
    scope: Scope = Scope.GPU
    calibration: str | None = None
    calibration_sha256: str | None = None
    error: SensorError = SensorError()
    proven: bool = True
    whole: bool = True


@runtime_checkable
class Probe(Protocol):
    """One device whose energy or power can be read.

    A new kind of sensor is one class with these three members, handed to the meter
    in ``Machine.probes``. A reading that fails raises :class:`ReadError`, a
    device that is gone :class:`DeviceLostError`.
    """

    @property
    def info(self) -> ProbeInfo:
        """What is known of the sensor before it is read."""
        ...

    def energy(self) -> float:
        """Return the energy counter [J]; only differences mean anything."""
        ...

    def power(self) -> float:
        """Return the power [W]."""
        ...


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that should be measured here and cannot be.

    Args:
        label: what it is, such as ``GPU`` or ``CPU``.
        reason: why it cannot be read.
        remedy: what the user can do about it.
        present: whether the hardware is known to be there.
    """

    label: str
    reason: str
    remedy: str
    present: bool = True


@dataclass(frozen=True, slots=True)
class Discovery:
    """The sensors that were found, and what was not.

    Args:
        probes: the sensors.
        missing: what cannot be read.
        unknown: for each device that the user named and that is not here, a text.
    """

    probes: Sequence[Probe] = ()
    missing: Sequence[Missing] = ()
    unknown: Sequence[str] = ()
