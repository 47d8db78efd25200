"""Where a record comes from, and what several records of one job have in common."""

from dataclasses import dataclass

from physbias.energy.host import Host
from physbias.energy.record.interval import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which process measured which time, so that records can be added up.

    Args:
        run_id: identity of the run.
        host: the machine.
        pid: the process.
        start_seconds: start of the block on the machine's clock since its boot [s].
        end_seconds: end of the block on the same clock [s].
        unix_seconds: start of the block on the wall clock, since 1970 [s].
        slept_seconds: for how long the machine had slept since its boot when the block
            began [s].
        rank: place among the processes of the job; ``None`` if it has no others.
        local_rank: place among those on this machine.
        world_size: number of processes of the job [1].
    """

    run_id: str
    host: Host
    pid: int
    start_seconds: float
    end_seconds: float
    unix_seconds: float
    slept_seconds: float = 0.0
    rank: int | None = None
    local_rank: int | None = None
    world_size: int | None = None

    @property
    def awake_seconds(self) -> float:
        """Start on the machine's clock that stands still while it sleeps [s]."""
        return self.start_seconds - self.slept_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class RankEnergy:
    """What one process measured, and how much of it counts in the job.

    Args:
        rank: place among the processes of the job.
        host_id: the machine.
        run_id: identity of the run.
        status: how its block ended.
        measured_joules: energy in its own record [J].
        counted_joules: the part of it that no lower rank has measured [J].
        start_seconds: start after that of the first block of the job [s].
        end_seconds: end on the same scale [s].
    """

    rank: int | None
    host_id: str
    run_id: str
    status: str
    measured_joules: float | None
    counted_joules: float | None
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEnergy:
    """The energy of one machine.

    Args:
        host_id: the machine.
        joules: energy of its devices, each counted once [J].
        interval: 95 % interval of ``joules``.
        ranks: processes that ran on it.
        devices: number of devices that were measured [1].
    """

    host_id: str
    joules: float | None
    interval: Interval | None
    ranks: tuple[int, ...]
    devices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How the parts of a job make up its record.

    Args:
        ranks: one entry per run, by rank.
        nodes: one entry per machine.
        start_skew_seconds: first to last start of a block, on the wall clock [s].
        end_skew_seconds: first to last end of a block [s].
        missing_ranks: processes whose records are not there.
    """

    ranks: tuple[RankEnergy, ...]
    nodes: tuple[NodeEnergy, ...]
    start_skew_seconds: float
    end_skew_seconds: float
    missing_ranks: tuple[int, ...] = ()
