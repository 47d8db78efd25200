"""The main job, end to end on a small data set."""

import json
from dataclasses import dataclass

import pytest
import torch

from physbias.errors import DataError
from physbias.study import (
    EpochBudget,
    StudySettings,
    judge,
    read_results,
    run,
    run_study,
)
from physbias.study.results import StudyResult
from physbias.study.settings import CANDIDATES


@pytest.fixture
def settings(tmp_path, shear_flow_files):
    return StudySettings(
        out=tmp_path / "out", data=shear_flow_files, budget=EpochBudget(1), stride=1
    )


def quiet(stage, fraction):
    assert 0 <= fraction <= 1.001, stage


@dataclass(frozen=True)
class Resumed:
    """A study that was interrupted at one candidate and called again."""

    settings: StudySettings
    result: StudyResult
    kept: list[str]
    trained: list[str]
    unet: tuple[str, str]


@pytest.fixture(scope="module")
def resumed(tmp_path_factory, shear_flow_files):
    """One study of all candidates, interrupted on the way: training takes seconds."""
    settings = StudySettings(
        out=tmp_path_factory.mktemp("study") / "out",
        data=shear_flow_files,
        budget=EpochBudget(1),
        stride=1,
    )
    folder = settings.out / "candidates"

    def stop_at_fno(stage, fraction):
        if stage == "fno":
            raise KeyboardInterrupt

    trained = []
    train = run.train

    def spy(model, recipe, *arguments, **options):
        trained.append(recipe.description)
        return train(model, recipe, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judge, "SECONDS", 0.02)
        torch.manual_seed(0)
        with pytest.raises(KeyboardInterrupt):
            run_study(settings, stop_at_fno)
        kept = sorted(path.stem for path in folder.glob("*.json"))
        before = (folder / "unet-0.json").read_text(encoding="utf-8")
        patch.setattr(run, "train", spy)
        result = run_study(settings, quiet)
    after = (folder / "unet-0.json").read_text(encoding="utf-8")
    return Resumed(settings, result, kept, trained, (before, after))


def test_every_candidate_is_trained_judged_and_reported(resumed):
    result, out = resumed.result, resumed.settings.out
    assert [c.name for c in result.candidates] == list(CANDIDATES)
    assert read_results(out / "results.json") == result
    page = (out / "report.html").read_text(encoding="utf-8")
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


def test_a_second_call_resumes_after_an_interruption(resumed):
    assert resumed.kept == ["persistence-0", "solver-0", "unet-0"]
    assert len(resumed.result.candidates) == len(CANDIDATES)
    assert "residual U-Net" not in resumed.trained
    assert len(resumed.trained) == 4
    before, after = resumed.unet
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
