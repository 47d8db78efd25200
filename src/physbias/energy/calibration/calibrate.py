"""Measures how the sensor of one GPU refreshes, looks back and lags."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import hypot
from random import Random
from statistics import median

from physbias.energy.calibration.calibration import (
    Calibration,
    Latency,
    PowerLevel,
)
from physbias.energy.calibration.load import Busy, Load, TorchLoad
from physbias.energy.calibration.store import remember
from physbias.energy.clock import Clock
from physbias.energy.machine import Machine
from physbias.energy.sensors import cuda
from physbias.energy.sensors.cuda import GpuIdentity
from physbias.energy.sensors.probe import ReadError, SensorUnavailableError
from physbias.energy.sensors.versions import versions_of
from physbias.errors import ArgumentError, explain

_POLL = 0.002
_LEVEL_SHARE = 0.12
_SETTLE = 1.5
_CHUNK = 0.25
_LONGEST_WINDOW = 2.0
_SHORTEST, _LONGEST = 0.01, 1.0
_SECONDS = (15.0, 600.0)


def calibrate(
    device: object = 0,
    *,
    seconds: float = 30.0,
    load: Load | None = None,
    machine: Machine | None = None,
    store: bool = True,
) -> Calibration:
    """Measure the timing of one GPU's sensor under a load of known times.

    The board works and rests for random times between 10 ms and 1 s, and steadily at
    three powers, while all its energy and power readings are polled. The GPU should
    do nothing else meanwhile. The result is kept in the user's cache, where every
    :class:`~physbias.energy.EnergyMeter` finds it as long as the driver stays the
    same. Gain and offset cannot be found without an external meter.

    Args:
        device: the GPU: an index, ``"cuda:0"``, a UUID or a torch device.
        seconds: how long to watch [s], 15 to 600.
        load: what keeps the board busy; by default matrix products in PyTorch.
        machine: what to read; a simulated one in tests.
        store: whether to keep the result in the user's cache.

    Returns:
        The calibration; what the board does not show is ``None``.

    Raises:
        ArgumentError: ``seconds`` is out of range, or there is no such device.
        SensorUnavailableError: the device gives neither energy nor power.
    """
    if not _SECONDS[0] <= seconds <= _SECONDS[1]:
        expected, remedy = "15 to 600 s", "30 s are enough for most boards"
        text = explain("seconds", found=seconds, expected=expected, remedy=remedy)
        raise ArgumentError(text)
    machine = machine or Machine()
    gpu, position = _find(machine, device)
    bench = Bench(machine, gpu.index)
    load = load or TorchLoad(f"cuda:{position}", machine.clock)
    length = _LEVEL_SHARE * seconds
    levels = [bench.level(load, name, length) for name in ("idle", "light", "heavy")]
    bench.clear()
    bench.pattern(load, seconds - 3 * length)
    versions = versions_of(machine.nvml)
    found = Calibration(
        uuid=gpu.uuid,
        latencies=bench.latencies(),
        levels=tuple(level for level in levels if level is not None),
        driver=versions.driver,
        nvml=versions.nvml,
        source="calibrate(), without an external meter",
        date=datetime.now(UTC).date().isoformat(),
    )
    found = replace(found, **bench.timing(load.spans()))
    if store:
        remember(found, machine.environ)
    return found


class Bench:
    """The readings of one board while a load runs.

    Args:
        machine: the machine.
        index: place of the board in the driver's list.

    Raises:
        SensorUnavailableError: the board gives neither energy nor power.
    """

    def __init__(self, machine: Machine, index: int) -> None:
        nvml = machine.nvml
        self._clock = machine.clock
        self._index = index
        calls: dict[str, Callable[[int], float]] = {
            "energy": nvml.energy,
            "instant_power": nvml.instant_power,
            "plain_power": nvml.plain_power,
        }
        self._calls = {n: c for n, c in calls.items() if _answers(c, index)}
        if not self._calls:
            text = (
                f"GPU {index} gives neither energy nor power, so that nothing can be "
                "calibrated; choose another board"
            )
            raise SensorUnavailableError(text)
        self._series = {name: Series() for name in self._calls}

    def clear(self) -> None:
        """Forget the readings, not how long they took."""
        for series in self._series.values():
            series.clear()

    def watch(self, seconds: float) -> None:
        """Poll all readings for ``seconds`` [s]."""
        clock = self._clock
        deadline, end = clock.now(), clock.now() + seconds
        while clock.now() < end:
            for name, call in self._calls.items():
                self._series[name].read(call, self._index, clock)
            deadline = max(deadline + _POLL, clock.now())
            clock.sleep(min(deadline, end) - clock.now())

    def level(self, load: Load, name: str, seconds: float) -> PowerLevel | None:
        """Return a steady power as counter and power reading show it."""
        self._steady(load, name, _SETTLE)
        self.clear()
        self._steady(load, name, seconds - _SETTLE)
        energy = self._series.get("energy")
        power = self._series.get("instant_power") or self._series.get("plain_power")
        if energy is None or power is None:
            return None
        counter, register = energy.slope(), power.mean()
        if counter is None or register is None:
            return None
        return PowerLevel(name, counter, register)

    def pattern(self, load: Load, seconds: float) -> None:
        """Work and rest for random times."""
        end = self._clock.now() + seconds
        for busy, rest in _stretches():
            if self._clock.now() + busy + rest > end:
                break
            load.begin(busy, "heavy")
            self.watch(busy + rest)

    def timing(self, spans: Sequence[Busy]) -> dict[str, float | None]:
        """Return what the pattern shows of refreshes, windows and delays."""
        from physbias.energy.calibration import fit

        if not any(series.times for series in self._series.values()):
            text = (
                f"GPU {self._index} stopped answering during the calibration; look "
                "whether nvidia-smi still lists it, and begin again"
            )
            raise SensorUnavailableError(text)
        since = self._begun() - _LONGEST_WINDOW
        spans = [s for s in spans if s.level == "heavy" and s.end > since]
        edges = {n: fit.find_edges(s.times, s.values) for n, s in self._series.items()}
        found: dict[str, float | None] = {}
        if (counter := edges.get("energy")) is not None:
            found["counter_refresh"] = counter.refresh()
            if (lag := fit.fit_counter(counter, spans)) is not None:
                found["delay"] = max(0.0, lag.delay)
                call = median(self._series["energy"].costs)
                found["delay_error"] = hypot(lag.error, call / 12**0.5)
        for name, field in (("plain_power", "average"), ("instant_power", "window")):
            register = edges.get(name)
            seen = register and fit.fit_register(register, spans)
            if register and seen:
                found["refresh"] = register.refresh()
                found["power_delay"] = max(0.0, seen.delay)
                found[field] = seen.window
        return found

    def latencies(self) -> tuple[Latency, ...]:
        """Return how long the readings took."""
        return tuple(
            Latency(name, median(series.costs), max(series.costs))
            for name, series in self._series.items()
            if series.costs
        )

    def _begun(self) -> float:
        return min(s.times[0] for s in self._series.values() if s.times)

    def _steady(self, load: Load, name: str, seconds: float) -> None:
        """Keep one power; a chunk of work is always queued ahead."""
        if name == "idle":
            self.watch(seconds)
            return
        load.begin(_CHUNK, name)
        for part in _parts(seconds):
            load.begin(part, name)
            self.watch(part)


class Series:
    """Readings of one kind."""

    def __init__(self) -> None:
        self.times, self.values, self.costs = array("d"), array("d"), array("d")

    def clear(self) -> None:
        """Forget the readings, not how long they took."""
        del self.times[:], self.values[:]

    def read(self, call: Callable[[int], float], index: int, clock: Clock) -> None:
        """Take one reading; one that fails is left out."""
        before = clock.now()
        try:
            value = call(index)
        except ReadError:
            return
        after = clock.now()
        self.times.append((before + after) / 2)
        self.values.append(value)
        self.costs.append(after - before)

    def slope(self) -> float | None:
        """Return the growth between the first and the last change [W]."""
        changes = [
            i for i in range(1, len(self.values)) if self.values[i] > self.values[i - 1]
        ]
        if len(changes) < 2:
            return None
        first, last = changes[0], changes[-1]
        grown = self.values[last] - self.values[first]
        return grown / (self.times[last] - self.times[first])

    def mean(self) -> float | None:
        """Return the mean of the readings; ``None`` if there are none."""
        return sum(self.values) / len(self.values) if self.values else None


def _stretches() -> Iterator[tuple[float, float]]:
    draw = Random(0)  # noqa: S311, RUF100 - any fixed sequence will do
    ratio = _LONGEST / _SHORTEST
    while True:
        yield _SHORTEST * ratio ** draw.random(), _SHORTEST * ratio ** draw.random()


def _parts(seconds: float) -> Iterator[float]:
    while seconds > 0:
        yield min(_CHUNK, seconds)
        seconds -= _CHUNK


def _answers(call: Callable[[int], float], index: int) -> bool:
    try:
        call(index)
    except ReadError:
        return False
    return True


def _find(machine: Machine, device: object) -> tuple[GpuIdentity, int]:
    """Return the GPU and its place among those that this process sees."""
    node = machine.nvml.gpus()
    chosen = cuda.choose(cuda.check_choice([device]), node, machine.environ)
    used = cuda.choose("used", node, machine.environ).gpus
    if len(chosen.gpus) == 1 and chosen.gpus[0] in used:
        return chosen.gpus[0], used.index(chosen.gpus[0])
    raise ArgumentError(
        explain(
            "device",
            found=repr(device),
            expected="one GPU that this process can see",
            remedy=f"choose one of {', '.join(gpu.uuid for gpu in used) or 'none'}",
        )
    )
