"""What a block has used so far."""

from dataclasses import dataclass

from physbias.energy.record.interval import Interval


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a running block has used so far, as far as it is known.

    Args:
        joules: energy up to ``seconds`` [J]; ``None`` where there is no figure yet.
        interval: 95 % interval of ``joules``.
        seconds: time since the start up to the last reading [s].
        reason: why ``joules`` is ``None``.
    """

    joules: float | None
    interval: Interval | None
    seconds: float
    reason: str | None = None
