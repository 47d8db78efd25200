"""The library is opened once per process, and its errors become our own."""

import os

import pynvml
import pytest

from physbias.energy import (
    DeviceLostError,
    ReadError,
    SensorError,
    SensorUnavailableError,
    UnsupportedReadingError,
)
from physbias.energy.sensors.nvml import PynvmlBinding
from physbias.energy.sensors.search import find_gpus


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (pynvml.NVML_ERROR_NOT_SUPPORTED, UnsupportedReadingError),
        (pynvml.NVML_ERROR_FUNCTION_NOT_FOUND, UnsupportedReadingError),
        (pynvml.NVML_ERROR_GPU_IS_LOST, DeviceLostError),
        (pynvml.NVML_ERROR_RESET_REQUIRED, DeviceLostError),
        (pynvml.NVML_ERROR_TIMEOUT, ReadError),
        (pynvml.NVML_ERROR_UNKNOWN, ReadError),
    ],
)
def test_errors_of_the_driver_become_our_own(driver, code, kind):
    PynvmlBinding().gpus()
    driver.refuse("nvmlDeviceGetTotalEnergyConsumption", code)
    driver.field.nvmlReturn = code
    for read in (PynvmlBinding().energy, PynvmlBinding().instant_power):
        with pytest.raises(ReadError) as caught:
            read(0)
        assert type(caught.value) is kind


@pytest.mark.parametrize(
    "code",
    [
        pynvml.NVML_ERROR_LIBRARY_NOT_FOUND,
        pynvml.NVML_ERROR_DRIVER_NOT_LOADED,
        pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH,
        pynvml.NVML_ERROR_NO_PERMISSION,
    ],
)
def test_driver_that_cannot_be_opened_is_missing_not_an_error(driver, code):
    driver.refuse("nvmlInit", code)
    with pytest.raises(SensorUnavailableError, match="driver cannot be opened"):
        PynvmlBinding().gpus()
    found = find_gpus(PynvmlBinding(), "used", environ={}, error=SensorError())
    assert not found.probes
    assert "driver cannot be opened" in found.missing[0].reason
    assert not found.missing[0].present


def test_other_module_of_the_same_name_is_refused(driver, monkeypatch):
    monkeypatch.delattr(pynvml, "nvmlDeviceGetFieldValues")
    with pytest.raises(
        SensorUnavailableError, match=r"not the one of .* install nvidia-ml-py"
    ):
        PynvmlBinding().gpus()


def test_nvml_is_opened_again_in_another_process_and_never_closed(driver, monkeypatch):
    PynvmlBinding().gpus()
    monkeypatch.setattr(os, "getpid", lambda: -5)
    PynvmlBinding().gpus()
    PynvmlBinding().energy(0)
    assert driver.inits == 2
