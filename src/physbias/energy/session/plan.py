"""What a meter is asked to measure, and how a measurement of it begins."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from physbias.energy.baseline import BaselineChoice, with_baseline
from physbias.energy.block.notes import Notes
from physbias.energy.block.run import Listener, Run, Sync
from physbias.energy.calibration.apply import calibrate_probes
from physbias.energy.calibration.calibration import Calibration
from physbias.energy.idle import IdleAround
from physbias.energy.journal.registrar import Registrar
from physbias.energy.machine import Machine
from physbias.energy.model import CpuModel
from physbias.energy.record.record import EnergyRecord
from physbias.energy.sensors.cuda import DeviceChoice
from physbias.energy.sensors.probe import (
    Discovery,
    SensorUnavailableError,
    SensorUnavailableWarning,
)
from physbias.energy.session.arguments import refusal
from physbias.energy.session.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a meter is asked to measure; all of it has been checked.

    Args:
        devices: the GPUs.
        cpu: whether to measure processors and memory.
        sync: where to take the queues of the GPUs into account.
        baseline: idle power.
        calibrations: what the user knows of the boards' sensors.
        label: name of the run.
        tags: further texts for the record.
        model: the model behind an estimate; ``None`` for no estimate.
        strict: whether to refuse to start where something cannot be read.
        period: time between readings [s]; ``None`` to follow the devices.
        machine: what to read.
    """

    devices: DeviceChoice
    cpu: bool
    sync: Sync
    baseline: BaselineChoice
    calibrations: Sequence[Calibration]
    label: str
    tags: Mapping[str, str]
    model: CpuModel | None
    strict: bool
    period: float | None
    machine: Machine

    def begin(self, registrar: Registrar, *, lasting: bool, stacklevel: int) -> Session:
        """Begin to measure.

        Args:
            registrar: gives the run its origin and its journal.
            lasting: whether the run goes on when nobody is inside.
            stacklevel: where to warn, as a warning given here would say it [1].

        Raises:
            SensorUnavailableError: the plan is strict and something cannot be read.
        """
        inner = stacklevel + 1
        found = self._find(inner)
        calibrate_probes(
            found.probes, self.calibrations, self.machine, stacklevel=inner
        )
        net, listeners = self._net, list[Listener]()
        if self.baseline == "measure":
            around = IdleAround(self.machine, found)
            net = around.net
            listeners.append(around)
        listeners += registrar.begin(self.machine, self.model)
        run = Run(
            self.machine,
            found,
            period=self.period,
            cpu=self.model is not None,
            sync=self.sync,
            notes=Notes(self.label, self.tags),
            listeners=listeners,
        )
        return Session(
            run,
            model=self.model,
            lasting=lasting,
            complete=lambda record: registrar.sign(run, net(record)),
        )

    def _find(self, stacklevel: int) -> Discovery:
        """Return the sensors, and warn or refuse where one is missing."""
        found = self.machine.discover(self.devices, cpu=self.cpu)
        unreadable = [m for m in found.missing if m.present or not found.probes]
        if self.strict and (unreadable or not found.probes):
            raise SensorUnavailableError(refusal(unreadable))
        if not found.probes and not (self.model and self.cpu):
            reasons = "; ".join(m.reason for m in unreadable) or "nothing to read"
            text = (
                f"no energy sensor can be read, joules will be None: {reasons} "
                "(physbias measure --probe says more; estimate=True gives a model "
                "figure for the processor, labelled as such)"
            )
            warnings.warn(text, SensorUnavailableWarning, stacklevel=stacklevel)
        elif found.unknown:
            text = f"not all devices can be measured: {'; '.join(found.unknown)}"
            warnings.warn(text, SensorUnavailableWarning, stacklevel=stacklevel)
        return found

    def _net(self, record: EnergyRecord) -> EnergyRecord:
        if self.baseline is None or isinstance(self.baseline, str):
            return record
        return with_baseline(record, self.baseline)
