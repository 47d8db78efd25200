"""The script for a day with a GPU runs as a whole on a simulated board."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
import torch

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gpu_energy.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("gpu_energy", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["gpu_energy"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["gpu_energy"]


@pytest.fixture(scope="module")
def results(script, tmp_path_factory):
    out = tmp_path_factory.mktemp("gpu") / "results"
    script.main(["--simulate", "--minutes", "1", "--out", str(out)])
    return out, json.loads((out / "table.json").read_text())


def test_every_part_runs_and_says_that_it_is_simulated(script, results):
    out, table = results
    assert table["simulated"] is True
    assert list(table["parts"]) == list(script.PARTS)
    assert not [t["title"] for t in table["parts"].values() if "failed" in t["title"]]
    text = (out / "table.md").read_text()
    assert text.startswith("# Energy on a simulated board")
    assert all(t["title"] in text for t in table["parts"].values())


def test_it_finds_the_delay_of_the_simulated_board(results):
    rows = dict(results[1]["parts"]["sensors"]["rows"])
    assert rows["counter delay, s"] == pytest.approx(0.03, abs=2e-3)
    assert rows["power window, s"] == pytest.approx(0.025, abs=2e-3)


def test_energies_of_known_loads(results):
    """300 W over 0.2 s each; an idle, a memory and a matrix load of known power."""
    for n, _, joules, _ in results[1]["parts"]["linearity"]["rows"]:
        assert joules == pytest.approx(60.0 * n, abs=1.0)
    watts = {"idle": 60.0, "memory": 180.0, "matrix product": 300.0}
    for load, seconds, joules, *_ in results[1]["parts"]["agreement"]["rows"]:
        if load in watts:
            assert joules == pytest.approx(watts[load] * seconds, rel=0.01)


def test_queued_work_belongs_to_its_region_with_events_only(results):
    rows = {row[0]: row[3] for row in results[1]["parts"]["queues"]["rows"]}
    assert rows["auto"] > 0.99
    assert rows["events"] > 0.99
    assert rows["border"] < 0.01
    assert rows["none"] < 0.01


def test_each_part_leaves_a_journal(results):
    names = {path.stem for path in results[0].glob("*.jsonl")}
    assert names == {"agreement", "linearity", "queues", "aliasing"}


def test_a_part_that_fails_costs_no_other(script, tmp_path, monkeypatch):
    def broken(lab):
        raise RuntimeError("sensor on fire")

    monkeypatch.setitem(script.PARTS, "linearity", broken)
    arguments = ["--simulate", "--minutes", "1", "--out", str(tmp_path)]
    script.main([*arguments, "--parts", "linearity", "queues"])
    parts = json.loads((tmp_path / "table.json").read_text())["parts"]
    assert "failed" in parts["linearity"]["title"]
    assert "sensor on fire" in parts["linearity"]["notes"][0]
    assert len(parts["queues"]["rows"]) == 4


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_it_stops_with_a_clear_message(script, tmp_path):
    with pytest.raises(SystemExit, match="needs a GPU that PyTorch can use"):
        script.main(["--out", str(tmp_path / "none")])
    assert not (tmp_path / "none").exists()
