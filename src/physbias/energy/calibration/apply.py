"""Lets what is known of a board correct what is read from it."""

import warnings
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from physbias.energy.calibration.calibration import Calibration
from physbias.energy.calibration.store import recall
from physbias.energy.machine import Machine
from physbias.energy.sensors.probe import DeviceKind, Probe, ProbeInfo, SensorError
from physbias.energy.sensors.versions import versions_of

_FULL_TIME = 0.95
_AVERAGES = 1.5


class UnusedCalibrationWarning(UserWarning):
    """The calibrations that were given are of boards that are not measured here."""


@runtime_checkable
class Calibratable(Protocol):
    """A probe that can be told more about its sensor than it knows by itself."""

    def adopt(self, info: ProbeInfo) -> None:
        """Take ``info`` for what is known of the sensor."""
        ...


def calibrate_probes(
    probes: Collection[Probe],
    given: Sequence[Calibration],
    machine: Machine,
    *,
    stacklevel: int = 2,
) -> None:
    """Tell each probe what is known of its board.

    A calibration that the user gives comes first. Else the one that the user's cache
    keeps for the present driver is used; it holds times only. Where none of those
    given is of a board here, there is an :class:`UnusedCalibrationWarning`.
    """
    fits = {probe.info.uuid for probe in probes}
    if given and not any(one.uuid in fits for one in given):
        text = (
            f"the calibration is of {', '.join(one.uuid for one in given)}, and none "
            f"of these is measured here (measured: {', '.join(sorted(fits)) or 'none'})"
        )
        warnings.warn(text, UnusedCalibrationWarning, stacklevel=stacklevel)
    for probe in probes:
        info = probe.info
        if not isinstance(probe, Calibratable) or info.kind is not DeviceKind.GPU:
            continue
        known = next((c for c in given if c.uuid == info.uuid), None)
        known = known or _kept(info.uuid, machine)
        if known is not None:
            probe.adopt(informed(info, known))


def _kept(uuid: str, machine: Machine) -> Calibration | None:
    try:
        driver = versions_of(machine.nvml).driver
        return recall(uuid, machine.environ, driver=driver)
    except Exception:  # noqa: BLE001 - a cache or a sensor never stops training
        return None


def informed(info: ProbeInfo, known: Calibration) -> ProbeInfo:
    """Return what is known of a sensor, with a calibration of it.

    Args:
        info: what is known without it.
        known: the calibration of the same board.
    """
    error = SensorError(
        info.error.gain if known.gain_error is None else known.gain_error,
        info.error.offset if known.offset_error is None else known.offset_error,
    )
    covers = known.average if info.power_average is not None else known.window
    part, average = info.sensor_window, info.power_average
    if covers is not None and known.refresh is not None:
        part = covers if covers < _FULL_TIME * known.refresh else None
        average = covers if covers > _AVERAGES * known.refresh else None
    return replace(
        info,
        gain=known.gain,
        offset=known.offset,
        error=error,
        sensor_window=part,
        power_average=average,
        delay=info.delay if known.delay is None else known.delay,
        delay_error=known.delay_error or info.delay_error,
        calibration=" ".join(part for part in (known.source, known.date) if part)
        or "given",
        calibration_sha256=known.sha256,
    )
