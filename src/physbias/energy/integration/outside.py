"""Whether the device was quiet just outside a window, and at which power."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

from physbias.energy.integration.timeline import Staircase

_GAIN = 0.01
_FLOOR = 0.5
_STEADY_WATTS = 1.5
_STEADY_SHARE = 0.02
_ALIKE_WATTS = 3.0
_ALIKE_SHARE = 0.05
_HISTORY = 5.0
_PROMPT = 0.005


@dataclass(frozen=True, slots=True)
class Quiet:
    """A steady power outside a window.

    Args:
        watts: the power [W].
        error: its standard uncertainty [W].
    """

    watts: float
    error: float


def quiet_after(power: Staircase, end: float) -> Quiet | None:
    """Return the power after ``end`` [s] if it was steady, as power readings show it.

    A reading that stands two refreshes after the end describes time after the end.

    Args:
        power: readings that describe one refresh each [W].
        end: end of the window [s].
    """
    period = power.refresh()
    if power.count < 2 or power.last < end + 2.5 * period:
        return None
    return _steady(power.standing(end + 2 * period, power.last))


def quiet_cells(watts: Sequence[float]) -> Quiet | None:
    """Return the power in cells outside a window if they are alike.

    Args:
        watts: mean powers of the cells [W].
    """
    return _steady(watts) if len(watts) > 1 else None


def quiet_before(
    power: Staircase, start: float, after: Quiet | None, inside: Sequence[float]
) -> Quiet | None:
    """Return the power before ``start`` [s] if it was steady.

    With a single reading from before the start there are two other signs: the same
    power after the window, or a power below all inside.

    Args:
        power: readings that describe one refresh each [W].
        start: start of the window [s].
        after: the steady power after the window, if it was steady.
        inside: mean powers of cells inside the window [W].
    """
    if not power.count or power.first > start + _PROMPT:
        return None
    period = power.refresh()
    values = power.standing(max(start - _HISTORY * period, power.first), start)
    if power.first < start - 1.5 * period:
        return _steady(values)
    single = values[-1] if values else power.values[0]
    alike = _ALIKE_WATTS + _ALIKE_SHARE * single
    if after is not None and abs(single - after.watts) <= alike:
        return Quiet(single, hypot(_GAIN * single, _FLOOR))
    if not inside:
        return None
    low, high = min(inside), max(inside)
    if single >= low - 0.2 * (high - low) - _ALIKE_SHARE * high:
        return None
    return Quiet(single, hypot(_ALIKE_SHARE * single, 2 * _FLOOR))


def _steady(values: Sequence[float]) -> Quiet | None:
    low, high = min(values), max(values)
    if high - low > _STEADY_WATTS + _STEADY_SHARE * high:
        return None
    mean = sum(values) / len(values)
    return Quiet(mean, hypot(_GAIN * mean, _FLOOR, (high - low) / 2))
