"""The energy meter: what a block of code costs, with the uncertainty of the figure."""

import warnings
from collections.abc import Callable, Sequence
from functools import wraps
from types import TracebackType
from typing import ParamSpec, TypeVar

from physbias.energy.block.regions import Region
from physbias.energy.block.run import Run
from physbias.energy.machine import Machine
from physbias.energy.model import CpuModel
from physbias.energy.record.record import EnergyRecord, Interval, Status
from physbias.energy.sensors import cuda
from physbias.energy.sensors.probe import (
    Missing,
    SensorUnavailableError,
    SensorUnavailableWarning,
)
from physbias.errors import ArgumentError, PhysbiasError, explain

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_STATUS_WITHOUT_FAULT = (KeyboardInterrupt, SystemExit, GeneratorExit)


class MeterStateError(PhysbiasError, RuntimeError):
    """A result was asked of a meter that has none yet."""


class EnergyMeter:
    """Measures the energy of a block of code on GPUs, processors and memory.

    It reads the GPUs' energy counters and power through NVML and the processors' and
    memories' counters through RAPL, from a background thread, and reports the energy
    with a 95 % interval. It never breaks the block: an exception inside passes
    through, and the record is kept. Where nothing can be read, ``joules`` is ``None``,
    ``reason`` says why, and there is one :class:`SensorUnavailableWarning`.

    The meter can be started again after it has stopped; each start is a new record.
    Entering a meter that runs already changes nothing. As a decorator it measures
    each call of a function.

    Args:
        devices: GPUs to measure: ``"used"`` for all that this process can see,
            ``"node"`` for all of the machine, or a list of indices, ``"cuda:0"``,
            UUIDs (or unique beginnings of them) and torch devices.
        cpu: whether to measure processors and memory.
        estimate: whether to give a model figure, labelled *estimate*, for a
            processor that cannot be measured. It is never added to a measurement.
        strict: whether to refuse to start where something asked for cannot be read.
        sampling_period: time between readings [s], 0.001 to 1. The default does not
            divide the usual refresh of 0.1 s, so that edges are seen at all phases.
        model: the model behind an estimate.
        machine: what to read; a simulated one in tests.

    Raises:
        ArgumentError: ``devices`` or ``sampling_period`` cannot be used.

    Example:
        >>> from physbias.energy.simulated import Constant, SimulatedGpu, simulate
        >>> machine = simulate([SimulatedGpu(Constant(300.0))])
        >>> with EnergyMeter(cpu=False, machine=machine) as meter:
        ...     machine.clock.sleep(10.0)
        >>> print(f"{meter.joules:.0f} J, {meter.seconds:.0f} s")
        3000 J, 10 s
    """

    def __init__(
        self,
        devices: cuda.DeviceChoice = "used",
        *,
        cpu: bool = True,
        estimate: bool = False,
        strict: bool = False,
        sampling_period: float = 0.017,
        model: CpuModel | None = None,
        machine: Machine | None = None,
    ) -> None:
        self._devices = cuda.check_choice(devices)
        self._period = _check_period(sampling_period)
        self._cpu = cpu
        self._model = (model or CpuModel()) if estimate else None
        self._strict = strict
        self._machine = machine or Machine()
        self._run: Run | None = None
        self._record: EnergyRecord | None = None
        self._depth = 0
        self._stray = 0

    def start(self) -> "EnergyMeter":
        """Begin to measure; on a meter that runs already, change nothing.

        Raises:
            SensorUnavailableError: the meter is strict and something cannot be read.
        """
        if not self.running:
            self._begin(stacklevel=3)
        return self

    def stop(self) -> None:
        """End the block; on a meter that does not run, change nothing.

        Returns at once. Readings go on in the background for less than a second (the
        longest for boards that only offer a mean), and :attr:`result` waits for them.
        """
        self._end(Status.FINISHED, None)

    def __enter__(self) -> "EnergyMeter":
        if self.running:
            self._depth += 1
        else:
            self._begin(stacklevel=3)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._depth -= 1
        if self._depth > 0:
            return
        if kind is None:
            self._end(Status.FINISHED, None)
        elif issubclass(kind, _STATUS_WITHOUT_FAULT):
            self._end(Status.INTERRUPTED, kind.__name__)
        else:
            self._end(Status.FAILED, kind.__name__)

    def __call__(
        self, function: Callable[Arguments, Result]
    ) -> Callable[Arguments, Result]:
        """Return ``function`` so that each call of it is measured."""

        @wraps(function)
        def measured(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            with self:
                return function(*args, **kwargs)

        return measured

    def region(self, name: str) -> Region:
        """Return a context manager that attributes what runs in it to ``name``.

        Regions may be nested and repeated; a border costs two clock readings and no
        sensor reading. GPU work that is still queued at a border counts where it
        runs, so synchronise there if the parts are to be told apart.

        Args:
            name: name of the region.
        """
        if self._run is None or self._run.stopped:
            self._stray += 1
            return Region(None, name)
        return Region(self._run.log, name)

    @property
    def running(self) -> bool:
        """Whether a block is being measured."""
        return self._run is not None and not self._run.stopped

    @property
    def result(self) -> EnergyRecord:
        """The record of the last block; waits for the last readings of it.

        Raises:
            MeterStateError: the meter runs, or has never run.
        """
        if self._run is None or not self._run.stopped:
            raise MeterStateError(
                explain(
                    "result",
                    found="a running meter" if self.running else "an unused meter",
                    expected="a meter whose block has ended",
                    remedy="read the result after the with block, or call stop()",
                )
            )
        if self._record is None:
            stray, self._stray = self._stray, 0
            self._record = self._run.settle(self._model, stray)
        return self._record

    @property
    def joules(self) -> float | None:
        """Energy of the last block [J]; ``None`` where there is no figure."""
        return self.result.joules if self._finished else None

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of :attr:`joules` [J]."""
        return self.result.interval if self._finished else None

    @property
    def reason(self) -> str | None:
        """Why :attr:`joules` is ``None``."""
        if self._finished:
            return self.result.reason
        return "the block has not ended" if self.running else "the meter has not run"

    @property
    def seconds(self) -> float:
        """Length of the last block, or of the running one so far [s]."""
        return 0.0 if self._run is None else self._run.seconds

    def __str__(self) -> str:
        """Return one line for people."""
        if self._finished:
            return str(self.result)
        return f"no energy figure  ({self.reason})  {self.seconds:.1f} s"

    @property
    def _finished(self) -> bool:
        return self._run is not None and self._run.stopped

    def _begin(self, stacklevel: int) -> None:
        found = self._machine.discover(self._devices, cpu=self._cpu)
        unreadable = [m for m in found.missing if m.present or not found.probes]
        if self._strict and (unreadable or not found.probes):
            raise SensorUnavailableError(_refusal(unreadable))
        if not found.probes and not (self._model and self._cpu):
            reasons = "; ".join(m.reason for m in unreadable) or "nothing to read"
            text = f"no energy sensor can be read, joules will be None: {reasons}"
            warnings.warn(text, SensorUnavailableWarning, stacklevel=stacklevel)
        self._record = None
        self._depth = 1
        self._run = Run(
            self._machine.clock,
            found,
            period=self._period,
            cpu=self._model is not None,
        )

    def _end(self, status: Status, error: str | None) -> None:
        if self._run is not None:
            self._run.stop(status, error)


def _check_period(seconds: float) -> float:
    if isinstance(seconds, int | float) and 0.001 <= seconds <= 1.0:
        return float(seconds)
    raise ArgumentError(
        explain(
            "sampling_period",
            found=repr(seconds),
            expected="0.001 to 1 s",
            remedy="leave it at 0.017 s, six times faster than most counters refresh",
        )
    )


def _refusal(unreadable: Sequence[Missing]) -> str:
    return explain(
        "strict",
        found="; ".join(m.reason for m in unreadable) or "nothing to read",
        expected="a readable sensor for everything that was asked for",
        remedy="; ".join(m.remedy for m in unreadable) or "choose devices or cpu",
    )
