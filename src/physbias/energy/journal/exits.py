"""What has to be done for runs that still wait for it when the interpreter exits."""

import atexit
import os
from collections.abc import Callable
from contextlib import suppress

_waiting: dict[Callable[[], object], int] = {}


def remember(finish: Callable[[], object]) -> None:
    """Call ``finish`` at the exit of this process, unless it is forgotten before.

    What it raises there is dropped; a process forked from this one does not call it.
    """
    if not _waiting:
        atexit.unregister(_finish_all)
        atexit.register(_finish_all)
    _waiting[finish] = os.getpid()


def forget(finish: Callable[[], object]) -> None:
    """Do not call ``finish`` any more."""
    _waiting.pop(finish, None)


def _finish_all() -> None:
    for finish, pid in list(_waiting.items()):
        if pid == os.getpid():
            with suppress(Exception):
                finish()
    _waiting.clear()
