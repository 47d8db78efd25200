import csv
import io

import pytest

from physbias.energy import Condition, EnergyMeter, EnergyRecord
from physbias.energy.calibration.calibration import Calibration
from physbias.energy.sensors.probe import Scope
from physbias.energy.simulated import Constant, SimulatedGpu, simulate


@pytest.fixture
def measured():
    """Ten seconds on a board of known condition and calibration."""
    condition = Condition(61.0, 2, throttled=True, others=0)
    board = SimulatedGpu(
        Constant(300.0), uuid="GPU-a", power_limit=450.0, condition=condition
    )
    machine = simulate([board])
    known = Calibration(uuid="GPU-a", gain=1.0, source="riser", date="2026-05-01")
    with EnergyMeter(cpu=False, machine=machine, calibration=known) as meter:
        machine.clock.sleep(10.0)
    return meter.result, condition, known


def test_a_device_tells_what_its_figure_hangs_on(measured):
    record, condition, known = measured
    (device,) = record.devices
    assert device.scope is Scope.GPU
    assert device.power_limit_watts == 450.0
    assert device.condition_start == device.condition_end == condition
    assert device.calibration_sha256 == known.sha256


def test_it_is_stored_with_units_and_read_again(measured):
    record, _, known = measured
    plain = record.to_dict()["devices"][0]
    assert plain["power_limit_W"] == 450.0
    assert plain["scope"] == "gpu"
    assert plain["condition_end"] == {
        "temperature_C": 61.0,
        "performance_state": 2,
        "throttled": True,
        "others": 0,
    }
    assert EnergyRecord.from_json(record.to_json()) == record
    (row,) = csv.DictReader(io.StringIO(record.to_csv()))
    assert float(row["condition_start_temperature_C"]) == 61.0
    assert row["condition_end_throttled"] == "True"
    assert row["calibration_sha256"] == known.sha256


def test_what_an_older_record_lacks_is_missing(measured):
    new = (
        *("scope", "power_limit_W", "condition_start", "condition_end"),
        "calibration_sha256",
    )
    data = measured[0].to_dict()
    for name in new:
        del data["devices"][0][name]
    old = EnergyRecord.from_dict(data)
    assert old.joules == measured[0].joules
    (device,) = old.devices
    assert (device.scope, device.power_limit_watts) == (None, None)
    assert (device.condition_start, device.calibration_sha256) == (None, None)


def test_a_device_without_a_sensor_has_none_of_it(make_record):
    (device,) = make_record(None).devices
    assert (device.scope, device.power_limit_watts) == (None, None)
    assert (device.condition_start, device.condition_end) == (None, None)
    (row,) = csv.DictReader(io.StringIO(make_record(None).to_csv()))
    assert row["power_limit_W"] == row["condition_start_temperature_C"] == ""
