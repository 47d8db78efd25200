import errno
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from physbias.energy import DeviceKind, ProbeInfo, Source
from physbias.energy.integration.timeline import Timeline
from physbias.energy.journal.journal import Journal, check_path
from physbias.errors import ArgumentError

INFO = ProbeInfo(
    uuid="GPU-1",
    name="board",
    label="GPU 0",
    kind=DeviceKind.GPU,
    counter=Source.COUNTER,
)


@dataclass
class Span:
    name: str
    start: float = 0.0
    seconds: float = 0.1
    parent: "Span | None" = None
    repeated: bool = False


class Bench:
    """A journal of one device at constant power, on a clock that is set by hand."""

    def __init__(self, path, watts=100.0, run="run-a"):
        self.timeline = Timeline()
        self.watts = watts
        self.now = 0.0
        self.timeline.add_energy(0.0, 0.0)
        self.journal = Journal(path)
        self.journal.open({"run": run}, 0.0, [(INFO, self.timeline)])

    def run(self, seconds, step=1.0):
        for _ in range(round(seconds / step)):
            self.now += step
            self.timeline.add_energy(self.now, self.watts * self.now)
            self.journal.tick(self.now, {})


def lines(path):
    return [json.loads(text) for text in Path(path).read_text().splitlines()]


def test_first_line_tells_what_is_watched(tmp_path):
    Bench(tmp_path / "j")
    (header,) = lines(tmp_path / "j")
    assert header["schema"] == "physbias.energy.journal/1"
    assert header["run"] == "run-a"
    assert header["devices"][0]["uuid"] == "GPU-1"
    assert header["devices"][0]["error"] == {"gain": 0.037, "offset": 5.9}


def test_a_line_per_percent_and_then_per_five_seconds(tmp_path):
    """At constant power a second is 1 % up to 100 s, and 5 s are up to 500 s."""
    bench = Bench(tmp_path / "j")
    bench.run(90.0)
    assert len(lines(tmp_path / "j")) == 1 + 90
    bench.run(910.0)
    times = [line["t"] for line in lines(tmp_path / "j")[1:]]
    gaps = [b - a for a, b in pairwise(times)]
    assert max(gaps) == 5.0
    assert gaps[-10:] == [5.0] * 10
    assert len(times) < 90 + 110 + 200


def test_an_outermost_region_ends_a_line(tmp_path):
    bench = Bench(tmp_path / "j", watts=0.0)
    bench.run(1.0)
    before = len(lines(tmp_path / "j"))
    outer = Span("epoch")
    bench.journal.closed(Span("step", parent=outer))
    bench.run(1.0)
    assert len(lines(tmp_path / "j")) == before
    bench.journal.closed(outer)
    bench.run(1.0)
    newest = lines(tmp_path / "j")[-1]
    assert len(lines(tmp_path / "j")) == before + 1
    assert [stay[:4] for stay in newest["regions"]] == [
        ["step", "epoch", False, 1],
        ["epoch", None, False, 1],
    ]


def test_many_regions_keep_the_file_small(tmp_path):
    bench = Bench(tmp_path / "j")
    for _ in range(100):
        for i in range(1000):
            bench.journal.closed(Span("step", bench.now + i * 1e-3, 5e-4))
        bench.run(1.0)
    assert sum(s[3] for one in lines(tmp_path / "j")[1:] for s in one["regions"]) == 1e5
    assert (tmp_path / "j").stat().st_size < 30_000


def test_one_write_per_line_and_a_sync_per_thirty_seconds(tmp_path, monkeypatch):
    writes, syncs, bench = [], [], Bench(tmp_path / "j")
    write, sync = os.write, os.fsync
    monkeypatch.setattr(os, "write", lambda f, d: writes.append(d) or write(f, d))
    monkeypatch.setattr(os, "fsync", lambda f: syncs.append(bench.now) or sync(f))
    bench.run(100.0)
    assert all(data.count(b"\n") == 1 and data.endswith(b"\n") for data in writes)
    assert syncs == [30.0, 60.0, 90.0]
    bench.journal.close(None)
    assert len(syncs) == 4


def test_last_line_is_the_record(tmp_path):
    bench = Bench(tmp_path / "j")
    bench.journal.close({"energy_J": 1.5})
    assert lines(tmp_path / "j")[-1] == {"run": "run-a", "record": {"energy_J": 1.5}}
    bench.run(10.0)
    bench.journal.close({"energy_J": 2.5})
    assert len(lines(tmp_path / "j")) == 2


def test_runs_share_a_file(tmp_path):
    first, second = Bench(tmp_path / "j"), Bench(tmp_path / "j", run="run-b")
    for _ in range(3):
        first.run(1.0)
        second.run(1.0)
    assert [line["run"][-1] for line in lines(tmp_path / "j")] == list("abababab")


def test_a_torn_line_stays_apart_from_the_next_run(tmp_path):
    path = tmp_path / "j"
    path.write_text('{"run":"old","t":')
    Bench(path)
    assert path.read_text().splitlines()[0] == '{"run":"old","t":'
    assert json.loads(path.read_text().splitlines()[1])["run"] == "run-a"


def test_a_full_disk_ends_the_journal_only(tmp_path, monkeypatch):
    bench = Bench(tmp_path / "j")
    bench.run(3.0)

    def full(file, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    bench.run(3.0)
    assert "No space left on device" in bench.journal.fault
    monkeypatch.undo()
    bench.run(3.0)
    bench.journal.close({})
    assert len(lines(tmp_path / "j")) == 4


def test_a_line_that_is_cut_short_ends_the_journal(tmp_path, monkeypatch):
    bench = Bench(tmp_path / "j")
    write = os.write
    monkeypatch.setattr(os, "write", lambda f, d: write(f, d[:10]))
    bench.run(1.0)
    assert "only a part of a line" in bench.journal.fault


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_device_that_is_always_full():
    bench = Bench("/dev/full")
    bench.run(3.0)
    assert "No space left on device" in bench.journal.fault


def elsewhere(path, code):
    """Run ``code`` in a process of its own, with a bench on ``path``."""
    start = f"""
import os, resource, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_journal import Bench, lines
path = {str(path)!r}
bench = Bench(path)
"""
    run = subprocess.run(
        [sys.executable, "-B", "-c", start + code],
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout


def test_a_real_limit_on_the_size_of_a_file(tmp_path):
    """The kernel refuses to let the file grow beyond 2000 bytes."""
    code = """
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
bench.run(60.0)
print(bench.now, bench.journal.fault)
"""
    assert elsewhere(tmp_path / "j", code).startswith("60.0 the journal")
    assert (tmp_path / "j").stat().st_size <= 2000


@pytest.mark.parametrize("path", ["missing/j", ".", "/proc/j"])
def test_a_path_that_cannot_be_written(tmp_path, path):
    bench = Bench(tmp_path / path)
    bench.run(3.0)
    assert bench.journal.fault is not None


def test_a_disk_that_is_read_only(tmp_path, monkeypatch):
    def refuse(path, flags, mode):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)

    monkeypatch.setattr(os, "open", refuse)
    bench = Bench(tmp_path / "j")
    bench.run(3.0)
    assert "Read-only file system" in bench.journal.fault


def test_a_pipe_without_a_reader_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "j")
    bench = Bench(tmp_path / "j")
    bench.run(3.0)
    assert not (tmp_path / "j").is_file()


def test_a_forked_child_writes_nothing(tmp_path):
    code = """
bench.run(2.0)
bench.journal._lock.acquire()
child = os.fork()
if child == 0:
    bench.run(10.0)
    bench.journal.close({})
    os._exit(0)
os.waitpid(child, 0)
bench.journal._lock.release()
print(len(lines(path)))
bench.run(1.0)
print(len(lines(path)))
"""
    assert elsewhere(tmp_path / "j", code).split() == ["3", "4"]


@pytest.mark.parametrize("path", [3, None, ""])
def test_paths_are_texts_or_paths(path):
    with pytest.raises(ArgumentError, match="path: found"):
        check_path(path, "path")
