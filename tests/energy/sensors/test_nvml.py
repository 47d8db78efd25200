"""The real binding on a stand-in driver, and the search for GPUs."""

from types import SimpleNamespace

import pynvml
import pytest

from physbias.energy import (
    DeviceLostError,
    NvmlBinding,
    ReadError,
    SensorError,
    SensorUnavailableError,
    Source,
    UnsupportedReadingError,
    VirtualClock,
)
from physbias.energy.sensors import nvml
from physbias.energy.sensors.nvml import NvmlProbe, PynvmlBinding, find_gpus
from physbias.energy.simulated import Constant, Sensor, SimulatedGpu, SimulatedNvml


class Driver:
    """Answers of a driver with one board; a number stands for an NVML error."""

    def __init__(self, monkeypatch):
        self.inits = 0
        self.field = SimpleNamespace(
            nvmlReturn=0, valueType=1, value=SimpleNamespace(uiVal=250_000)
        )
        self.answers = {
            "nvmlInit": None,
            "nvmlDeviceGetCount": 1,
            "nvmlDeviceGetName": "NVIDIA GeForce RTX 3090",
            "nvmlDeviceGetUUID": "GPU-1234",
            "nvmlDeviceGetArchitecture": 7,
            "nvmlDeviceGetEnforcedPowerLimit": 350_000,
            "nvmlDeviceGetTotalEnergyConsumption": 5_000,
            "nvmlDeviceGetPowerUsage": 240_000,
        }
        self.errors = {}
        for name in self.answers:
            monkeypatch.setattr(pynvml, name, self.call(name))
        monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", lambda i: i)
        monkeypatch.setattr(pynvml, "nvmlDeviceGetFieldValues", lambda *_: [self.field])

    def call(self, name):
        def answer(*_):
            self.inits += name == "nvmlInit"
            if name in self.errors:
                raise pynvml.NVMLError(self.errors[name])
            return self.answers[name]

        return answer


@pytest.fixture
def driver(monkeypatch):
    nvml._opened.cache_clear()
    nvml._handle.cache_clear()
    yield Driver(monkeypatch)
    nvml._opened.cache_clear()
    nvml._handle.cache_clear()


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
    driver.answers["nvmlDeviceGetName"] = "NVIDIA A100-SXM4-80GB"
    assert not PynvmlBinding().gpus()[0].averaged
    driver.answers["nvmlDeviceGetName"] = "Tesla V100"
    driver.answers["nvmlDeviceGetArchitecture"] = 5
    assert not PynvmlBinding().gpus()[0].averaged


def test_identity_survives_unknown_limit_and_architecture(driver):
    driver.errors["nvmlDeviceGetEnforcedPowerLimit"] = pynvml.NVML_ERROR_NOT_SUPPORTED
    driver.errors["nvmlDeviceGetArchitecture"] = pynvml.NVML_ERROR_FUNCTION_NOT_FOUND
    (gpu,) = PynvmlBinding().gpus()
    assert (gpu.power_limit, gpu.averaged) == (None, False)


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
    driver.errors["nvmlDeviceGetTotalEnergyConsumption"] = code
    driver.field.nvmlReturn = code
    for read in (PynvmlBinding().energy, PynvmlBinding().instant_power):
        with pytest.raises(ReadError) as caught:
            read(0)
        assert type(caught.value) is kind


def test_field_of_an_unexpected_type_is_not_believed(driver):
    driver.field.valueType = pynvml.NVML_VALUE_TYPE_DOUBLE
    with pytest.raises(UnsupportedReadingError, match="unexpected type"):
        PynvmlBinding().instant_power(0)


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
    driver.errors["nvmlInit"] = code
    with pytest.raises(SensorUnavailableError, match="driver cannot be opened"):
        PynvmlBinding().gpus()
    found = find_gpus(PynvmlBinding(), "used", environ={}, error=SensorError())
    assert not found.probes
    assert "driver cannot be opened" in found.missing[0].reason
    assert not found.missing[0].present


def test_other_module_of_the_same_name_is_refused(driver, monkeypatch):
    monkeypatch.delattr(pynvml, "nvmlDeviceGetFieldValues")
    with pytest.raises(SensorUnavailableError, match="not the one of"):
        PynvmlBinding().gpus()


def search(*sensors, environ=None, devices="used"):
    boards = [SimulatedGpu(Constant(100.0), sensor) for sensor in sensors]
    binding = SimulatedNvml(boards, VirtualClock())
    return find_gpus(binding, devices, environ=environ or {}, error=SensorError())


def test_each_board_is_asked_what_it_offers():
    found = search(
        Sensor(),
        Sensor(counter_refresh=None),
        Sensor(instant_window=None),
        Sensor(instant_window=None, plain_window=0.1),
        Sensor(instant_window=None, plain_window=None),
    )
    infos = [probe.info for probe in found.probes]
    assert [i.counter for i in infos] == [Source.COUNTER, None, *[Source.COUNTER] * 3]
    assert [i.power for i in infos] == [True, True, True, True, False]
    assert [i.power_average for i in infos] == [None, None, 1.0, None, None]
    assert [i.label for i in infos] == [f"GPU {i}" for i in range(5)]


def test_board_that_gives_nothing_is_missing():
    nothing = Sensor(counter_refresh=None, instant_window=None, plain_window=None)
    found = search(Sensor(), nothing)
    assert [probe.info.label for probe in found.probes] == ["GPU 0"]
    (missing,) = found.missing
    assert missing.label == "GPU 1"
    assert "gives neither energy nor power (energy: Not Supported" in missing.reason


def test_no_visible_board_gives_the_reason():
    found = search(Sensor(), environ={"CUDA_VISIBLE_DEVICES": ""})
    assert not found.probes
    assert "no GPU is visible" in found.missing[0].reason


def test_unknown_entry_gives_the_reason():
    (missing,) = search(Sensor(), devices=["GPU-ffff"]).missing
    assert missing.reason.startswith("GPU-ffff names no GPU of this machine")


def test_probe_reads_energy_and_power():
    binding = SimulatedNvml([SimulatedGpu(Constant(100.0))], VirtualClock())
    probe = NvmlProbe(binding, binding.gpus()[0], label="GPU 0", error=SensorError())
    assert probe.power() == pytest.approx(100.0)
    assert probe.energy() > 0
