"""In which condition a board is: what its power hangs on beside its work."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Condition:
    """Condition of a board; ``None`` for what cannot be read.

    Args:
        temperature_celsius: temperature [°C].
        performance_state: P-state, 0 the fastest.
        throttled: whether heat or a hardware limit holds the clocks down.
        others: other processes that compute on it [1].
    """

    temperature_celsius: float | None = None
    performance_state: int | None = None
    throttled: bool | None = None
    others: int | None = None


@runtime_checkable
class KnowsCondition(Protocol):
    """A probe that can tell the condition of its board."""

    def condition(self) -> Condition:
        """Return the present condition."""
        ...


def condition_of(probe: object) -> Condition:
    """Return the condition of a probe's board; empty for one that cannot tell."""
    if not isinstance(probe, KnowsCondition):
        return Condition()
    try:
        return probe.condition()
    except Exception:  # noqa: BLE001 - a sensor never stops training
        return Condition()
