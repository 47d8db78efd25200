"""What is finished survives an interruption."""

import json

import pytest
import torch

from physbias.errors import DataError
from physbias.study import StudySettings
from physbias.study.results import CandidateResult, EnergyFigure
from physbias.study.shelf import Failed, Finished, Shelf, write_whole

NOTHING = EnergyFigure(None, None, None, "none", 0.0)


@pytest.fixture
def settings(tmp_path):
    return StudySettings(out=tmp_path / "out")


def finished():
    result = CandidateResult(
        name="fno+residual",
        rung="weak",
        description="",
        seed=1,
        num_parameters=3,
        one_step={"u": 0.5},
        rollout=[0.5, None],
        divergence=0.0,
        crps=None,
        training=NOTHING,
        inference=NOTHING,
        epochs=1.0,
    )
    return Finished(result, torch.arange(6.0).reshape(1, 2, 3))


def test_a_finished_candidate_comes_back_whole(settings):
    Shelf(settings).put("fno+residual", 1, finished())
    again = Shelf(settings).take("fno+residual", 1)
    assert again.result == finished().result
    assert torch.equal(again.fields, finished().fields)
    assert Shelf(settings).take("fno+residual", 0) is None


def test_a_failure_is_kept_with_its_reason(settings):
    Shelf(settings).put("flow", 0, Failed("flow", "became NaN"))
    assert Shelf(settings).take("flow", 0) == Failed("flow", "became NaN")


def test_half_of_a_candidate_is_none(settings):
    shelf = Shelf(settings)
    shelf.put("fno", 0, finished())
    (shelf.folder / "fno-0.pt").unlink()
    assert shelf.take("fno", 0) is None
    (shelf.folder / "unet-0.json").write_text('{"name": "un')
    assert shelf.take("unet", 0) is None


def test_other_settings_are_refused_and_a_torn_note_is_written_anew(settings):
    note = settings.out / "settings.json"
    Shelf(settings)
    assert not note.exists()  # nothing was kept: the folder can be used for another
    Shelf(settings).put("fno", 0, finished())
    note.write_text(note.read_text()[:20])
    Shelf(settings).put("unet", 0, finished())
    assert json.loads(note.read_text()) == settings.describe()
    changed = StudySettings(out=settings.out, horizon=3)
    with pytest.raises(DataError, match=r"other settings \(horizon\)"):
        Shelf(changed)


def test_a_file_is_written_whole(tmp_path):
    write_whole(tmp_path / "a.json", "new")
    assert (tmp_path / "a.json").read_text() == "new"
    assert list(tmp_path.iterdir()) == [tmp_path / "a.json"]
