"""A file that grows while a block runs, so that a killed process leaves its energy."""

import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from physbias.energy.integration.timeline import Timeline
from physbias.energy.journal.stays import Span, Stays
from physbias.energy.journal.tap import TimelineTap
from physbias.energy.record.schema import plain
from physbias.energy.sensors.probe import ProbeInfo
from physbias.errors import ArgumentError, explain

JOURNAL_SCHEMA = "physbias.energy.journal/1"

_LONGEST_SECONDS = 5.0
_GROWTH = 0.01
_SYNC_SECONDS = 30.0


class Journal:
    """Appends lines about one run to a file, from the sampler's thread.

    A line is one write at the end of the file, so several runs, of several processes
    too, may share a file on a local disk. What goes wrong ends the journal and is
    kept in :attr:`fault`; it never ends the run.

    Args:
        path: the file; lines are added to it if it exists.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fault: str | None = None
        self._lock = threading.Lock()
        self._file: int | None = None
        self._pid = 0
        self._run_id = ""
        self._start = 0.0
        self._watched: Sequence[tuple[Timeline, TimelineTap]] = ()
        self._stays = Stays()
        self._written = self._synced = self._joules = 0.0

    def open(
        self,
        header: Mapping[str, Any],
        start: float,
        devices: Sequence[tuple[ProbeInfo, Timeline]],
    ) -> None:
        """Write the first line of a run.

        Args:
            header: what is known of the run; ``run`` is its identity.
            start: start of the block [s].
            devices: what is watched.
        """
        self._pid, self._start = os.getpid(), start
        self._run_id = header["run"]
        self._written = self._synced = start
        self._watched = [(t, TimelineTap(info, start)) for info, t in devices]
        self._stays = Stays()
        with self._lock:
            self._guard(self._open)
            line = {"schema": JOURNAL_SCHEMA, **header, "start": start}
            self._write({**line, "devices": [info for info, _ in devices]})

    def closed(self, span: Span) -> None:
        """Take note of a stay in a region that has ended."""
        self._stays.add(span)

    def tick(self, now: float, facts: Mapping[str, Any]) -> None:
        """Write a line if one is due.

        That is 5 s after the last one, or once the energy has grown by 1 %, or after
        the end of an outermost region.

        Args:
            now: the time [s].
            facts: what else belongs into the line.
        """
        joules = self._progress(now)
        grown = joules > (1 + _GROWTH) * self._joules
        late = now >= self._written + _LONGEST_SECONDS
        if grown or late or self._stays.outermost:
            self._joules = joules
            self.write(now, facts)

    def write(self, now: float, facts: Mapping[str, Any]) -> None:
        """Write a line."""
        if self._file is None or self._inherited:
            return
        with self._lock:
            self._write(
                {
                    "run": self._run_id,
                    "t": round(self._last_reading(now) - self._start, 5),
                    "at": round(now - self._start, 5),
                    "devices": [tap.take(timeline) for timeline, tap in self._watched],
                    **self._stays.take(self._start),
                    **facts,
                }
            )
            self._written = now
            if now >= self._synced + _SYNC_SECONDS:
                self._synced = now
                self._guard(self._sync)

    def close(self, record: Mapping[str, Any] | None) -> None:
        """Write the last line and close the file.

        Args:
            record: the stored form of the record; ``None`` if there is none.
        """
        if self._file is None or self._inherited:
            return
        with self._lock:
            if record is not None:
                self._write({"run": self._run_id, "record": record})
            self._guard(self._sync)
            self._give_up()

    @property
    def _inherited(self) -> bool:
        """Whether this is a child's copy, whose lock may have been held at the fork."""
        return os.getpid() != self._pid

    def _last_reading(self, now: float) -> float:
        """Return when the devices that still answer were all read last [s]."""
        last = [max(t.energy.last, t.power.last) for t, _ in self._watched]
        return min((t for t in last if t > now - _LONGEST_SECONDS), default=now)

    def _progress(self, now: float) -> float:
        joules = 0.0
        for timeline, _ in self._watched:
            if timeline.energy.count:
                joules += timeline.energy.values[-1] - timeline.energy.values[0]
            elif timeline.power.count:
                joules += timeline.power.values[-1] * (now - self._start)
        return joules

    def _open(self) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        self._file = os.open(self.path, flags, 0o644)

    def _write(self, line: Mapping[str, Any]) -> None:
        self._guard(lambda: self._append(line))

    def _append(self, line: Mapping[str, Any]) -> None:
        if self._file is None:
            return
        data = json.dumps(plain(line), separators=(",", ":")).encode() + b"\n"
        if "schema" in line and self._is_torn(self._file):
            data = b"\n" + data
        if os.write(self._file, data) < len(data):
            text = f"{self.path} took only a part of a line"
            raise OSError(text)

    @staticmethod
    def _is_torn(file: int) -> bool:
        size = os.fstat(file).st_size
        return size > 0 and os.pread(file, 1, size - 1) != b"\n"

    def _sync(self) -> None:
        if self._file is not None:
            os.fsync(self._file)

    def _give_up(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def _guard(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - a journal never breaks the block
            self.fault = f"the journal {self.path} was given up ({error})"
            self._give_up()


def check_path(path: str | Path, argument: str) -> Path:
    """Return a path as one, or raise :class:`ArgumentError` where it is none."""
    if isinstance(path, str | Path) and str(path):
        return Path(path)
    raise ArgumentError(
        explain(
            argument,
            found=repr(path),
            expected="the path of a file",
            remedy='pass for example "run.jsonl"',
        )
    )
