"""Simulated boards for many windows one after the other, in real time."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from random import Random

from energy_scenarios import Scaled, Scenario

from physbias.energy.simulated import Constant, Sensor, SimulatedGpu, Trace

SENSOR = Sensor(instant_window=0.025, noise=0.3)
"""A counter and registers of 0.1 s, of which the instantaneous one sees a quarter."""

QUIET = 2.5
LOST_AT = 4.0


@dataclass(frozen=True, slots=True)
class Pieces:
    """Traces one after the other.

    Args:
        starts: start of each [s]; the first also holds before.
        traces: the traces.
        offsets: time of each trace at its start [s].
    """

    starts: tuple[float, ...]
    traces: tuple[Trace, ...]
    offsets: tuple[float, ...]
    _sums: tuple[float, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        parts = (self._part(k, end) for k, end in enumerate(self.starts[1:]))
        object.__setattr__(self, "_sums", tuple(accumulate(parts, initial=0.0)))

    def energy(self, time: float) -> float:
        """Return the integral of the power up to ``time``, from the first start [J]."""
        i = max(bisect_right(self.starts, time) - 1, 0)
        return self._sums[i] + self._part(i, time)

    def _part(self, k: int, end: float) -> float:
        trace, offset = self.traces[k], self.offsets[k]
        return trace.energy(end - self.starts[k] + offset) - trace.energy(offset)


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of code to be measured.

    Args:
        name: a name of its own.
        scenario: the scenario that it belongs to.
        start: when it begins [s].
        end: when it ends [s].
    """

    name: str
    scenario: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Boards and what is measured on them.

    Args:
        boards: the boards.
        windows: the windows.
        visible: ``CUDA_VISIBLE_DEVICES``, if it is set.
        counted: indices of the boards in the truth.
    """

    boards: tuple[SimulatedGpu, ...]
    windows: tuple[Window, ...]
    visible: str | None = None
    counted: tuple[int, ...] = (0,)

    def truth(self, start: float, end: float) -> float:
        """Return the true energy between two instants [J]."""
        traces = [self.boards[i].trace for i in self.counted]
        return sum(t.energy(end) - t.energy(start) for t in traces)


def arrange(
    scenarios: Sequence[Scenario],
    counts: Mapping[str, int],
    seed: int,
    sensor: Sensor = SENSOR,
) -> Plan:
    """Return a plan with windows at random phases of the sensor."""
    chance = Random(seed)
    starts, traces, offsets, windows = [], [], [], []
    now = 0.0
    for scenario in scenarios:
        for k in range(counts[scenario.name]):
            before = QUIET + chance.random()
            begin = before + 8.0 * chance.random()
            trace = scenario.load(chance, begin, scenario.seconds)
            starts.append(now)
            traces.append(trace)
            offsets.append(begin - before)
            start = now + before
            end = start + scenario.seconds
            windows.append(Window(f"{scenario.name} {k}", scenario.name, start, end))
            now = end + 1.3
    whole = Pieces(tuple(starts), tuple(traces), tuple(offsets))
    shares = scenarios[0].boards
    boards = tuple(
        SimulatedGpu(
            whole if share == 1.0 else Scaled(whole, share),
            replace(sensor, phase=chance.random(), seed=k),
        )
        for k, share in enumerate(shares)
    )
    return Plan(boards, tuple(windows), counted=tuple(range(len(shares))))


def failures() -> dict[str, Plan]:
    """Return what goes wrong, each on 300 W over 6 s."""
    load, old = Constant(300.0), replace(SENSOR, plain_window=0.1)
    boards = {
        "counter reset at 2 of 6 s": SimulatedGpu(load, SENSOR, reset_at=LOST_AT),
        "board lost at 2 of 6 s": SimulatedGpu(load, SENSOR, lost_at=LOST_AT),
        "no counter (virtual GPU)": SimulatedGpu(
            load, replace(SENSOR, counter_refresh=None)
        ),
        "no counter (before Volta)": SimulatedGpu(
            load, replace(old, counter_refresh=None)
        ),
    }
    window = Window("window", "failure", 2.0, 8.0)
    plans = {name: Plan((board,), (window,)) for name, board in boards.items()}
    second = "GPU-00000000-1111-4000-8000-000000000000"
    two = (SimulatedGpu(load, SENSOR), SimulatedGpu(Constant(100.0), SENSOR, second))
    plans["second of two boards, by UUID"] = Plan(two, (window,), second, (1,))
    return plans
