import json
import re
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import pytest

from physbias.study.figures import Picture
from physbias.study.lifecycle import LifeCycle, break_even
from physbias.study.report import (
    chart_data,
    crossing_range,
    flatten,
    pair_table,
    script_json,
    write_report,
)
from physbias.study.results import (
    CandidateResult,
    CurvePoint,
    EnergyFigure,
    StudyResult,
)
from physbias.study.table import life_cycles, summarise

VOID = {"meta", "img", "input", "br", "link", "hr", "line", "circle"}
NONE = EnergyFigure(None, None, None, "none", 7.0, "no sensor could be read")
# name, rung, parameters, VRMSE, training [J], inference [J]
SPECS = (
    ("persistence", "baseline", 0, 0.09, 0.0, 2e-6),
    ("coarse-solver", "baseline", 0, 0.04, 0.0, 1.9),
    ("unet", "none", 1_900_000, 0.05, 38e3, 0.03),
    ("fno", "none", 2_400_000, 0.038, 29e3, 0.05),
    ("unet-residual", "weak", 1_900_000, 0.045, 61e3, 0.031),
    ("hybrid", "strong", 490_000, 0.012, 52e3, 0.7),
    ("flow-matching", "flow", 2_000_000, 0.042, None, 0.4),
)


def joules(value, width, source):
    if value is None:
        return NONE
    low, high = value * (1 - width), value * (1 + width)
    return EnergyFigure(value, low, high, source, value / 50)


def make_run(spec, seed, *, width, source):
    name, rung, parameters, error, training, inference = spec
    error *= 1 + 0.1 * seed
    diverges = name == "unet" and seed == 1
    return CandidateResult(
        name=name,
        rung=rung,
        description=f"the {name} of this test",
        seed=seed,
        num_parameters=parameters,
        one_step={"tracer": error * 1.5, "velocity_x": error * 0.5},
        rollout=[error, 4 * error, None if diverges else 9 * error],
        divergence=1e-7 if rung == "strong" else 0.01,
        crps=0.03 if rung == "flow" else None,
        training=joules(training, width, source),
        inference=joules(inference, width, source),
        epochs=12.0 if parameters else 0.0,
        curve=[CurvePoint(e, 9.0 * e, None, error / e) for e in (0.5, 1.0)],
    )


def make_study(*, seeds=(0, 1), width=0.05, source="counter+rapl", specs=SPECS):
    return StudyResult(
        title="Shear flow & <three> strengths",
        settings={"budget": "epochs", "optimiser": {"name": "AdamW", "rate": 1e-3}},
        data={"grid": [64, 128], "dt": 0.1},
        data_energy=joules(18e3, width, source),
        candidates=[
            make_run(spec, seed, width=width, source=source)
            for spec in specs
            for seed in seeds
        ],
        machine={"torch": "2.9"},
        notes=["The first note."],
    )


class Page(HTMLParser):
    """Checks that tags are balanced and gathers what the page holds."""

    def __init__(self, text):
        super().__init__()
        self.open, self.addresses, self.text, self.tags = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.addresses += [v for k, v in attrs if k in ("src", "href", "srcset")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text.append(data)

    @property
    def words(self):
        return " ".join(self.text)


@pytest.fixture(scope="module")
def study():
    return make_study()


@pytest.fixture(scope="module")
def source(study, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    picture = Picture("Extra <field>", 'a "field"', "caption", "image/png", b"\x89PNG")
    write_report(study, path, pictures=[picture])
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]
    return path.read_text(encoding="utf-8")


def embedded(source):
    pattern = r'<script type="application/json" id="life-cycle-data">(.*?)</script>'
    (found,) = re.findall(pattern, source, re.DOTALL)
    return json.loads(found)


def test_page_is_balanced_and_names_every_candidate_with_its_description(source):
    words = Page(source).words
    for name, *_ in SPECS:
        assert name in words
        assert f"the {name} of this test" in words


def test_notes_come_first(source):
    words = Page(source).words
    assert words.index("The first note.") < words.index("One-step skill")


def test_page_asks_nothing_of_any_network(source):
    page = Page(source)
    assert page.addresses
    assert all(address.startswith("data:image/") for address in page.addresses)
    assert not {"link", "iframe", "object", "embed"} & {tag for tag, _ in page.tags}
    assert "://" not in source
    assert "@import" not in source
    assert "url(" not in source


def test_pictures_are_embedded_with_words_for_them(source):
    images = [attrs for tag, attrs in Page(source).tags if tag == "img"]
    assert len(images) == 5
    assert all(image["alt"] for image in images)
    assert images[-1]["alt"] == 'a "field"'
    assert images[-1]["src"] == "data:image/png;base64,iVBORw=="


def test_what_failed_or_is_missing_is_said(source):
    words = Page(source).words
    assert "diverged at step 3 (1 of 2 seeds)" in words
    assert "not measured" in words
    assert "no sensor could be read" in words
    assert "Not measured, so not shown here: flow-matching." in words


def test_settings_data_and_machine_are_shown(source):
    words = Page(source).words
    for text in ("optimiser.rate", "AdamW", "64, 128", "torch", "2.9"):
        assert text in words


def test_names_and_titles_are_escaped(tmp_path):
    evil = '</script><script>alert(1)</script><img src=x onerror="alert(2)">&'
    specs = ((evil, *SPECS[2][1:]), *SPECS[:2])
    study = replace(make_study(specs=specs), title=evil, notes=[evil])
    study = replace(study, settings={evil: evil})
    write_report(study, tmp_path / "report.html")
    source = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = Page(source)
    assert [tag for tag, _ in page.tags].count("script") == 2
    assert all("onerror" not in attrs for _, attrs in page.tags)
    assert evil in page.words
    assert embedded(source)["candidates"][0]["name"] == evil
    assert not set("<>&") & set(script_json(evil))


def test_chart_holds_the_numbers_of_the_results(study, source):
    data = embedded(source)
    assert data == json.loads(json.dumps(chart_data(study)))
    assert data["data"] == [18e3, 18e3 * 0.95, 18e3 * 1.05]
    cycles = {cycle.name: cycle for cycle in life_cycles(study)}
    assert [entry["name"] for entry in data["candidates"]] == list(cycles)
    summaries = {summary.name: summary for summary in summarise(study)}
    for entry in data["candidates"]:
        cycle, summary = cycles[entry["name"]], summaries[entry["name"]]
        assert entry["training"][0] == cycle.training
        assert entry["inference"][0] == cycle.inference
        assert (data["data"][0] if entry["trained"] else 0) == cycle.data
        assert entry["errors"]["one_step"] == summary.vrmse
        assert entry["errors"]["rollout"] == summary.rollout_end()
    by_name = {entry["name"]: entry for entry in data["candidates"]}
    assert by_name["unet"]["errors"]["rollout"] is None
    assert "flow-matching" not in by_name


def test_chart_starts_with_the_candidates_that_beat_persistence(study):
    unet = next(s for s in summarise(study) if s.name == "unet")
    assert chart_data(study)["default_error"] == unet.vrmse


def test_every_pair_is_listed_with_its_break_even(study):
    table, cycles = pair_table(study), {c.name: c for c in life_cycles(study)}
    assert len(table.rows) == 6 * 5 / 2
    row = next(r for r in table.rows if r[:2] == ("fno", "coarse-solver"))
    exact = break_even(cycles["fno"], cycles["coarse-solver"])
    assert exact == pytest.approx((18e3 + 29e3) / (1.9 - 0.05))
    assert row[2] == "25,400"
    assert next(r for r in table.rows if r[:2] == ("persistence", "unet"))[2] == "1"


def test_candidates_of_equal_cost_never_cross():
    specs = tuple((name, "baseline", 0, 0.1, 0.0, 0.0) for name in ("a", "b"))
    (row,) = pair_table(make_study(specs=specs)).rows
    assert row[2] == "never: they cost the same"


def test_break_even_at_the_ends_of_the_intervals_by_hand():
    """Net 100 ± 10 and data 50 ± 5 against 0, steps 1 ± 0.1 against 4 ± 0.4."""
    study = make_study(seeds=(0,), width=0.1)
    runs = {run.name: run for run in study.candidates}
    net = replace(
        runs["fno"], training=joules(100.0, 0.1, "x"), inference=joules(1.0, 0.1, "x")
    )
    solver = replace(runs["coarse-solver"], inference=joules(4.0, 0.1, "x"))
    after, before = summarise(replace(study, candidates=[net, solver]))
    low, high = crossing_range(after, before, joules(50.0, 0.1, "x"))
    assert low == pytest.approx((90 + 45) / (4.4 - 0.9))
    assert high == pytest.approx((110 + 55) / (3.6 - 1.1))
    middle = break_even(LifeCycle("net", 50, 100, 1), LifeCycle("solver", 0, 0, 4))
    assert middle is not None
    assert low < middle < high


def test_data_that_both_need_do_not_widen_their_break_even():
    study = make_study(seeds=(0,))
    runs = {run.name: run for run in study.candidates}
    pair = summarise(replace(study, candidates=[runs["unet"], runs["fno"]]))
    cheap, dear = joules(1.0, 0.5, "x"), joules(1e9, 0.5, "x")
    assert crossing_range(*pair, cheap) == crossing_range(*pair, dear)


def test_wide_intervals_allow_no_break_even_at_all():
    study = make_study(seeds=(0,), width=0.5, source="estimate")
    rows = {row[:2]: row for row in pair_table(study).rows}
    assert rows["unet", "fno"][3].endswith("never")


def test_estimates_are_announced_and_explained(tmp_path):
    study = make_study(seeds=(0,), width=0.5, source="estimate")
    write_report(study, tmp_path / "report.html")
    words = Page((tmp_path / "report.html").read_text(encoding="utf-8")).words
    assert "ESTIMATE" in words
    assert "a model of the hardware, which is no measurement" in words
    assert "One seed per candidate" in words


def test_nothing_measured_at_all_is_no_zero(tmp_path):
    study = make_study(seeds=(0,))
    study = replace(
        study,
        data_energy=NONE,
        candidates=[
            replace(run, training=NONE, inference=NONE) for run in study.candidates
        ],
    )
    write_report(study, tmp_path / "report.html")
    source = (tmp_path / "report.html").read_text(encoding="utf-8")
    words = Page(source).words
    assert "Nothing was measured." in words
    assert "The energy of the data was not measured and is left out." in words
    assert "0 J" not in words
    assert embedded(source)["candidates"] == []


def test_values_that_are_not_finite_do_not_break_the_page(tmp_path):
    study = make_study(seeds=(0,))
    broken = replace(
        study.candidates[2],
        one_step={"tracer": float("inf"), "velocity_x": float("nan")},
        divergence=float("nan"),
    )
    study = replace(study, candidates=[*study.candidates[:2], broken])
    write_report(study, tmp_path / "report.html")
    source = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "not finite" in Page(source).words
    assert embedded(source)["candidates"][2]["errors"]["one_step"] is None


def test_a_study_without_candidates_is_a_page(tmp_path):
    write_report(make_study(specs=()), tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    Page(text)
    assert escape(make_study(specs=()).title) in text


def test_settings_are_flattened():
    nested = {"a": {"b": [1, 2], "c": None}, "d": True, "e": []}
    assert dict(flatten(nested)) == {"a.b": "1, 2", "a.c": "–", "d": "True", "e": "–"}
