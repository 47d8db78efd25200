"""Everything that the meter reads; a simulated machine replaces its parts."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from physbias.energy.clock import Clock, MonotonicClock
from physbias.energy.host import Host, read_host
from physbias.energy.sensors import cuda
from physbias.energy.sensors.binding import NvmlBinding
from physbias.energy.sensors.nvml import PynvmlBinding
from physbias.energy.sensors.probe import Discovery, Missing, Probe, SensorError
from physbias.energy.sensors.queues import GpuQueues, TorchQueues
from physbias.energy.sensors.rapl import POWERCAP, find_zones
from physbias.energy.sensors.search import find_gpus


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Everything that the meter reads; replace a part to simulate it.

    Args:
        nvml: binding to the GPUs.
        powercap: root of the kernel's powercap tree.
        probes: further sensors.
        clock: the clock.
        environ: environment variables, for ``CUDA_VISIBLE_DEVICES``.
        gpu_error: systematic uncertainty of the GPUs' sensors.
        queues: queues of the GPUs, in which the borders of regions are marked.
        host: identity of the machine, for records of several machines.
    """

    nvml: NvmlBinding = field(default_factory=PynvmlBinding)
    powercap: Path = POWERCAP
    probes: Sequence[Probe] = ()
    clock: Clock = field(default_factory=MonotonicClock)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    gpu_error: SensorError = field(default_factory=SensorError)
    queues: GpuQueues = field(default_factory=TorchQueues)
    host: Host = field(default_factory=read_host)

    def discover(self, devices: cuda.DeviceChoice, *, cpu: bool) -> Discovery:
        """Return what can be read here, and what cannot and why."""
        probes, missing, unknown = list(self.probes), [], []
        searches: list[tuple[str, Callable[[], Discovery]]] = []
        if devices:
            searches.append(("GPU", lambda: self._gpus(devices)))
        if cpu:
            searches.append(("CPU", lambda: find_zones(self.powercap)))
        for label, search in searches:
            try:
                found = search()
            except Exception as error:  # noqa: BLE001 - a sensor never stops training
                reason = f"looking for sensors failed ({error!r})"
                found = Discovery((), (Missing(label, reason, "report this"),))
            probes += found.probes
            missing += found.missing
            unknown += found.unknown
        return Discovery(tuple(probes), tuple(missing), tuple(unknown))

    def _gpus(self, devices: cuda.DeviceChoice) -> Discovery:
        return find_gpus(self.nvml, devices, environ=self.environ, error=self.gpu_error)
