"""The comparison with other meters. Witness: integrals and errors by hand."""

import importlib
from pathlib import Path

import pytest

from physbias.energy.simulated import Constant, Ramp, SimulatedGpu

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("energy_plan")


@pytest.fixture
def peers(plan):
    return importlib.import_module("energy_peers")


def test_pieces_follow_one_another(plan):
    """10 W for 2 s, then 3 s of a ramp of 1 W/s that is 4 s old: 20 + 12 + 4.5 J."""
    whole = plan.Pieces((0.0, 2.0), (Constant(10.0), Ramp(0.0, 1.0)), (0.0, 4.0))
    assert whole.energy(2.0) == pytest.approx(20.0)
    assert whole.energy(5.0) == pytest.approx(36.5)
    assert whole.energy(-1.0) == pytest.approx(-10.0)


def test_truth_holds_counted_boards_only(plan):
    boards = (SimulatedGpu(Constant(300.0)), SimulatedGpu(Constant(100.0)))
    assert plan.Plan(boards, (), counted=(1,)).truth(1.0, 4.0) == pytest.approx(300.0)
    assert plan.Plan(boards, (), counted=(0, 1)).truth(0.0, 1.0) == pytest.approx(400.0)


def test_a_tool_is_judged_by_the_kinder_window(peers):
    summary = peers.summary([(0.1, 0.0), (-0.1, 0.02)])
    assert summary["rms"] == pytest.approx((0.02**2 / 2) ** 0.5)
    assert summary["bias"] == pytest.approx(0.01)
    assert summary["windows"] == 2


def test_displaced_windows_are_left_out(plan, peers):
    windows = tuple(
        plan.Window(f"{k}", "any", 10.0 * k, 10.0 * k + 1) for k in range(5)
    )
    rows = [
        {
            "name": f"{k}",
            "inner": [10.0 * k, 10.0 * k + 1],
            "outer": [10.0 * k - 0.001, 10.0 * k + 1.001],
        }
        for k in range(5)
    ]
    rows[1]["outer"][0] -= 0.02
    rows[2]["outer"][1] += 0.02
    rows[3]["inner"][0] += 0.02
    rows[3]["outer"][0] += 0.02
    kept = peers.settled(plan.Plan((), windows), rows)
    assert [row["name"] for row in kept] == ["0", "4"]
