"""Measures idle power: on request, or before and after a block."""

from contextlib import suppress
from dataclasses import replace

from physbias.energy.baseline import Baseline, with_baseline
from physbias.energy.block.run import Run, Sync
from physbias.energy.block.track import Span
from physbias.energy.calibration.apply import calibrate_probes
from physbias.energy.machine import Machine
from physbias.energy.record.record import EnergyRecord, Status
from physbias.energy.sensors import cuda
from physbias.energy.sensors.condition import condition_of
from physbias.energy.sensors.probe import Discovery, SensorUnavailableError
from physbias.errors import ArgumentError, explain

SECONDS = 5.0
"""Time over which idle power is measured, 50 refreshes of most sensors [s]."""

SETTLE = 1.0
"""Time before that, in which work and what the sensor remembers of it die away [s]."""


def measure_idle(
    seconds: float = SECONDS,
    *,
    devices: cuda.DeviceChoice = "used",
    cpu: bool = True,
    machine: Machine | None = None,
) -> Baseline:
    """Wait and return the power that the devices use meanwhile.

    Waits for the queues of the GPUs and one second more before it begins.

    The idle power of a GPU is higher while a program holds it, so call this in the
    program to be measured, after it has put its model there and has finished its
    work. Nothing else may run on the devices.

    Args:
        seconds: how long to measure [s], 5 at least.
        devices: GPUs, as for :class:`~physbias.energy.EnergyMeter`.
        cpu: whether to measure processors and memory.
        machine: what to read; a simulated one in tests.

    Raises:
        ArgumentError: an argument cannot be used.
        SensorUnavailableError: nothing can be read.
    """
    if not isinstance(seconds, int | float) or not seconds >= SECONDS:
        raise ArgumentError(
            explain(
                "seconds",
                found=repr(seconds),
                expected="5 s or more",
                remedy="shorter than that, the refreshes of the sensor show",
            )
        )
    machine = machine or Machine()
    found = machine.discover(cuda.check_choice(devices), cpu=cpu)
    calibrate_probes(found.probes, (), machine)
    baseline = _idle_now(machine, found, seconds)
    if baseline is None:
        reasons = "; ".join(m.reason for m in found.missing) or "no device answered"
        text = f"idle power cannot be measured: {reasons}"
        raise SensorUnavailableError(text)
    return baseline


def _idle_now(machine: Machine, found: Discovery, seconds: float) -> Baseline | None:
    with suppress(Exception):  # a queue that cannot be waited for stops nothing
        machine.queues.synchronize()
    return IdleWatch(machine, found, seconds).result()


class IdleWatch:
    """A measurement of idle power that begins after a second and goes on by itself.

    Args:
        machine: the machine.
        found: its sensors.
        seconds: how long to measure [s].
    """

    def __init__(
        self, machine: Machine, found: Discovery, seconds: float = SECONDS
    ) -> None:
        self._machine, self._found = machine, found
        self._clock = machine.clock
        self._start = self._clock.now() + SETTLE
        self._end = self._start + seconds
        self._run: Run | None = None
        self._ticker = self._clock.run(self._tick)

    def result(self) -> Baseline | None:
        """Return the idle powers, after waiting for them; ``None`` if unreadable."""
        self._clock.sleep(self._end - self._clock.now())
        self._ticker.wait()
        if self._run is None:
            return None
        baseline = Baseline.from_record(self._run.settle(None, 0))
        known = {p.info.uuid: condition_of(p) for p in self._found.probes}
        devices = tuple(
            replace(
                idle,
                temperature_celsius=known[idle.uuid].temperature_celsius,
                performance_state=known[idle.uuid].performance_state,
            )
            for idle in baseline.devices
        )
        return replace(baseline, devices=devices) if devices else None

    def _tick(self) -> float | None:
        now = self._clock.now()
        if now < self._start:
            return self._start
        if self._run is None:
            self._run = Run(self._machine, self._found, sync=Sync.NONE)
        if now < self._end:
            return self._end
        self._run.stop(Status.FINISHED, None)
        return None


class IdleAround:
    """Measures idle power before a block, and after it while the program goes on.

    It follows the block as a listener of its run.

    Args:
        machine: the machine.
        found: its sensors.
    """

    def __init__(self, machine: Machine, found: Discovery) -> None:
        self._machine, self._found = machine, found
        self._before = _idle_now(machine, found, SECONDS) if found.probes else None
        self._after: IdleWatch | None = None

    def started(self, run: Run) -> None:
        """Do nothing: the idle power before the block is known already."""

    def tick(self, now: float) -> None:
        """Do nothing while the block runs."""

    def region_closed(self, span: Span) -> None:
        """Do nothing while the block runs."""

    def stopped(self, run: Run) -> None:
        """Begin to measure the idle power after the block, and do not wait."""
        if self._before is not None:
            self._after = IdleWatch(self._machine, self._found)

    def net(self, record: EnergyRecord) -> EnergyRecord:
        """Return the record with its net energy, after waiting for the second power."""
        if self._before is None:
            return record
        after = self._after.result() if self._after is not None else None
        return with_baseline(record, self._before, after)
