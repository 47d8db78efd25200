import json
import os
import signal
import subprocess
import sys
import time

import pytest

from physbias.energy.command import measure, report_text
from physbias.errors import ArgumentError

PROGRAM = [sys.executable, "-c", "from physbias.cli import main; main()", "measure"]


def run(*arguments, **options):
    return subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, text=True, check=False, **options
    )


def child(code):
    return ["--", sys.executable, "-c", code]


def test_output_and_exit_code_are_the_programs_own():
    done = run(*child("import sys; print(input()); sys.exit(3)"), input="through\n")
    assert done.returncode == 3
    assert done.stdout == "through\n"
    assert done.stderr.startswith("energy: ")


def test_json_holds_the_record(tmp_path):
    path = tmp_path / "record.json"
    done = run("--json", str(path), "--label", "night", "--country", "DE",
               *child("import time; time.sleep(0.3)"))  # fmt: skip
    assert done.returncode == 0
    record = json.loads(path.read_text())
    assert record["label"] == "night"
    assert record["duration_s"] >= 0.3
    assert record["annotations"] == {"exit_code": 0}
    assert "time.sleep(0.3)" in record["tags"]["command"]
    assert record["footprint"]["place"] == "Germany"
    assert record["software"]["python"]


def test_program_killed_by_a_signal_counts_as_in_a_shell():
    code = f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})"
    assert run(*child(code)).returncode == 128 + signal.SIGKILL


def test_program_that_may_not_be_executed(tmp_path):
    assert run("--", str(tmp_path)).returncode == 126


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["python", "x y.py"], "python 'x y.py' (write -- before the program)"),
        (["--labl", "x"], "unrecognized arguments: --labl x\n"),
    ],
)
def test_forgotten_dashes_are_told_from_a_wrong_option(arguments, text, capsys):
    with pytest.raises(SystemExit) as stop:
        measure(arguments)
    assert stop.value.code == 2
    assert text in capsys.readouterr().err


def test_unknown_program():
    done = run("--", "no-such-program-anywhere")
    assert done.returncode == 127
    (line,) = done.stderr.splitlines()  # and no energy of what did not run
    assert "no-such-program-anywhere: No such file" in line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_reach_the_program_and_its_energy_is_printed(tmp_path, number):
    ready = tmp_path / "ready"
    code = (
        "import pathlib, signal, sys, time\n"
        f"signal.signal({int(number)}, lambda *_: sys.exit(7))\n"
        f"pathlib.Path({str(ready)!r}).touch()\n"
        "time.sleep(60)"
    )
    process = subprocess.Popen(
        [*PROGRAM, *child(code)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not ready.exists():
        assert process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, number)
    _, text = process.communicate(timeout=60)
    assert process.returncode == 7
    assert text.startswith("energy: ")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--country", "Atlantis"], "country"),
        (["--devices", "foo"], "devices: found 'foo'"),
        (["--devices", "0,cuda:x"], "devices: found 'cuda:x'"),
        (["--pue", "1.2"], "--country or --intensity"),
        (["--country", "DE", "--pue", "0.5"], "at least 1"),
    ],
)
def test_mistakes_show_before_the_program_starts(tmp_path, arguments, text):
    started = tmp_path / "started"
    code = f"import pathlib; pathlib.Path({str(started)!r}).touch()"
    with pytest.raises(ArgumentError, match=text):
        measure([*arguments, *child(code)])
    assert not started.exists()


@pytest.mark.parametrize(
    "arguments", [[], ["--json", "/no/such/folder/x", "--", "true"]]
)
def test_usage_is_explained(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        measure(arguments)
    assert stop.value.code == 2
    assert "physbias measure" in capsys.readouterr().err


def test_probe_says_what_can_be_read_and_why_not_the_rest(tmp_path, capsys):
    path = tmp_path / "probe.json"
    assert measure(["--probe", "--json", str(path)]) == 0
    assert "GPU" in capsys.readouterr().out
    assert json.loads(path.read_text())["schema"].startswith("physbias.probe/")


def test_it_needs_no_package_of_the_study():
    code = (
        "import sys; sys.modules['typer'] = sys.modules['rich'] = None; "
        "sys.modules['matplotlib'] = None; sys.argv = ['physbias', 'measure', '--', "
        "sys.executable, '-c', 'print(1)']; from physbias.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "1\n")


def test_report_without_a_figure_says_none_and_why(make_record):
    lines = report_text(make_record(None).with_carbon("DE")).splitlines()
    assert lines[0] == "energy: no energy figure  10.0 s"
    assert "GPU 0   not measured: no driver" in lines
    assert lines[-1] == "carbon: no carbon figure  (no driver)"


def test_report_with_a_figure(make_record):
    lines = report_text(make_record().with_carbon(360.0)).splitlines()
    assert lines[0].startswith("energy: 3.00 kJ")
    assert lines[1] == "95 % interval 2.70 to 3.30 kJ"
    assert lines[-1].startswith("carbon: 300.0 mg CO2e")


def test_estimate_is_of_the_program_and_says_so(tmp_path):
    path = tmp_path / "record.json"
    code = (
        "import time\nwhile time.process_time() < 0.6: pass\nprint(time.process_time())"
    )
    done = run("--estimate", "--json", str(path), *child(code))
    record = json.loads(path.read_text())
    if record["basis"] == "measurement":
        pytest.skip("the processor can be measured here")
    assert done.stderr.startswith("energy: estimate ")
    used = float(done.stdout)
    assert 8.0 * used <= record["energy_J"] < 8.0 * (used + 0.3)
    assert [d["name"] for d in record["devices"]] == ["processor time of the program"]


def test_estimate_of_a_killed_run_needs_the_processor_time_so_far(monkeypatch, capsys):
    monkeypatch.setattr("physbias.energy.command.shows_running", lambda: False)
    with pytest.raises(SystemExit):
        measure(["--estimate", "--journal", "run.jsonl", "--", "true"])
    assert "--estimate with --journal" in capsys.readouterr().err
