from base64 import b64decode
from xml.etree import ElementTree

import numpy as np
import pytest

from physbias.study.figures import (
    COLOURS,
    fields_figure,
    learning_picture,
    looks,
    pareto_picture,
    rollout_picture,
    standard_pictures,
)
from physbias.study.results import (
    CandidateResult,
    CurvePoint,
    EnergyFigure,
    StudyResult,
)
from physbias.study.table import summarise

PNG = b"\x89PNG\r\n\x1a\n"


def joules(value):
    return EnergyFigure(value, value and 0.8 * value, value and 1.2 * value, "x", 4.0)


def make_run(name, rung, seed, *, training=900.0, inference=0.1, last=0.5):
    trained = rung != "baseline"
    return CandidateResult(
        name=name,
        rung=rung,
        description="",
        seed=seed,
        num_parameters=10 if trained else 0,
        one_step={"u": 0.1 + 0.01 * seed},
        rollout=[0.1, 0.3, last],
        divergence=0.0,
        crps=None,
        training=joules(training if trained else 0.0),
        inference=joules(inference),
        epochs=1.0 if trained else 0.0,
        curve=[
            CurvePoint(e, 3.0 * e, training and 9.0 * e, 1 / (1 + e)) for e in range(4)
        ]
        if trained
        else [],
    )


def make_study(*runs):
    return StudyResult("t", {}, {}, joules(1.0), list(runs), {}, [])


@pytest.fixture
def study():
    return make_study(
        make_run("persistence", "baseline", 0, inference=1e-6),
        make_run("solver", "baseline", 0),
        make_run("unet", "none", 0, last=None),
        make_run("unet", "none", 1),
        make_run("fno", "none", 0),
        make_run("hybrid", "strong", 0, inference=None),
    )


def test_four_figures_are_well_formed_svg(study):
    pictures = standard_pictures(study)
    assert len(pictures) == 4
    for picture in pictures:
        assert ElementTree.fromstring(picture.data).tag.endswith("svg")
        start, data = picture.uri().split(",")
        assert start == "data:image/svg+xml;base64"
        assert b64decode(data) == picture.data
        assert picture.alt


def test_the_same_study_gives_the_same_bytes(study):
    assert standard_pictures(study) == standard_pictures(study)


def test_colour_says_the_rung_and_the_rest_tells_candidates_apart(study):
    styles = looks(summarise(study))
    assert styles["unet"].colour == styles["fno"].colour == COLOURS["none"]
    assert styles["hybrid"].colour == COLOURS["strong"]
    assert len(set(COLOURS.values())) == len(COLOURS)
    assert styles["unet"].dashes != styles["fno"].dashes
    assert styles["unet"].marker != styles["fno"].marker


def test_unmeasured_candidates_are_named_not_drawn_at_zero(study):
    picture = pareto_picture(study, "inference")
    assert picture is not None
    assert "Not measured, so not shown: hybrid." in picture.caption
    assert "hybrid" not in picture.alt


def test_time_stands_in_where_no_energy_was_measured():
    study = make_study(make_run("unet", "none", 0, training=None, inference=None))
    pareto, learning = pareto_picture(study, "training"), learning_picture(study)
    assert pareto is not None
    assert learning is not None
    assert pareto.title == "Skill against training time"
    assert "hence the time" in learning.caption


def test_divergence_is_said_in_words(study):
    assert "unet diverged at step 3 (1 of 2 seeds)" in rollout_picture(study).alt


def test_errors_beyond_the_axis_are_announced():
    study = make_study(make_run("unet", "none", 0, last=1e12))
    assert "Errors above 100 are cut off" in rollout_picture(study).caption


def test_all_candidates_worse_than_a_free_one_still_draw(study):
    free = make_run("oracle", "baseline", 0)
    worse = make_run("unet", "none", 9)
    assert pareto_picture(make_study(free, worse), "training") is not None


def test_a_study_without_candidates_has_a_figure_of_nothing():
    assert [p.title for p in standard_pictures(make_study())] == ["Roll-out error"]


def test_fields_show_truth_forecasts_and_their_rms_error():
    truth = np.linspace(-1, 1, 8)[:, None] * np.ones((8, 16))
    picture = fields_figure(
        truth, {"unet": truth + 0.25, "fno": truth * np.nan}, "tracer", moment="step 3"
    )
    assert picture.data.startswith(PNG)
    assert picture.wide
    assert picture.title == "tracer at step 3"
    assert "unet 0.250" in picture.alt
    assert "fno not finite" in picture.alt


def test_fields_of_nothing_but_the_truth():
    assert fields_figure(np.zeros((4, 4)), {}, "u").data.startswith(PNG)
