"""When devices are read: around their edges, as often as the budget allows."""

from collections.abc import Collection
from math import floor

from physbias.energy.block.budget import Budget
from physbias.energy.block.device import Device

PACE = 0.017
"""Time between readings where no refresh is known yet [s]. It does not divide the
usual refresh of 0.1 s, so that edges are seen at all phases."""

TOGETHER = 0.0005
"""Readings that are due within this time are taken together [s]."""

_SHORTEST_TURN = 1e-3
_LATELY = 0.002


def due_times(
    devices: Collection[Device], budget: Budget, now: float
) -> list[tuple[float, Device]]:
    """Return when each device is due [s]; their edges are watched in turn.

    Args:
        devices: the devices.
        budget: how often to read.
        now: the time [s].
    """
    gap, burst = budget.gap, budget.burst
    turn = max(2 * gap * len(devices), _SHORTEST_TURN)
    dues = []
    for place, device in enumerate(devices):
        moment = device.pause is not None
        wished = []
        follow = False
        for member in device.members:
            if member.period is None:
                follow = True
            else:
                wished.append(max(member.period, gap))
            if burst is not None and member.hurried(now, moment=moment):
                wished.append(burst)
        fast = min(wished, default=None)
        share = place / len(devices)
        edge = (floor(now / turn - share) + 1 + share) * turn if follow else None
        dues.append((device.due(fast, max(PACE, gap), edge), device))
    return dues


def due_now(devices: Collection[Device], budget: Budget, now: float) -> list[Device]:
    """Return what to read now: what is due, and with it all that is cheap.

    Args:
        devices: the devices.
        budget: how often to read.
        now: the time [s].
    """
    dues = due_times(devices, budget, now)
    due = [device for time, device in dues if time <= now + TOGETHER]
    if not due or not budget.together:
        return due
    return [
        device
        for time, device in dues
        if time <= now + TOGETHER
        or (device.pause is None and now - device.read_at > _LATELY)
    ]
