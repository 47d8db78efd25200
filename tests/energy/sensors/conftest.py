"""A driver made by hand, behind the real module ``pynvml``."""

from collections.abc import Iterator
from types import SimpleNamespace

import pynvml
import pytest

from physbias.energy.sensors import library


class Driver:
    """A driver with one board.

    Attributes:
        answers: what its functions return, by name.
        errors: NVML's number of the error with which they refuse, by name.
        asked: what they were asked last, by name.
        inits: how often it was opened.
        field: the one field value.
    """

    def __init__(self, monkeypatch):
        self.answers, self.errors, self.asked, self.inits = {}, {}, {}, 0
        self.field = SimpleNamespace(
            nvmlReturn=0, valueType=1, value=SimpleNamespace(uiVal=250_000)
        )
        self._patch = monkeypatch
        for name, value in {
            "nvmlInit": None,
            "nvmlDeviceGetCount": 1,
            "nvmlDeviceGetHandleByIndex": 0,
            "nvmlDeviceGetName": "NVIDIA GeForce RTX 3090",
            "nvmlDeviceGetUUID": "GPU-1234",
            "nvmlDeviceGetArchitecture": 7,
            "nvmlDeviceGetEnforcedPowerLimit": 350_000,
            "nvmlDeviceGetTotalEnergyConsumption": 5_000,
            "nvmlDeviceGetPowerUsage": 240_000,
            "nvmlDeviceGetFieldValues": [self.field],
            "nvmlSystemGetDriverVersion": "550.54.15",
            "nvmlSystemGetNVMLVersion": "12.550.54.15",
        }.items():
            self.answer(name, value)

    def answer(self, name, value):
        """Let a function return ``value``."""

        def function(*arguments):
            self.inits += name == "nvmlInit"
            self.asked[name] = arguments
            if name in self.errors:
                raise pynvml.NVMLError(self.errors[name])
            return self.answers[name]

        self.answers[name] = value
        self._patch.setattr(pynvml, name, function)

    def refuse(self, name, code=pynvml.NVML_ERROR_NOT_SUPPORTED):
        """Let a function raise an error of NVML."""
        self.answer(name, None)
        self.errors[name] = code


def _close():
    library._opened.cache_clear()
    library._handle.cache_clear()


@pytest.fixture
def driver(monkeypatch) -> Iterator[Driver]:
    """A driver whose answers can be set by the name of the function."""
    _close()
    yield Driver(monkeypatch)
    _close()
