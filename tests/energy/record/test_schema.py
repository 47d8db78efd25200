import json
from array import array
from dataclasses import fields, replace

import numpy as np
import pytest

from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.record.schema import SCHEMA, column, plain


@pytest.mark.parametrize(
    ("attribute", "name"),
    [
        ("joules", "energy_J"),
        ("own_joules", "own_energy_J"),
        ("seconds", "duration_s"),
        ("reserved_seconds", "reserved_s"),
        ("mean_watts", "power_mean_W"),
        ("idle_watts", "idle_power_W"),
        ("facility_grams", "facility_emissions_g"),
        ("grams_interval", "emissions_interval_g"),
        ("label", "label"),
    ],
)
def test_units_stand_in_the_names(attribute, name):
    assert column(attribute) == name


def test_names_within_a_class_are_different(make_record):
    for value in (make_record(), make_record().devices[0]):
        names = [column(f.name) for f in fields(value)]
        assert len(names) == len(set(names))


def test_record_with_and_without_a_figure_has_the_same_names(make_record):
    """A missing figure is null; its column stays."""

    def names(data):
        if isinstance(data, dict):
            return {key: names(value) for key, value in data.items()}
        return None

    full = plain(make_record())
    empty = plain(make_record(None))
    assert full.keys() == empty.keys()
    assert full["devices"][0].keys() == empty["devices"][0].keys()
    assert empty["energy_J"] is None
    assert empty["devices"][0]["energy_J"] is None


def test_the_version_is_stored(make_record):
    assert make_record().to_dict()["schema"] == SCHEMA == "physbias.energy/4"


def test_numbers_that_are_not_finite_are_missing(make_record):
    data = make_record(seconds=float("nan"), unattributed=float("inf")).to_dict()
    assert data["duration_s"] is None
    assert data["unattributed_energy_J"] is None
    json.dumps(data, allow_nan=False)


def test_numbers_of_other_kinds_become_plain_ones():
    values = [np.float32(0.5), np.int64(3), True, array("d", [1.0])]
    assert plain(values) == [0.5, 3, True, [1.0]]
    assert [type(value) for value in plain(values)] == [float, int, bool, list]


def test_what_json_does_not_know_becomes_text():
    assert plain({"path": [object], 3: {"a"}}) == {"path": [str(object)], "3": ["a"]}


def test_record_comes_back_exactly(make_record):
    flag = Flag(FlagCode.GAP, "a hole", "GPU 0")
    record = make_record(flags=(flag,)).with_carbon("DE", pue=1.2)
    again = type(record).from_json(record.to_json())
    assert again == record
    assert replace(again, seconds=1.0) != record
