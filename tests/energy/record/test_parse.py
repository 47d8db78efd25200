import json
from array import array
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from physbias.energy import DeviceKind, EnergyRecord, Interval, ProbeInfo, SensorError
from physbias.energy.record.parse import from_plain
from physbias.energy.record.schema import plain
from physbias.errors import DataError


@dataclass(frozen=True)
class Part:
    joules: float | None
    kind: DeviceKind
    interval: Interval | None = None


@dataclass(frozen=True)
class Whole:
    parts: tuple[Part, ...]
    tags: Mapping[str, str]
    pair: tuple[float, str]
    numbers: array
    either: float | str = 1.0


@pytest.fixture
def whole():
    parts = Part(1.5, DeviceKind.GPU, Interval(1.0, 2.0)), Part(None, DeviceKind.CPU)
    return Whole(parts, {"a": "b"}, (1.0, "x"), array("d", [0.1, 0.2]), "text")


def test_round_trip_through_text(whole):
    assert from_plain(Whole, json.loads(json.dumps(plain(whole)))) == whole


def test_types_come_back(whole):
    back = from_plain(Whole, plain(whole))
    assert isinstance(back.parts[0], Part)
    assert back.parts[0].kind is DeviceKind.GPU
    assert isinstance(back.parts[0].interval, Interval)
    assert isinstance(back.parts, tuple)


def test_nested_defaults_and_unknown_names():
    """Written by hand, as a version with one more and one fewer field would."""
    data = {"uuid": "u", "name": "n", "label": "l", "kind": "gpu", "counter": None}
    info = from_plain(ProbeInfo, {**data, "colour": "green"})
    assert info.error == SensorError()
    assert info.counter is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parts": 3}, "Whole.parts: found 3"),
        ({"parts": [{"kind": "gpu"}]}, r"Whole.parts\[0\].energy_J: found nothing"),
        ({"parts": [{"energy_J": "1", "kind": "gpu"}]}, r"energy_J: found '1'"),
        ({"parts": [{"energy_J": 1, "kind": "fpga"}]}, "one of gpu, cpu, dram"),
        ({"pair": [1.0]}, "Whole.pair: found 1 values"),
        ({"tags": []}, "Whole.tags"),
    ],
)
def test_data_that_do_not_fit_are_named(whole, change, message):
    with pytest.raises(DataError, match=message):
        from_plain(Whole, {**plain(whole), **change})


def test_no_record_in_a_text():
    with pytest.raises(DataError, match="text: found no JSON"):
        EnergyRecord.from_json("{")
    with pytest.raises(DataError, match=r"EnergyRecord\.energy_J"):
        EnergyRecord.from_json("{}")
