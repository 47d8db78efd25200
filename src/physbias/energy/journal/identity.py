"""Which process measures, and when, on clocks that other processes share."""

import os
import sys
import time
import uuid
from collections.abc import Mapping

from physbias.energy.clock import Clock
from physbias.energy.host import Host
from physbias.energy.record.job import Origin


class Identity:
    """Makes the :class:`~physbias.energy.record.job.Origin` of a run.

    Args:
        clock: the clock of the run.
        host: the machine.
        environ: environment variables, for those of a launcher.
    """

    def __init__(self, clock: Clock, host: Host, environ: Mapping[str, str]) -> None:
        self.run_id = uuid.uuid4().hex
        self._clock = clock
        self._host = host
        self._environ = environ
        self._pid = os.getpid()
        self._boot = clock.boot() - clock.now()
        self._unix = time.time() - clock.now()

    def origin(self, start: float, end: float) -> Origin:
        """Return the origin of a block.

        Args:
            start: its start on the clock of the run [s].
            end: its end [s].
        """
        boot = self._clock.boot() - self._clock.now()
        rank, local_rank, world_size = _place(self._environ)
        return Origin(
            run_id=self.run_id,
            host=self._host,
            pid=self._pid,
            start_seconds=start + self._boot,
            end_seconds=end + boot,
            unix_seconds=start + self._unix,
            slept_seconds=self._boot,
            rank=rank,
            local_rank=local_rank,
            world_size=world_size,
        )


def _place(environ: Mapping[str, str]) -> tuple[int | None, int | None, int | None]:
    """Return rank, local rank and number of processes."""
    local = _number(environ.get("LOCAL_RANK"))
    distributed = sys.modules.get("torch.distributed")
    available = distributed is not None and distributed.is_available()
    if distributed is not None and available and distributed.is_initialized():
        return distributed.get_rank(), local, distributed.get_world_size()
    return _number(environ.get("RANK")), local, _number(environ.get("WORLD_SIZE"))


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
