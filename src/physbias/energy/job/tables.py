"""Who measured what in a job: one entry per process and one per machine."""

from collections.abc import Sequence

from physbias.energy.job.pieces import Counted, combine
from physbias.energy.record.job import Job, NodeEnergy, Origin, RankEnergy
from physbias.energy.record.record import EnergyRecord


def tabulate(
    records: Sequence[EnergyRecord],
    origins: Sequence[Origin],
    counted: Sequence[Counted],
) -> Job:
    """Return the tables of a job.

    Args:
        records: the records, in the order in which they count.
        origins: their origins.
        counted: the devices, each instant counted once.
    """
    begin = min(origin.unix_seconds for origin in origins)
    starts = [origin.unix_seconds - begin for origin in origins]
    ends = [
        start + origin.end_seconds - origin.start_seconds
        for start, origin in zip(starts, origins, strict=True)
    ]
    ranks = tuple(
        RankEnergy(
            rank=origin.rank,
            host_id=origin.host.id,
            run_id=origin.run_id,
            status=record.status.value,
            measured_joules=record.joules,
            counted_joules=_share(origin.run_id, counted),
            start_seconds=start,
            end_seconds=end,
        )
        for record, origin, start, end in zip(
            records, origins, starts, ends, strict=True
        )
    )
    hosts = dict.fromkeys(origin.host.id for origin in origins)
    return Job(
        ranks=ranks,
        nodes=tuple(_node(host, origins, counted) for host in hosts),
        start_skew_seconds=max(starts) - min(starts),
        end_skew_seconds=max(ends) - min(ends),
        missing_ranks=_missing(origins),
    )


def _share(run: str, counted: Sequence[Counted]) -> float | None:
    shares = [device.runs[run] for device in counted if run in device.runs]
    return sum(shares) if shares else None


def _node(
    host: str, origins: Sequence[Origin], counted: Sequence[Counted]
) -> NodeEnergy:
    devices = [device for device in counted if device.key[0] == host]
    joules = sum(device.joules for device in devices) if devices else None
    ranks = {o.rank for o in origins if o.host.id == host and o.rank is not None}
    return NodeEnergy(
        host_id=host,
        joules=joules,
        interval=None if joules is None else combine(devices).interval(joules),
        ranks=tuple(sorted(ranks)),
        devices=len(devices),
    )


def _missing(origins: Sequence[Origin]) -> tuple[int, ...]:
    size = max((origin.world_size or 0 for origin in origins), default=0)
    present = {origin.rank for origin in origins}
    return tuple(rank for rank in range(size) if rank not in present)
