"""Energy and power of NVIDIA GPUs through NVML (module ``pynvml``)."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from physbias.energy.integration.aliasing import known_window
from physbias.energy.sensors.condition import Condition
from physbias.energy.sensors.cuda import DeviceChoice, GpuIdentity, choose
from physbias.energy.sensors.probe import (
    DeviceKind,
    DeviceLostError,
    Discovery,
    Missing,
    Probe,
    ProbeInfo,
    ReadError,
    Scope,
    SensorError,
    SensorUnavailableError,
    Source,
    UnsupportedReadingError,
)
from physbias.energy.sensors.versions import Versions

AVERAGE_WINDOW = 1.0
"""Length of the trailing mean that the plain power reading is on newer boards [s]."""

_PER_MILLI = 1e-3
_INSTANT_FIELD = 186
_DIE = 0
_MODULE_SCOPE = 1
_PER_MICRO = 1e-6
_SLOWED = 0x08 | 0x20 | 0x40 | 0x80
"""Slowed by the hardware, by heat (software or hardware) or by the power brake."""
_MODULES = ("GH200", "GB200")
_AMPERE = 7
_GA100 = ("A100", "A800", "A30")
_VIRTUALIZATION = {
    0: "none",
    1: "the whole board, passed through to this virtual machine",
    2: "a virtual GPU, which seldom offers power or energy",
    3: "host of virtual GPUs",
    4: "host of virtual GPUs",
}


@runtime_checkable
class NvmlBinding(Protocol):
    """The few calls that the meter needs, in SI units.

    Each call may raise :class:`~physbias.energy.ReadError` or one of its kinds;
    :meth:`gpus` raises :class:`~physbias.energy.SensorUnavailableError` where there is
    no driver.
    """

    def gpus(self) -> list[GpuIdentity]:
        """Return all GPUs of the machine."""
        ...

    def energy(self, index: int) -> float:
        """Return the total-energy counter [J]."""
        ...

    def instant_power(self, index: int) -> float:
        """Return the power of the last sensor window [W]."""
        ...

    def plain_power(self, index: int) -> float:
        """Return the plain power reading, on newer boards a mean over 1 s [W]."""
        ...


@runtime_checkable
class KnowsMore(Protocol):
    """A binding that can tell more than energy and power."""

    def module_power(self, index: int) -> float:
        """Return the power of the last sensor window of GPU and processor [W]."""
        ...

    def past_power(self, index: int) -> list[tuple[float, float]]:
        """Return ages [s] and powers [W] of the readings that the driver kept."""
        ...

    def parent(self, part: str) -> str | None:
        """Return the UUID of the board of which ``part`` (MIG) is a part."""
        ...


@runtime_checkable
class KnowsConditions(Protocol):
    """A binding that can tell the condition of its boards."""

    def condition(self, index: int) -> Condition:
        """Return temperature and P-state."""
        ...


@dataclass(frozen=True, slots=True)
class PynvmlBinding:
    """The binding to the real driver; NVML is opened once per process."""

    def gpus(self) -> list[GpuIdentity]:
        """Return all GPUs of the machine."""
        nvml = _open()
        try:
            return [self._identity(i) for i in range(nvml.nvmlDeviceGetCount())]
        except nvml.NVMLError as error:
            text = f"NVML lists no GPU ({error})"
            raise SensorUnavailableError(text) from error

    def versions(self) -> Versions:
        """Return the versions of the driver and of NVML."""
        nvml = _open()
        try:
            driver = nvml.nvmlSystemGetDriverVersion()
            return Versions(driver, nvml.nvmlSystemGetNVMLVersion())
        except nvml.NVMLError:
            return Versions()

    def condition(self, index: int) -> Condition:
        """Return temperature, P-state, throttling and other processes."""
        reasons = self._optional("nvmlDeviceGetCurrentClocksThrottleReasons", index)
        running = self._optional("nvmlDeviceGetComputeRunningProcesses", index)
        return Condition(
            self._optional("nvmlDeviceGetTemperature", index, _DIE),
            self._optional("nvmlDeviceGetPerformanceState", index),
            None if reasons is None else bool(reasons & _SLOWED),
            _others([process.pid for process in running or ()]),
        )

    def virtualization(self, index: int) -> str:
        """Return in words how the machine owns the board."""
        mode = self._call("nvmlDeviceGetVirtualizationMode", index)
        return _VIRTUALIZATION.get(mode, f"unknown mode {mode}")

    def energy(self, index: int) -> float:
        """Return the total-energy counter [J]."""
        return _PER_MILLI * self._call("nvmlDeviceGetTotalEnergyConsumption", index)

    def instant_power(self, index: int) -> float:
        """Return field 186, the power of the last sensor window [W]."""
        return self._field(index, _INSTANT_FIELD)

    def module_power(self, index: int) -> float:
        """Return field 186 of the module, GPU and processor together [W]."""
        return self._field(index, (_INSTANT_FIELD, _MODULE_SCOPE))

    def past_power(self, index: int) -> list[tuple[float, float]]:
        """Return ages [s] and powers [W] of the readings that the driver kept."""
        nvml = _open()
        kind, samples = self._call(
            "nvmlDeviceGetSamples", index, nvml.NVML_TOTAL_POWER_SAMPLES, 0
        )
        if kind != nvml.NVML_VALUE_TYPE_UNSIGNED_INT:
            text = f"power samples have the unexpected type {kind}"
            raise UnsupportedReadingError(text)
        now = time.time()
        return [
            (now - _PER_MICRO * s.timeStamp, _PER_MILLI * s.sampleValue.uiVal)
            for s in samples
        ]

    def parent(self, part: str) -> str | None:
        """Return the UUID of the board of which ``part`` (MIG) is a part."""
        nvml = _open()
        try:
            handle = nvml.nvmlDeviceGetHandleByUUID(part)
            board = nvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(handle)
            return nvml.nvmlDeviceGetUUID(board)
        except nvml.NVMLError:
            return None

    def _field(self, index: int, field: int | tuple[int, int]) -> float:
        (value,) = self._call("nvmlDeviceGetFieldValues", index, [field])
        nvml = _open()
        if value.nvmlReturn != nvml.NVML_SUCCESS:
            raise _reading_error(nvml, nvml.NVMLError(value.nvmlReturn))
        if value.valueType != nvml.NVML_VALUE_TYPE_UNSIGNED_INT:
            text = f"field 186 has the unexpected type {value.valueType}"
            raise UnsupportedReadingError(text)
        return _PER_MILLI * value.value.uiVal

    def plain_power(self, index: int) -> float:
        """Return ``nvmlDeviceGetPowerUsage`` [W]."""
        return _PER_MILLI * self._call("nvmlDeviceGetPowerUsage", index)

    def _identity(self, index: int) -> GpuIdentity:
        name = self._call("nvmlDeviceGetName", index)
        limit = self._optional("nvmlDeviceGetEnforcedPowerLimit", index)
        architecture = self._optional("nvmlDeviceGetArchitecture", index)
        newer = architecture is not None and architecture >= _AMPERE
        return GpuIdentity(
            index,
            self._call("nvmlDeviceGetUUID", index),
            name,
            averaged=newer and not any(part in name for part in _GA100),
            power_limit=None if limit is None else _PER_MILLI * limit,
            bus=_bus(self._optional("nvmlDeviceGetPciInfo", index)),
            parted=bool((self._optional("nvmlDeviceGetMigMode", index) or (0,))[0]),
        )

    def _optional(self, function: str, index: int, *args: object) -> Any:  # noqa: ANN401
        try:
            return self._call(function, index, *args)
        except ReadError:
            return None

    def _call(self, function: str, index: int, *args: object) -> Any:  # noqa: ANN401
        nvml = _open()
        try:
            return getattr(nvml, function)(_handle(os.getpid(), index), *args)
        except nvml.NVMLError as error:
            raise _reading_error(nvml, error) from error


class NvmlProbe:
    """One GPU behind a binding.

    Args:
        binding: the binding.
        gpu: which GPU.
        label: short name, such as ``GPU 0``.
        error: systematic uncertainty of its sensor.
        proven: whether the mapping to this GPU is certain.
        whole: whether the process uses all of it.

    Raises:
        ReadError: neither energy nor power can be read.
    """

    def __init__(
        self,
        binding: NvmlBinding,
        gpu: GpuIdentity,
        *,
        label: str,
        error: SensorError,
        proven: bool = True,
        whole: bool = True,
    ) -> None:
        self._binding = binding
        self._index = gpu.index
        self._key = (binding, gpu.uuid)
        self._more = binding if isinstance(binding, KnowsMore) else None
        reader, plain, module = _best_power(binding, gpu.index)
        refused = _answers(binding.energy, gpu.index)
        if refused is not None and plain is not None:
            text = f"energy: {refused}; power: {plain}"
            raise ReadError(text)
        self.power_field = reader
        whole_module = module or any(part in gpu.name for part in _MODULES)
        self._info = ProbeInfo(
            uuid=gpu.uuid,
            name=gpu.name,
            label=label,
            kind=DeviceKind.GPU,
            counter=Source.COUNTER if refused is None else None,
            power=plain is None,
            power_average=AVERAGE_WINDOW
            if gpu.averaged and reader == binding.plain_power
            else None,
            scope=Scope.MODULE if whole_module else Scope.GPU,
            sensor_window=known_window(gpu.name),
            power_limit=gpu.power_limit,
            error=error,
            proven=proven,
            whole=whole,
        )

    @property
    def info(self) -> ProbeInfo:
        """What is known of the GPU before it is read."""
        return self._info

    def __eq__(self, other: object) -> bool:
        """Whether ``other`` reads the same board through the same binding."""
        if not isinstance(other, NvmlProbe):
            return NotImplemented
        return self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def adopt(self, info: ProbeInfo) -> None:
        """Take ``info`` for what is known of the GPU, from a calibration."""
        self._info = info

    def condition(self) -> Condition:
        """Return temperature and P-state, as far as the binding can tell."""
        if not isinstance(self._binding, KnowsConditions):
            return Condition()
        return self._binding.condition(self._index)

    def past_power(self) -> list[tuple[float, float]]:
        """Return ages [s] and powers [W] of the readings that the driver kept."""
        return [] if self._more is None else self._more.past_power(self._index)

    def energy(self) -> float:
        """Return the total-energy counter [J]."""
        return self._binding.energy(self._index)

    def power(self) -> float:
        """Return the power of the last window if offered, else the plain one [W]."""
        return self.power_field(self._index)


def find_gpus(
    binding: NvmlBinding,
    devices: DeviceChoice,
    *,
    environ: Mapping[str, str],
    error: SensorError,
) -> Discovery:
    """Return a probe for each chosen GPU, and what cannot be read."""
    try:
        node = binding.gpus()
    except SensorUnavailableError as refused:
        remedy = "install the NVIDIA driver, or run on a machine with a GPU"
        return Discovery((), (Missing("GPU", str(refused), remedy, present=False),))
    chosen = choose(devices, node, _with_parents(binding, environ))
    probes: list[Probe] = []
    missing = [_unresolved(entry, node) for entry in chosen.unresolved]
    unknown = () if isinstance(devices, str) else tuple(m.reason for m in missing)
    if not chosen.gpus and not missing:
        reason = "no GPU is visible to this process"
        remedy = 'check CUDA_VISIBLE_DEVICES, or pass devices="node"'
        missing.append(Missing("GPU", reason, remedy, present=False))
    for gpu in chosen.gpus:
        label = f"GPU {gpu.index}"
        try:
            probe = NvmlProbe(
                binding,
                gpu,
                label=label,
                error=error,
                proven=chosen.proven,
                whole=not gpu.parted and gpu.uuid not in chosen.sliced,
            )
            probes.append(probe)
        except ReadError as refused:
            reason = f"{label} ({gpu.name}) gives neither energy nor power ({refused})"
            remedy = "ask for a whole GPU rather than a virtual one, or leave it out"
            missing.append(Missing(label, reason, remedy))
    return Discovery(tuple(probes), tuple(missing), unknown)


def _unresolved(entry: str, node: list[GpuIdentity]) -> Missing:
    known = ", ".join(f"{gpu.index} = {gpu.uuid}" for gpu in node) or "none"
    return Missing(
        f"GPU {entry}",
        f"{entry} names no GPU of this machine that this process can use "
        f"(there are: {known})",
        "name a GPU by its index or UUID; parts of a GPU (MIG) cannot be measured",
    )


def _answers(read: Any, index: int) -> ReadError | None:  # noqa: ANN401
    try:
        read(index)
    except ReadError as error:
        return error
    return None


def _best_power(
    binding: NvmlBinding, index: int
) -> tuple[Callable[[int], float], ReadError | None, bool]:
    """Return what to read for power, why there is none, and if it is the module's."""
    if _answers(binding.instant_power, index) is None:
        return binding.instant_power, None, False
    if isinstance(binding, KnowsMore) and _answers(binding.module_power, index) is None:
        return binding.module_power, None, True
    return binding.plain_power, _answers(binding.plain_power, index), False


def _with_parents(
    binding: NvmlBinding, environ: Mapping[str, str]
) -> Mapping[str, str]:
    """Return ``environ`` with parts of boards (MIG) named by their boards."""
    value = environ.get("CUDA_VISIBLE_DEVICES", "")
    if "MIG-" not in value or not isinstance(binding, KnowsMore):
        return environ
    entries = []
    for part in value.split(","):
        entry = part.strip()
        new_form = entry.startswith("MIG-") and not entry.startswith("MIG-GPU-")
        board = binding.parent(entry) if new_form else None
        entries.append(entry if board is None else f"MIG-{board}/0/0")
    return {**environ, "CUDA_VISIBLE_DEVICES": ",".join(entries)}


def _bus(info: Any) -> tuple[int, int, int] | None:  # noqa: ANN401
    return None if info is None else (info.domain, info.bus, info.device)


def _others(pids: Sequence[int]) -> int | None:
    """Return how many of the processes are not this one; ``None`` if unknown.

    In a container the list may be empty, or hold numbers that mean nothing here.
    """
    own = os.getpid()
    others = [pid for pid in pids if pid != own and Path(f"/proc/{pid}").exists()]
    return len(others) if others or own in pids else None


def _open() -> Any:  # noqa: ANN401 - the module pynvml
    return _opened(os.getpid())


@cache
def _opened(pid: int) -> Any:  # noqa: ANN401, ARG001, RUF100 - keyed by process
    try:
        import pynvml
    except ImportError as error:
        text = "the Python package nvidia-ml-py is not installed"
        raise SensorUnavailableError(text) from error
    if not hasattr(pynvml, "nvmlDeviceGetFieldValues"):
        text = (
            "the module pynvml is not the one of the package nvidia-ml-py; uninstall "
            "the package that it comes from and install nvidia-ml-py"
        )
        raise SensorUnavailableError(text)
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        text = f"the NVIDIA driver cannot be opened ({error})"
        raise SensorUnavailableError(text) from error
    return pynvml


@cache
def _handle(pid: int, index: int) -> Any:  # noqa: ANN401
    return _opened(pid).nvmlDeviceGetHandleByIndex(index)


def _reading_error(nvml: Any, error: Exception) -> ReadError:  # noqa: ANN401
    code = getattr(error, "value", None)
    if code in (nvml.NVML_ERROR_GPU_IS_LOST, nvml.NVML_ERROR_RESET_REQUIRED):
        return DeviceLostError(str(error))
    if code in (nvml.NVML_ERROR_NOT_SUPPORTED, nvml.NVML_ERROR_FUNCTION_NOT_FOUND):
        return UnsupportedReadingError(str(error))
    return ReadError(str(error))
