"""A simulated machine whose energy is known in closed form, for tests of meters.

A :class:`SimulatedGpu` follows a :class:`Trace`, whose power and integral are formulas.
It shows them the way a board does: a counter and power registers that refresh now
and then. With a :class:`~physbias.energy.clock.VirtualClock` hours take milliseconds.

Example:
    >>> from physbias.energy import EnergyMeter
    >>> load = Burst(inside=Constant(300.0), start=1.0, stop=3.0, idle=60.0)
    >>> machine = simulate([SimulatedGpu(load)])
    >>> machine.clock.sleep(1.0)
    >>> with EnergyMeter(cpu=False, machine=machine) as meter:
    ...     machine.clock.sleep(2.0)
    >>> round(load.energy(3.0) - load.energy(1.0)), round(meter.joules)
    (600, 600)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import floor
from pathlib import Path
from typing import Protocol, runtime_checkable

from physbias.energy.clock import Clock, VirtualClock
from physbias.energy.cuda import GpuIdentity
from physbias.energy.meter import Machine
from physbias.energy.nvml import AVERAGE_WINDOW
from physbias.energy.probe import (
    DeviceLostError,
    SensorUnavailableError,
    UnsupportedReadingError,
)

_NOWHERE = Path("/nonexistent")
_ROUNDING = 1e-9
_UNSUPPORTED = "Not Supported"
_LOST = "GPU is lost"


@runtime_checkable
class Trace(Protocol):
    """Power over time with a closed-form integral."""

    def energy(self, time: float) -> float:
        """Return the integral of the power from 0 to ``time`` [J]."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """The same power always.

    Args:
        watts: power [W].
    """

    watts: float

    def energy(self, time: float) -> float:
        """Return the integral of the power from 0 to ``time`` [J]."""
        return self.watts * time


@dataclass(frozen=True, slots=True)
class SquareWave:
    """Two powers in turn, the low one first.

    Args:
        low: first power [W].
        high: second power [W].
        period: time of both [s].
    """

    low: float
    high: float
    period: float

    def energy(self, time: float) -> float:
        """Return the integral of the power from 0 to ``time`` [J]."""
        half = self.period / 2
        cycles = floor(time / self.period)
        rest = time - cycles * self.period
        part = self.low * min(rest, half) + self.high * max(0.0, rest - half)
        return cycles * half * (self.low + self.high) + part


@dataclass(frozen=True, slots=True)
class Ramp:
    """Power that grows evenly.

    Args:
        watts: power at time 0 [W].
        slope: growth [W/s].
    """

    watts: float
    slope: float

    def energy(self, time: float) -> float:
        """Return the integral of the power from 0 to ``time`` [J]."""
        return self.watts * time + self.slope * time**2 / 2


@dataclass(frozen=True, slots=True)
class FromIntegral:
    """Any power whose integral is known.

    Args:
        integral: function of the time [s] that gives the energy up to it [J].
    """

    integral: Callable[[float], float]

    def energy(self, time: float) -> float:
        """Return the integral of the power from 0 to ``time`` [J]."""
        return self.integral(time) - self.integral(0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """A trace in a window, and a constant power outside.

    Args:
        inside: the trace; its own time begins with the window.
        start: start of the window [s].
        stop: end of the window [s].
        idle: power outside [W].
    """

    inside: Trace
    start: float
    stop: float
    idle: float

    def energy(self, time: float) -> float:
        """Return the integral of the power from 0 to ``time`` [J]."""
        length = self.stop - self.start
        busy = min(max(time - self.start, 0.0), length)
        return self.inside.energy(busy) + self.idle * (time - busy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """How a simulated board shows its power.

    Args:
        counter_refresh: period of the energy counter [s]; ``None`` for no counter.
        counter_delay: age of the energy that the counter shows at a refresh [s].
        power_refresh: period of the power registers [s].
        instant_window: time that the instantaneous register looks back [s]; ``None``
            for a board without it.
        plain_window: time that the plain reading looks back [s]; ``None`` for a board
            that refuses to give any power.
        phase: time of one refresh [s].
        gain: shown power over true power [1].
        offset: power shown on top [W].
    """

    counter_refresh: float | None = 0.1
    counter_delay: float = 0.0
    power_refresh: float = 0.1
    instant_window: float | None = 0.1
    plain_window: float | None = AVERAGE_WINDOW
    phase: float = 0.0
    gain: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class SimulatedGpu:
    """A board.

    Args:
        trace: its power.
        sensor: how it shows it.
        uuid: its identity; made from its place in the machine if empty.
        name: its model.
        power_limit: its power limit [W].
        lost_at: when it stops answering [s].
        reset_at: when its counter begins again at zero [s].
        frozen_at: when its counter stands still [s].
    """

    trace: Trace
    sensor: Sensor = field(default_factory=lambda: Sensor())
    uuid: str = ""
    name: str = "Simulated GPU"
    power_limit: float | None = 700.0
    lost_at: float = float("inf")
    reset_at: float = float("inf")
    frozen_at: float = float("inf")

    def shown(self, start: float, end: float) -> float:
        """Return the energy that the sensor sees between two instants [J]."""
        true = self.trace.energy(end) - self.trace.energy(start)
        return self.sensor.gain * true + self.sensor.offset * (end - start)

    def counter(self, time: float, refresh: float) -> float:
        """Return the counter as it stands at ``time`` [J]."""
        sensor, time = self.sensor, min(time, self.frozen_at)
        edge = last_refresh(time, refresh, sensor.phase) - sensor.counter_delay
        born = self.reset_at if time >= self.reset_at else -1000.0
        joules = self.shown(born, max(edge, born))
        return floor(1e3 * joules + _ROUNDING) / 1e3

    def register(self, time: float, window: float) -> float:
        """Return a power register as it stands at ``time`` [W]."""
        sensor = self.sensor
        edge = last_refresh(time, sensor.power_refresh, sensor.phase)
        return self.shown(edge - window, edge) / window


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


def last_refresh(time: float, period: float, phase: float) -> float:
    """Return the last instant of a refresh up to ``time`` [s]."""
    return phase + period * floor((time - phase) / period + _ROUNDING)


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
