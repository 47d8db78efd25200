"""What the meter asks of a binding to NVML, the driver's library."""

from typing import Protocol, runtime_checkable

from physbias.energy.sensors.condition import Condition
from physbias.energy.sensors.cuda import GpuIdentity

AVERAGE_WINDOW = 1.0
"""Length of the trailing mean that the plain power reading is on newer boards [s]."""


@runtime_checkable
class NvmlBinding(Protocol):
    """The few calls that the meter needs, in SI units.

    Each call may raise :class:`~physbias.energy.ReadError` or one of its kinds;
    :meth:`gpus` raises :class:`~physbias.energy.SensorUnavailableError` where there is
    no driver.
    """

    def gpus(self) -> list[GpuIdentity]:
        """Return all GPUs of the machine."""
        ...

    def energy(self, index: int) -> float:
        """Return the total-energy counter [J]."""
        ...

    def instant_power(self, index: int) -> float:
        """Return the power of the last sensor window [W]."""
        ...

    def plain_power(self, index: int) -> float:
        """Return the plain power reading, on newer boards a mean over 1 s [W]."""
        ...


@runtime_checkable
class KnowsMore(Protocol):
    """A binding that can tell more than energy and power."""

    def module_power(self, index: int) -> float:
        """Return the power of the last sensor window of GPU and processor [W]."""
        ...

    def past_power(self, index: int) -> list[tuple[float, float]]:
        """Return ages [s] and powers [W] of the readings that the driver kept."""
        ...

    def parent(self, part: str) -> str | None:
        """Return the UUID of the board of which ``part`` (MIG) is a part."""
        ...


@runtime_checkable
class KnowsConditions(Protocol):
    """A binding that can tell the condition of its boards."""

    def condition(self, index: int) -> Condition:
        """Return temperature and P-state."""
        ...
