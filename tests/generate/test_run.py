"""Whole data sets: resumable to the bit, refused where they differ."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version

import h5py
import pytest
import torch

from physbias.data import read_well
from physbias.errors import ArgumentError, DataError, MissingExtraError
from physbias.generate import Range, generate, make_sample
from physbias.generate.run import Report

COUNTS = {"train": 3, "valid": 1, "test": 2, "per_file": 2, "seed": 7}


@pytest.fixture
def recipe(small):
    values = {"viscosity": Range(0.01, 0.02)}
    return replace(small("burgers"), parameters=values)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_attributes_say_where_a_file_comes_from(recipe, tmp_path):
    files = generate(recipe, tmp_path, **COUNTS)
    note = json.loads((tmp_path / "generate.json").read_text())
    with h5py.File(files[1]) as root:
        found = dict(root.attrs)
        assert "viscosity" in root["scalars"]
    assert found["first_sample"] == 2
    assert found["n_trajectories"] == 1
    assert found["seed"] == note["seed"] == 7
    assert found["physbias"] == version("physbias")
    assert found["torch"] == torch.__version__
    assert found["scheme"] == note["scheme"] == "Spectral(dealias=0.6666666666666666)"
    assert found["stepper"] == "ETDRK4()"
    assert found["dt"] == recipe.dt
    assert found["shortest_step"] == recipe.step(recipe.dt)
    assert json.loads(found["parameters"]) == {"viscosity": "0.01:0.02"}
    assert json.loads(found["num_points"]) == [32]
    assert found["equation"] == "physbias.pdes.burgers:Burgers"
    assert found["dataset_name"] == "burgers"


def test_a_sample_made_alone_is_that_of_the_run(recipe, tmp_path):
    seen = []
    report: Report = lambda done, total: seen.append((done, total))  # noqa: E731
    generate(recipe, tmp_path, **COUNTS, progress=report)
    assert seen[-1] == (6, 6)
    assert sorted(seen) == seen
    for split, index, row in (("train", 2, 2), ("valid", 3, 0), ("test", 5, 1)):
        stored = read_well(tmp_path, split=split)
        alone = make_sample(recipe, index, seed=7)
        assert torch.equal(stored.fields[row], alone.fields[0])
        viscosity = stored.parameters["viscosity"][row]
        assert viscosity == alone.parameters["viscosity"][0].float()


def test_an_interrupted_run_goes_on_to_the_same_bytes(recipe, tmp_path):
    generate(recipe, tmp_path / "whole", **COUNTS)

    def interrupt(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(recipe, tmp_path / "cut", **COUNTS, progress=interrupt)
    kept = tmp_path / "cut" / "data" / "train" / "burgers_000000.hdf5"
    assert set(contents(tmp_path / "cut")) == {
        "generate.json",
        "data/train/burgers_000000.hdf5",
    }
    written = kept.stat().st_mtime_ns
    left = kept.with_name("burgers_000002.hdf5.1.partial")
    left.write_bytes(b"half")
    generate(recipe, tmp_path / "cut", **COUNTS)
    assert kept.stat().st_mtime_ns == written
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


KILLED = """
import os, signal, sys
from physbias.generate.command import command
from physbias.generate import run

write = run.write_well
def cut(path, *arguments, **settings):
    if path.name == "heat_000002.hdf5":  # whole under another name, then no more
        write(path.with_name(path.name + ".9.partial"), *arguments, **settings)
        os.kill(os.getpid(), signal.SIGKILL)
    write(path, *arguments, **settings)

if sys.argv[1] == "cut":
    run.write_well = cut
command(sys.argv[2:])
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_bytes(tmp_path):
    def call(how, out):
        options = ["heat", "--train", "4", "--points", "32", "--frames", "3"]
        options += ["--per-file", "2", "--out", str(tmp_path / out)]
        line = [sys.executable, "-c", KILLED, how, *options]
        return subprocess.run(line, check=False, capture_output=True).returncode

    assert call("whole", "whole") == 0
    assert call("cut", "cut") == -signal.SIGKILL
    assert "data/train/heat_000002.hdf5" not in contents(tmp_path / "cut")
    assert call("whole", "cut") == 0
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def test_other_arguments_are_refused_in_a_begun_folder(recipe, tmp_path):
    generate(recipe, tmp_path, **COUNTS)
    before = contents(tmp_path)
    with pytest.raises(ArgumentError, match="a data set with seed 7 and not 8, expect"):
        generate(recipe, tmp_path, **{**COUNTS, "seed": 8})
    other = replace(recipe, parameters={"viscosity": 0.01})
    with pytest.raises(
        ArgumentError, match=r"'0.01:0.02'} and not {'viscosity': 0.01}"
    ):
        generate(other, tmp_path, **COUNTS)
    (tmp_path / "data/train/burgers_000002.hdf5").write_bytes(b"half")
    with pytest.raises(
        DataError, match=r"burgers_000002.hdf5: found a file that is not"
    ):
        generate(recipe, tmp_path, **COUNTS)
    assert contents(tmp_path).keys() == before.keys()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train": -1}, "train: found -1, expected a whole number of at least 0"),
        ({"seed": -1}, "seed: found -1, expected a whole number of at least 0"),
        ({"batch": 0}, "batch: found 0, expected a whole number of at least 1"),
        ({"per_file": 0}, "per_file: found 0, expected a whole number of at"),
        ({"train": 1.5}, r"train: found 1\.5, expected a whole number"),
        ({"valid": float("inf")}, "valid: found inf, expected a whole number"),
        ({"test": None}, "test: found None, expected a whole number"),
        ({"seed": "a"}, "seed: found 'a', expected a whole number"),
        ({"progress": 1}, "progress: found 1, expected a function; give"),
        (
            {"train": 0, "valid": 0, "test": 0},
            "train, valid, test: found no sample, expected one or more",
        ),
    ],
)
def test_numbers_without_sense(recipe, tmp_path, change, message):
    with pytest.raises(ArgumentError, match=message):
        generate(recipe, tmp_path / "none", **change)
    assert not (tmp_path / "none").exists()


def test_what_cannot_begin_leaves_no_folder(recipe, tmp_path):
    def single(pde, grid, generator):
        return torch.zeros(1, 1, *grid.num_points)

    for wrong in (
        replace(recipe, num_points=(3,)),
        replace(recipe, initial_state=single),
    ):
        with pytest.raises(ArgumentError, match=r"num_points|initial_state"):
            generate(wrong, tmp_path / "set", **COUNTS)
        assert not (tmp_path / "set").exists()
    generate(recipe, tmp_path / "set", **COUNTS)


def test_without_h5py_it_says_what_to_install(recipe, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r'pip install "physbias\[data\]"'):
        generate(recipe, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_recipe_and_a_folder_that_are_none_are_refused(recipe, tmp_path):
    with pytest.raises(
        ArgumentError, match="recipe: found 'heat', expected Recipe; find"
    ):
        generate("heat", tmp_path)
    with pytest.raises(
        ArgumentError, match="out: found None, expected str or PathLike"
    ):
        generate(recipe, None)
