from physbias.energy import (
    DeviceKind,
    EnergyMeter,
    Machine,
    Probe,
    ProbeInfo,
    SensorError,
    Source,
    VirtualClock,
)
from physbias.energy.sensors.gpu import NvmlProbe
from physbias.energy.sensors.rapl import RaplProbe
from physbias.energy.simulated import Constant, SimulatedGpu, SimulatedNvml


class Socket:
    """A user's own sensor: a wall plug that counts 40 W."""

    def __init__(self, clock):
        self.clock = clock

    @property
    def info(self):
        return ProbeInfo(
            uuid="plug-1",
            name="wall plug",
            label="PLUG",
            kind=DeviceKind.CPU,
            counter=Source.COUNTER,
            counter_refresh=1e-3,
            error=SensorError(gain=0.01, offset=0.0),
        )

    def energy(self):
        return 40.0 * self.clock.now()

    def power(self):
        raise NotImplementedError


def test_shipped_probes_keep_the_protocol(tmp_path):
    (tmp_path / "energy_uj").write_text("1")
    (tmp_path / "max_energy_range_uj").write_text("9")
    binding = SimulatedNvml([SimulatedGpu(Constant(9.0))], VirtualClock())
    gpu = NvmlProbe(binding, binding.gpus()[0], label="GPU 0", error=SensorError())
    assert isinstance(gpu, Probe)
    assert isinstance(RaplProbe(tmp_path, "rapl:x", "package-0"), Probe)


def test_new_sensor_is_one_class():
    clock = VirtualClock()
    machine = Machine(probes=[Socket(clock)], clock=clock)
    with EnergyMeter(devices=[], cpu=False, machine=machine) as meter:
        clock.sleep(5.0)
    assert abs(meter.joules - 200.0) < 0.5
    low, high = meter.interval
    assert low < 200.0 < high
    assert (high - low) / 2 < 0.03 * 200.0
