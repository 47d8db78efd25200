"""A module that answers like ``pynvml``, over simulated boards in real time.

Any program that reads NVML in Python can so be shown a device whose energy is known.
In this process, before anything has imported ``pynvml``::

    sys.modules["pynvml"] = make_pynvml([SimulatedGpu(Constant(300.0))])

In another process, whose interpreter must find this library and ``nvidia-ml-py``::

    environment = write_pynvml("standin", [SimulatedGpu(Constant(300.0))])
    subprocess.run(["python", "train.py"], env={**os.environ, **environment})

Names, constants and error classes are those of the installed binding. Energy, power,
identity, memory, clocks and processes are answered; every other call is refused as not
supported. Memory, clocks, temperature, use and processes are constants: no energy hangs
on them.
"""

import importlib.util
import os
import pickle
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import MappingProxyType, ModuleType, SimpleNamespace
from typing import Any, NoReturn

from physbias.energy.clock import MonotonicClock
from physbias.energy.sensors.binding import AVERAGE_WINDOW
from physbias.energy.sensors.probe import (
    DeviceLostError,
    ReadError,
    UnsupportedReadingError,
)
from physbias.energy.simulated.binding import SimulatedNvml
from physbias.energy.simulated.boards import SimulatedGpu
from physbias.errors import ArgumentError, MissingExtraError, explain

_BOARDS = "boards.pickle"
_SHIM = """\
import sys
from pathlib import Path

from physbias.energy.simulated.standin import load_pynvml

sys.modules[__name__] = load_pynvml(Path(__file__).parent)
"""
_NVIDIA_SMI = "#!/bin/sh\necho simulated\n"
_GIB = 2**30
_MEMORY = MappingProxyType({"total": 80 * _GIB, "used": _GIB, "free": 79 * _GIB})
_CLOCK_MHZ, _TOP_CLOCK_MHZ = 1500, 1980


def make_pynvml(gpus: Sequence[SimulatedGpu], *, start: float | None = None) -> Any:  # noqa: ANN401 - a module
    """Return a module that answers like ``pynvml`` for ``gpus``.

    Args:
        gpus: the boards, in the order of the driver; none for a machine whose driver
            is not loaded.
        start: ``time.monotonic()`` at which the traces begin [s]; now by default.

    Raises:
        MissingExtraError: ``nvidia-ml-py`` is not installed.
    """
    boards = (tuple(gpus), time.monotonic() if start is None else start)
    return _module(lambda: boards)


def write_pynvml(
    folder: str | Path, gpus: Sequence[SimulatedGpu], *, start: float | None = None
) -> Mapping[str, str]:
    """Write a ``pynvml`` for other processes; return the environment that they need.

    The folder also holds a command ``nvidia-smi`` that only exists, because some
    programs look for it.

    Args:
        folder: where to write; made if it is not there.
        gpus: the boards; their traces must be picklable.
        start: ``time.monotonic()`` at which the traces begin [s]; now by default.

    Returns:
        ``PYTHONPATH`` and ``PATH`` with the folder put first.

    Raises:
        ArgumentError: the boards cannot be pickled.
    """
    folder = Path(folder).resolve()
    try:
        boards = pickle.dumps(
            (tuple(gpus), time.monotonic() if start is None else start)
        )
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ArgumentError(
            explain(
                "gpus",
                found=f"boards that cannot be pickled ({error})",
                expected="traces that another process can load",
                remedy="write the trace as a class of a module, not as a lambda",
            )
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _BOARDS).write_bytes(boards)
    (folder / "pynvml.py").write_text(_SHIM)
    (folder / "nvidia-smi").write_text(_NVIDIA_SMI)
    (folder / "nvidia-smi").chmod(0o755)
    return {
        name: os.pathsep.join(filter(None, [str(folder), os.environ.get(name)]))
        for name in ("PYTHONPATH", "PATH")
    }


def load_pynvml(folder: str | Path) -> Any:  # noqa: ANN401 - a module
    """Return the module that :func:`write_pynvml` described.

    Args:
        folder: a folder written by :func:`write_pynvml` of a source that you trust.
    """
    file = Path(folder) / _BOARDS
    return _module(lambda: pickle.loads(file.read_bytes()))


def _module(boards: Callable[[], tuple[Sequence[SimulatedGpu], float]]) -> Any:  # noqa: ANN401
    module = _genuine()

    # torch imports pynvml while it is imported itself: no board is loaded before a call
    @cache
    def driver() -> _Driver:
        gpus, start = boards()
        return _Driver(module, SimulatedNvml(gpus, _Since(start)))

    def answer(name: str) -> Callable[..., Any]:
        return lambda *args, **options: driver().answer(name, *args, **options)

    for name, value in vars(module).copy().items():
        if name.startswith("nvml") and callable(value) and not isinstance(value, type):
            setattr(module, name, answer(name))
    return module


class _Since(MonotonicClock):
    def __init__(self, start: float) -> None:
        self._start = start

    def now(self) -> float:
        return time.monotonic() - self._start


class _Driver:
    def __init__(self, module: Any, boards: SimulatedNvml) -> None:  # noqa: ANN401
        self._module = module
        self._nvml = boards
        self._gpus = boards.gpus()
        # a module's errors find their text through its own function
        self._texts = module.NVMLError._errcode_to_string
        self._answers = self._all()

    def answer(self, name: str, *args: object, **options: object) -> Any:  # noqa: ANN401
        return self._answers.get(name, self._refuse)(*args, **options)

    def _all(self) -> dict[str, Callable[..., Any]]:
        gpus, limit = self._gpus, self._limit
        clock = _always(_CLOCK_MHZ)
        return {
            "nvmlInit": self._open,
            "nvmlInitWithFlags": self._open,
            "nvmlShutdown": _always(None),
            "nvmlErrorString": lambda code: self._texts.get(code, f"error {code}"),
            "nvmlSystemGetDriverVersion": _always("simulated"),
            "nvmlSystemGetNVMLVersion": _always("simulated"),
            "nvmlSystemGetCudaDriverVersion": _always(13000),
            "nvmlDeviceGetCount": lambda: len(gpus),
            "nvmlDeviceGetHandleByIndex": self._handle,
            "nvmlDeviceGetHandleByUUID": self._handle_by_uuid,
            "nvmlDeviceGetIndex": lambda handle: handle.index,
            "nvmlDeviceGetName": lambda handle: gpus[handle.index].name,
            "nvmlDeviceGetUUID": lambda handle: gpus[handle.index].uuid,
            "nvmlDeviceGetArchitecture": self._architecture,
            "nvmlDeviceGetTotalEnergyConsumption": self._energy,
            "nvmlDeviceGetPowerUsage": self._power,
            "nvmlDeviceGetFieldValues": self._fields,
            "nvmlDeviceGetSamples": self._samples,
            "nvmlDeviceGetEnforcedPowerLimit": limit,
            "nvmlDeviceGetPowerManagementLimit": limit,
            "nvmlDeviceGetPowerManagementDefaultLimit": limit,
            "nvmlDeviceGetMemoryInfo": lambda *_: SimpleNamespace(**_MEMORY),
            "nvmlDeviceGetUtilizationRates": lambda _: SimpleNamespace(
                gpu=100, memory=50
            ),
            "nvmlDeviceGetTemperature": _always(50),
            "nvmlDeviceGetTemperatureV": _always(50),
            "nvmlDeviceGetComputeMode": _always(0),
            "nvmlDeviceGetComputeRunningProcesses": _always([]),
            "nvmlDeviceGetGraphicsRunningProcesses": _always([]),
            "nvmlDeviceGetClockInfo": clock,
            "nvmlDeviceGetMaxClockInfo": _always(_TOP_CLOCK_MHZ),
            "nvmlDeviceGetPersistenceMode": _always(1),
        }

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise self._module.NVMLError(self._module.NVML_ERROR_NOT_SUPPORTED)

    def _open(self, *_: object) -> None:
        if not self._gpus:
            raise self._module.NVMLError(self._module.NVML_ERROR_DRIVER_NOT_LOADED)

    def _handle(self, index: int) -> SimpleNamespace:
        if not 0 <= index < len(self._gpus):
            raise self._module.NVMLError(self._module.NVML_ERROR_INVALID_ARGUMENT)
        return SimpleNamespace(index=index)

    def _handle_by_uuid(self, uuid: str | bytes) -> SimpleNamespace:
        text = uuid.decode() if isinstance(uuid, bytes) else uuid
        for gpu in self._gpus:
            if gpu.uuid == text:
                return SimpleNamespace(index=gpu.index)
        raise self._module.NVMLError(self._module.NVML_ERROR_NOT_FOUND)

    def _architecture(self, handle: SimpleNamespace) -> int:
        sensor = self._nvml.boards[handle.index].sensor
        if sensor.plain_window == AVERAGE_WINDOW:
            return self._module.NVML_DEVICE_ARCH_AMPERE
        if sensor.counter_refresh is not None:
            return self._module.NVML_DEVICE_ARCH_VOLTA
        return self._module.NVML_DEVICE_ARCH_PASCAL

    def _limit(self, handle: SimpleNamespace) -> int:
        watts = self._gpus[handle.index].power_limit
        return self._refuse() if watts is None else round(1e3 * watts)

    def _energy(self, handle: SimpleNamespace) -> int:
        return self._milli(self._nvml.energy, handle)

    def _power(self, handle: SimpleNamespace) -> int:
        return self._milli(self._nvml.plain_power, handle)

    def _milli(self, read: Callable[[int], float], handle: SimpleNamespace) -> int:
        try:
            return round(1e3 * read(handle.index))
        except ReadError as error:
            raise self._module.NVMLError(self._code(error)) from error

    def _code(self, error: ReadError) -> int:
        if isinstance(error, DeviceLostError):
            return self._module.NVML_ERROR_GPU_IS_LOST
        if isinstance(error, UnsupportedReadingError):
            return self._module.NVML_ERROR_NOT_SUPPORTED
        return self._module.NVML_ERROR_UNKNOWN

    def _fields(self, handle: SimpleNamespace, fields: Sequence[Any]) -> list[Any]:
        return [self._field(handle, field) for field in fields]

    def _field(self, handle: SimpleNamespace, field: int | tuple[int, int]) -> Any:  # noqa: ANN401
        nvml = self._module
        value = nvml.c_nvmlFieldValue_t()
        value.fieldId, value.scopeId = (
            (field, nvml.NVML_POWER_SCOPE_GPU) if isinstance(field, int) else field
        )
        value.timestamp = round(1e6 * time.time())
        read = self._reader(handle, value.fieldId, value.scopeId)
        try:
            if value.fieldId == nvml.NVML_FI_DEV_TOTAL_ENERGY_CONSUMPTION:
                value.valueType = nvml.NVML_VALUE_TYPE_UNSIGNED_LONG_LONG
                value.value.ullVal = self._milli(read, handle)
            else:
                value.valueType = nvml.NVML_VALUE_TYPE_UNSIGNED_INT
                value.value.uiVal = self._milli(read, handle)
        except nvml.NVMLError as error:
            value.nvmlReturn = error.value
        return value

    def _reader(
        self, handle: SimpleNamespace, field: int, scope: int
    ) -> Callable[[int], float]:
        nvml = self._module
        sensor = self._nvml.boards[handle.index].sensor
        readers: dict[int, Callable[[int], float]] = {
            nvml.NVML_FI_DEV_TOTAL_ENERGY_CONSUMPTION: self._nvml.energy,
            nvml.NVML_FI_DEV_POWER_INSTANT: self._nvml.instant_power,
        }
        if sensor.plain_window == AVERAGE_WINDOW:
            readers[nvml.NVML_FI_DEV_POWER_AVERAGE] = self._nvml.plain_power
        if scope == nvml.NVML_POWER_SCOPE_MODULE:
            readers = {nvml.NVML_FI_DEV_POWER_INSTANT: self._nvml.module_power}
        elif scope != nvml.NVML_POWER_SCOPE_GPU:
            readers = {}
        return readers.get(field, _unsupported)

    def _samples(
        self, handle: SimpleNamespace, kind: int, _: int
    ) -> tuple[int, list[Any]]:
        nvml = self._module
        if kind != nvml.NVML_TOTAL_POWER_SAMPLES:
            self._refuse()
        try:
            kept = self._nvml.past_power(handle.index)
        except ReadError as error:
            raise nvml.NVMLError(self._code(error)) from error
        samples = [nvml.c_nvmlSample_t() for _ in kept]
        for sample, (age, watts) in zip(samples, kept, strict=True):
            sample.timeStamp = round(1e6 * (time.time() - age))
            sample.sampleValue.uiVal = round(1e3 * watts)
        return nvml.NVML_VALUE_TYPE_UNSIGNED_INT, samples


def _unsupported(_: int) -> float:
    text = "Not Supported"
    raise UnsupportedReadingError(text)


def _always(answer: object) -> Callable[..., Any]:
    return lambda *_, **__: answer


def _genuine() -> Any:  # noqa: ANN401 - a private copy of the module pynvml
    try:
        path = Path(str(distribution("nvidia-ml-py").locate_file("pynvml.py")))
    except PackageNotFoundError as error:
        text = "the stand-in has the names of nvidia-ml-py: install that package"
        raise MissingExtraError(text) from error
    name = "_physbias_pynvml"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        text = f"{path} of the package nvidia-ml-py cannot be loaded: install it again"
        raise MissingExtraError(text)
    module = ModuleType(name)
    module.__spec__ = spec
    # the binding makes its error classes through sys.modules
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
