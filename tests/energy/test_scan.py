import json

import pytest

from physbias.energy.calibration.calibration import Calibration
from physbias.energy.calibration.store import remember
from physbias.energy.clock import VirtualClock
from physbias.energy.machine import Machine
from physbias.energy.scan import probe
from physbias.energy.sensors.probe import UnsupportedReadingError
from physbias.energy.simulated import (
    Constant,
    Sensor,
    SimulatedGpu,
    SimulatedNvml,
    simulate,
)

BOARD = SimulatedGpu(Constant(300.0), uuid="GPU-aaaa", name="Board A")
MEAN_ONLY = Sensor(counter_refresh=None, instant_window=None)
MUTE = Sensor(counter_refresh=None, instant_window=None, plain_window=None)


def powercap(root, *, readable):
    zone = root / "intel-rapl:0"
    zone.mkdir()
    (zone / "name").write_text("package-0")
    (zone / "max_energy_range_uj").write_text("262143328850")
    if readable:
        (zone / "energy_uj").write_text("1000")
    return root


def test_a_board_that_offers_all():
    report = probe(simulate([BOARD]))
    (gpu,) = report.devices
    assert (gpu.label, gpu.name, gpu.uuid) == ("GPU 0", "Board A", "GPU-aaaa")
    offered = {reading.name: reading.available for reading in gpu.readings}
    assert offered == {
        "energy counter": True,
        "instantaneous power": True,
        "power, on newer boards a mean over 1 s": True,
        "power of the whole module": False,
        "readings that the driver kept": False,
    }
    assert gpu.figure is not None
    assert "counter" in gpu.figure
    assert "checked by instantaneous power" in gpu.figure
    assert gpu.mapping == "cuda:0 of this process"
    assert gpu.limit_watts == 700.0
    assert report.versions.driver == "0.simulated"


@pytest.mark.parametrize(
    ("sensor", "figure"),
    [
        (MEAN_ONLY, "power as a mean over 1 s, integrated"),
        (Sensor(counter_refresh=None), "instantaneous power, integrated"),
        (
            Sensor(counter_refresh=None, instant_window=None, plain_window=0.02),
            "power, integrated",
        ),
        (MUTE, None),
    ],
)
def test_the_figure_that_a_meter_will_use(sensor, figure):
    (gpu,) = probe(simulate([SimulatedGpu(Constant(1.0), sensor)])).devices
    assert gpu.figure == figure


def test_a_reading_that_is_refused_has_reason_and_remedy():
    report = probe(simulate([SimulatedGpu(Constant(1.0), MUTE)]))
    (gpu,) = report.devices
    assert len(gpu.readings) == 5
    for reading in gpu.readings:
        assert (reading.available, reading.seconds) == (False, None)
        assert reading.reason == "Not Supported"
        assert reading.remedy
        assert f"{reading.name}: no, Not Supported ({reading.remedy})" in str(report)


class Slow(SimulatedNvml):
    def energy(self, index):
        self.clock.sleep(0.0024)
        return super().energy(index)

    def virtualization(self, index):
        return "a virtual GPU"


def test_calls_are_timed_and_the_virtual_gpu_is_named():
    clock = VirtualClock()
    report = probe(Machine(nvml=Slow([BOARD], clock), clock=clock, environ={}))
    (gpu,) = report.devices
    assert gpu.readings[0].seconds == pytest.approx(0.0024)
    assert gpu.virtualization == "a virtual GPU"
    assert "energy counter: yes, 2.400 ms per call" in str(report)
    assert "virtualisation: a virtual GPU" in str(report)


def test_boards_that_this_process_cannot_see_are_named():
    other = SimulatedGpu(Constant(300.0), uuid="GPU-bbbb", name="Board B")
    machine = simulate([BOARD, other], environ={"CUDA_VISIBLE_DEVICES": "1"})
    first, second = probe(machine).devices
    assert (first.used, first.mapping) == (False, "not visible to this process")
    assert second.used
    assert second.mapping is not None
    assert "not proven: set CUDA_DEVICE_ORDER" in second.mapping


def test_without_a_driver_there_is_a_reason_and_a_remedy():
    report = probe(simulate([]))
    assert report.devices == ()
    gpu, cpu = report.missing
    assert "no driver" in gpu.reason
    assert "install the NVIDIA driver" in gpu.remedy
    assert "no RAPL zone" in cpu.reason
    for missing in (gpu, cpu):
        assert missing.reason in str(report)
        assert missing.remedy in str(report)


def test_processors(tmp_path):
    report = probe(simulate([BOARD], powercap=powercap(tmp_path, readable=True)))
    assert [device.label for device in report.devices] == ["GPU 0", "CPU"]
    assert report.devices[1].figure == "energy counter"
    assert report.missing == ()


def test_processors_that_may_not_be_read(tmp_path):
    report = probe(simulate([BOARD], powercap=powercap(tmp_path, readable=False)))
    (missing,) = report.missing
    assert "cannot be read" in missing.reason
    assert "only root" in missing.remedy


def test_a_calibration_that_is_kept_is_shown(tmp_path):
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    known = Calibration(uuid="GPU-aaaa", driver="0.simulated", date="2026-01-02")
    remember(known, environ)
    report = probe(simulate([BOARD], environ=environ))
    assert report.devices[0].calibration == "2026-01-02"
    assert "calibration: 2026-01-02" in str(report)


def test_the_report_is_plain_data():
    data = json.loads(json.dumps(probe(simulate([BOARD])).to_dict()))
    assert data["schema"] == "physbias.probe/1"
    assert data["devices"][0]["limit_power_W"] == 700.0
    assert data["devices"][0]["readings"][1]["name"] == "instantaneous power"


class Module(SimulatedNvml):
    def instant_power(self, index):
        text = "Not Supported"
        raise UnsupportedReadingError(text)

    def module_power(self, index):
        return 500.0

    def past_power(self, index):
        return [(0.1, 500.0)]


def test_a_module_and_a_driver_that_keeps_readings():
    clock = VirtualClock()
    report = probe(Machine(nvml=Module([BOARD], clock), clock=clock, environ={}))
    (gpu,) = report.devices
    assert [reading.available for reading in gpu.readings] == [
        True,
        False,
        True,
        True,
        True,
    ]
    assert gpu.figure is not None
    assert gpu.figure.endswith("checked by power of the whole module")


class Silent(SimulatedNvml):
    def versions(self):
        text = "Not Supported"
        raise UnsupportedReadingError(text)


def test_versions_that_are_refused_are_none():
    clock = VirtualClock()
    report = probe(Machine(nvml=Silent([BOARD], clock), clock=clock, environ={}))
    assert report.versions.driver is None


def test_this_very_machine_is_probed_without_an_error():
    assert str(probe())
