import doctest
import io
import math

import pytest
from rich.console import Console

from physbias.study import table
from physbias.study.lifecycle import LifeCycle
from physbias.study.results import CandidateResult, EnergyFigure, StudyResult
from physbias.study.table import (
    Summary,
    all_notes,
    cheapest_ranges,
    cheapest_table,
    duration,
    energy,
    energy_table,
    life_cycles,
    merge_figures,
    number,
    print_table,
    skill_table,
    summarise,
    with_spread,
)

NONE = EnergyFigure(None, None, None, "none", 3.0, "no sensor could be read")


def joules(value, source="counter"):
    return EnergyFigure(value, 0.9 * value, 1.1 * value, source, 10.0)


def make_run(name, rung="none", *, seed=0, error=0.1, parameters=100, **changes):
    given = {
        "description": f"{name}, described",
        "one_step": {"tracer": error, "velocity_x": 3 * error},
        "rollout": [2 * error, 3 * error, 4 * error],
        "divergence": 0.01,
        "crps": None,
        "training": joules(1000.0 if parameters else 0.0),
        "inference": joules(0.5),
        "epochs": 4.0 if parameters else 0.0,
        **changes,
    }
    return CandidateResult(
        name=name, rung=rung, seed=seed, num_parameters=parameters, **given
    )


def make_study(*runs, notes=(), data_energy=None):
    return StudyResult(
        title="A study [bold]of[/bold] brackets",
        settings={},
        data={},
        data_energy=data_energy or joules(500.0),
        candidates=list(runs),
        machine={},
        notes=list(notes),
    )


@pytest.fixture
def study():
    return make_study(
        make_run("persistence", "baseline", error=0.4, parameters=0),
        make_run("coarse-solver", "baseline", parameters=0, inference=joules(10.0)),
        make_run("unet", rollout=[0.1, 0.9, None]),
        make_run("unet", seed=1, error=0.2),
        make_run("fno", seed=0),
        make_run("unet-residual", "weak", training=NONE),
        make_run("hybrid", "strong", inference=NONE),
        make_run("flow-matching", "flow", crps=0.03125, evaluations=8),
        notes=["Energy is an ESTIMATE from a model."],
    )


def printed(result, width=100):
    stream = io.StringIO()
    print_table(result, Console(file=stream, width=width, color_system=None))
    return stream.getvalue()


def test_examples_hold():
    assert doctest.testmod(table).failed == 0


def test_notes_come_before_every_table(study):
    text = printed(study)
    assert text.index("Note: Energy is an ESTIMATE") < text.index("One-step skill")
    assert text.index("The training energy of unet-residual was not") < text.index(
        "One-step skill"
    )


def test_every_candidate_is_printed_in_full_at_100_columns(study):
    text = printed(study)
    for name in ("persistence", "coarse-solver", "unet", "fno", "unet-residual"):
        assert name in text
    assert "hybrid" in text
    assert "flow-matching" in text
    assert "…" not in text
    assert max(len(line) for line in text.splitlines()) <= 100


def test_what_went_wrong_is_printed(study):
    text = printed(study)
    assert "diverged at step 3" in text
    assert text.count("not measured") >= 2
    assert "0.0312" in text


def test_brackets_in_names_are_text_not_markup(study):
    assert "A study [bold]of[/bold] brackets" in printed(study)
    odd = make_study(make_run("[red]net[/red]"))
    assert "[red]net[/red]" in printed(odd)


def test_seeds_are_merged_into_mean_and_deviation():
    """VRMSE 0.2 and 0.4: mean 0.3, deviation 0.1 sqrt(2)."""
    result = make_study(make_run("net", error=0.1), make_run("net", seed=1, error=0.2))
    (summary,) = summarise(result)
    assert summary.vrmse == pytest.approx(0.3)
    assert summary.spread(lambda run: run.vrmse) == "0.300 ± 0.141"
    assert summary.rollout_end() == pytest.approx(0.6)


def test_ratio_is_to_persistence(study):
    rows = {row[0]: row for row in skill_table(study).rows}
    assert rows["persistence"][3] == "1.00"
    assert rows["fno"][3] == "0.250"
    alone = skill_table(make_study(make_run("fno")))
    assert alone.rows[0][3] == table.NO_VALUE


def test_divergence_counts_seeds_and_names_the_first_step():
    runs = (make_run("net", rollout=[1.0, None]), make_run("net", rollout=[1.0, 2.0]))
    summary = Summary(runs)
    assert summary.rollout_text() == "diverged at step 2 (1 of 2 seeds)"
    assert summary.rollout_end() is None


def test_values_that_are_not_finite_are_said_so():
    summary = Summary((make_run("net", divergence=math.nan),))
    assert summary.spread(lambda run: run.divergence) == "not finite"
    assert number(math.inf) == "not finite"


def test_one_unmeasured_seed_leaves_the_candidate_unmeasured():
    merged = merge_figures([joules(1.0), NONE])
    assert merged.joules is None
    assert merged.reason == "no sensor could be read"
    assert energy(merged) == "not measured"


def test_merged_interval_holds_those_of_all_seeds():
    merged = merge_figures([joules(10.0), joules(20.0, "rapl")])
    assert (merged.joules, merged.low, merged.high) == (15.0, 9.0, 22.0)
    assert merged.source == "counter+rapl"


def test_what_learns_nothing_needs_no_training_and_no_data():
    still = make_run("persistence", "baseline", parameters=0, training=NONE)
    result = make_study(still, make_run("net"))
    cycles = {cycle.name: cycle for cycle in life_cycles(result)}
    assert (cycles["persistence"].data, cycles["persistence"].training) == (0, 0)
    assert (cycles["net"].data, cycles["net"].training) == (500, 1000)
    assert "none needed" in energy_table(result).rows[1]


def test_unmeasured_candidates_have_no_life_cycle(study):
    names = {cycle.name for cycle in life_cycles(study)}
    assert names == {"persistence", "coarse-solver", "unet", "fno", "flow-matching"}


def test_unmeasured_data_are_announced():
    result = make_study(make_run("net"), data_energy=NONE)
    assert any("making the data was not measured" in n for n in all_notes(result))
    assert energy_table(result).rows[0][3] == "not measured"


def test_estimates_are_announced_once():
    estimated = make_study(make_run("net", training=joules(1.0, "estimate")))
    assert "ESTIMATE" in all_notes(estimated)[0]
    told = make_study(*estimated.candidates, notes=["An estimate."])
    assert sum("estimate" in note.lower() for note in all_notes(told)) == 1


def test_cheapest_by_hand():
    """Solver 10 N, then 90 + N from N = 10, then 190 + N/2 from N = 200."""
    cycles = [
        LifeCycle("late", 0, 190, 0.5),
        LifeCycle("solver", 0, 0, 10),
        LifeCycle("never", 0, 200, 5),
        LifeCycle("net", 40, 50, 1),
    ]
    found = [(start, best.name) for start, best in cheapest_ranges(cycles)]
    assert found == [(1, "solver"), (10, "net"), (200, "late")]
    for start, best in cheapest_ranges(cycles)[1:]:
        for forecasts in (start * 1.01, start * 1.2):
            assert min(c.total(forecasts) for c in cycles) == best.total(forecasts)


def test_cheapest_of_nothing_and_of_one():
    assert cheapest_ranges([]) == []
    only = LifeCycle("only", 1, 1, 0)
    assert cheapest_ranges([only]) == [(1.0, only)]


def test_cheapest_table_leaves_out_what_persistence_beats(study):
    rows = [r for r in cheapest_table(study).rows if r[0].startswith("those")]
    assert rows
    assert "persistence" not in {row[3] for row in rows}


@pytest.mark.parametrize(
    ("mean", "deviation", "text"),
    [
        (0.04213, None, "0.0421"),
        (0.04213, 0.0012, "0.0421 ± 0.0012"),
        (0.04213, 0.00002, "0.04213 ± 0.00002"),
        (2e-7, 1e-8, "2.00 × 10⁻⁷ ± 1.0 × 10⁻⁸"),
        (1.0, 0.0, "1.00 ± 0"),
    ],
)
def test_spread_is_rounded_with_its_mean(mean, deviation, text):
    assert with_spread(mean, deviation) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0 s"), (0.002, "2.00 ms"), (90.0, "1.50 min"), (7200.0, "2.00 h")],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(999.96, "1000"), (0.0009996, "0.00100"), (0.0, "0"), (-0.5, "-0.500")],
)
def test_number_rounds_before_it_chooses_its_form(value, text):
    assert number(value) == text
