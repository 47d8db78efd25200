"""A model figure for what cannot be measured; always labelled *estimate*."""

from dataclasses import dataclass

from physbias.energy.record.interval import Interval
from physbias.errors import ArgumentError, explain


@dataclass(frozen=True, slots=True)
class CpuModel:
    """Energy of a processor as processor time times a power per busy core.

    Processor time is that of this process, all threads together; worker processes,
    memory, idle power, cooling and power supply are left out. With ``physbias measure``
    it is that of the program and of the processes whose end it waited for. There is no
    model for GPUs.

    Args:
        watts_per_core: power of one busy core [W]. The default is an assumption:
            vendors' thermal design power divided by the number of cores lies between
            about 4 W (many-core servers) and 13 W (desktops).
        uncertainty: half-width of the 95 % interval, relative [1]. The default is an
            assumption too.
        owner: whose processor time it is, for the record.
    """

    watts_per_core: float = 8.0
    uncertainty: float = 0.5
    owner: str = "this process"

    def __post_init__(self) -> None:
        if not self.watts_per_core > 0:
            raise ArgumentError(
                explain(
                    "watts_per_core",
                    found=self.watts_per_core,
                    expected="a positive power in watts",
                    remedy="give the power of one busy core",
                )
            )
        if not 0 < self.uncertainty <= 1:
            raise ArgumentError(
                explain(
                    "uncertainty",
                    found=self.uncertainty,
                    expected="a relative half-width above 0 and up to 1",
                    remedy="give 0.5 for an interval of ± 50 %",
                )
            )

    def joules(self, cpu_seconds: float) -> float:
        """Return the estimate for some processor time [s], in [J]."""
        return self.watts_per_core * cpu_seconds

    def interval(self, joules: float) -> Interval:
        """Return the 95 % interval around an estimate [J]."""
        half = self.uncertainty * joules
        return Interval(joules - half, joules + half)
