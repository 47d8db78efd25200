"""A machine of simulated boards, behind the same seam as the real driver."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from physbias.energy.clock import Clock, VirtualClock
from physbias.energy.machine import Machine
from physbias.energy.sensors.cuda import GpuIdentity
from physbias.energy.sensors.nvml import AVERAGE_WINDOW
from physbias.energy.sensors.probe import (
    DeviceLostError,
    SensorUnavailableError,
    UnsupportedReadingError,
)
from physbias.energy.simulated.boards import SimulatedGpu

_NOWHERE = Path("/nonexistent")
_UNSUPPORTED = "Not Supported"
_LOST = "GPU is lost"


class SimulatedNvml:
    """A binding to simulated boards; also the seam for faults of any kind.

    Args:
        gpus: the boards, in the order of the driver.
        clock: the clock.
        refusal: why the driver cannot be opened; ``None`` for a driver that works.
    """

    def __init__(
        self,
        gpus: Sequence[SimulatedGpu],
        clock: Clock,
        *,
        refusal: str | None = None,
    ) -> None:
        self.boards = tuple(gpus)
        self.clock = clock
        self.refusal = refusal
        self.reads = 0

    def gpus(self) -> list[GpuIdentity]:
        """Return all boards."""
        if self.refusal is not None:
            raise SensorUnavailableError(self.refusal)
        return [
            GpuIdentity(
                index,
                board.uuid or f"GPU-{index:08x}-0000-4000-8000-000000000000",
                board.name,
                averaged=board.sensor.plain_window == AVERAGE_WINDOW,
                power_limit=board.power_limit,
            )
            for index, board in enumerate(self.boards)
        ]

    def energy(self, index: int) -> float:
        """Return the energy counter [J]."""
        board, now = self._board(index)
        if board.sensor.counter_refresh is None:
            raise UnsupportedReadingError(_UNSUPPORTED)
        return board.counter(now, board.sensor.counter_refresh)

    def instant_power(self, index: int) -> float:
        """Return the power of the last window [W]."""
        board, now = self._board(index)
        if board.sensor.instant_window is None:
            raise UnsupportedReadingError(_UNSUPPORTED)
        return board.register(now, board.sensor.instant_window)

    def plain_power(self, index: int) -> float:
        """Return the plain power reading [W]."""
        board, now = self._board(index)
        if board.sensor.plain_window is None:
            raise UnsupportedReadingError(_UNSUPPORTED)
        return board.register(now, board.sensor.plain_window)

    def _board(self, index: int) -> tuple[SimulatedGpu, float]:
        self.reads += 1
        board, now = self.boards[index], self.clock.now()
        if now >= board.lost_at:
            raise DeviceLostError(_LOST)
        return board, now


def simulate(
    gpus: Sequence[SimulatedGpu],
    clock: Clock | None = None,
    *,
    powercap: Path = _NOWHERE,
    environ: Mapping[str, str] | None = None,
) -> Machine:
    """Return a machine with simulated boards, on a virtual clock unless one is given.

    Args:
        gpus: the boards; none for a machine without a driver.
        clock: the clock.
        powercap: root of a powercap tree; by default there is none.
        environ: environment variables; by default there are none.
    """
    clock = VirtualClock() if clock is None else clock
    refusal = None if gpus else "the simulated machine has no driver"
    return Machine(
        nvml=SimulatedNvml(gpus, clock, refusal=refusal),
        powercap=powercap,
        clock=clock,
        environ=environ or {},
    )
