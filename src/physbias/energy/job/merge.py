"""The energy of a job from the records of its processes and machines."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from physbias.energy.job.parts import Parts, origin_of, unique_parts
from physbias.energy.job.pieces import (
    Counted,
    Key,
    Piece,
    combine,
    count,
    shifted,
    subtract,
)
from physbias.energy.job.sums import agreed, common, net_sum, region_sum, unit_sums
from physbias.energy.job.tables import tabulate
from physbias.energy.record.device import DeviceEnergy
from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.record.interval import Interval
from physbias.energy.record.job import Job, Origin
from physbias.energy.record.record import Basis, EnergyRecord, Status
from physbias.energy.record.region import RegionEnergy
from physbias.energy.sensors.probe import Source

_SHORT = 12
_WORST_FIRST = (Status.KILLED, Status.FAILED, Status.INTERRUPTED, Status.FINISHED)


def merge(parts: Parts) -> EnergyRecord:
    """Return the record of a job from those of its processes, runs or machines.

    Each device counts once at any instant, however many processes have measured it:
    the lowest rank counts first, and of a later record only the time that no earlier
    one covers, cut out of its power trace. The order of the parts does not matter,
    and neither does giving one twice, nor merging what was merged before.

    Errors of one sensor add linearly over its runs, those of different sensors in
    quadrature. Regions add up over the records whose devices all count in full;
    those of other records are part of ``unattributed``. Counts of functional units
    add up by name. There is a net energy where each record in the sum has one. What
    only some records are annotated with stays in ``members``.

    Args:
        parts: records, or paths of journals, of which all runs are taken; one of them
            may stand alone.

    Raises:
        ArgumentError: there is no part, or a record without an origin.
        DataError: a file holds no run.
    """
    records = unique_parts(parts)
    origins = [origin_of(record) for record in records]
    return _Merger(records, origins).record()


class _Merger:
    """The parts of a job, in the order in which they count."""

    def __init__(
        self, records: Sequence[EnergyRecord], origins: Sequence[Origin]
    ) -> None:
        self.records, self.origins = records, origins
        self.begin = min(origin.unix_seconds for origin in origins)
        hosts = dict.fromkeys(origin.host.id for origin in origins)
        self.hosts = {host: number for number, host in enumerate(hosts)}
        self.pieces = [
            Piece(record, origin, device)
            for record, origin in zip(records, origins, strict=True)
            for device in record.devices
        ]
        known = [p for p in self.pieces if p.device.joules is not None]
        measured = [p for p in known if p.device.source is not Source.ESTIMATE]
        estimated = [p for p in known if p.device.source is Source.ESTIMATE]
        self.basis = Basis.MEASUREMENT if measured else Basis.ESTIMATE
        self.counted = count(measured or estimated)
        self.beside = count(estimated) if measured else []
        self.twice = {run for counted in self.counted for run in counted.twice}
        self.by_key: dict[Key, list[Piece]] = {}
        self.named: dict[tuple[str, str], set[str]] = {}
        for piece in self.pieces:
            host, label = piece.key[0], piece.device.label
            self.by_key.setdefault(piece.key, []).append(piece)
            self.named.setdefault((host, label), set()).add(piece.device.uuid)

    def record(self) -> EnergyRecord:
        if not self.counted:
            self.basis = Basis.NONE
        joules, interval, comparison = _total(self.counted)
        regions, unattributed = self._regions(joules)
        status = min((r.status for r in self.records), key=_WORST_FIRST.index)
        job = tabulate(self.records, self.origins, self.counted)
        devices = tuple(self._devices())
        reasons = dict.fromkeys(r.reason for r in self.records if r.reason)
        seconds = self._seconds()
        return EnergyRecord(
            joules=joules,
            interval=interval,
            comparison=comparison,
            basis=self.basis,
            reason="; ".join(reasons) if joules is None else None,
            seconds=seconds,
            status=status,
            error=next((r.error for r in self.records if r.status is status), None),
            started=min(record.started for record in self.records),
            devices=devices,
            regions=regions,
            unattributed=unattributed,
            flags=tuple(self._flags(devices, job)),
            label=agreed(record.label for record in self.records) or "",
            tags=agreed(record.tags for record in self.records) or {},
            annotations=common([r.annotations for r in self.records]),
            units=unit_sums(self.records, self.basis, joules, interval),
            net=net_sum(self._shares(), joules, interval, seconds),
            software=agreed(record.software for record in self.records),
            job=job,
            members=tuple(self.records),
        )

    def _devices(self) -> Iterable[DeviceEnergy]:
        for counted in (*self.counted, *self.beside):
            yield self._entry(counted)
        known = {counted.key for counted in (*self.counted, *self.beside)}
        kinds = {(host, kind) for host, kind, _ in known}
        for piece in self.pieces:
            host, kind, _ = piece.key
            named = bool(piece.device.uuid) or (host, kind) not in kinds
            if piece.device.joules is None and piece.key not in known and named:
                known.add(piece.key)
                yield replace(piece.device, label=self._label(piece.device, host))

    def _entry(self, counted: Counted) -> DeviceEnergy:
        device, host = counted.device, counted.key[0]
        label, outside = self._label(device, host), self._outside(counted)
        flags = tuple(dict.fromkeys(replace(f, device=label) for f in counted.flags))
        if counted.whole:
            moved = shifted(device.trace, counted.origin.unix_seconds - self.begin)
            return replace(
                device, label=label, trace=moved, flags=flags, unattributed=outside
            )
        known = (piece.device for piece in self.by_key[counted.key])
        measured = [device for device in known if device.joules is not None]
        return DeviceEnergy(
            uuid=device.uuid,
            name=device.name,
            label=label,
            kind=device.kind,
            source=device.source,
            joules=counted.joules,
            interval=counted.error.interval(counted.joules),
            comparison=counted.error.comparison(counted.joules),
            seconds=counted.seconds,
            flags=flags,
            mean_watts=counted.joules / counted.seconds if counted.windows else None,
            unattributed=outside,
            calibration=agreed(d.calibration for d in measured),
            calibration_sha256=agreed(d.calibration_sha256 for d in measured),
            scope=agreed(d.scope for d in measured),
            power_limit_watts=agreed(d.power_limit_watts for d in measured),
        )

    def _outside(self, counted: Counted) -> float:
        """Return what a device used outside the regions that count [J]."""
        inside = (
            p.device.joules - p.device.unattributed
            for p in self.by_key[counted.key]
            if p.device.joules is not None
            and p.device.unattributed is not None
            and self._is_whole(p.record)
        )
        return counted.joules - sum(inside)

    def _label(self, device: DeviceEnergy, host: str) -> str:
        label = device.label
        if len(self.named[host, label]) > 1:
            label += f" ({device.uuid[:_SHORT]})"
        return f"{label}@{self.hosts[host]}" if len(self.hosts) > 1 else label

    def _regions(
        self, joules: float | None
    ) -> tuple[tuple[RegionEnergy, ...], float | None]:
        whole = [record for record in self.records if self._is_whole(record)]
        names = dict.fromkeys(r.name for record in whole for r in record.regions)
        found = [[r for m in whole for r in m.regions if r.name == n] for n in names]
        sums = tuple(region_sum(parts) for parts in found)
        if joules is None:
            return sums, None
        return sums, joules - sum(_inside(record) for record in whole)

    def _shares(self) -> list[tuple[EnergyRecord, list[float]]]:
        """Return what part of the time of each device in a record counts [1]."""
        found = []
        for record in self.records:
            run = origin_of(record).run_id
            shares = [c.shares[run] for c in self.counted if run in c.shares]
            if any(shares):
                found.append((record, shares))
        return found

    def _is_whole(self, record: EnergyRecord) -> bool:
        """Return whether all the energy in a record counts, and nothing twice."""
        again = origin_of(record).run_id in self.twice
        return record.basis is self.basis and not again

    def _flags(self, devices: Sequence[DeviceEnergy], job: Job) -> list[Flag]:
        flags = [flag for device in devices for flag in device.flags]
        flags += [f for r in self.records for f in r.flags if f.device is None]
        flags += [flag for counted in self.counted if (flag := self._once(counted))]
        left_out = [r for r in self.records if not self._is_whole(r) and r.regions]
        if left_out:
            text = f"regions of {len(left_out)} records whose devices others measured"
            flags.append(Flag(FlagCode.REGIONS_OVERLAP, f"{text} too are left out"))
        if job.missing_ranks:
            names = ", ".join(map(str, job.missing_ranks))
            text = f"there is no record of rank {names}"
            flags.append(Flag(FlagCode.NODE_INCOMPLETE, text))
        return list(dict.fromkeys(flags))

    def _once(self, counted: Counted) -> Flag | None:
        if not counted.twice:
            return None
        label = self._label(counted.device, counted.key[0])
        text = f"{label} was measured by {len(counted.runs)} records at the same time"
        return Flag(FlagCode.COUNTED_ONCE, f"{text} and counted once", label)

    def _seconds(self) -> float:
        """Return the time in which any block ran, but for sleep of its machine [s].

        The blocks of a machine lie as on its own clock, which never jumps.
        """
        taken: list[tuple[float, float]] = []
        shifts: dict[str, float] = {}
        for record, origin in zip(self.records, self.origins, strict=True):
            awake = origin.awake_seconds
            shift = shifts.setdefault(origin.host.id, origin.unix_seconds - awake)
            window = awake + shift, awake + shift + record.seconds
            taken = sorted([*taken, *subtract(window, taken)])
        return sum(end - start for start, end in taken)


def _total(
    devices: Sequence[Counted],
) -> tuple[float | None, Interval | None, Interval | None]:
    if not devices:
        return None, None, None
    joules, error = sum(d.joules for d in devices), combine(devices)
    return joules, error.interval(joules), error.comparison(joules)


def _inside(record: EnergyRecord) -> float:
    """Return the energy in the regions of a record [J]."""
    if record.joules is None or record.unattributed is None:
        return 0.0
    return record.joules - record.unattributed
