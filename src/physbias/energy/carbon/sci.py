"""Carbon of the hardware's making, and carbon per functional unit."""

from dataclasses import dataclass

from physbias.energy.record.interval import Interval
from physbias.errors import ArgumentError, explain


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbodiedCarbon:
    """Greenhouse gas of making the hardware, of which a block bears a share.

    The share is M = TE (TiR / EL) (RR / ToR).

    Args:
        total_grams: TE, gas of making all of the hardware [g].
        lifespan_seconds: EL, how long it is expected to serve [s].
        reserved_seconds: TiR, how long it was reserved [s]; ``None`` for the length of
            the block.
        reserved_resources: RR, how much of it was reserved, such as 2 GPUs [1].
        total_resources: ToR, out of how much, such as 8 GPUs [1].
        error: standard uncertainty of the share, relative [1]; 0 takes it as exact.

    Raises:
        ArgumentError: a value is negative, or more is reserved than there is.

    Source:
        Software Carbon Intensity specification, ISO/IEC 21031:2024.
    """

    total_grams: float
    lifespan_seconds: float
    reserved_seconds: float | None = None
    reserved_resources: float = 1.0
    total_resources: float = 1.0
    error: float = 0.0

    def __post_init__(self) -> None:
        reserved = 0.0 if self.reserved_seconds is None else self.reserved_seconds
        right = (
            self.total_grams >= 0
            and self.lifespan_seconds > 0
            and reserved >= 0
            and 0 < self.reserved_resources <= self.total_resources
            and 0 <= self.error <= 1
        )
        if not right:
            raise ArgumentError(
                explain(
                    "embodied",
                    found=self,
                    expected="grams and times that are not negative, a positive "
                    "lifespan, no more reserved than there is, an error from 0 to 1",
                    remedy="give grams and seconds",
                )
            )

    def share(self, seconds: float) -> float:
        """Return M, the share of a block of a length [s], in [g]."""
        reserved = seconds if self.reserved_seconds is None else self.reserved_seconds
        in_time = reserved / self.lifespan_seconds
        return (
            self.total_grams * in_time * self.reserved_resources / self.total_resources
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftwareCarbonIntensity:
    """Greenhouse gas per functional unit, (O + M) / R.

    Args:
        grams_per_unit: the figure [g per unit].
        interval: its 95 % interval.
        operational_grams: O, from energy [g].
        embodied_grams: M, from the hardware's making [g].
        units: R, the number of functional units [1].
        unit: what one of them is.
    """

    grams_per_unit: float
    interval: Interval
    operational_grams: float
    embodied_grams: float
    units: float
    unit: str

    def __str__(self) -> str:
        """Return one line for people."""
        low, high = self.interval
        return (
            f"{self.grams_per_unit:.4g} g CO2e per {self.unit} "
            f"(95 % interval {low:.4g} to {high:.4g})"
        )
