"""Puts devices, estimates and regions together into one record."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from physbias.energy.block.notes import Notes
from physbias.energy.block.pricing import Price, price_regions
from physbias.energy.block.track import Track
from physbias.energy.integration.estimator import Measurement
from physbias.energy.model import CpuModel
from physbias.energy.record.device import DeviceEnergy
from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.record.interval import Interval, both, without
from physbias.energy.record.power import cut_short
from physbias.energy.record.record import Basis, EnergyRecord, Status
from physbias.energy.sensors.probe import DeviceKind, Missing, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What is known of a block beside the readings.

    Args:
        start: when it began [s].
        end: when it ended [s].
        cpu_start: processor time at the start, for an estimate [s].
        cpu_seconds: processor time in between [s].
        status: how it ended.
        error: type of the exception that ended it.
        started: wall-clock time of the start, ISO 8601 in UTC.
        names: names of the regions, in the order of first use.
        tracks: borders of regions that each thread passed.
        notes: what the user added.
        stray: regions and steps while no block was measured [1].
        faults: errors inside the meter.
        queued: whether a GPU had not reached the end of a region when the block ended.
    """

    start: float
    end: float
    cpu_start: float = 0.0
    cpu_seconds: float = 0.0
    status: Status = Status.FINISHED
    error: str | None = None
    started: str = ""
    names: Sequence[str] = ()
    tracks: Sequence[Track] = ()
    notes: Notes = field(default_factory=Notes)
    stray: int = 0
    faults: Sequence[str] = ()
    queued: bool = False


def settle(
    block: Block,
    measurements: Sequence[Measurement],
    missing: Sequence[Missing],
    model: CpuModel | None,
) -> EnergyRecord:
    """Return the record of a block.

    The total is the sum over the devices that were measured. Only where there is
    none it is the estimate, if a model was asked for; the two are never summed.

    Args:
        block: the block.
        measurements: one per device that was watched.
        missing: what could not be watched.
        model: the model for the processor; ``None`` for no estimate.
    """
    measured = [m for m in measurements if m.curve is not None]
    devices = [m.entry() for m in measurements] + [_unread(m) for m in missing]
    estimated = _estimate(block, devices, model)
    if estimated is not None:
        devices = [d for d in devices if d.label != estimated.label] + [estimated]
    basis, prices = Basis.NONE, []
    if measured:
        basis, prices = Basis.MEASUREMENT, [_measured_price(m) for m in measured]
    elif estimated is not None and model is not None:
        basis, prices = Basis.ESTIMATE, [_estimated_price(model, estimated, block)]
    joules, interval, comparison = _total(devices, basis)
    window = block.start, block.end
    priced = price_regions(block.names, block.tracks, prices, window)
    outside = priced.unattributed
    devices = [replace(d, unattributed=outside.get(_identity(d))) for d in devices]
    reasons = [d.reason for d in devices if d.reason]
    length = block.end - block.start
    nothing = "; ".join(reasons) or "the meter was asked to read nothing"
    return EnergyRecord(
        joules=joules,
        interval=interval,
        comparison=comparison,
        basis=basis,
        reason=nothing if joules is None else None,
        seconds=length,
        status=block.status,
        error=block.error,
        started=block.started,
        devices=tuple(d for d in devices if _is_shown(d, missing, basis)),
        regions=priced.regions,
        unattributed=None if joules is None else sum(outside.values()),
        flags=tuple(_flags(block, devices, overlap=priced.overlap)),
        label=block.notes.label,
        tags=dict(block.notes.tags),
        annotations=dict(block.notes.annotations),
        units=block.notes.units(joules, interval, cut_short(devices, length)),
    )


def _identity(device: DeviceEnergy) -> str:
    return device.uuid or device.label


def _unread(missing: Missing) -> DeviceEnergy:
    kind = DeviceKind.GPU if missing.label.startswith("GPU") else DeviceKind.CPU
    flags = ()
    if missing.present:
        flags = (Flag(FlagCode.UNMEASURED, missing.reason, missing.label),)
    return DeviceEnergy(
        uuid="",
        name="",
        label=missing.label,
        kind=kind,
        source=None,
        joules=None,
        interval=None,
        comparison=None,
        seconds=0.0,
        reason=missing.reason,
        flags=flags,
    )


def _is_shown(device: DeviceEnergy, missing: Sequence[Missing], basis: Basis) -> bool:
    absent = {m.label for m in missing if not m.present}
    return basis is Basis.NONE or device.label not in absent


def _estimate(
    block: Block, devices: Sequence[DeviceEnergy], model: CpuModel | None
) -> DeviceEnergy | None:
    cpu = [d for d in devices if d.kind is DeviceKind.CPU]
    if model is None or not cpu or any(d.joules is not None for d in cpu):
        return None
    joules = model.joules(block.cpu_seconds)
    interval = model.interval(joules)
    text = (
        f"a model: {block.cpu_seconds:.3g} s of processor time at "
        f"{model.watts_per_core:g} W per core"
    )
    return DeviceEnergy(
        uuid="",
        name=f"processor time of {model.owner}",
        label=cpu[0].label,
        kind=DeviceKind.CPU,
        source=Source.ESTIMATE,
        joules=joules,
        interval=interval,
        comparison=interval,
        seconds=block.end - block.start,
        reason=cpu[0].reason,
        flags=(*cpu[0].flags, Flag(FlagCode.MODELLED, text, cpu[0].label)),
    )


def _total(
    devices: Sequence[DeviceEnergy], basis: Basis
) -> tuple[float | None, Interval | None, Interval | None]:
    """Sum the devices of one basis; their errors are independent of one another."""
    modelled = basis is Basis.ESTIMATE
    chosen = [
        d
        for d in devices
        if d.joules is not None and (d.source is Source.ESTIMATE) == modelled
    ]
    if basis is Basis.NONE or not chosen:
        return None, None, None
    joules = sum(d.joules for d in chosen if d.joules is not None)
    intervals = [_sum_interval(joules, chosen, name) for name in ("full", "random")]
    return joules, intervals[0], intervals[1]


def _sum_interval(
    joules: float, devices: Sequence[DeviceEnergy], name: str
) -> Interval:
    alone, lags = (0.0, 0.0), (0.0, 0.0)
    for device in devices:
        one = device.interval if name == "full" else device.comparison
        if one is None or device.joules is None:
            continue
        sides, lag = one.sides(device.joules), (0.0, 0.0)
        if name == "full" and device.lag_joules is not None:
            lag = -device.lag_joules.low, device.lag_joules.high
        alone = both(alone, without(sides, lag))
        # boards of a kind are late alike
        lags = lags[0] + lag[0], lags[1] + lag[1]
    low, high = both(alone, lags)
    return Interval(max(0.0, joules - low), joules + high)


def _measured_price(one: Measurement) -> Price:
    curve = one.curve
    return Price(
        device=one.info.uuid or one.info.label,
        start=one.start,
        end=one.end,
        energy=lambda start, end: curve.between(start, end) if curve else 0.0,
        random=one.random_error,
        systematic=one.systematic_error,
        resolution=one.refresh,
        lags=one.lags,
    )


def _estimated_price(model: CpuModel, device: DeviceEnergy, block: Block) -> Price:
    return Price(
        device=_identity(device),
        start=block.cpu_start,
        end=block.cpu_start + block.cpu_seconds,
        energy=lambda start, end: model.joules(end - start),
        random=lambda start, end: 0.0,
        systematic=lambda joules, seconds: model.uncertainty * joules / 2,
        by_cpu_time=True,
    )


def _flags(
    block: Block, devices: Sequence[DeviceEnergy], *, overlap: bool
) -> list[Flag]:
    flags = [flag for device in devices for flag in device.flags]
    if overlap:
        text = "regions of several threads or tasks overlap: their sum counts twice"
        flags.append(Flag(FlagCode.REGIONS_OVERLAP, text))
    if block.stray:
        text = f"{block.stray} regions or steps came while the meter was not running"
        flags.append(Flag(FlagCode.REGIONS_OUTSIDE, text))
    if block.queued:
        text = "work of a region was still queued on a GPU when the block ended"
        flags.append(Flag(FlagCode.QUEUED_WORK, text))
    flags += [Flag(FlagCode.METER_FAULT, text) for text in block.faults]
    return flags
