import pynvml

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


def test_the_real_binding_reads_temperature_and_performance_state(driver):
    driver.answer("nvmlDeviceGetTemperature", 61)
    driver.answer("nvmlDeviceGetPerformanceState", 2)
    assert PynvmlBinding().condition(0) == Condition(61, 2)
    assert driver.asked["nvmlDeviceGetTemperature"] == (0, pynvml.NVML_TEMPERATURE_GPU)
    driver.refuse("nvmlDeviceGetPerformanceState")
    assert PynvmlBinding().condition(0) == Condition(61, None)
