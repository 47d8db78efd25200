import pytest

from physbias.energy.calibration.apply import (
    UnusedCalibrationWarning,
    calibrate_probes,
    informed,
)
from physbias.energy.calibration.calibration import Calibration, save_calibrations
from physbias.energy.calibration.store import remember
from physbias.energy.clock import VirtualClock
from physbias.energy.meter import EnergyMeter
from physbias.energy.sensors.probe import DeviceKind, ProbeInfo, SensorError, Source
from physbias.energy.simulated import (
    Constant,
    Sensor,
    SimulatedGpu,
    SimulatedStream,
    simulate,
)
from physbias.errors import DataError

INFO = ProbeInfo(
    uuid="GPU-a",
    name="board",
    label="GPU 0",
    kind=DeviceKind.GPU,
    counter=Source.COUNTER,
    power=True,
)
MEAN = ProbeInfo(
    uuid="GPU-a",
    name="board",
    label="GPU 0",
    kind=DeviceKind.GPU,
    counter=None,
    power=True,
    power_average=1.0,
)


def known(**values):
    return Calibration(**{"uuid": "GPU-a", "source": "meter", **values})


def test_an_external_meter_gives_gain_offset_and_their_errors():
    found = informed(INFO, known(gain=0.95, offset=4.0, gain_error=0.01))
    assert (found.gain, found.offset) == (0.95, 4.0)
    assert found.error == SensorError(gain=0.01, offset=5.9)
    assert found.calibration == "meter"


def test_times_without_an_external_meter_leave_the_sensors_error_as_it_is():
    found = informed(INFO, known(delay=0.04, delay_error=0.002, date="2026-01-01"))
    assert (found.delay, found.delay_error) == (0.04, 0.002)
    assert (found.gain, found.offset, found.error) == (1.0, 0.0, INFO.error)
    assert found.calibration == "meter 2026-01-01"


@pytest.mark.parametrize(
    ("info", "times", "part", "average"),
    [
        (INFO, {"refresh": 0.1, "window": 0.025}, 0.025, None),
        (INFO, {"refresh": 0.1, "window": 0.099}, None, None),
        (INFO, {"refresh": 0.1, "window": 0.1, "average": 1.0}, None, None),
        (MEAN, {"refresh": 0.1, "average": 0.98}, None, 0.98),
        (MEAN, {"refresh": 0.1, "average": 0.025}, 0.025, None),
        (MEAN, {"window": 0.025}, None, 1.0),
        (INFO, {}, None, None),
    ],
)
def test_what_a_power_reading_covers(info, times, part, average):
    found = informed(info, known(**times))
    assert (found.sensor_window, found.power_average) == (part, average)


def machine(tmp_path):
    board = SimulatedGpu(Constant(300.0), Sensor(), uuid="GPU-a")
    return simulate([board], environ={"XDG_CACHE_HOME": str(tmp_path)})


def probes(machine, given=()):
    found = machine.discover("used", cpu=False).probes
    calibrate_probes(found, given, machine)
    return found


def test_the_users_calibration_comes_before_the_kept_one(tmp_path):
    here = machine(tmp_path)
    remember(known(driver="0.simulated", delay=0.03), here.environ)
    (kept,) = probes(here)
    assert kept.info.delay == 0.03
    (given,) = probes(here, [known(uuid="GPU-b"), known(delay=0.05)])
    assert given.info.delay == 0.05


def test_a_calibration_of_another_driver_or_board_changes_nothing(tmp_path):
    here = machine(tmp_path)
    remember(known(driver="1.0", delay=0.03), here.environ)
    with pytest.warns(UnusedCalibrationWarning, match="GPU-b"):
        (probe,) = probes(here, [known(uuid="GPU-b")])
    assert probe.info.delay is None
    assert probe.info.calibration is None


def test_probes_with_and_without_calibration_are_the_same_device(tmp_path):
    here = machine(tmp_path)
    (plain,), (told,) = probes(here), probes(here, [known(gain=0.9)])
    assert plain == told
    assert (plain.info.gain, told.info.gain) == (1.0, 0.9)


def measured(sensor, environ=None, **options):
    """A burst of 300 W over 60 W that lasts 2 s, and what a meter says about it."""
    clock = VirtualClock()
    stream = SimulatedStream(clock)
    board = SimulatedGpu(stream, sensor, uuid="GPU-a")
    machine = simulate([board], clock, environ=environ)
    clock.sleep(3.0)
    with EnergyMeter(cpu=False, machine=machine, **options) as meter:
        stream.launch(2.0, watts=300.0)
        clock.sleep(2.0)
    return meter.result


def test_a_meter_removes_gain_and_offset_of_the_board(tmp_path):
    """It shows 1.05 × 600 J + 8 W × 2 s = 646 J; 600 J are true."""
    sensor = Sensor(gain=1.05, offset=8.0)
    calibration = known(gain=1.05, offset=8.0, gain_error=0.005, offset_error=0.5)
    path = tmp_path / "meter.json"
    save_calibrations(path, [calibration])
    wild = measured(sensor)
    for given in (calibration, [calibration], path, str(path)):
        record = measured(sensor, calibration=given)
        assert record.joules == pytest.approx(600.0, rel=5e-3)
        assert record.devices[0].calibration == "meter"
        low, high = record.interval
        assert low < 600.0 < high
        assert high - low < (wild.interval.high - wild.interval.low) / 3
    assert wild.joules == pytest.approx(646.0, rel=5e-3)
    assert wild.devices[0].calibration is None


def test_a_kept_delay_makes_a_late_counter_exact(tmp_path):
    """80 ms late, a plain difference loses 0.08 s × 240 W = 19 J at each border."""
    sensor, environ = Sensor(counter_delay=0.08), {"XDG_CACHE_HOME": str(tmp_path)}
    before = measured(sensor, environ)
    remember(known(driver="0.simulated", delay=0.08, delay_error=1e-3), environ)
    record = measured(sensor, environ)
    assert record.joules == pytest.approx(600.0, rel=3e-3)
    width = record.comparison.high - record.comparison.low
    assert width < before.comparison.high - before.comparison.low
    assert record.devices[0].calibration == "meter"


def test_a_kept_calibration_of_another_driver_is_not_used(tmp_path):
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    remember(known(driver="1.0", delay=0.08), environ)
    assert measured(Sensor(), environ).devices[0].calibration is None


def test_a_bad_calibration_is_refused_when_the_meter_is_made(tmp_path):
    with pytest.raises(DataError, match=r"none\.json"):
        EnergyMeter(calibration=tmp_path / "none.json")


def test_calibration_of_boards_elsewhere_is_told():
    machine = simulate([SimulatedGpu(Constant(100.0))])
    meter = EnergyMeter(cpu=False, machine=machine, calibration=known())
    with pytest.warns(UnusedCalibrationWarning, match="GPU-a.* none of these"):
        meter.start()
    meter.stop()
