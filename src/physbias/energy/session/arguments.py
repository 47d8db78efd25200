"""Checks of what a meter is asked to do."""

from collections.abc import Sequence

from physbias.energy.block.run import Sync
from physbias.energy.sensors.probe import Missing
from physbias.errors import ArgumentError, explain


def check_period(seconds: float | None) -> float | None:
    """Return the time between readings, or raise :class:`ArgumentError`.

    Args:
        seconds: the time [s]; ``None`` to follow the devices.
    """
    if seconds is None:
        return None
    if isinstance(seconds, int | float) and 0.001 <= seconds <= 1.0:
        return float(seconds)
    raise ArgumentError(
        explain(
            "sampling_period",
            found=repr(seconds),
            expected="0.001 to 1 s",
            remedy="leave it out, so that readings follow the refreshes of the devices",
        )
    )


def check_sync(sync: str) -> Sync:
    """Return where the queues are taken into account, or raise ``ArgumentError``.

    Args:
        sync: name of the way.
    """
    if sync in list(Sync):
        return Sync(sync)
    raise ArgumentError(
        explain(
            "sync",
            found=repr(sync),
            expected=", ".join(repr(option.value) for option in Sync),
            remedy="leave it at 'auto'",
        )
    )


def check_timeout(seconds: float) -> float:
    """Return how long to wait [s], or raise :class:`ArgumentError`.

    Args:
        seconds: how long to wait [s].
    """
    if seconds > 0:
        return seconds
    raise ArgumentError(
        explain(
            "timeout",
            found=repr(seconds),
            expected="a positive number of seconds",
            remedy="leave it at 60 s",
        )
    )


def refusal(unreadable: Sequence[Missing]) -> str:
    """Return why a strict meter does not start.

    Args:
        unreadable: what cannot be read.
    """
    return explain(
        "strict",
        found="; ".join(m.reason for m in unreadable) or "nothing to read",
        expected="a readable sensor for everything that was asked for",
        remedy="; ".join(m.remedy for m in unreadable) or "choose devices or cpu",
    )
