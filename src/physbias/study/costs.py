"""Energy of a stage of the study."""

from collections.abc import Sequence

from physbias.energy import EnergyMeter, EnergyRecord
from physbias.study.results import EnergyFigure


def make_meter(device: str) -> EnergyMeter:
    """Return the meter of a study on one device.

    A GPU that the study does not use is not counted. Where nothing can be read there
    is an estimate.
    """
    gpus = () if device == "cpu" else (device,)
    return EnergyMeter(gpus, estimate=True)


def figure_of(records: Sequence[EnergyRecord], *, share: float = 1.0) -> EnergyFigure:
    """Return the energy of several blocks of one stage.

    Their errors are those of the same sensors, so the ends of the intervals add.

    Args:
        records: what the meter found for each block.
        share: by which the figure is multiplied, for the part of one forecast.
    """
    seconds = share * sum(record.seconds for record in records)
    unknown = next((r for r in records if r.joules is None or r.interval is None), None)
    if unknown is not None or not records:
        reason = unknown.reason if unknown is not None else "nothing ran"
        return EnergyFigure(None, None, None, "none", seconds, reason)
    estimated = any(record.basis.value == "estimate" for record in records)
    sources = {
        str(device.source.value)
        for record in records
        for device in record.devices
        if device.joules is not None and device.source is not None
        # an estimate beside a measurement is no part of the sum
        if (device.source.value == "estimate") == estimated
    }
    joules = [record.joules or 0.0 for record in records]
    intervals = [record.interval for record in records if record.interval is not None]
    return EnergyFigure(
        share * sum(joules),
        share * sum(interval.low for interval in intervals),
        share * sum(interval.high for interval in intervals),
        "+".join(sorted(sources)),
        seconds,
    )


def add(a: EnergyFigure, b: EnergyFigure) -> EnergyFigure:
    """Return the energy of two parts of one stage."""
    seconds = a.seconds + b.seconds
    if a.joules is None or b.joules is None:
        return EnergyFigure(None, None, None, "none", seconds, a.reason or b.reason)
    sources = sorted({*a.source.split("+"), *b.source.split("+")})
    return EnergyFigure(
        a.joules + b.joules,
        (a.low or 0.0) + (b.low or 0.0),
        (a.high or 0.0) + (b.high or 0.0),
        "+".join(sources),
        seconds,
    )
