"""Witness: integrals worked out by hand."""

import pytest

from physbias.energy import NvmlBinding, SensorUnavailableError
from physbias.energy.simulated import (
    SimulatedNvml,
    simulate,
)


def test_machine_without_boards_has_no_driver():
    machine = simulate([])
    assert isinstance(machine.nvml, NvmlBinding)
    assert isinstance(machine.nvml, SimulatedNvml)
    with pytest.raises(SensorUnavailableError, match="no driver"):
        machine.nvml.gpus()
