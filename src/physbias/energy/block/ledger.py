"""Puts devices, estimates and regions together into one record."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

from physbias.energy.block.regions import (
    Price,
    Span,
    overlap,
    region_table,
    unattributed,
)
from physbias.energy.integration.estimator import Measurement
from physbias.energy.model import CpuModel
from physbias.energy.record.record import (
    Basis,
    DeviceEnergy,
    EnergyRecord,
    Flag,
    FlagCode,
    Interval,
    Status,
)
from physbias.energy.sensors.probe import DeviceKind, Missing, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What is known of a block beside the readings.

    Args:
        start: when it began [s].
        end: when it ended [s].
        cpu_seconds: processor time of the process in between [s].
        status: how it ended.
        error: type of the exception that ended it.
        started: wall-clock time of the start, ISO 8601 in UTC.
        spans: stays in regions.
        stray: regions entered while no block was measured [1].
        faults: errors inside the meter.
    """

    start: float
    end: float
    cpu_seconds: float = 0.0
    status: Status = Status.FINISHED
    error: str | None = None
    started: str = ""
    spans: Sequence[Span] = ()
    stray: int = 0
    faults: Sequence[str] = ()


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
    price = None
    if measured:
        basis, price = Basis.MEASUREMENT, _measured_price(measured)
    elif estimated is not None and model is not None:
        basis, price = Basis.ESTIMATE, _estimated_price(model)
    else:
        basis = Basis.NONE
    joules, interval, comparison = _total(devices, basis)
    rest = None
    if price is not None and joules is not None:
        rest = unattributed(block.spans, joules, price)
    reasons = [d.reason for d in devices if d.reason]
    nothing = "; ".join(reasons) or "the meter was asked to read nothing"
    return EnergyRecord(
        joules=joules,
        interval=interval,
        comparison=comparison,
        basis=basis,
        reason=nothing if joules is None else None,
        seconds=block.end - block.start,
        status=block.status,
        error=block.error,
        started=block.started,
        devices=tuple(d for d in devices if _is_shown(d, missing, basis)),
        regions=tuple(region_table(block.spans, price)),
        unattributed=rest,
        flags=tuple(_flags(block, devices)),
    )


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
        name="processor time of this process",
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
    low = high = 0.0
    for device in devices:
        one = device.interval if name == "full" else device.comparison
        if one is not None and device.joules is not None:
            low = hypot(low, device.joules - one.low)
            high = hypot(high, one.high - device.joules)
    return Interval(max(0.0, joules - low), joules + high)


def _measured_price(measured: Sequence[Measurement]) -> Price:
    def joules(span: Span) -> float:
        end = span.start if span.end is None else span.end
        return sum(m.curve.between(span.start, end) for m in measured if m.curve)

    def random(span: Span) -> float:
        end = span.start if span.end is None else span.end
        return hypot(*(m.random_error(span.start, end) for m in measured))

    def systematic(energy: float, seconds: float) -> float:
        total = sum(m.curve.total for m in measured if m.curve)
        shares = [m.curve.total / total if m.curve and total else 0.0 for m in measured]
        return hypot(
            *(
                m.systematic_error(energy * share, seconds)
                for m, share in zip(measured, shares, strict=True)
            )
        )

    return Price(joules, random, systematic, max(m.refresh for m in measured))


def _estimated_price(model: CpuModel) -> Price:
    def joules(span: Span) -> float:
        return model.joules(span.cpu_end - span.cpu_start)

    def random(span: Span) -> float:  # noqa: ARG001, RUF100 - a model has none
        return 0.0

    def systematic(energy: float, seconds: float) -> float:  # noqa: ARG001, RUF100
        return model.uncertainty * energy / 2

    return Price(joules, random, systematic, 0.0)


def _flags(block: Block, devices: Sequence[DeviceEnergy]) -> list[Flag]:
    flags = [flag for device in devices for flag in device.flags]
    if overlap(block.spans):
        text = "regions of several threads overlap, so their energies do not add up"
        flags.append(Flag(FlagCode.REGIONS_OVERLAP, text))
    if block.stray:
        text = f"{block.stray} regions were entered while the meter was not running"
        flags.append(Flag(FlagCode.REGIONS_OUTSIDE, text))
    flags += [Flag(FlagCode.METER_FAULT, text) for text in block.faults]
    return flags
