"""Which driver stands behind a binding, and how it owns its boards."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from physbias.energy.sensors.probe import ReadError, SensorUnavailableError


@dataclass(frozen=True, slots=True)
class Versions:
    """Versions of what answers; ``None`` where it does not say.

    Args:
        driver: the driver.
        nvml: its library NVML.
    """

    driver: str | None = None
    nvml: str | None = None


@runtime_checkable
class Versioned(Protocol):
    """A binding that knows its versions."""

    def versions(self) -> Versions:
        """Return the versions."""
        ...


def versions_of(binding: object) -> Versions:
    """Return the versions behind a binding; none for one that cannot say."""
    if not isinstance(binding, Versioned):
        return Versions()
    try:
        return binding.versions()
    except (ReadError, SensorUnavailableError):
        return Versions()


@runtime_checkable
class KnowsVirtualization(Protocol):
    """A binding that knows how the machine owns its boards."""

    def virtualization(self, index: int) -> str:
        """Return it in words, such as ``passed through to a virtual machine``."""
        ...


def virtualization_of(binding: object, index: int) -> str | None:
    """Return how the machine owns a board; ``None`` where that is not known."""
    if not isinstance(binding, KnowsVirtualization):
        return None
    try:
        return binding.virtualization(index)
    except ReadError:
        return None
