"""A GPU is asked once what it offers; the witness is the board as it was made."""

import pytest

from physbias.energy import (
    SensorError,
    Source,
    VirtualClock,
)
from physbias.energy.sensors.gpu import NvmlProbe
from physbias.energy.sensors.nvml import PynvmlBinding
from physbias.energy.sensors.probe import Scope
from physbias.energy.sensors.search import find_gpus
from physbias.energy.simulated import Constant, Sensor, SimulatedGpu, SimulatedNvml


def test_probe_reads_energy_and_power():
    binding = SimulatedNvml([SimulatedGpu(Constant(100.0))], VirtualClock())
    probe = NvmlProbe(binding, binding.gpus()[0], label="GPU 0", error=SensorError())
    assert probe.power() == pytest.approx(100.0)
    assert probe.energy() > 0


def test_equal_bindings_make_equal_probes(driver):
    binding = PynvmlBinding()
    (gpu,) = binding.gpus()
    one = NvmlProbe(binding, gpu, label="GPU 0", error=SensorError())
    two = NvmlProbe(PynvmlBinding(), gpu, label="GPU 1", error=SensorError())
    assert one == two
    assert hash(one) == hash(two)
    assert one != object()


def test_divided_board_is_not_whole(driver):
    driver.answer("nvmlDeviceGetMigMode", [1, 1])
    found = find_gpus(PynvmlBinding(), "used", environ={}, error=SensorError())
    assert [probe.info.whole for probe in found.probes] == [False]


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
