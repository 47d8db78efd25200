"""The command line."""

import re
import subprocess
import sys

import pytest

import physbias
from physbias import cli
from physbias.study import judge


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["physbias", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return stop.value.code


def test_the_version_is_told(monkeypatch, capsys):
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"physbias {physbias.__version__}\n"


def test_study_prints_the_table_and_resumes(
    monkeypatch, capsys, tmp_path, shear_flow_files
):
    monkeypatch.setattr(judge, "SECONDS", 0.02)
    arguments = ["study", "--data", str(shear_flow_files), "--out", str(tmp_path)]
    arguments += ["--candidates", "persistence,solver,fno", "--epochs", "1"]
    assert run(monkeypatch, *arguments) == 0
    printed = "".join(capsys.readouterr().out.split())  # long paths are broken
    for word in ("persistence", "solver", "fno", "report.html", "VRMSE"):
        assert word in printed
    assert (tmp_path / "report.html").exists()
    assert run(monkeypatch, *arguments) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seconds", "1", "--epochs", "1"], "found both, expected one budget"),
        (["--candidates", "magic"], "candidates: found magic"),
        (["--data", "no-such-folder"], "no-such-folder"),
    ],
)
def test_errors_are_one_line_and_exit_1(
    monkeypatch, capsys, tmp_path, arguments, message
):
    assert run(monkeypatch, "study", "--out", str(tmp_path / "o"), *arguments) == 1
    said = capsys.readouterr().err
    assert re.search(message, said)
    assert "Traceback" not in said


def test_an_interruption_says_how_to_go_on(monkeypatch, capsys, tmp_path):
    def interrupted(settings, progress):
        raise KeyboardInterrupt

    monkeypatch.setattr("physbias.study.run_study", interrupted)
    code = run(monkeypatch, "study", "--out", str(tmp_path))
    assert code == cli.INTERRUPTED
    assert "the same command resumes" in capsys.readouterr().out


def test_without_the_extra_it_says_what_to_install():
    script = (
        "import sys; sys.modules['typer'] = None\nfrom physbias.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert 'pip install "physbias[study]"' in done.stderr
