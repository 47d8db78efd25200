"""The command ``physbias generate``."""

import json
import sys

import pytest

from physbias import cli
from physbias.data import read_well
from physbias.errors import ArgumentError
from physbias.generate import RECIPES
from physbias.generate import command as module
from physbias.generate.command import command
from physbias.generate.find import dashed

QUICK = ["--points", "32", "--frames", "3", "--duration", "0.01", "--train", "2"]


def test_a_data_set_with_drawn_parameters(tmp_path, capsys):
    out = tmp_path / "set"
    options = ["--viscosity", "0.02:0.03", "--seed", "3", "--batch", "2"]
    assert command(["burgers", "--out", str(out), *QUICK, *options]) == 0
    said = capsys.readouterr()
    assert "3 files, 0.1 MiB, in" in said.out
    assert said.err.count("4 of 4 samples") == 1
    read = read_well(out, split="train")
    assert read.fields.shape == (2, 3, 1, 32)
    assert read.times.tolist() == pytest.approx([0, 0.005, 0.01])
    assert all(0.02 < v < 0.03 for v in read.parameters["viscosity"].tolist())
    note = json.loads((out / "generate.json").read_text())
    assert note["seed"] == 3
    assert note["batch"] == 2


def test_more_axes_lengths_steps_and_values_per_axis(tmp_path):
    options = ["--points", "24,32", "--velocity", "-1:-0.5,2", "--dt", "0.001"]
    command(["advection", "--out", str(tmp_path / "a"), *QUICK, *options])
    read = read_well(tmp_path / "a", split="train")
    assert read.lengths == (1.0, 1.0)
    assert all(-1 < v < -0.5 for v in read.parameters["velocity_x"].tolist())
    assert read.parameters["velocity_y"].tolist() == [2.0, 2.0]
    options = ["--points", "24,32", "--lengths", "1,1.25", "--velocity", "0:1"]
    options += ["--per-file", "1"]
    command(["advection", "--out", str(tmp_path / "b"), *QUICK, *options])
    read = read_well(tmp_path / "b", split="train")
    assert read.lengths == (1.0, 1.25)
    assert len(list((tmp_path / "b/data/train").iterdir())) == 2
    pairs = zip(
        read.parameters["velocity_x"], read.parameters["velocity_y"], strict=True
    )
    assert all(a != b for a, b in pairs)


def test_lists_and_help(capsys):
    assert command(["--list"]) == 0
    listed = capsys.readouterr().out
    assert all(f"\n{dashed(name)} " in listed for name in RECIPES)
    assert "feed=0.04 kill=0.06" in listed
    assert command([]) == command(["--help"]) == 0
    assert "physbias generate NAME --out DIR" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="0"):
        command(["gray-scott", "--help"])
    helped = capsys.readouterr().out
    assert "--substrate-diffusivity VALUE" in helped
    assert "RandomPatches" in helped


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "x", "burgers"], "NAME: found '--out', expected the name of an"),
        (["burger", "--out", "x"], "NAME: found 'burger', expected one of advection"),
        (
            ["burgers", "--out", "x", "--viscosity", "low"],
            "--viscosity: found 'low', expected a number, or two finite ones",
        ),
        (
            ["burgers", "--out", "x", "--viscosity", "2:1"],
            "--viscosity: found '2:1', .*the smaller one first; write 0.01:0.1",
        ),
        (
            ["gray-scott", "--out", "x", "--substrate-diffusivity", "1:"],
            "--substrate-diffusivity: found '1:'",
        ),
        (
            ["burgers", "--out", "x", "--points", "64x64"],
            "--points: found '64x64', expected numbers separated by commas",
        ),
        (
            ["burgers", "--out", "x", "--points", "8"],
            "num_points: found 8 along x, expected at least 9 for initial waves",
        ),
        (["burgers", "--out", "x", "--points", "64,0"], "--points: found 0"),
        (
            ["burgers", "--out", "x", "--frames", "1"],
            "--frames: found 1, expected a whole number of at least 2",
        ),
        (["burgers", "--out", "x", "--per-file", "0"], "--per-file: found 0"),
        (["burgers", "--out", "x", "--train", "-1"], "train: found -1"),
        (["burgers", "--out", "x", "--viscosity=-1"], "viscosity: found -1"),
    ],
)
def test_refusals(options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArgumentError, match=message):
        command(options)


def test_a_parameter_may_not_be_called_like_an_option(tmp_path, monkeypatch):
    text = """
import physbias as pb
class Seeded(pb.PDE):
    fields = {"u": 1}
    def __init__(self, seed=1.0):
        super().__init__()
    def initial_state(self, grid, generator):
        return None
"""
    (tmp_path / "seeded_physics.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArgumentError, match="Seeded: found a parameter 'seed', expect"):
        command(["seeded_physics.py:Seeded", "--out", "x"])


def test_steps_that_had_to_be_shortened_are_told(tmp_path, capsys):
    options = ["--points", "32", "--frames", "3", "--duration", "1", "--train", "2"]
    assert command(["burgers", "--out", str(tmp_path), *options, "--dt", "10"]) == 0
    said = capsys.readouterr().err
    assert "steps of 10 s are not stable for every sample: steps as short as 0." in said
    command(["burgers", "--out", str(tmp_path / "fine"), *QUICK])
    assert "not stable" not in capsys.readouterr().err


def test_an_unknown_option_is_answered_with_the_nearest(capsys):
    for option in ("--n", "--trian"):
        with pytest.raises(SystemExit, match="2"):
            command(["burgers", "--out", "x", option, "-3"])
        said = capsys.readouterr().err
        assert f"unrecognized arguments: {option}=-3 (the nearest are --train" in said


def test_an_interruption_says_how_to_go_on(tmp_path, capsys, monkeypatch):
    def interrupted(*arguments, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "generate", interrupted)
    assert command(["heat", "--out", str(tmp_path)]) == module.INTERRUPTED
    assert "the same command goes on" in capsys.readouterr().out


def test_a_terminal_gets_a_bar(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    command(["heat", "--out", str(tmp_path), *QUICK])
    said = capsys.readouterr().err
    assert "4/4" in said
    assert "4 of 4" not in said


def test_it_is_a_command_of_the_library(tmp_path, capsys, monkeypatch):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["physbias", "generate", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return stop.value.code

    assert run("heat", "--out", str(tmp_path / "set"), *QUICK) == 0
    assert run("heat", "--out", str(tmp_path / "set"), *QUICK, "--seed", "1") == 1
    said = capsys.readouterr().err
    assert "error: " in said
    assert "seed 0 and not 1, expected an empty folder, or the same" in said
    assert "Traceback" not in said
