"""The real binding on a driver made by hand: units, fields, conditions, parts."""

import os
from types import SimpleNamespace

import pynvml
import pytest

from physbias.energy import (
    NvmlBinding,
    UnsupportedReadingError,
)
from physbias.energy.sensors import nvml
from physbias.energy.sensors.nvml import PynvmlBinding


def test_units_and_identity(driver):
    binding = PynvmlBinding()
    assert isinstance(binding, NvmlBinding)
    (gpu,) = binding.gpus()
    assert (gpu.uuid, gpu.power_limit, gpu.averaged) == ("GPU-1234", 350.0, True)
    assert binding.energy(0) == 5.0
    assert binding.instant_power(0) == 250.0
    assert binding.plain_power(0) == 240.0
    assert driver.inits == 1


def test_plain_power_is_no_mean_on_ga100_and_older_boards(driver):
    driver.answer("nvmlDeviceGetName", "NVIDIA A100-SXM4-80GB")
    assert not PynvmlBinding().gpus()[0].averaged
    driver.answer("nvmlDeviceGetName", "Tesla V100")
    driver.answer("nvmlDeviceGetArchitecture", 5)
    assert not PynvmlBinding().gpus()[0].averaged


def test_identity_survives_unknown_limit_and_architecture(driver):
    driver.refuse("nvmlDeviceGetEnforcedPowerLimit")
    driver.refuse("nvmlDeviceGetArchitecture", pynvml.NVML_ERROR_FUNCTION_NOT_FOUND)
    (gpu,) = PynvmlBinding().gpus()
    assert (gpu.power_limit, gpu.averaged) == (None, False)


def test_field_of_an_unexpected_type_is_not_believed(driver):
    driver.field.valueType = pynvml.NVML_VALUE_TYPE_DOUBLE
    with pytest.raises(UnsupportedReadingError, match="unexpected type"):
        PynvmlBinding().instant_power(0)


def test_module_scope_is_asked_with_its_own_scope(driver, monkeypatch):
    asked = []

    def values(handle, fields):
        asked.append(fields)
        return [driver.field]

    monkeypatch.setattr(pynvml, "nvmlDeviceGetFieldValues", values)
    binding = PynvmlBinding()
    assert binding.instant_power(0) == binding.module_power(0) == 250.0
    assert asked == [[186], [(186, pynvml.NVML_POWER_SCOPE_MODULE)]]


def test_field_that_failed_alone_is_not_believed(driver):
    driver.field.nvmlReturn = pynvml.NVML_ERROR_NOT_SUPPORTED
    with pytest.raises(UnsupportedReadingError):
        PynvmlBinding().module_power(0)


def test_kept_power_has_ages_and_watts(driver, monkeypatch):
    now = 1_800_000_000.0
    monkeypatch.setattr(nvml.time, "time", lambda: now)
    samples = [
        SimpleNamespace(
            timeStamp=round(1e6 * (now - age)),
            sampleValue=SimpleNamespace(uiVal=1000 * watts),
        )
        for age, watts in ((2.0, 150), (1.0, 250))
    ]
    driver.answer("nvmlDeviceGetSamples", (1, samples))
    (age, watts), (_, last) = PynvmlBinding().past_power(0)
    assert (age, watts, last) == (pytest.approx(2.0, abs=1e-5), 150.0, 250.0)
    driver.answer("nvmlDeviceGetSamples", (pynvml.NVML_VALUE_TYPE_DOUBLE, samples))
    with pytest.raises(UnsupportedReadingError, match="unexpected type"):
        PynvmlBinding().past_power(0)


def running(*pids):
    return [SimpleNamespace(pid=pid) for pid in pids]


@pytest.mark.parametrize(
    ("pids", "others"),
    [
        ((), None),  # a container that shows nothing
        ((os.getpid(),), 0),
        ((os.getpid(), 1), 1),
        ((2**22 + 5,), None),  # a number of another name space
    ],
)
def test_other_processes_are_counted_or_unknown(driver, pids, others):
    driver.answer("nvmlDeviceGetComputeRunningProcesses", running(*pids))
    assert PynvmlBinding().condition(0).others == others


@pytest.mark.parametrize(
    ("reasons", "throttled"),
    [
        (pynvml.nvmlClocksThrottleReasonNone, False),
        (pynvml.nvmlClocksThrottleReasonGpuIdle, False),
        (pynvml.nvmlClocksThrottleReasonSwPowerCap, False),
        (pynvml.nvmlClocksThrottleReasonHwSlowdown, True),
        (pynvml.nvmlClocksThrottleReasonSwThermalSlowdown, True),
        (pynvml.nvmlClocksThrottleReasonHwThermalSlowdown, True),
        (pynvml.nvmlClocksThrottleReasonHwPowerBrakeSlowdown, True),
    ],
)
def test_heat_and_hardware_throttle_but_a_power_cap_does_not(
    driver, reasons, throttled
):
    driver.answer("nvmlDeviceGetCurrentClocksThrottleReasons", reasons)
    assert PynvmlBinding().condition(0).throttled is throttled


def test_bus_and_division_of_a_board(driver):
    place = SimpleNamespace(domain=0, bus=0x3B, device=0)
    driver.answer("nvmlDeviceGetPciInfo", place)
    driver.answer("nvmlDeviceGetMigMode", [1, 1])
    (gpu,) = PynvmlBinding().gpus()
    assert (gpu.bus, gpu.parted) == ((0, 0x3B, 0), True)


def test_part_of_a_board_leads_to_the_board(driver):
    driver.answer("nvmlDeviceGetHandleByUUID", "part")
    driver.answer("nvmlDeviceGetDeviceHandleFromMigDeviceHandle", 0)
    assert PynvmlBinding().parent("MIG-77") == "GPU-1234"
