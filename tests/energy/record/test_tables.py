import csv
import io
import json
import sys

import pytest

from physbias.energy.record.device import CrossCheck, Verdict
from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.record.interval import Interval
from physbias.energy.record.region import RegionEnergy
from physbias.energy.record.schema import SCHEMA
from physbias.energy.record.tables import table_names
from physbias.energy.record.trace import PowerTrace
from physbias.errors import ArgumentError, MissingExtraError


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_columns_are_the_same_whatever_was_measured(make_record, make_device):
    """Neither a missing figure nor a missing cross-check takes a column away."""
    checked = make_device(cross_check=CrossCheck(3010.0, 0.003, Verdict.CONSISTENT))
    full = make_record(devices=(checked,)).with_carbon("DE")
    for table in table_names(full):
        header = full.to_csv(table=table).splitlines()[0]
        assert header == make_record(None).to_csv(table=table).splitlines()[0]


def test_devices(make_record, make_device):
    check = CrossCheck(3010.0, 0.003, Verdict.CONSISTENT)
    flags = (Flag(FlagCode.GAP, "a hole"), Flag(FlagCode.READ_ERRORS, "two"))
    device = make_device(cross_check=check, flags=flags)
    (row,) = read(make_record(devices=(device,)).to_csv())
    assert row["uuid"] == "GPU-1"
    assert float(row["energy_J"]) == 3000.0
    assert float(row["interval_low_J"]) == pytest.approx(2700.0)
    assert float(row["interval_high_J"]) == pytest.approx(3300.0)
    assert float(row["comparison_interval_low_J"]) == pytest.approx(2970.0)
    assert row["source"] == "counter"
    assert float(row["cross_check_energy_J"]) == 3010.0
    assert row["cross_check_verdict"] == "consistent"
    assert row["flags"] == "gap read-errors"
    assert row["reason"] == ""
    assert not any(name.startswith("trace") for name in row)


def test_missing_is_empty_and_never_zero(make_record):
    (row,) = read(make_record(None).to_csv())
    assert row["energy_J"] == row["interval_low_J"] == ""
    assert row["reason"] == "no driver"


def test_record_is_one_row(make_record):
    (row,) = read(make_record().with_carbon(360.0, pue=1.5).to_csv(table="record"))
    assert float(row["energy_J"]) == 3000.0
    assert float(row["footprint_emissions_g"]) == pytest.approx(0.3)
    assert float(row["footprint_facility_emissions_g"]) == pytest.approx(0.45)
    assert row["status"] == "finished"
    assert "devices" not in row


def test_regions_and_flags(make_record):
    region = RegionEnergy("a, b", 9.0, 4.0, Interval(8.0, 10.0), 2.0, 3)
    record = make_record(
        regions=(region,), flags=(Flag(FlagCode.GAP, 'a "hole"', "GPU 0"),)
    )
    (row,) = read(record.to_csv(table="regions"))
    assert (row["name"], row["own_energy_J"], row["count"]) == ("a, b", "4.0", "3")
    (row,) = read(record.to_csv(table="flags"))
    assert (row["code"], row["text"], row["device"]) == ("gap", 'a "hole"', "GPU 0")


def test_power_adds_up_to_the_energy(make_record, make_device):
    device = make_device(trace=PowerTrace((0.0, 4.0, 10.0), (150.0, 400.0)))
    rows = read(make_record(devices=(device,)).to_csv(table="power"))
    joules = sum(
        float(r["power_W"]) * (float(r["end_s"]) - float(r["start_s"])) for r in rows
    )
    assert joules == pytest.approx(3000.0)


def test_file_holds_the_text(make_record, tmp_path):
    path = tmp_path / "devices.csv"
    text = make_record().to_csv(path)
    assert path.read_text(encoding="utf-8") == text


def test_frame_holds_numbers(make_record):
    frame = make_record().to_frame()
    assert frame.shape[0] == 1
    assert frame["energy_J"][0] == 3000.0
    assert make_record().to_frame(table="regions").empty
    columns = list(make_record().to_frame(table="regions").columns)
    assert "own_energy_J" in columns


def test_frame_without_pandas_says_what_to_install(make_record, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"physbias\[frame\]"):
        make_record().to_frame()


def test_unknown_table_names_the_known_ones(make_record):
    with pytest.raises(ArgumentError, match="'devices'"):
        make_record().to_csv(table="nothing")


def test_nested_values_are_json(make_record, make_device):
    record = make_record(members=(make_record(),))
    (row,) = read(record.to_csv(table="members"))
    assert float(row["energy_J"]) == 3000.0
    for value in row.values():
        if value.startswith(("[", "{")):
            json.loads(value)


def test_columns_of_this_schema(make_record):
    """A change here needs a new version of the schema."""
    assert SCHEMA == "physbias.energy/4"
    interval = ("interval_low_J", "interval_high_J")
    comparison = tuple(f"comparison_{end}" for end in interval)
    frame = make_record().to_frame
    assert set(frame().columns) == {
        *("uuid", "name", "label", "kind", "source", "energy_J", "duration_s"),
        *("reason", "flags", "coverage", "samples", "power_mean_W", "power_max_W"),
        *("cross_check_energy_J", "cross_check_relative_difference"),
        *("cross_check_verdict", "calibration", "unattributed_energy_J"),
        *("gain_error", "offset_error_power_W", "delay_error_energy_J"),
        *(
            "lag_energy_low_J",
            "lag_energy_high_J",
            "calibration_sha256",
            "scope",
            "power_limit_W",
        ),
        *(
            f"condition_{border}_{name}"
            for border in ("start", "end")
            for name in ("temperature_C", "performance_state", "throttled", "others")
        ),
        *(*interval, *comparison),
    }
    assert set(frame(table="regions").columns) == {
        *("name", "energy_J", "own_energy_J", "duration_s", "count", "flags"),
        *("device_energy_J", *interval, *comparison),
    }
    assert set(frame(table="units").columns) == {
        *("unit", "count", "energy_per_unit_J", "reason"),
        *("interval_per_unit_low_J", "interval_per_unit_high_J"),
    }
