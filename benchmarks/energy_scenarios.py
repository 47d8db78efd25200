"""The loads, boards and windows on which energy meters are compared.

A :class:`Case` is one board (or several) with a window whose true energy is a formula.
:func:`draw` makes the cases of a scenario from a seed, the same ones every time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from physbias.energy.simulated import (
    Burst,
    Constant,
    Cycle,
    Sensor,
    SimulatedGpu,
    SquareWave,
    Trace,
)

IDLE = 60.0
STEP = ((0.09, 330.0), (0.08, 180.0), (0.06, 90.0))
TRAINING = Cycle((*STEP * 30, (1.1, 120.0)))
"""Steps of 230 ms at 330, 180 and 90 W, and a validation pause every 8 s."""

STEPS = Cycle(STEP)
"""The same steps without any pause."""

GAIN_SPREAD, OFFSET_SPREAD = 0.037, 5.9


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A trace that another one stands in for between two instants.

    Args:
        outside: the trace around.
        inside: the trace between; its own time begins there.
        start: start [s].
        stop: end [s].
    """

    outside: Trace
    inside: Trace
    start: float
    stop: float

    def energy(self, time: float) -> float:
        """Return the integral of the power from 0 to ``time`` [J]."""
        out, length = self.outside.energy, self.stop - self.start
        after = out(max(time, self.stop)) - out(self.stop)
        busy = min(max(time - self.start, 0.0), length)
        return out(min(time, self.start)) + self.inside.energy(busy) + after


@dataclass(frozen=True, slots=True)
class Shifted:
    """A trace that began earlier, by ``offset`` [s]."""

    trace: Trace
    offset: float

    def energy(self, time: float) -> float:
        """Return the integral of the power from 0 to ``time`` [J]."""
        return self.trace.energy(time + self.offset) - self.trace.energy(self.offset)


@dataclass(frozen=True, slots=True)
class Case:
    """A window on simulated boards.

    Args:
        boards: the boards, all in the sum.
        start: start of the window [s].
        seconds: its length [s].
        inner: length of the block around the window, for a region [s]; 0 for a meter
            around the window itself.
        late: by how much the next reading comes late [s].
    """

    boards: tuple[SimulatedGpu, ...]
    start: float
    seconds: float
    inner: float = 0.0
    late: Callable[[], float] = float

    @property
    def truth(self) -> float:
        """The true energy [J]."""
        return sum(
            b.trace.energy(self.start + self.seconds) - b.trace.energy(self.start)
            for b in self.boards
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of window.

    Args:
        name: short name.
        seconds: length of the window [s].
        load: the power over time, from a random generator and the window's start.
        sensor: the sensors of its boards.
        inner: length of the block around the window, for a region [s].
        boards: number of boards and the share of power that each draws.
        target: rms error that the meter should reach [1].
        late: share of the readings that come late, by 0.1 s on average [1].
    """

    name: str
    seconds: float
    load: Callable[[Random, float, float], Trace]
    sensor: Sensor = field(default_factory=Sensor)
    inner: float = 0.0
    boards: Sequence[float] = (1.0,)
    target: float | None = None
    late: float = 0.0


def isolated(trace: Callable[[Random], Trace]) -> Callable[..., Trace]:
    """Return a load that runs in the window only, over an idle board."""

    def load(chance: Random, start: float, seconds: float) -> Trace:
        return Burst(inside=trace(chance), start=start, stop=start + seconds, idle=IDLE)

    return load


def always(trace: Trace) -> Callable[..., Trace]:
    """Return a load that runs before, in and after the window."""
    return lambda chance, start, seconds: trace


def drifting(trace: Trace) -> Callable[..., Trace]:
    """Return a load that runs always, from a random instant on."""
    return lambda chance, start, seconds: Shifted(trace, 10.0 * chance.random())


def within(trace: Trace) -> Callable[..., Trace]:
    """Return a load that runs in the window, in the middle of a training."""

    def load(chance: Random, start: float, seconds: float) -> Trace:
        around = Shifted(STEPS, chance.random())
        return Interrupted(around, trace, start, start + seconds)

    return load


def step_up(chance: Random, start: float, seconds: float) -> Trace:
    """Idle for six tenths of the window, then 300 W and on."""
    return Burst(
        inside=Constant(300.0), start=start + 0.6 * seconds, stop=1e6, idle=IDLE
    )


def constant(chance: Random) -> Trace:
    return Constant(300.0)


def any_load(chance: Random) -> Trace:
    return chance.choice((Constant(300.0), TRAINING, SquareWave(IDLE, 300.0, 0.7)))


REAL = Sensor(noise=0.3, jitter=0.03)
IDEAL = Sensor(noise=0.3)
FAST = replace(REAL, counter_refresh=0.02, power_refresh=0.02, instant_window=0.01)
QUARTER = replace(REAL, instant_window=0.025, plain_window=0.025)
INSTANT = replace(REAL, counter_refresh=None)
AVERAGED = replace(REAL, counter_refresh=None, instant_window=None)
SQUARE = SquareWave(IDLE, 300.0, 0.7)

SCENARIOS = (
    Scenario(name="constant 5 s", seconds=5.0, load=always(Constant(300.0))),
    Scenario(name="square 0.7 s, 10 s", seconds=10.0, load=always(SQUARE)),
    Scenario(name="burst 2.3 s", seconds=2.3, load=isolated(constant), target=0.003),
    Scenario(name="idle then busy 10 s", seconds=10.0, load=step_up),
    Scenario(name="window 30 ms", seconds=0.03, load=isolated(constant)),
    Scenario(
        name="two boards 5 s",
        seconds=5.0,
        load=isolated(constant),
        boards=(1.0, 1 / 3),
        target=0.0005,
    ),
    Scenario(name="isolated 0.3 s", seconds=0.3, load=isolated(any_load)),
    Scenario(name="isolated 1 s", seconds=1.0, load=isolated(any_load), target=0.003),
    Scenario(name="isolated 5 s", seconds=5.0, load=isolated(any_load), target=0.0005),
    Scenario(
        name="region 1 s in training",
        seconds=1.0,
        load=always(TRAINING),
        inner=30.0,
        target=0.015,
    ),
    Scenario(
        name="region 5 s in training",
        seconds=5.0,
        load=always(TRAINING),
        inner=30.0,
        target=0.003,
    ),
    Scenario(
        name="meter 1 s in training", seconds=1.0, load=always(TRAINING), target=0.015
    ),
    Scenario(
        name="meter 5 s in training", seconds=5.0, load=always(TRAINING), target=0.003
    ),
    Scenario(
        name="validation 1 s within training", seconds=1.0, load=within(Constant(100.0))
    ),
    Scenario(
        name="validation 5 s within training", seconds=5.0, load=within(Constant(100.0))
    ),
    Scenario(
        name="300 W 5 s within training", seconds=5.0, load=within(Constant(300.0))
    ),
    Scenario(name="region 1 s in square", seconds=1.0, load=always(SQUARE), inner=20.0),
    Scenario(
        name="20 ms refresh, isolated 1 s",
        seconds=1.0,
        load=isolated(any_load),
        sensor=FAST,
        target=0.003,
    ),
    Scenario(
        name="20 ms refresh, meter 1 s in training",
        seconds=1.0,
        load=always(TRAINING),
        sensor=FAST,
        target=0.015,
    ),
    Scenario(
        name="part-time register, isolated 5 s",
        seconds=5.0,
        load=isolated(any_load),
        sensor=QUARTER,
        target=0.0005,
    ),
    Scenario(
        name="5 % of readings late, isolated 1 s",
        seconds=1.0,
        load=isolated(any_load),
        sensor=REAL,
        late=0.05,
    ),
    Scenario(
        name="5 % of readings late, isolated 5 s",
        seconds=5.0,
        load=isolated(any_load),
        sensor=REAL,
        late=0.05,
    ),
    Scenario(
        name="30 % of readings late, isolated 5 s",
        seconds=5.0,
        load=isolated(any_load),
        sensor=REAL,
        late=0.3,
    ),
    Scenario(
        name="30 % of readings late, 5 s in training",
        seconds=5.0,
        load=always(TRAINING),
        sensor=REAL,
        late=0.3,
    ),
    Scenario(
        name="counter of 0.5 s, isolated 1 s",
        seconds=1.0,
        load=isolated(any_load),
        sensor=replace(REAL, counter_refresh=0.5),
    ),
    Scenario(
        name="counter of 0.5 s, 5 s in training",
        seconds=5.0,
        load=always(TRAINING),
        sensor=replace(REAL, counter_refresh=0.5),
    ),
    Scenario(
        name="counter only, isolated 5 s",
        seconds=5.0,
        load=isolated(any_load),
        sensor=replace(REAL, instant_window=None, plain_window=None),
    ),
    Scenario(
        name="power only, isolated 5 s",
        seconds=5.0,
        load=isolated(any_load),
        sensor=INSTANT,
    ),
    Scenario(
        name="part-time power only, 5 s in training",
        seconds=5.0,
        load=always(TRAINING),
        sensor=replace(QUARTER, counter_refresh=None),
    ),
    Scenario(
        name="averaged field only, burst 2 s",
        seconds=2.0,
        load=isolated(constant),
        sensor=AVERAGED,
        target=0.005,
    ),
    Scenario(
        name="averaged field only, 2 s in slow square",
        seconds=2.0,
        load=drifting(SquareWave(IDLE, 300.0, 1.9)),
        sensor=AVERAGED,
    ),
    Scenario(
        name="averaged field only, 5 s in training",
        seconds=5.0,
        load=drifting(STEPS),
        sensor=AVERAGED,
    ),
    Scenario(
        name="averaged field only, isolated 5 s",
        seconds=5.0,
        load=isolated(any_load),
        sensor=AVERAGED,
        target=0.005,
    ),
)


def draw(scenario: Scenario, seed: int, *, population: bool = False) -> Case:
    """Return one case of a scenario.

    Args:
        scenario: what to draw.
        seed: which case.
        population: whether gain, offset and the delay of the counter are drawn too, as
            the full interval assumes them; otherwise the sensor has none of them.
    """
    chance = Random(f"{scenario.name} {seed}")
    start = 2.0 + 8.0 * chance.random()
    load = scenario.load(chance, start, scenario.seconds)
    sensor = replace(scenario.sensor, phase=chance.random(), seed=seed)
    boards = []
    for share in scenario.boards:
        one = replace(sensor, phase=chance.random())
        if population:
            delay = chance.random() * (one.counter_refresh or 0.0)
            one = replace(
                one,
                gain=chance.gauss(1.0, GAIN_SPREAD),
                offset=chance.gauss(0.0, OFFSET_SPREAD),
                counter_delay=delay,
            )
        name = "NVIDIA A100" if one.instant_window == 0.025 else "Simulated GPU"
        boards.append(SimulatedGpu(_scaled(load, share), one, name=name))
    late = Random(seed)

    def delay() -> float:
        return late.expovariate(10.0) if late.random() < scenario.late else 0.0

    return Case(tuple(boards), start, scenario.seconds, scenario.inner, delay)


def _scaled(load: Trace, share: float) -> Trace:
    return load if share == 1.0 else Scaled(load, share)


@dataclass(frozen=True, slots=True)
class Scaled:
    """A share of another trace."""

    trace: Trace
    share: float

    def energy(self, time: float) -> float:
        """Return the integral of the power from 0 to ``time`` [J]."""
        return self.share * self.trace.energy(time)
