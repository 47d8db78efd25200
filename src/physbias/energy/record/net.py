"""Energy above idle."""

from dataclasses import dataclass

from physbias.energy.record.interval import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class NetEnergy:
    """Energy of a block above what its devices would have used idle.

    Args:
        joules: energy less the idle energy [J]; can be below zero.
        interval: 95 % interval of ``joules``; it spans both idle powers where those
            before and after the block disagree.
        idle_joules: what was subtracted [J].
        idle_watts: idle power of all devices together, mean over the block [W].
        idle_error_watts: standard uncertainty of ``idle_watts`` [W].
        drift_watts: idle power after the block less that before [W]; ``None`` where
            it was measured once.
        stable: whether nothing speaks against ``idle_watts``.
        source: where the idle power comes from.
    """

    joules: float
    interval: Interval
    idle_joules: float
    idle_watts: float
    idle_error_watts: float
    drift_watts: float | None = None
    stable: bool = True
    source: str = ""
