"""What can be measured on this machine, and why not the rest."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from physbias.energy.calibration.store import recall
from physbias.energy.clock import Clock
from physbias.energy.machine import Machine
from physbias.energy.record.schema import plain
from physbias.energy.record.software import Software, installed_software
from physbias.energy.sensors import cuda
from physbias.energy.sensors.binding import KnowsMore, NvmlBinding
from physbias.energy.sensors.cuda import GpuIdentity, Selection
from physbias.energy.sensors.probe import (
    DeviceKind,
    Missing,
    Probe,
    ReadError,
    SensorUnavailableError,
)
from physbias.energy.sensors.rapl import find_zones
from physbias.energy.sensors.versions import Versions, versions_of, virtualization_of

SCHEMA = "physbias.probe/1"

_CALLS = 10
_NO_DRIVER = "install the NVIDIA driver, or run on a machine with a GPU"
_VIRTUAL = "ask for a whole GPU rather than a virtual one"
_REMEDIES = {
    "energy": f"boards from Volta on have one; {_VIRTUAL}",
    "instant_power": f"update the driver; {_VIRTUAL}",
    "plain_power": _VIRTUAL,
    "module_power": "only modules of GPU and processor have it; nothing else needs it",
    "past_power": "some drivers keep none; they only fill holes",
}
_NAMES = {
    "energy": "energy counter",
    "instant_power": "instantaneous power",
    "plain_power": "power, on newer boards a mean over 1 s",
    "module_power": "power of the whole module",
    "past_power": "readings that the driver kept",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingReport:
    """One kind of reading of one device.

    Args:
        name: what is read.
        available: whether it can be.
        seconds: median time of a call [s].
        reason: why it cannot be read.
        remedy: what can be done about it.
    """

    name: str
    available: bool
    seconds: float | None = None
    reason: str | None = None
    remedy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceReport:
    """What one device offers.

    Args:
        label: short name, such as ``GPU 0``.
        name: name of the model.
        uuid: identity of the device.
        kind: what it is.
        readings: each kind of reading.
        figure: what a meter will use; ``None`` if it has nothing to use.
        used: whether this process can use the device.
        mapping: how it is known which device this process uses.
        limit_watts: enforced power limit [W].
        virtualization: how the machine owns the board; ``None`` if not known.
        calibration: date of the calibration kept for this driver.
    """

    label: str
    name: str
    uuid: str
    kind: DeviceKind
    readings: tuple[ReadingReport, ...]
    figure: str | None
    used: bool = True
    mapping: str | None = None
    limit_watts: float | None = None
    virtualization: str | None = None
    calibration: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorReport:
    """What can be measured on a machine.

    Args:
        devices: what there is.
        missing: what cannot be measured at all, with reason and remedy.
        versions: driver and NVML.
        software: installed packages.
    """

    devices: tuple[DeviceReport, ...]
    missing: tuple[Missing, ...]
    versions: Versions
    software: Software

    def to_dict(self) -> dict[str, Any]:
        """Return the report as dicts, lists, numbers, strings and ``None``."""
        return {"schema": SCHEMA, **plain(self)}

    def __str__(self) -> str:
        """Return the report as text for people."""
        return "\n".join(_lines(self))


def probe(machine: Machine | None = None) -> SensorReport:
    """Return what can be measured here, by trying each reading a few times.

    Starts no CUDA and takes a fraction of a second.

    Args:
        machine: what to read; a simulated one in tests.
    """
    machine = machine or Machine()
    devices, missing = [], []
    try:
        node = machine.nvml.gpus()
    except SensorUnavailableError as error:
        missing.append(Missing("GPU", str(error), _NO_DRIVER, present=False))
    else:
        if not node:
            reason = "the driver lists no GPU"
            missing.append(Missing("GPU", reason, _NO_DRIVER, present=False))
        used = cuda.choose("used", node, machine.environ)
        devices += [_gpu(machine, gpu, used) for gpu in node]
    zones = find_zones(machine.powercap)
    devices += [_zone(zone, machine.clock) for zone in zones.probes]
    return SensorReport(
        devices=tuple(devices),
        missing=(*missing, *zones.missing),
        versions=versions_of(machine.nvml),
        software=installed_software(),
    )


def _gpu(machine: Machine, gpu: GpuIdentity, used: Selection) -> DeviceReport:
    binding = machine.nvml
    readings = dict(_readings(binding, gpu.index, machine.clock))
    offered = {method for method, reading in readings.items() if reading.available}
    driver = versions_of(binding).driver
    known = recall(gpu.uuid, machine.environ, driver=driver)
    return DeviceReport(
        label=f"GPU {gpu.index}",
        name=gpu.name,
        uuid=gpu.uuid,
        kind=DeviceKind.GPU,
        readings=tuple(readings.values()),
        figure=_figure(offered, averaged=gpu.averaged),
        used=gpu in used.gpus,
        mapping=_mapping(gpu, used),
        limit_watts=gpu.power_limit,
        virtualization=virtualization_of(binding, gpu.index),
        calibration=None if known is None else known.date,
    )


def _readings(
    binding: NvmlBinding, index: int, clock: Clock
) -> Iterator[tuple[str, ReadingReport]]:
    calls: dict[str, Callable[[int], object]] = {
        "energy": binding.energy,
        "instant_power": binding.instant_power,
        "plain_power": binding.plain_power,
    }
    if isinstance(binding, KnowsMore):
        calls["module_power"] = binding.module_power
        calls["past_power"] = binding.past_power
    for method, call in calls.items():
        name, seconds, refused = _NAMES[method], None, None
        try:
            seconds = _latency(lambda call=call: call(index), clock)
        except ReadError as error:
            refused = str(error)
        yield (
            method,
            ReadingReport(
                name=name,
                available=refused is None,
                seconds=seconds,
                reason=refused,
                remedy=None if refused is None else _REMEDIES[method],
            ),
        )


def _latency(read: Callable[[], object], clock: Clock) -> float:
    times = []
    for _ in range(_CALLS):
        before = clock.now()
        read()
        times.append(clock.now() - before)
    return median(times)


def _figure(offered: set[str], *, averaged: bool) -> str | None:
    if "instant_power" in offered:
        power = "instantaneous power"
    elif "module_power" in offered:
        power = "power of the whole module"
    elif "plain_power" in offered:
        power = "power as a mean over 1 s" if averaged else "power"
    else:
        power = None
    if "energy" not in offered:
        return power and f"{power}, integrated"
    checked = f"checked by {power}" if power else "without a check, as power is missing"
    return f"energy counter with reconstructed borders, {checked}"


def _mapping(gpu: GpuIdentity, used: Selection) -> str:
    if gpu not in used.gpus:
        return "not visible to this process"
    place = f"cuda:{used.gpus.index(gpu)} of this process"
    if gpu.uuid in used.sliced:
        place += ", which uses a part of it (MIG): only the whole can be measured"
    if used.proven:
        return place
    return f"{place}, not proven: set CUDA_DEVICE_ORDER=PCI_BUS_ID"


def _zone(zone: Probe, clock: Clock) -> DeviceReport:
    info = zone.info
    name = "energy counter (RAPL)"
    try:
        seconds = _latency(zone.energy, clock)
        reading = ReadingReport(name=name, available=True, seconds=seconds)
    except ReadError as error:
        reading = ReadingReport(name=name, available=False, reason=str(error))
    return DeviceReport(
        label=info.label,
        name=info.name,
        uuid=info.uuid,
        kind=info.kind,
        readings=(reading,),
        figure="energy counter" if reading.available else None,
    )


def _lines(report: SensorReport) -> Iterator[str]:
    versions, software = report.versions, report.software
    driver = versions.driver or software.driver or "none"
    yield (
        f"driver {driver}, NVML {versions.nvml or 'none'}, "
        f"nvidia-ml-py {software.nvml_binding or 'not installed'}"
    )
    for device in report.devices:
        yield ""
        limit = device.limit_watts
        tail = "" if limit is None else f", limit {limit:.0f} W"
        yield f"{device.label}  {device.name}  {device.uuid}{tail}"
        for reading in device.readings:
            yield f"  {reading.name}: {_reading_text(reading)}"
        yield f"  figure: {device.figure or 'none, nothing can be read'}"
        if device.mapping:
            yield f"  mapping: {device.mapping}"
        if device.virtualization:
            yield f"  virtualisation: {device.virtualization}"
        if device.kind is DeviceKind.GPU:
            yield f"  calibration: {device.calibration or 'none; see calibrate()'}"
    for missing in report.missing:
        yield ""
        yield f"{missing.label}: not measured"
        yield f"  reason: {missing.reason}"
        yield f"  remedy: {missing.remedy}"


def _reading_text(reading: ReadingReport) -> str:
    if not reading.available:
        remedy = f" ({reading.remedy})" if reading.remedy else ""
        return f"no, {reading.reason}{remedy}"
    return f"yes, {1e3 * (reading.seconds or 0.0):.3f} ms per call"
