"""The witness is what the program itself says of its processor time."""

import resource
import signal
import subprocess
import sys
import threading
import time

import pytest

from physbias.energy import MonotonicClock
from physbias.energy.program import Program, ProgramClock, shows_running

BURN = "import time\nwhile time.process_time() < {seconds}: pass\n"


def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def program(code):
    return Program([sys.executable, "-c", code])


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("", 0),
        ("raise SystemExit(3)", 3),
        ("import os; os.kill(os.getpid(), 9)", 128 + signal.SIGKILL),
    ],
)
def test_exit_code_is_that_of_a_shell(code, expected):
    assert program(code).run() == expected


def test_what_cannot_be_started_raises():
    with pytest.raises(FileNotFoundError):
        Program(["no-such-program-anywhere"]).run()


def test_processor_time_is_that_of_the_program_alone(tmp_path):
    told = tmp_path / "told"
    code = BURN.format(seconds=0.4) + (
        f"open({str(told)!r}, 'w').write(str(time.process_time()))"
    )
    busy = program(code)
    clock = ProgramClock(busy)
    before = clock.cpu_time()
    burn(0.5)
    busy.run()
    used, own = clock.cpu_time() - before, float(told.read_text())
    assert own <= used < own + 0.3


def test_processes_that_the_program_waited_for_count():
    code = (
        "import subprocess, sys\n"
        f"subprocess.run([sys.executable, '-c', {BURN.format(seconds=0.4)!r}])"
    )
    busy = program(code)
    before = busy.cpu_time()
    busy.run()
    assert busy.cpu_time() - before > 0.4


@pytest.mark.skipif(not shows_running(), reason="needs /proc")
def test_processor_time_grows_while_the_program_runs(tmp_path):
    ready, go = tmp_path / "ready", tmp_path / "go"
    code = BURN.format(seconds=0.4) + (
        "import pathlib\n"
        f"pathlib.Path({str(ready)!r}).touch()\n"
        f"while not pathlib.Path({str(go)!r}).exists(): time.sleep(0.01)"
    )
    busy = program(code)
    before, seen = busy.cpu_time(), []

    def look():
        while not ready.exists():
            time.sleep(0.01)
        seen.append(busy.cpu_time() - before)
        go.touch()

    watcher = threading.Thread(target=look)
    watcher.start()
    busy.run()
    watcher.join()
    after = busy.cpu_time() - before
    assert 0.37 < seen[0] <= after + 0.02
    # once it has ended it counts once, among the ended ones
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert busy.cpu_time() == ended.ru_utime + ended.ru_stime


def test_signals_are_handed_on_and_given_back(tmp_path):
    code = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "os.kill(os.getppid(), signal.SIGTERM)\n"
        "time.sleep(60)"
    )
    before = signal.getsignal(signal.SIGTERM)
    asks = (
        "import sys; from physbias.energy.program import Program; "
        f"sys.exit(Program([sys.executable, '-c', {code!r}]).run())"
    )
    assert subprocess.run([sys.executable, "-c", asks], check=False).returncode == 7
    assert program("").run() == 0
    assert signal.getsignal(signal.SIGTERM) == before


def test_clock_differs_from_the_machines():
    clock = ProgramClock(program(""))
    assert clock != MonotonicClock()
    assert clock == clock
    assert clock.now() <= time.monotonic()
