"""What was asked for and cannot be measured is told with its reason."""

from physbias.energy import (
    SensorError,
    VirtualClock,
)
from physbias.energy.sensors.search import find_gpus
from physbias.energy.simulated import Constant, Sensor, SimulatedGpu, SimulatedNvml


def search(*sensors, environ=None, devices="used"):
    boards = [SimulatedGpu(Constant(100.0), sensor) for sensor in sensors]
    binding = SimulatedNvml(boards, VirtualClock())
    return find_gpus(binding, devices, environ=environ or {}, error=SensorError())


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
