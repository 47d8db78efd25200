"""The command ``physbias verify``."""

import json
import sys

import pytest

from physbias import cli
from physbias.errors import ArgumentError
from physbias.verify.command import command

PHYSICS = """
import torch
import physbias as pb

def good(u, d):
    return 0.3 * d.laplacian(u) - u * d.x(u)

def leaky(u, d):
    return 0.3 * d.laplacian(u) - u.mean() * d.x(u)

def flipped(u, d):
    return 0.3 * d.laplacian(u) + u * d.x(u)

def known(coords, time):
    x, a = coords[:, :1], torch.exp(-0.3 * torch.as_tensor(time))
    return 0.6 * a * torch.sin(x) / (2 + a * torch.cos(x))

class Needy(pb.PDE):
    fields = {"u": 1}
    def __init__(self, speed, width, size=1.0):
        super().__init__()

heat = pb.Heat(0.1)
number = 3
"""
QUICK = ["--probe", "batch independence", "--points", "16"]


@pytest.fixture
def physics(tmp_path, monkeypatch):
    path = tmp_path / "physics_of_mine.py"
    path.write_text(PHYSICS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return str(path)


def test_functions_objects_and_classes_from_files_and_modules(physics, capsys):
    names = [f"{physics}:good", f"{physics}:heat", "physbias.pdes:Heat"]
    for name in [*names, "physics_of_mine:good"]:
        assert command([name, *QUICK]) == 0
    assert "batch independence  pass" in capsys.readouterr().out


def test_a_failure_is_exit_1(physics, capsys):
    assert command([f"{physics}:leaky", *QUICK]) == 1
    assert "batch independence  FAIL" in capsys.readouterr().out


def test_json_is_one_document(physics, capsys):
    assert command([f"{physics}:leaky", *QUICK, "--json"]) == 1
    read = json.loads(capsys.readouterr().out)
    assert read["ok"] is False
    assert read["findings"][0]["status"] == "fail"


def test_a_witness_finds_the_sign(physics, capsys):
    options = ["--probe", "witness: residual", "--witness", f"{physics}:known"]
    assert command([f"{physics}:good", *options]) == 0
    assert command([f"{physics}:flipped", *options]) == 1


def test_grid_scheme_and_symmetry(physics, capsys):
    options = ["--points", "12,14", "--lengths", "1,2", "--scheme", "fd2"]
    options += ["--boundary", "periodic,dirichlet/neumann", "--symmetry", "translation"]
    options += ["--probe", "symmetry", "--probe", "order in space"]
    assert command([f"{physics}:heat", *options]) == 0
    printed = capsys.readouterr().out
    assert "(12, 14) points with FiniteDifference(order=2" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["heat"], "MODULE:NAME: found 'heat', expected a module or file, a colon"),
        (["nowhere:heat"], "found no module nowhere"),
        (["nowhere.py:heat"], "found no file nowhere.py"),
        (["physics_of_mine:cold"], "found no 'cold' in physics_of_mine"),
        (["physics_of_mine:number"], "found 3, expected a PDE, a class of one"),
        (
            ["physics_of_mine:Needy"],
            "found the class Needy, which needs speed, width, expected a class that",
        ),
        (["physics_of_mine:heat", "--mean", "1", "2"], "mean: found 2 numbers"),
        (["physics_of_mine:heat", "--duration", "-1"], "duration: found -1.0"),
        (["physics_of_mine:heat", "--points", "many"], "--points: found 'many'"),
        (["physics_of_mine:heat", "--boundary", "open"], "--boundary: found 'open'"),
        (
            ["physics_of_mine:heat", "--witness", "physics_of_mine:number"],
            "--witness: found int",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(arguments, message, physics):
    with pytest.raises(ArgumentError, match=message):
        command(arguments)


def test_it_is_a_command_of_the_library(physics, monkeypatch, capsys):
    for name, code in (("good", 0), ("leaky", 1), ("cold", 1)):
        arguments = ["physbias", "verify", f"{physics}:{name}", *QUICK]
        monkeypatch.setattr(sys, "argv", arguments)
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert stop.value.code == code
    assert "error: MODULE:NAME: found no 'cold'" in capsys.readouterr().err
