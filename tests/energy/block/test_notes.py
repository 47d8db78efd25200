import numpy as np
import pytest

from physbias.energy import Interval, UnitEnergy
from physbias.energy.block.notes import Notes, check_count, check_name, check_tags
from physbias.errors import ArgumentError


def test_counts_add_up_by_unit():
    notes = Notes()
    for _ in range(3):
        notes.step(1, "step")
        notes.step(0.5, "epoch")
    assert notes.counts == {"step": 3, "epoch": 1.5}
    step, epoch = notes.units(30.0, Interval(24.0, 36.0))
    assert step == UnitEnergy("step", 3, 10.0, Interval(8.0, 12.0))
    assert epoch.joules_per_unit == 20.0


def test_notes_of_two_runs_are_apart():
    one, other = Notes(), Notes()
    one.annotate("a", None)
    one.step(1, "step")
    assert (other.annotations, other.counts) == ({}, {})


@pytest.mark.parametrize("value", ["text", 1, 0.5, True, None])
def test_annotations_take_what_json_has(value):
    notes = Notes()
    notes.annotate("key", value)
    assert notes.annotations == {"key": value}


def test_keys_of_annotations_are_texts():
    with pytest.raises(ArgumentError, match="annotate: found 3"):
        Notes().annotate(3, "value")


def test_checks_let_good_values_pass():
    check_count(0)
    check_count(0.25)
    assert check_tags(None) == {}
    assert check_tags({"a": "b"}) == {"a": "b"}


@pytest.mark.parametrize("tags", [["a"], "a", 5])
def test_tags_are_a_mapping(tags):
    with pytest.raises(ArgumentError, match=r"tags: found .*texts by name"):
        check_tags(tags)


def test_counts_of_tensors_are_told_the_way():
    with pytest.raises(ArgumentError, match=r"pass n\.item\(\)"):
        check_count(np.array([1, 2]))


def test_names_are_texts():
    check_name("forward", "name")
    with pytest.raises(ArgumentError, match="name: found None"):
        check_name(None, "name")
