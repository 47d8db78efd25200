"""Boards that follow a trace and show it through counters and registers."""

from dataclasses import dataclass, field
from math import floor

from physbias.energy.sensors.nvml import AVERAGE_WINDOW
from physbias.energy.simulated.traces import Trace

_ROUNDING = 1e-9


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


def last_refresh(time: float, period: float, phase: float) -> float:
    """Return the last instant of a refresh up to ``time`` [s]."""
    return phase + period * floor((time - phase) / period + _ROUNDING)
