import json
from dataclasses import FrozenInstanceError, replace

import pytest

from physbias.energy import (
    Basis,
    DeviceEnergy,
    DeviceKind,
    EnergyRecord,
    Flag,
    FlagCode,
    Interval,
    RegionEnergy,
    Source,
    Status,
)
from physbias.energy.record.text import format_joules


def device(label, joules, source, kind=DeviceKind.GPU):
    interval = None if joules is None else Interval(0.9 * joules, 1.1 * joules)
    return DeviceEnergy(
        uuid=f"uuid-{label}",
        name="a board",
        label=label,
        kind=kind,
        source=source,
        joules=joules,
        interval=interval,
        comparison=interval,
        seconds=48.1,
        flags=(Flag(FlagCode.GAP, "a hole", label),),
    )


def record(**changes):
    whole = EnergyRecord(
        joules=12840.0,
        interval=Interval(12840.0 - 77.0, 12840.0 + 77.0),
        comparison=None,
        basis=Basis.MEASUREMENT,
        reason=None,
        seconds=48.1,
        status=Status.FINISHED,
        error=None,
        started="2026-01-01T00:00:00+00:00",
        devices=(
            device("GPU 0", 11900.0, Source.COUNTER),
            device("CPU", 500.0, Source.RAPL, DeviceKind.CPU),
            device("CPU", 440.0, Source.RAPL, DeviceKind.CPU),
        ),
        regions=(RegionEnergy("forward", 1.0, 0.5, Interval(0.5, 1.5), 2.0, 3),),
        unattributed=7.0,
        flags=(),
    )
    return replace(whole, **changes)


def test_line_for_people():
    expected = "12.84 kJ ± 0.6 %  (GPU 0 11.9 kJ counter, CPU 940 J rapl)  48.1 s"
    assert str(record()) == expected


def test_line_names_what_was_not_measured():
    devices = (device("GPU 0", 12840.0, Source.POWER), device("CPU", None, None))
    line = str(record(devices=devices))
    assert "(GPU 0 12.8 kJ power, CPU not measured)" in line


def test_line_labels_an_estimate():
    devices = (device("CPU", 12840.0, Source.ESTIMATE, DeviceKind.CPU),)
    line = str(record(basis=Basis.ESTIMATE, devices=devices))
    assert line.startswith("estimate 12.84 kJ")
    assert "CPU 12.8 kJ estimate)" in line


def test_line_keeps_an_estimate_out_of_the_sum():
    devices = (
        device("GPU 0", 12840.0, Source.COUNTER),
        device("CPU", 900.0, Source.ESTIMATE, DeviceKind.CPU),
    )
    assert "CPU 900 J estimate not in the sum" in str(record(devices=devices))


def test_line_without_a_figure_gives_the_reason():
    line = str(record(joules=None, interval=None, reason="no driver"))
    assert line == "no energy figure  (no driver)  48.1 s"


def test_line_tells_of_a_failure():
    line = str(record(status=Status.FAILED, error="ValueError"))
    assert line.endswith("48.1 s  failed: ValueError")


@pytest.mark.parametrize(
    ("joules", "text"),
    [
        (0.0, "0.000 J"),
        (0.5, "0.5000 J"),
        (999.0, "999.0 J"),
        (999.99, "1.000 kJ"),
        (12844.0, "12.84 kJ"),
        (3.2e6, "3.200 MJ"),
        (4.567e9, "4567 MJ"),
    ],
)
def test_units_suit_the_energy(joules, text):
    assert format_joules(joules) == text


def test_record_becomes_plain_data_and_back():
    plain = record().to_dict()
    assert plain == json.loads(record().to_json())
    assert plain["schema"] == "physbias.energy/4"
    assert plain["energy_J"] == 12840.0
    assert plain["basis"] == "measurement"
    assert plain["interval_J"] == [12763.0, 12917.0]
    assert plain["devices"][0]["uuid"] == "uuid-GPU 0"
    assert plain["devices"][0]["source"] == "counter"
    assert plain["devices"][0]["flags"][0]["code"] == "gap"
    assert plain["regions"][0]["own_energy_J"] == 0.5


def test_missing_energy_stays_missing_in_json():
    assert '"energy_J": null' in record(joules=None, interval=None).to_json()


def test_record_is_frozen():
    with pytest.raises(FrozenInstanceError):
        record().joules = 1.0


def test_region_is_found_by_name():
    assert record().region("forward").count == 3
