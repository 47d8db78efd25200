"""Energy and power of NVIDIA GPUs through NVML (module ``pynvml``)."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol, runtime_checkable

from physbias.energy.sensors.cuda import DeviceChoice, GpuIdentity, choose
from physbias.energy.sensors.probe import (
    DeviceKind,
    DeviceLostError,
    Discovery,
    Missing,
    Probe,
    ProbeInfo,
    ReadError,
    SensorError,
    SensorUnavailableError,
    Source,
    UnsupportedReadingError,
)

AVERAGE_WINDOW = 1.0
"""Length of the trailing mean that the plain power reading is on newer boards [s]."""

_PER_MILLI = 1e-3
_INSTANT_FIELD = 186
_AMPERE = 7
_GA100 = ("A100", "A800", "A30")


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

    def energy(self, index: int) -> float:
        """Return the total-energy counter [J]."""
        return _PER_MILLI * self._call("nvmlDeviceGetTotalEnergyConsumption", index)

    def instant_power(self, index: int) -> float:
        """Return field 186, the power of the last sensor window [W]."""
        (value,) = self._call("nvmlDeviceGetFieldValues", index, [_INSTANT_FIELD])
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
        )

    def _optional(self, function: str, index: int) -> Any:  # noqa: ANN401
        try:
            return self._call(function, index)
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
        instant = _answers(binding.instant_power, gpu.index) is None
        plain = None if instant else _answers(binding.plain_power, gpu.index)
        refused = _answers(binding.energy, gpu.index)
        if refused is not None and plain is not None:
            text = f"energy: {refused}; power: {plain}"
            raise ReadError(text)
        self.power_field = binding.instant_power if instant else binding.plain_power
        self._info = ProbeInfo(
            uuid=gpu.uuid,
            name=gpu.name,
            label=label,
            kind=DeviceKind.GPU,
            counter=Source.COUNTER if refused is None else None,
            power=plain is None,
            power_average=AVERAGE_WINDOW if gpu.averaged and not instant else None,
            power_limit=gpu.power_limit,
            error=error,
            proven=proven,
            whole=whole,
        )

    @property
    def info(self) -> ProbeInfo:
        """What is known of the GPU before it is read."""
        return self._info

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
    chosen = choose(devices, node, environ)
    probes: list[Probe] = []
    missing = [_unresolved(entry, node) for entry in chosen.unresolved]
    if not chosen.gpus and not missing:
        reason = "no GPU is visible to this process"
        remedy = 'check CUDA_VISIBLE_DEVICES, or pass devices="node"'
        missing.append(Missing("GPU", reason, remedy, present=False))
    for position, gpu in enumerate(chosen.gpus):
        label = f"GPU {position}"
        try:
            probe = NvmlProbe(
                binding,
                gpu,
                label=label,
                error=error,
                proven=chosen.proven,
                whole=gpu.uuid not in chosen.sliced,
            )
            probes.append(probe)
        except ReadError as refused:
            reason = f"{label} ({gpu.name}) gives neither energy nor power ({refused})"
            remedy = "ask for a whole GPU rather than a virtual one, or leave it out"
            missing.append(Missing(label, reason, remedy))
    return Discovery(tuple(probes), tuple(missing))


def _unresolved(entry: str, node: list[GpuIdentity]) -> Missing:
    known = ", ".join(gpu.uuid for gpu in node) or "none"
    return Missing(
        f"GPU {entry}",
        f"{entry} names no GPU of this machine (known: {known})",
        "name a GPU by its index or UUID; parts of a GPU (MIG) cannot be measured",
    )


def _answers(read: Any, index: int) -> ReadError | None:  # noqa: ANN401
    try:
        read(index)
    except ReadError as error:
        return error
    return None


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
        text = "the module pynvml is not the one of the package nvidia-ml-py"
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
