"""Readings of power that the driver kept while nobody asked."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class KnowsPast(Protocol):
    """A probe whose driver keeps its last readings of power."""

    def past_power(self) -> list[tuple[float, float]]:
        """Return ages [s] and powers [W] of the readings, the oldest first."""
        ...


def kept_power(probe: object) -> list[tuple[float, float]]:
    """Return ages [s] and powers [W] that are kept; none where they cannot be had."""
    if not isinstance(probe, KnowsPast):
        return []
    try:
        return probe.past_power()
    except Exception:  # noqa: BLE001 - a sensor never stops training
        return []
