"""Boards that follow a trace and show it through counters and registers."""

from dataclasses import dataclass, field
from math import floor, inf

from physbias.energy.sensors.binding import AVERAGE_WINDOW
from physbias.energy.sensors.condition import Condition
from physbias.energy.simulated.traces import Trace
from physbias.errors import ArgumentError, explain

_ROUNDING = 1e-9
_MASK = (1 << 64) - 1
_BORN = -1000.0


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
        module_window: time that the reading of a module of GPU and processor looks
            back [s]; ``None`` for a board that is no such module.
        kept_seconds: for how long the driver keeps readings of power [s]; ``None``
            for a driver that keeps none.
        phase: time of one refresh [s].
        gain: shown power over true power [1].
        offset: power shown on top [W].
        noise: standard deviation of a power reading [W].
        jitter: largest shift of a refresh, as a share of the period; below 0.5 [1].
        seed: which noise and which jitter.

    Raises:
        ArgumentError: a time or the gain is not positive, or a value out of range.
    """

    counter_refresh: float | None = 0.1
    counter_delay: float = 0.0
    power_refresh: float = 0.1
    instant_window: float | None = 0.1
    plain_window: float | None = AVERAGE_WINDOW
    module_window: float | None = None
    kept_seconds: float | None = None
    phase: float = 0.0
    gain: float = 1.0
    offset: float = 0.0
    noise: float = 0.0
    jitter: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in (
            "counter_refresh",
            "power_refresh",
            "instant_window",
            "plain_window",
            "module_window",
            "kept_seconds",
            "gain",
        ):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ArgumentError(
                    explain(
                        name,
                        found=repr(value),
                        expected="a positive number",
                        remedy="correct it, or None for a board without it",
                    )
                )
        for name, most in (("counter_delay", inf), ("noise", inf), ("jitter", 0.5)):
            value = getattr(self, name)
            if not 0 <= value < most:
                raise ArgumentError(
                    explain(
                        name,
                        found=repr(value),
                        expected=f"at least 0 and below {most:g}",
                        remedy="correct it",
                    )
                )

    def window(self, call: str) -> float | None:
        """Return how far a reading of power looks back [s]."""
        windows = {
            "instant_power": self.instant_window,
            "module_power": self.module_window,
            "plain_power": self.plain_window,
        }
        return windows[call]

    def refreshed(self, time: float, period: float) -> float:
        """Return the last instant of a refresh up to ``time`` [s]."""
        if not self.jitter:
            return last_refresh(time, period, self.phase)
        k = floor((time - self.phase) / period + _ROUNDING)
        edges = (self._edge(j, period) for j in (k + 1, k))
        late = (edge for edge in edges if edge <= time + _ROUNDING)
        return next(late, self._edge(k - 1, period))

    def noisy(self, watts: float, edge: float) -> float:
        """Return a power [W] as it is read after the refresh at ``edge`` [s]."""
        if not self.noise:
            return watts
        k = round(1e6 * edge)
        return watts + self.noise * 3**0.5 * _uniform(k, 2 * self.seed + 1)

    def _edge(self, k: int, period: float) -> float:
        shift = self.jitter * _uniform(k, 2 * self.seed)
        return self.phase + period * (k + shift)


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
        condition: temperature, throttling and who else computes on it.
    """

    trace: Trace
    sensor: Sensor = field(default_factory=lambda: Sensor())
    uuid: str = ""
    name: str = "Simulated GPU"
    power_limit: float | None = 700.0
    lost_at: float = float("inf")
    reset_at: float = float("inf")
    frozen_at: float = float("inf")
    condition: Condition = field(default_factory=Condition)

    def shown(self, start: float, end: float) -> float:
        """Return the energy that the sensor sees between two instants [J]."""
        true = self.trace.energy(end) - self.trace.energy(start)
        return self.sensor.gain * true + self.sensor.offset * (end - start)

    def counter(self, time: float, refresh: float) -> float:
        """Return the counter as it stands at ``time`` [J]."""
        sensor, time = self.sensor, min(time, self.frozen_at)
        edge = sensor.refreshed(time, refresh) - sensor.counter_delay
        born = self.reset_at if time >= self.reset_at else _BORN
        joules = self.shown(born, max(edge, born))
        return floor(1e3 * joules + _ROUNDING) / 1e3

    def register(self, time: float, window: float) -> float:
        """Return a power register as it stands at ``time`` [W]."""
        edge = self.sensor.refreshed(time, self.sensor.power_refresh)
        watts = self.sensor.noisy(self.shown(edge - window, edge) / window, edge)
        return round(watts, 3)

    def kept(self, time: float, seconds: float) -> list[tuple[float, float]]:
        """Return ages [s] and powers [W] of the readings of the last ``seconds``."""
        sensor = self.sensor
        window = sensor.instant_window or sensor.plain_window or sensor.power_refresh
        edge, readings = sensor.refreshed(time, sensor.power_refresh), []
        while edge >= time - seconds:
            readings.append((time - edge, self.register(edge, window)))
            edge = sensor.refreshed(
                edge - sensor.power_refresh / 2, sensor.power_refresh
            )
        return readings[::-1]


def last_refresh(time: float, period: float, phase: float) -> float:
    """Return the last instant of a refresh up to ``time`` [s]."""
    return phase + period * floor((time - phase) / period + _ROUNDING)


def _uniform(k: int, seed: int) -> float:
    """Return a number between -1 and 1 that looks random and hangs on its arguments."""
    z = (k * 0x9E3779B97F4A7C15 + (seed + 1) * 0xD1B54A32D192ED03) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((z ^ (z >> 31)) >> 11) / (1 << 52) - 1.0
