"""Another program: run to its end, with the processor time that it takes."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from physbias.energy.clock import MonotonicClock

_SIGNAL_OFFSET = 128
_PROC = Path("/proc")
_CPU_FIELDS = slice(11, 15)
"""User and system time of a process and of its ended children, after its name."""


class Program:
    """A program that is run once.

    Args:
        command: the program and its arguments.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.command = tuple(command)
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Run it to its end and return its exit code as a shell would.

        Signals that ask for an end are handed on to it, so that its end is waited for.
        An interruption typed at the terminal reaches it by itself.

        Raises:
            OSError: it cannot be started.
        """
        with _forwarded(self._send):
            self._process = subprocess.Popen(self.command)
            code = self._process.wait()
        return _SIGNAL_OFFSET - code if code < 0 else code

    def cpu_time(self) -> float:
        """Return its processor time so far, beyond that of programs before it [s].

        Processes that it started count as soon as it has waited for their end. While
        it runs, the figure comes from ``/proc`` in steps of 10 ms.
        """
        import resource

        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return ended.ru_utime + ended.ru_stime + self._running()

    def _running(self) -> float:
        process = self._process
        if process is None or process.returncode is not None:
            return 0.0
        try:
            text = (_PROC / str(process.pid) / "stat").read_text()
        except OSError:
            return 0.0
        ticks = sum(map(int, text.rpartition(")")[2].split()[_CPU_FIELDS]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def _send(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)


class ProgramClock(MonotonicClock):
    """The machine's clock, with the processor time of a program.

    Args:
        program: the program.
    """

    def __init__(self, program: Program) -> None:
        self._program = program

    def cpu_time(self) -> float:
        """Return the processor time of the program [s]."""
        return self._program.cpu_time()


def shows_running() -> bool:
    """Return whether the processor time of a program that runs can be read here."""
    return (_PROC / "self/stat").exists()


@contextmanager
def _forwarded(send: Callable[[int], None]) -> Iterator[None]:
    """Hand signals on, except for an interruption that reaches the program anyway."""

    def hand_on(number: int, frame: FrameType | None) -> None:  # noqa: ARG001, RUF100
        if number != signal.SIGINT or not _typed():
            send(number)

    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP"):
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, hand_on) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _typed() -> bool:
    """Return whether this process is in the foreground of a terminal."""
    with suppress(OSError, AttributeError), Path("/dev/tty").open("rb") as terminal:
        return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    return False
