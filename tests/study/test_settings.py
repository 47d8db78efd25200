"""What a user chooses for a study."""

from pathlib import Path

import pytest

from physbias.errors import ArgumentError
from physbias.study import EpochBudget, StudySettings, TimeBudget


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"seeds": 0}, "seeds: found 0, expected a whole number of at least 1"),
        ({"stride": 0}, "stride: found 0"),
        ({"horizon": -1}, "horizon: found -1"),
        ({"threads": 0}, "threads: found 0"),
        ({"budget": TimeBudget(0.0)}, "budget: found 0.0"),
        ({"budget": EpochBudget(-2)}, "budget: found -2"),
        ({"candidates": ("fno", "magic")}, "candidates: found magic, expected some of"),
        ({"candidates": ()}, "candidates: found none"),
        ({"candidates": "unet"}, "candidates: found 'unet', expected tuple; write a"),
        ({"candidates": (1, None)}, "candidates: found 1, None, expected some of"),
        ({"budget": 25.0}, r"budget: found 25\.0, expected TimeBudget or EpochBudget"),
        ({"budget": TimeBudget("a")}, "budget: found 'a', expected a positive number"),
        ({"budget": TimeBudget(float("inf"))}, "budget: found inf, expected a posit"),
        ({"seeds": 1.5}, r"seeds: found 1\.5, expected a whole number"),
        ({"horizon": None}, "horizon: found None, expected a whole number"),
        ({"data": "folder"}, "data: found 'folder', expected Path; write Path"),
    ],
)
def test_choices_that_make_no_sense_are_refused(choice, message):
    with pytest.raises(ArgumentError, match=message):
        StudySettings(out=Path("x"), **choice)


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ArgumentError, match="device: found 'cuda', expected cpu"):
        StudySettings(out=Path("x"), device="cuda")


def test_budgets_say_how_much_is_spent():
    assert TimeBudget(20.0).progress(seconds=5.0, epochs=99.0) == 0.25
    assert EpochBudget(10).progress(seconds=99.0, epochs=5.0) == 0.5


def test_what_decides_a_result_is_described_and_where_it_goes_is_not():
    a = StudySettings(out=Path("a"), seeds=3, candidates=("fno",))
    assert a.describe() == StudySettings(out=Path("b")).describe()
    b = StudySettings(out=Path("a"), budget=EpochBudget(3))
    assert b.describe() != a.describe()


def test_the_baselines_are_always_there():
    chosen = StudySettings(out=Path("a"), candidates=("fno", "unet"))
    assert chosen.names == ("persistence", "solver", "unet", "fno")


def test_another_folder_of_the_same_name_is_another_study(tmp_path):
    described = []
    for run in ("a", "b"):
        data = tmp_path / run / "data"
        data.mkdir(parents=True)
        (data / "x.hdf5").write_text(run * (1 + len(described)))
        described.append(StudySettings(out=Path("o"), data=data).describe())
    assert described[0] != described[1]


def test_a_folder_that_is_no_path_is_refused():
    with pytest.raises(
        ArgumentError, match="out: found 'x', expected Path; write Path"
    ):
        StudySettings(out="x")
