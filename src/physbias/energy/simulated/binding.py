"""A machine of simulated boards, behind the same seam as the real driver."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from physbias.energy.clock import Clock, VirtualClock
from physbias.energy.machine import Machine
from physbias.energy.sensors.binding import AVERAGE_WINDOW
from physbias.energy.sensors.condition import Condition
from physbias.energy.sensors.cuda import GpuIdentity
from physbias.energy.sensors.probe import (
    DeviceLostError,
    SensorUnavailableError,
    UnsupportedReadingError,
)
from physbias.energy.sensors.versions import Versions
from physbias.energy.simulated.boards import SimulatedGpu
from physbias.energy.simulated.faults import Fault
from physbias.energy.simulated.streams import SimulatedQueues, SimulatedStream

_NOWHERE = Path("/nonexistent")
_UNSUPPORTED = "Not Supported"
_LOST = "GPU is lost"


class SimulatedNvml:
    """A binding to simulated boards; also the seam for faults of any kind.

    Args:
        gpus: the boards, in the order of the driver.
        clock: the clock.
        refusal: why the driver cannot be opened; ``None`` for a driver that works.
        faults: what goes wrong, and when.
        parts: UUIDs of parts (MIG) and of the boards that they are parts of.
    """

    def __init__(
        self,
        gpus: Sequence[SimulatedGpu],
        clock: Clock,
        *,
        refusal: str | None = None,
        faults: Sequence[Fault] = (),
        parts: Mapping[str, str] | None = None,
    ) -> None:
        self.boards = tuple(gpus)
        self.clock = clock
        self.refusal = refusal
        self.faults = tuple(faults)
        self.parts = dict(parts or {})
        self.reads = 0
        self._strikes: dict[Fault, int] = {}

    def gpus(self) -> list[GpuIdentity]:
        """Return all boards."""
        if self.refusal is not None:
            raise SensorUnavailableError(self.refusal)
        self._strike("gpus", None)
        return self.identities()

    def identities(self) -> list[GpuIdentity]:
        """Return all boards, whatever is wrong with the driver."""
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

    def versions(self) -> Versions:
        """Return the versions of a driver that does not exist."""
        return Versions("0.simulated", "0.simulated")

    def energy(self, index: int) -> float:
        """Return the energy counter [J]."""
        board, false = self._board("energy", index)
        if board.sensor.counter_refresh is None:
            raise UnsupportedReadingError(_UNSUPPORTED)
        true = board.counter(self.clock.now(), board.sensor.counter_refresh)
        return true if false is None else false

    def instant_power(self, index: int) -> float:
        """Return the power of the last window [W]."""
        return self._power("instant_power", index)

    def module_power(self, index: int) -> float:
        """Return the power of the last window of GPU and processor [W]."""
        return self._power("module_power", index)

    def plain_power(self, index: int) -> float:
        """Return the plain power reading [W]."""
        return self._power("plain_power", index)

    def past_power(self, index: int) -> list[tuple[float, float]]:
        """Return ages [s] and powers [W] of the readings that the driver kept."""
        board, _ = self._board("past_power", index)
        if board.sensor.kept_seconds is None:
            raise UnsupportedReadingError(_UNSUPPORTED)
        return board.kept(self.clock.now(), board.sensor.kept_seconds)

    def condition(self, index: int) -> Condition:
        """Return temperature, P-state, throttling and other processes."""
        board, _ = self._board("condition", index)
        return board.condition

    def parent(self, part: str) -> str | None:
        """Return the UUID of the board of which ``part`` (MIG) is a part."""
        return self.parts.get(part)

    def _power(self, call: str, index: int) -> float:
        board, false = self._board(call, index)
        window = board.sensor.window(call)
        if window is None:
            raise UnsupportedReadingError(_UNSUPPORTED)
        return board.register(self.clock.now(), window) if false is None else false

    def _board(self, call: str, index: int) -> tuple[SimulatedGpu, float | None]:
        self.reads += 1
        false = self._strike(call, index)
        board = self.boards[index]
        if self.clock.now() >= board.lost_at:
            raise DeviceLostError(_LOST)
        return board, false

    def _strike(self, call: str, index: int | None) -> float | None:
        """Let the faults that are due come true; return a false reading."""
        false = None
        for fault in self.faults:
            if not fault.strikes(call, index, self.clock.now()):
                continue
            count = self._strikes[fault] = self._strikes.get(fault, 0) + 1
            if count % fault.every:
                continue
            if fault.seconds:
                self._spend(fault.seconds)
            if fault.value is not None:
                false = fault.value
            elif fault.error is not None:
                raise fault.error
        return false

    def _spend(self, seconds: float) -> None:
        if isinstance(self.clock, VirtualClock):
            self.clock.advance(seconds)
        else:
            self.clock.sleep(seconds)


def simulate(
    gpus: Sequence[SimulatedGpu],
    clock: Clock | None = None,
    *,
    powercap: Path = _NOWHERE,
    environ: Mapping[str, str] | None = None,
    faults: Sequence[Fault] = (),
) -> Machine:
    """Return a machine with simulated boards, on a virtual clock unless one is given.

    Args:
        gpus: the boards; none for a machine without a driver.
        clock: the clock.
        powercap: root of a powercap tree; by default there is none.
        environ: environment variables; by default there are none.
        faults: what goes wrong with the driver, and when.
    """
    clock = VirtualClock() if clock is None else clock
    refusal = None if gpus else "the simulated machine has no driver"
    nvml = SimulatedNvml(gpus, clock, refusal=refusal, faults=faults)
    streams = {
        identity.uuid: board.trace
        for identity, board in zip(nvml.identities(), gpus, strict=True)
        if isinstance(board.trace, SimulatedStream)
    }
    return Machine(
        nvml=nvml,
        queues=SimulatedQueues(streams, clock),
        powercap=powercap,
        clock=clock,
        environ=environ or {},
    )
