"""What a machine finds, and that a fault while looking is a reason and no error."""

from dataclasses import replace

from physbias.energy.simulated import Constant, SimulatedGpu, SimulatedNvml, simulate


class BrokenNvml(SimulatedNvml):
    def gpus(self):
        raise OSError("library half unloaded")


def test_finds_boards_and_says_what_is_missing():
    found = simulate([SimulatedGpu(Constant(1.0))] * 2).discover("used", cpu=True)
    assert [probe.info.label for probe in found.probes] == ["GPU 0", "GPU 1"]
    assert [missing.label for missing in found.missing] == ["CPU"]


def test_a_fault_while_looking_is_a_reason():
    machine = simulate([SimulatedGpu(Constant(1.0))])
    machine = replace(machine, nvml=BrokenNvml([], machine.clock))
    found = machine.discover("used", cpu=False)
    assert not found.probes
    assert "library half unloaded" in found.missing[0].reason
