"""Loads that a part-time sensor meets in step, so that its readings mislead."""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import sqrt

FULL_TIME = 0.6
"""Share of each refresh above which a sensor counts as full-time [1]."""

UNKNOWN_SHARE = 0.25
"""Share taken for a board of which nothing is known: the least one seen [1]."""

_LEAST_SWING = 0.05
_FLOOR_WATTS = 2.0
_LEAST_READINGS = 4
_SLOW = 0.6
_JUMP = 0.5
_JUMPS = 2
_SHARP = 0.75
_SHARP_REST = 0.6
_TURN = 0.25

_WINDOWS = (
    (("A100", "A800", "A30", "H100", "H800", "H200", "GH200"), 0.025),
    (("V100", "P100", "GTX 1080", "TITAN X (Pascal)"), 0.010),
    (("Quadro RTX 8000",), 0.020),
    (("RTX 2080 Ti", "TITAN RTX", "GTX 1650 Ti"), 0.1),
    (("RTX 3070 Ti", "RTX 3090", "RTX 4090", "A10", "A5000", "A6000"), 0.1),
)


def known_window(name: str) -> float | None:
    """Return the time before each refresh that a model's sensor was seen to cover [s].

    ``None`` if that model was not studied. A calibration of the very board is better:
    drivers may change the window.

    Args:
        name: name of the model.

    Source:
        Data of Yang, Adamek and Armour (arXiv 2312.02741).

    Example:
        >>> known_window("NVIDIA A100-SXM4-80GB")
        0.025
    """
    words = name.replace("-", " ").split()
    for models, window in _WINDOWS:
        for model in models:
            parts = model.split()
            if any(words[i : i + len(parts)] == parts for i in range(len(words))):
                return window
    return None


def beats(watts: Sequence[float]) -> bool:
    """Return whether readings drift like the beat of a load with the sensor.

    Readings of a load out of step with the sensor jump about. A beat goes up and down
    gradually. Up to two jumps are left out: the load may begin or end in the window.

    Args:
        watts: readings, one per refresh [W].
    """
    if len(watts) < _LEAST_READINGS:
        return False
    least = _LEAST_SWING * max(watts) + _FLOOR_WATTS
    steps = [b - a for a, b in pairwise(watts)]
    jump = _JUMP * (max(watts) - min(watts))
    if _gradual(steps, least, _SHARP):
        return True
    for step in sorted(steps, key=abs)[-_JUMPS:]:
        if abs(step) > jump:
            steps[steps.index(step)] = 0.0
    return max(map(abs, steps)) <= jump and _gradual(steps, least, _SHARP_REST)


def _gradual(steps: Sequence[float], least: float, sharp: float) -> bool:
    """Return whether steps make up a slow and large drift."""
    values = list(accumulate(steps, initial=0.0))
    swing = max(values) - min(values)
    if swing <= least or max(map(abs, steps)) > sharp * swing:
        return False
    mean = sum(values) / len(values)
    return sum(s * s for s in steps) < 2 * _SLOW * sum((v - mean) ** 2 for v in values)


def turns(watts: Sequence[float]) -> int:
    """Return how often readings turn round, up or down, by a good part of their range.

    Args:
        watts: readings, one per refresh [W].
    """
    least = _TURN * (max(watts) - min(watts))
    low = high = watts[0]
    direction = count = 0
    for value in watts:
        low, high = min(low, value), max(high, value)
        now = direction
        if value - low > least and direction <= 0:
            now = 1
        elif high - value > least and direction >= 0:
            now = -1
        if now != direction:
            count += direction != 0
            direction, low, high = now, value, value
    return count


def unseen(swing: float, seconds: float, refresh: float, share: float) -> float:
    """Return the standard uncertainty from what the sensor does not see [J].

    Args:
        swing: standard deviation of the readings [W].
        seconds: length of the window [s].
        refresh: refresh period [s].
        share: share of each refresh that the sensor covers [1].
    """
    return swing * sqrt(seconds * refresh * max(0.0, 1.0 - share))
