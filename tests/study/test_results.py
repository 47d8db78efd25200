import json
from dataclasses import replace

import pytest

from physbias.errors import DataError
from physbias.study.results import (
    CandidateResult,
    CurvePoint,
    EnergyFigure,
    StudyResult,
    read_results,
)

MEASURED = EnergyFigure(1.0 / 3.0, 0.3, 0.4, "counter+rapl", 12.5)
MISSING = EnergyFigure(None, None, None, "none", 2.0, "no sensor")


@pytest.fixture
def result():
    run = CandidateResult(
        name="unet",
        rung="none",
        description="a U-Net – ü",
        seed=3,
        num_parameters=1000,
        one_step={"u": 0.1, "v": 0.3},
        rollout=[0.1, 1e300, None],
        divergence=0.01,
        crps=None,
        training=MEASURED,
        inference=MISSING,
        epochs=2.5,
        curve=[CurvePoint(0.5, 1.0, None, 0.9), CurvePoint(1.0, 2.0, 3.0, 0.5)],
        evaluations=4,
    )
    return StudyResult(
        title="a study",
        settings={"seeds": [3], "optimiser": {"rate": 1e-3}},
        data={"grid": [8, 16]},
        data_energy=MEASURED,
        candidates=[run, replace(run, seed=4)],
        machine={"torch": "2"},
        notes=["one", "two"],
    )


def test_mean_vrmse_is_over_channels(result):
    assert result.candidates[0].vrmse == pytest.approx(0.2)


def test_results_come_back_as_written(result, tmp_path):
    path = tmp_path / "results.json"
    result.write(path)
    assert read_results(path) == result
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.json"]


def test_writing_again_replaces_the_old_file(result, tmp_path):
    path = tmp_path / "results.json"
    result.write(path)
    replace(result, title="another").write(path)
    assert read_results(path).title == "another"


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "{}", '{"title": "x"}', "\x00"])
def test_a_broken_file_is_named(tmp_path, text):
    path = tmp_path / "results.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"results\.json.*no readable results"):
        read_results(path)


def test_bytes_that_are_no_text_are_a_broken_file(tmp_path):
    path = tmp_path / "results.json"
    path.write_bytes(b"\xff\xfe\x80")
    with pytest.raises(DataError, match="no readable results"):
        read_results(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match="no readable results"):
        read_results(tmp_path / "results.json")


def test_another_schema_is_refused(result, tmp_path):
    path = tmp_path / "results.json"
    result.write(path)
    raw = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**raw, "schema": 99}), encoding="utf-8")
    with pytest.raises(DataError, match="found schema 99, expected schema 1"):
        read_results(path)


@pytest.mark.parametrize("damage", ["missing", "unknown", "no list", "inner"])
def test_entries_that_do_not_fit_are_refused(result, tmp_path, damage):
    path = tmp_path / "results.json"
    result.write(path)
    raw = json.loads(path.read_text(encoding="utf-8"))
    if damage == "missing":
        del raw["data_energy"]
    elif damage == "unknown":
        raw["surprise"] = 1
    elif damage == "no list":
        raw["candidates"] = None
    else:
        del raw["candidates"][0]["training"]["joules"]
    path.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(DataError, match="missing or unknown entries"):
        read_results(path)
