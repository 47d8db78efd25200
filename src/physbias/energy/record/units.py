"""Energy per functional unit: per step, per sample, per token."""

from dataclasses import dataclass

from physbias.energy.record.interval import Interval

Scalar = str | int | float | bool | None
"""What an annotation may be: a value that JSON has."""


@dataclass(frozen=True, slots=True)
class UnitEnergy:
    """Energy of a block per functional unit.

    Args:
        unit: name of the unit.
        count: how many were done [1].
        joules_per_unit: energy per unit [J]; ``None`` if there is none.
        interval_per_unit: its 95 % interval.
        reason: why there is no figure, where the block has one.
    """

    unit: str
    count: int | float
    joules_per_unit: float | None
    interval_per_unit: Interval | None
    reason: str | None = None

    @classmethod
    def share(
        cls,
        unit: str,
        count: float,
        joules: float | None,
        interval: Interval | None,
        reason: str | None = None,
    ) -> "UnitEnergy":
        """Return the energy per unit of a block.

        Args:
            unit: name of the unit.
            count: how many were done [1].
            joules: energy of the block [J].
            interval: its 95 % interval.
            reason: why the energy does not belong to all the units, if so.

        Example:
            >>> UnitEnergy.share("step", 4, 100.0, Interval(80.0, 120.0))
            ... # doctest: +NORMALIZE_WHITESPACE
            UnitEnergy(unit='step', count=4, joules_per_unit=25.0,
                       interval_per_unit=Interval(low=20.0, high=30.0), reason=None)
        """
        if joules is None or interval is None or count == 0 or reason is not None:
            return cls(unit, count, None, None, reason)
        each = Interval(interval.low / count, interval.high / count)
        return cls(unit, count, joules / count, each)
