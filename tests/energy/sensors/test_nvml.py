"""The real binding on a stand-in driver, and the search for GPUs."""

import os
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
from physbias.energy.sensors.probe import Scope
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
    with pytest.raises(
        SensorUnavailableError, match=r"not the one of .* install nvidia-ml-py"
    ):
        PynvmlBinding().gpus()


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
    answer = [1, samples]
    monkeypatch.setattr(
        pynvml, "nvmlDeviceGetSamples", lambda *_: tuple(answer), raising=True
    )
    (age, watts), (_, last) = PynvmlBinding().past_power(0)
    assert (age, watts, last) == (pytest.approx(2.0, abs=1e-5), 150.0, 250.0)
    answer[0] = pynvml.NVML_VALUE_TYPE_DOUBLE
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
def test_other_processes_are_counted_or_unknown(driver, monkeypatch, pids, others):
    name = "nvmlDeviceGetComputeRunningProcesses"
    monkeypatch.setattr(pynvml, name, lambda _: running(*pids))
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
    driver, monkeypatch, reasons, throttled
):
    name = "nvmlDeviceGetCurrentClocksThrottleReasons"
    monkeypatch.setattr(pynvml, name, lambda _: reasons)
    assert PynvmlBinding().condition(0).throttled is throttled


def test_bus_and_division_of_a_board(driver, monkeypatch):
    place = SimpleNamespace(domain=0, bus=0x3B, device=0)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetPciInfo", lambda _: place)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetMigMode", lambda _: [1, 1])
    (gpu,) = PynvmlBinding().gpus()
    assert (gpu.bus, gpu.parted) == ((0, 0x3B, 0), True)


def test_divided_board_is_not_whole(driver, monkeypatch):
    monkeypatch.setattr(pynvml, "nvmlDeviceGetMigMode", lambda _: [1, 1])
    found = find_gpus(PynvmlBinding(), "used", environ={}, error=SensorError())
    assert [probe.info.whole for probe in found.probes] == [False]


def test_part_of_a_board_leads_to_the_board(driver, monkeypatch):
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByUUID", lambda _: "part")
    monkeypatch.setattr(
        pynvml, "nvmlDeviceGetDeviceHandleFromMigDeviceHandle", lambda _: 0
    )
    assert PynvmlBinding().parent("MIG-77") == "GPU-1234"


def test_new_form_of_a_part_is_measured_as_its_board_and_told():
    binding = SimulatedNvml(
        [SimulatedGpu(Constant(100.0), uuid=f"GPU-{n}") for n in ("aa", "bb")],
        VirtualClock(),
        parts={"MIG-77": "GPU-bb"},
    )
    for value, uuids in (("MIG-77", ["GPU-bb"]), ("MIG-88", [])):
        environ = {"CUDA_VISIBLE_DEVICES": value}
        found = find_gpus(binding, "used", environ=environ, error=SensorError())
        assert [probe.info.uuid for probe in found.probes] == uuids
        assert not any(probe.info.whole for probe in found.probes)
    assert "MIG-88 names no GPU" in found.missing[0].reason


def test_equal_bindings_make_equal_probes(driver):
    binding = PynvmlBinding()
    (gpu,) = binding.gpus()
    one = NvmlProbe(binding, gpu, label="GPU 0", error=SensorError())
    two = NvmlProbe(PynvmlBinding(), gpu, label="GPU 1", error=SensorError())
    assert one == two
    assert hash(one) == hash(two)
    assert one != object()


def test_nvml_is_opened_again_in_another_process_and_never_closed(driver, monkeypatch):
    PynvmlBinding().gpus()
    monkeypatch.setattr(os, "getpid", lambda: -5)
    PynvmlBinding().gpus()
    PynvmlBinding().energy(0)
    assert driver.inits == 2


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
        Sensor(instant_window=None, module_window=0.1),
    )
    infos = [probe.info for probe in found.probes]
    assert [i.counter for i in infos] == [Source.COUNTER, None, *[Source.COUNTER] * 4]
    assert [i.power for i in infos] == [True, True, True, True, False, True]
    assert [i.power_average for i in infos] == [None, None, 1.0, None, None, None]
    assert [i.label for i in infos] == [f"GPU {i}" for i in range(6)]
    assert [i.scope for i in infos] == [*[Scope.GPU] * 5, Scope.MODULE]


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
