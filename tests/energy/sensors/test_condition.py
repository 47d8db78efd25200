import pynvml

from physbias.energy.sensors import nvml
from physbias.energy.sensors.condition import Condition, condition_of
from physbias.energy.sensors.nvml import PynvmlBinding
from physbias.energy.sensors.probe import DeviceLostError


class Warm:
    def condition(self):
        return Condition(61.0, 0)


class Lost:
    def condition(self):
        text = "GPU is lost"
        raise DeviceLostError(text)


def test_a_probe_tells_its_condition():
    assert condition_of(Warm()) == Condition(61.0, 0)


def test_a_condition_that_cannot_be_read_is_empty():
    for silent in (object(), Lost()):
        assert condition_of(silent) == Condition(None, None)


def test_the_real_binding_reads_temperature_and_performance_state(monkeypatch):
    nvml._opened.cache_clear()
    nvml._handle.cache_clear()

    def refuse(handle):
        raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)

    answers = {
        "nvmlInit": lambda: None,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetTemperature": lambda handle, sensor: 61 if sensor == 0 else -1,
        "nvmlDeviceGetPerformanceState": lambda handle: 2,
    }
    for name, answer in answers.items():
        monkeypatch.setattr(pynvml, name, answer)
    assert PynvmlBinding().condition(0) == Condition(61, 2)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetPerformanceState", refuse)
    assert PynvmlBinding().condition(0) == Condition(61, None)
    nvml._opened.cache_clear()
    nvml._handle.cache_clear()
