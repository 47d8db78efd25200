import pynvml
import pytest

from physbias.energy.sensors import nvml
from physbias.energy.sensors.nvml import PynvmlBinding
from physbias.energy.sensors.probe import (
    SensorUnavailableError,
    UnsupportedReadingError,
)
from physbias.energy.sensors.versions import Versions, versions_of, virtualization_of


class Answering:
    def versions(self):
        return Versions("550.54", "12.550")

    def virtualization(self, index):
        return f"board {index} is virtual"


class Refusing:
    def versions(self):
        text = "no driver"
        raise SensorUnavailableError(text)

    def virtualization(self, index):
        text = "Not Supported"
        raise UnsupportedReadingError(text)


def test_a_binding_says_its_versions():
    assert versions_of(Answering()).driver == "550.54"


def test_versions_are_unknown_where_the_binding_cannot_say():
    for silent in (object(), Refusing()):
        assert versions_of(silent) == Versions(None, None)


def test_how_a_board_is_owned_is_known_or_not():
    assert virtualization_of(Answering(), 1) == "board 1 is virtual"
    for silent in (object(), Refusing()):
        assert virtualization_of(silent, 0) is None


@pytest.fixture
def driver(monkeypatch):
    """A driver with one board that is passed through to a virtual machine."""
    nvml._opened.cache_clear()
    nvml._handle.cache_clear()
    answers = {
        "nvmlInit": lambda: None,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlSystemGetDriverVersion": lambda: "550.54.15",
        "nvmlSystemGetNVMLVersion": lambda: "12.550.54.15",
        "nvmlDeviceGetVirtualizationMode": lambda handle: 1,
    }
    for name, answer in answers.items():
        monkeypatch.setattr(pynvml, name, answer)
    yield monkeypatch
    nvml._opened.cache_clear()
    nvml._handle.cache_clear()


def refuse(*_):
    raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)


def test_the_real_binding_knows_driver_nvml_and_virtualisation(driver):
    binding = PynvmlBinding()
    assert versions_of(binding) == Versions("550.54.15", "12.550.54.15")
    found = virtualization_of(binding, 0)
    assert found is not None
    assert "passed through" in found


def test_a_driver_that_refuses_to_say_gives_none(driver):
    driver.setattr(pynvml, "nvmlSystemGetNVMLVersion", refuse)
    driver.setattr(pynvml, "nvmlDeviceGetVirtualizationMode", refuse)
    assert versions_of(PynvmlBinding()) == Versions()
    assert virtualization_of(PynvmlBinding(), 0) is None


def test_a_driver_that_cannot_be_opened_gives_none(driver):
    driver.setattr(pynvml, "nvmlInit", refuse)
    assert versions_of(PynvmlBinding()) == Versions()
