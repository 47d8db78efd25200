"""What was asked of a meter in the wrong state."""

import warnings

from physbias.errors import PhysbiasError, explain


class MeterStateError(PhysbiasError, RuntimeError):
    """Something was asked of a meter that it cannot do in its present state."""


class MeterNotRunningWarning(UserWarning):
    """A region or a step came while the meter was not running; it is not counted."""


def no_result_in_fork() -> MeterStateError:
    """Return the error of a child process's copy of a meter that ran at the fork."""
    return MeterStateError(
        explain(
            "result",
            found="the copy of a running meter in a forked process",
            expected="a meter of this process",
            remedy="make a new EnergyMeter here, or read the result in the parent",
        )
    )


def no_result(*, running: bool) -> MeterStateError:
    """Return the error of a meter that has no result.

    Args:
        running: whether it has one as soon as the block ends.
    """
    return MeterStateError(
        explain(
            "result",
            found="a running meter" if running else "an unused meter",
            expected="a meter whose block has ended",
            remedy="read the result after the with block, or call stop()",
        )
    )


def no_block() -> MeterStateError:
    """Return the error of a meter that has no block to annotate."""
    return MeterStateError(
        explain(
            "annotate",
            found="an unused meter",
            expected="a meter that runs or has run",
            remedy="pass what is known before as EnergyMeter(tags=...)",
        )
    )


class Strays:
    """Regions and steps that came while no block was measured."""

    def __init__(self) -> None:
        self._count = 0

    def add(self, what: str) -> None:
        """Count one; the first is told by a :class:`MeterNotRunningWarning`.

        Args:
            what: what came.
        """
        self._count += 1
        if self._count == 1:
            text = f"{what} is not counted, because the meter is not running"
            warnings.warn(text, MeterNotRunningWarning, stacklevel=3)

    def take(self) -> int:
        """Return how many came, and begin anew."""
        count, self._count = self._count, 0
        return count
