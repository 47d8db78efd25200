"""The energy meter: what a block of code costs, with the uncertainty of the figure."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, TypeVar

from physbias.arguments import check_kind
from physbias.energy.baseline import BaselineChoice, check_baseline
from physbias.energy.block.notes import check_count, check_name, check_tags
from physbias.energy.block.regions import Region
from physbias.energy.block.run import INERT, Run
from physbias.energy.block.strands import ProcessLock
from physbias.energy.calibration.calibration import (
    CalibrationChoice,
    check_calibrations,
)
from physbias.energy.job.gather import gather
from physbias.energy.journal.journal import check_path
from physbias.energy.journal.registrar import Registrar
from physbias.energy.machine import Machine
from physbias.energy.model import CpuModel
from physbias.energy.record.interval import Interval
from physbias.energy.record.record import EnergyRecord, Status
from physbias.energy.record.snapshot import Snapshot
from physbias.energy.record.units import Scalar
from physbias.energy.sensors.cuda import DeviceChoice, check_choice
from physbias.energy.session.arguments import (
    check_period,
    check_sync,
    check_timeout,
)
from physbias.energy.session.calls import measured
from physbias.energy.session.entries import Entry, Statements, ending_of
from physbias.energy.session.plan import Plan
from physbias.energy.session.session import Session
from physbias.energy.session.states import (
    Strays,
    no_block,
    no_result,
    no_result_in_fork,
)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_REENTRY = "re-entry"


class EnergyMeter:
    """Measures the energy of a block of code on GPUs, processors and memory.

    It reads the GPUs' energy counters and power through NVML and the processors' and
    memories' counters through RAPL, from a background thread, and reports the energy
    with a 95 % interval. It never breaks the block: an exception inside passes
    through, and the record is kept. Where nothing can be read, ``joules`` is ``None``,
    ``reason`` says why, and there is one :class:`SensorUnavailableWarning`.

    The meter can be started again after it has stopped; each start is a new record.
    As a decorator it measures each call of a function. Entering a meter that runs
    already opens a region: ``re-entry`` for a ``with`` statement, and the name of the
    function for a decorated one. A block in a generator that its consumer leaves has
    finished. Where threads or asyncio tasks are inside at the same
    time, the record covers the time from the first entry until the last one has left.

    Args:
        devices: GPUs to measure: ``"used"`` for all that this process can see,
            ``"node"`` for all of the machine, or a list of indices, ``"cuda:0"``,
            UUIDs (or unique beginnings of them) and torch devices.
        cpu: whether to measure processors and memory.
        sync: where to take the queues of the GPUs into account. ``"border"`` waits
            for them at both ends of the block; ``"events"`` marks the borders of
            regions in them by CUDA events and never waits, so that work still queued
            when the block ends is left out; ``"auto"`` does both; ``"none"`` neither.
            All do nothing before torch has initialised CUDA.
        baseline: idle power, for the energy above it (``result.net``); it is never
            subtracted from ``joules``. A number is that of all devices together [W];
            ``"measure"`` takes 6 s to measure it before the block, for which ``start``
            waits, and 6 s after it, for which only ``result`` waits: leave the devices
            idle until then.
        calibration: what is known of the boards' sensors: a file, a
            :class:`Calibration` or several. Without one, times that
            :func:`calibrate` has found under the present driver are used.
        journal: file to which the readings are added while the block runs, so that
            :func:`recover` gives the energy of a process that was killed. A file that
            exists keeps its runs. If it cannot be written, the record says so.
        label: name of the run, for the record.
        tags: further texts for the record, by name.
        estimate: whether to give a model figure, labelled *estimate*, for a
            processor that cannot be measured. It is never added to a measurement.
        strict: whether to refuse to start where something asked for cannot be read.
        sampling_period: time between readings [s], 0.001 to 1. The default follows
            the refreshes of the devices, as far as 0.5 % of one core allows.
        model: the model behind an estimate.
        machine: what to read; a simulated one in tests.

    Raises:
        ArgumentError: an argument cannot be used.

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
        devices: DeviceChoice = "used",
        *,
        cpu: bool = True,
        sync: str = "auto",
        baseline: BaselineChoice = None,
        calibration: CalibrationChoice = None,
        journal: str | Path | None = None,
        label: str = "",
        tags: Mapping[str, str] | None = None,
        estimate: bool = False,
        strict: bool = False,
        sampling_period: float | None = None,
        model: CpuModel | None = None,
        machine: Machine | None = None,
    ) -> None:
        for name, value in (("cpu", cpu), ("estimate", estimate), ("strict", strict)):
            check_kind(value, name, bool, remedy="pass True or False")
        check_kind(label, "label", str, remedy="pass a text")
        if model is not None:
            remedy = "pass for example CpuModel(watts_per_core=8.0), or leave it out"
            check_kind(model, "model", CpuModel, remedy=remedy)
        if machine is not None:
            remedy = "pass simulate([...]) in a test, or leave it out"
            check_kind(machine, "machine", Machine, remedy=remedy)
        self._plan = Plan(
            devices=check_choice(devices),
            cpu=cpu,
            sync=check_sync(sync),
            baseline=check_baseline(baseline),
            calibrations=check_calibrations(calibration),
            label=label,
            tags=check_tags(tags),
            model=(model or CpuModel()) if estimate else None,
            strict=strict,
            period=check_period(sampling_period),
            machine=machine or Machine(),
        )
        path = None if journal is None else check_path(journal, "journal")
        self._registrar = Registrar(path, self._finish_at_exit)
        self._session: Session | None = None
        self._statements = Statements()
        self._strays = Strays()
        self._lock = ProcessLock()

    def start(self) -> "EnergyMeter":
        """Begin to measure; on a meter that runs already, change nothing.

        Raises:
            SensorUnavailableError: the meter is strict and something cannot be read.
        """
        with self._lock:
            if not self.running:
                self._begin(lasting=True, stacklevel=3)
        return self

    def stop(self, error: BaseException | None = None) -> None:
        """End the block; on a meter that does not run, change nothing.

        Returns at once. Readings go on in the background for 0.5 s at most (1.2 s for
        a slow counter or in a lull of the load, 1.5 s where power is only a trailing
        mean). :attr:`result` waits for them.

        Args:
            error: the exception that ended the block, for the record; ``None`` if it
                came to its end.
        """
        if self._session is not None:
            self._session.run.stop(*ending_of(error))

    def __enter__(self) -> "EnergyMeter":
        self._statements.push(self._enter(_REENTRY, stacklevel=3))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        entry = self._statements.pop()
        if entry is not None:
            entry.__exit__(kind, error, traceback)

    def __call__(
        self, function: Callable[Arguments, Result]
    ) -> Callable[Arguments, Result]:
        """Return ``function`` so that each call of it is measured.

        A coroutine function is measured while it is awaited, a generator function
        while it is iterated, with what its consumer does in between. Of calls at the
        same time, in threads or asyncio tasks, there is one record: it begins with the
        first call and ends with the last, and the calls that come after the first one
        are regions in it, which may overlap. Its status is that of the first call that
        ended badly.

        Args:
            function: the function.

        Raises:
            ArgumentError: ``function`` is no function, or an asynchronous generator.

        Example:
            >>> from physbias.energy.simulated import Constant, SimulatedGpu, simulate
            >>> machine = simulate([SimulatedGpu(Constant(100.0))])
            >>> meter = EnergyMeter(cpu=False, machine=machine)
            >>> train = meter(machine.clock.sleep)
            >>> train(5.0)
            >>> round(meter.joules)
            500
        """
        return measured(function, lambda name: self._enter(name, stacklevel=4))

    def region(self, name: str) -> Region:
        """Return a context manager that attributes what runs in it to ``name``.

        Regions may be nested, repeated and opened by several threads or asyncio tasks;
        each thread and each task has a tree of its own, and where those overlap, the
        flag ``regions-overlap`` says that energies do not add up. A border costs
        microseconds and reads no sensor. Work that is still queued on a GPU at a border
        counts where it was queued: the border is marked in the queue by a CUDA event,
        and nothing waits for it (``sync="border"`` and ``"none"`` leave the marks out).

        On a meter that does not run, the region is not counted: there is one
        :class:`MeterNotRunningWarning`, and a flag in the next record.

        Args:
            name: name of the region.

        Raises:
            ArgumentError: ``name`` is no text, or empty.

        Example:
            >>> from physbias.energy.simulated import Constant, SimulatedGpu, simulate
            >>> machine = simulate([SimulatedGpu(Constant(100.0))])
            >>> with EnergyMeter(cpu=False, machine=machine) as meter:
            ...     with meter.region("forward"):
            ...         machine.clock.sleep(3.0)
            ...     machine.clock.sleep(1.0)
            >>> forward = meter.result.region("forward")
            >>> round(forward.joules), round(meter.result.unattributed)
            (300, 100)
        """
        if type(name) is not str or not name:
            check_name(name, "name")
        run = self._live
        if run is None:
            self._strays.add(f"region {name!r}")
            return Region(None, name)
        return run.region(name)

    def step(self, n: float = 1, unit: str = "step") -> None:
        """Count functional units: steps, samples, tokens.

        The record gives the energy of the block per unit. On a meter that does not
        run, nothing is counted: there is one :class:`MeterNotRunningWarning`, and a
        flag in the next record.

        Args:
            n: how many were done [1].
            unit: what was done.

        Raises:
            ArgumentError: ``n`` is negative or no number, or ``unit`` no name.

        Example:
            >>> from physbias.energy.simulated import Constant, SimulatedGpu, simulate
            >>> machine = simulate([SimulatedGpu(Constant(100.0))])
            >>> with EnergyMeter(cpu=False, machine=machine) as meter:
            ...     for _ in range(4):
            ...         machine.clock.sleep(1.0)
            ...         meter.step()
            ...         meter.step(32, "sample")
            >>> [(u.count, round(u.joules_per_unit)) for u in meter.result.units]
            [(4, 100), (128, 3)]
        """
        if type(n) is not int or n < 0:
            check_count(n)
        if type(unit) is not str or not unit:
            check_name(unit, "unit")
        run = self._live
        if run is None:
            self._strays.add(f"step of {unit!r}")
        else:
            run.notes.step(n, unit)

    def annotate(self, key: str, value: Scalar) -> None:
        """Keep a value in the record of the running block, or of the last one.

        Args:
            key: its name; a second value of the same name replaces the first.
            value: text, finite number, bool or ``None``.

        Raises:
            ArgumentError: ``value`` is something else.
            MeterStateError: the meter has never run.
        """
        if self._session is None:
            raise no_block()
        self._session.annotate(key, value)

    def snapshot(self) -> Snapshot:
        """Return what the block has used so far; the measurement goes on undisturbed.

        The figure is kept for a moment and given again, so that asking often is
        cheap. After the block it is that of :attr:`result`.
        """
        run = self._live
        if run is None:
            with self._lock:
                run = self._live  # another thread may just have begun
                if run is None:
                    known = self.joules, self.interval, self.seconds, self.reason
                    return Snapshot(*known)
        return run.so_far(self._plan.model)

    @property
    def running(self) -> bool:
        """Whether a block is being measured."""
        run = self._live
        return run is not None and not run.inert

    @property
    def result(self) -> EnergyRecord:
        """The record of the last block; waits for the last readings of it.

        Raises:
            MeterStateError: the meter runs, or has never run.
        """
        with self._lock:
            run = self._live
            if run is not None and run.inert:
                raise no_result_in_fork()
            if self._session is None or run is not None:
                raise no_result(running=self._session is not None)
            return self._session.record(self._strays.take)

    def gather(self, timeout: float = 60.0) -> EnergyRecord:
        """Return the record of the whole job, each device counted once.

        Every process of torch's default process group has to call it equally often,
        after the block; all get the same record. Records travel through the store of
        the group: no tensor, no collective, nothing on a GPU. Processes that do not
        answer in time are named by the flag ``node-incomplete``. Without a group the
        record of this process stands alone.

        Args:
            timeout: longest time to wait for the other processes [s].

        Raises:
            ArgumentError: ``timeout`` is no positive number.
            MeterStateError: the meter runs, or has never run.
        """
        return gather(self.result, check_timeout(timeout))

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
        if self._live is None:
            return "the meter has not run"
        return "the block has not ended" if self.running else INERT

    @property
    def seconds(self) -> float:
        """Length of the last block, or of the running one so far [s]."""
        return 0.0 if self._session is None else self._session.run.seconds

    def __str__(self) -> str:
        """Return one line for people."""
        if self._finished:
            return str(self.result)
        return f"no energy figure  ({self.reason})  {self.seconds:.1f} s"

    def __repr__(self) -> str:
        """Return the one line, marked as a meter."""
        return f"<{type(self).__name__} {self}>"

    def _repr_html_(self) -> str:
        from physbias.energy.record.notebook import html

        return html(self.result) if self._finished else f"<p>{self}</p>"

    @property
    def _live(self) -> Run | None:
        """The run that lasts."""
        run = None if self._session is None else self._session.run
        return None if run is None or run.stopped else run

    @property
    def _finished(self) -> bool:
        return self._session is not None and self._live is None

    def _begin(self, *, lasting: bool, stacklevel: int) -> Session:
        self._session = self._plan.begin(
            self._registrar, lasting=lasting, stacklevel=stacklevel + 1
        )
        return self._session

    def _enter(self, name: str, stacklevel: int) -> Entry:
        with self._lock:
            session = self._session
            entry = None if session is None else session.entries.enter(name)
            while entry is None:
                session = self._begin(lasting=False, stacklevel=stacklevel + 1)
                entry = session.entries.enter(name)
            return entry

    def _finish_at_exit(self) -> None:
        run = self._live
        if run is not None and not run.inert:
            run.stop(Status.INTERRUPTED, "interpreter exit")
        _ = self.result
