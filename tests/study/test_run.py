"""The main job, end to end on a small data set."""

import json

import pytest

from physbias.errors import DataError
from physbias.study import EpochBudget, StudySettings, read_results, run, run_study
from physbias.study.settings import CANDIDATES


@pytest.fixture
def settings(tmp_path, shear_flow_files, quick_judge):
    return StudySettings(
        out=tmp_path / "out", data=shear_flow_files, budget=EpochBudget(1), stride=1
    )


def quiet(stage, fraction):
    assert 0 <= fraction <= 1.001, stage


def test_every_candidate_is_trained_judged_and_reported(settings):
    result = run_study(settings, quiet)
    assert [c.name for c in result.candidates] == list(CANDIDATES)
    assert read_results(settings.out / "results.json") == result
    page = (settings.out / "report.html").read_text(encoding="utf-8")
    assert all(name in page for name in CANDIDATES)
    found = {c.name: c for c in result.candidates}
    for name, candidate in found.items():
        learns = name not in ("persistence", "solver")
        assert (candidate.num_parameters > 0) == learns
        assert (candidate.epochs >= 1) == learns
        assert bool(candidate.curve) == learns
        assert len(candidate.rollout) == 3
        assert set(candidate.one_step) == {"velocity_x", "velocity_y", "tracer"}
    # the data are the solver's own: on their grid it must be far better than nothing
    assert found["solver"].vrmse < 0.3 * found["persistence"].vrmse
    # projected samples: round-off in float32
    assert found["flow"].divergence < 1e-5
    assert found["flow"].crps is not None
    assert result.data_energy.joules is None
    assert "not known" in result.data_energy.reason


def test_a_second_call_resumes_after_an_interruption(settings, monkeypatch):
    def stop_at_fno(stage, fraction):
        if stage == "fno":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(settings, stop_at_fno)
    kept = sorted(p.stem for p in (settings.out / "candidates").glob("*.json"))
    assert kept == ["persistence-0", "solver-0", "unet-0"]
    before = (settings.out / "candidates" / "unet-0.json").read_text(encoding="utf-8")

    trained = []
    train = run.train

    def spy(model, recipe, *arguments, **options):
        trained.append(recipe.description)
        return train(model, recipe, *arguments, **options)

    monkeypatch.setattr(run, "train", spy)
    result = run_study(settings, quiet)
    assert len(result.candidates) == len(CANDIDATES)
    assert "residual U-Net" not in trained
    assert len(trained) == 4
    after = (settings.out / "candidates" / "unet-0.json").read_text(encoding="utf-8")
    assert after == before


def test_other_settings_in_the_same_folder_are_refused(settings):
    settings.out.mkdir()
    note = {**settings.describe(), "horizon": 3}
    (settings.out / "settings.json").write_text(json.dumps(note), encoding="utf-8")
    with pytest.raises(DataError, match=r"found a study with other settings \(horizon"):
        run_study(settings, quiet)


def test_a_folder_without_files_is_refused(tmp_path):
    settings = StudySettings(out=tmp_path / "out", data=tmp_path / "nothing")
    with pytest.raises(DataError, match="nothing"):
        run_study(settings, quiet)
