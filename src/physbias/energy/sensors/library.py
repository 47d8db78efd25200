"""The library NVML (module ``pynvml``): opened once per process, and its errors."""

import os
from functools import cache
from typing import Any

from physbias.energy.sensors.probe import (
    DeviceLostError,
    ReadError,
    SensorUnavailableError,
    UnsupportedReadingError,
)


def opened() -> Any:  # noqa: ANN401 - the module pynvml
    """Return the module ``pynvml`` with the library open.

    Raises:
        SensorUnavailableError: it cannot be opened.
    """
    return _opened(os.getpid())


def ask(function: str, index: int, *args: object) -> Any:  # noqa: ANN401
    """Return what a function of the library says of a board.

    Args:
        function: name of the function.
        index: the board.
        args: what else it takes.

    Raises:
        ReadError: it refuses.
    """
    nvml = opened()
    try:
        return getattr(nvml, function)(_handle(os.getpid(), index), *args)
    except nvml.NVMLError as error:
        raise reading_error(error) from error


def ask_if_offered(function: str, index: int, *args: object) -> Any:  # noqa: ANN401
    """Return what a function says of a board; ``None`` where it refuses.

    Args:
        function: name of the function.
        index: the board.
        args: what else it takes.
    """
    try:
        return ask(function, index, *args)
    except ReadError:
        return None


def reading_error(error: Exception) -> ReadError:
    """Return an error of the library as one of ours.

    Args:
        error: the error.
    """
    nvml = opened()
    code = getattr(error, "value", None)
    if code in (nvml.NVML_ERROR_GPU_IS_LOST, nvml.NVML_ERROR_RESET_REQUIRED):
        return DeviceLostError(str(error))
    if code in (nvml.NVML_ERROR_NOT_SUPPORTED, nvml.NVML_ERROR_FUNCTION_NOT_FOUND):
        return UnsupportedReadingError(str(error))
    return ReadError(str(error))


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
