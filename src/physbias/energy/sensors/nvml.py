"""The binding to the real driver, through NVML (module ``pynvml``)."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from physbias.energy.sensors.condition import Condition
from physbias.energy.sensors.cuda import GpuIdentity
from physbias.energy.sensors.library import ask, ask_if_offered, opened, reading_error
from physbias.energy.sensors.probe import (
    SensorUnavailableError,
    UnsupportedReadingError,
)
from physbias.energy.sensors.versions import Versions

_PER_MILLI = 1e-3
_PER_MICRO = 1e-6
_INSTANT_FIELD = 186
_MODULE_SCOPE = 1
_DIE = 0
_SLOWED = 0x08 | 0x20 | 0x40 | 0x80
"""Slowed by the hardware, by heat (software or hardware) or by the power brake."""
_AMPERE = 7
_GA100 = ("A100", "A800", "A30")
_VIRTUALIZATION = {
    0: "none",
    1: "the whole board, passed through to this virtual machine",
    2: "a virtual GPU, which seldom offers power or energy",
    3: "host of virtual GPUs",
    4: "host of virtual GPUs",
}


@dataclass(frozen=True, slots=True)
class PynvmlBinding:
    """The binding to the real driver; NVML is opened once per process."""

    def gpus(self) -> list[GpuIdentity]:
        """Return all GPUs of the machine."""
        nvml = opened()
        try:
            return [_identity(i) for i in range(nvml.nvmlDeviceGetCount())]
        except nvml.NVMLError as error:
            text = f"NVML lists no GPU ({error})"
            raise SensorUnavailableError(text) from error

    def versions(self) -> Versions:
        """Return the versions of the driver and of NVML."""
        nvml = opened()
        try:
            driver = nvml.nvmlSystemGetDriverVersion()
            return Versions(driver, nvml.nvmlSystemGetNVMLVersion())
        except nvml.NVMLError:
            return Versions()

    def condition(self, index: int) -> Condition:
        """Return temperature, P-state, throttling and other processes."""
        reasons = ask_if_offered("nvmlDeviceGetCurrentClocksThrottleReasons", index)
        running = ask_if_offered("nvmlDeviceGetComputeRunningProcesses", index)
        return Condition(
            ask_if_offered("nvmlDeviceGetTemperature", index, _DIE),
            ask_if_offered("nvmlDeviceGetPerformanceState", index),
            None if reasons is None else bool(reasons & _SLOWED),
            _others([process.pid for process in running or ()]),
        )

    def virtualization(self, index: int) -> str:
        """Return in words how the machine owns the board."""
        mode = ask("nvmlDeviceGetVirtualizationMode", index)
        return _VIRTUALIZATION.get(mode, f"unknown mode {mode}")

    def energy(self, index: int) -> float:
        """Return the total-energy counter [J]."""
        return _PER_MILLI * ask("nvmlDeviceGetTotalEnergyConsumption", index)

    def instant_power(self, index: int) -> float:
        """Return field 186, the power of the last sensor window [W]."""
        return _field(index, _INSTANT_FIELD)

    def plain_power(self, index: int) -> float:
        """Return ``nvmlDeviceGetPowerUsage`` [W]."""
        return _PER_MILLI * ask("nvmlDeviceGetPowerUsage", index)

    def module_power(self, index: int) -> float:
        """Return field 186 of the module, GPU and processor together [W]."""
        return _field(index, (_INSTANT_FIELD, _MODULE_SCOPE))

    def past_power(self, index: int) -> list[tuple[float, float]]:
        """Return ages [s] and powers [W] of the readings that the driver kept."""
        nvml = opened()
        kind, samples = ask(
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
        nvml = opened()
        try:
            handle = nvml.nvmlDeviceGetHandleByUUID(part)
            board = nvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(handle)
            return nvml.nvmlDeviceGetUUID(board)
        except nvml.NVMLError:
            return None


def _identity(index: int) -> GpuIdentity:
    name = ask("nvmlDeviceGetName", index)
    limit = ask_if_offered("nvmlDeviceGetEnforcedPowerLimit", index)
    architecture = ask_if_offered("nvmlDeviceGetArchitecture", index)
    newer = architecture is not None and architecture >= _AMPERE
    return GpuIdentity(
        index,
        ask("nvmlDeviceGetUUID", index),
        name,
        averaged=newer and not any(part in name for part in _GA100),
        power_limit=None if limit is None else _PER_MILLI * limit,
        bus=_bus(ask_if_offered("nvmlDeviceGetPciInfo", index)),
        parted=bool((ask_if_offered("nvmlDeviceGetMigMode", index) or (0,))[0]),
    )


def _field(index: int, field: int | tuple[int, int]) -> float:
    (value,) = ask("nvmlDeviceGetFieldValues", index, [field])
    nvml = opened()
    if value.nvmlReturn != nvml.NVML_SUCCESS:
        raise reading_error(nvml.NVMLError(value.nvmlReturn))
    if value.valueType != nvml.NVML_VALUE_TYPE_UNSIGNED_INT:
        text = f"field 186 has the unexpected type {value.valueType}"
        raise UnsupportedReadingError(text)
    return _PER_MILLI * value.value.uiVal


def _bus(info: Any) -> tuple[int, int, int] | None:  # noqa: ANN401
    return None if info is None else (info.domain, info.bus, info.device)


def _others(pids: Sequence[int]) -> int | None:
    """Return how many of the processes are not this one; ``None`` if unknown.

    In a container the list may be empty, or hold numbers that mean nothing here.
    """
    own = os.getpid()
    others = [pid for pid in pids if pid != own and Path(f"/proc/{pid}").exists()]
    return len(others) if others or own in pids else None
