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


def test_the_real_binding_knows_driver_nvml_and_virtualisation(driver):
    driver.answer("nvmlDeviceGetVirtualizationMode", 1)
    binding = PynvmlBinding()
    assert versions_of(binding) == Versions("550.54.15", "12.550.54.15")
    found = virtualization_of(binding, 0)
    assert found is not None
    assert "passed through" in found


def test_a_driver_that_refuses_to_say_gives_none(driver):
    driver.refuse("nvmlSystemGetNVMLVersion")
    driver.refuse("nvmlDeviceGetVirtualizationMode")
    assert versions_of(PynvmlBinding()) == Versions()
    assert virtualization_of(PynvmlBinding(), 0) is None


def test_a_driver_that_cannot_be_opened_gives_none(driver):
    driver.refuse("nvmlInit")
    assert versions_of(PynvmlBinding()) == Versions()
