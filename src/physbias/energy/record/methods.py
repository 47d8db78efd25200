"""What a paper should say about a measurement."""

from typing import TYPE_CHECKING

from physbias.energy.record.interval import Interval
from physbias.energy.record.power import counted
from physbias.energy.record.software import Software
from physbias.energy.record.text import format_joules

if TYPE_CHECKING:
    from physbias.energy.record.device import DeviceEnergy
    from physbias.energy.record.record import EnergyRecord

_RULES = {
    "counter": "the board's energy counter, with the energy at both ends of the block "
    "reconstructed from its own steps",
    "power": "the board's power readings, each held over the refresh before it",
    "rapl": "the processor's RAPL counters",
    "estimate": "a model of processor time, not a sensor",
}
_WITH_POWER = (
    " and, where the two agree and power outside is steady, from power readings"
)
_MLPERF_READINGS = 60
_MLPERF_RATE = 1.0


def methods_sentence(record: "EnergyRecord") -> str:
    """Return how the energy was measured, in words for a paper."""
    software = _software(record.software)
    if record.joules is None or record.interval is None:
        return (
            f"Energy was not measured ({record.reason}); the block took "
            f"{record.seconds:.1f} s{software}."
        )
    verb = "estimated" if record.basis == "estimate" else "measured"
    parts = "; ".join(_groups(record))
    figure = f"{format_joules(record.joules)} over {record.seconds:.1f} s"
    sentences = [
        f"Energy was {verb} with physbias{software} on {parts}: {figure}, "
        f"95 % interval {_ends(record.interval)}."
    ]
    if record.basis != "estimate":
        sentences.append(
            "The interval holds the gain and offset errors of the sensors and the "
            "errors of borders and sampling"
            + (
                f"; without the former, for ratios on the same devices, it is "
                f"{_ends(record.comparison)}."
                if record.comparison is not None
                else "."
            )
        )
        sentences.append(
            "It is the energy at the sensors, idle power included; losses of power "
            "supplies, cooling and network are not in it."
        )
    missing = [f"{d.label} ({d.reason})" for d in record.devices if d.joules is None]
    if missing:
        sentences.append(f"Not measured: {'; '.join(missing)}.")
    if record.flags:
        codes = ", ".join(sorted({str(flag.code) for flag in record.flags}))
        sentences.append(f"Remarks of the meter: {codes}.")
    return " ".join(sentences)


def mlperf_block(record: "EnergyRecord") -> str:
    """Return the facts that the MLPerf power rules ask for, line by line.

    Source:
        MLCommons, power measurement rules for training: at least 60 readings, at
        least one a second and evenly spread, each counted over the time since the one
        before.
    """
    lines = [f"duration_s: {record.seconds:.3f}"]
    for device in counted(record):
        rate = device.samples / device.seconds if device.seconds > 0 else 0.0
        enough = device.samples >= _MLPERF_READINGS and rate >= _MLPERF_RATE
        flags = {str(flag.code) for flag in device.flags}
        lines += [
            f"device: {device.label}, {device.name}, {device.uuid}",
            f"  energy_J: {device.joules:.6g}",
            f"  readings: {device.samples}",
            f"  readings_per_s: {rate:.4g}",
            f"  at_least_60_and_1_per_s: {'yes' if enough else 'no'}",
            f"  evenly_spread: {'no, there is a gap' if 'gap' in flags else 'yes'}",
            f"  rule: {_rule(device)}",
        ]
    lines.append(
        "scope: power of the boards and packages named here, which is not the power of "
        "the node at its supply; no MLPerf result can be claimed from it"
    )
    return "\n".join(lines)


def _groups(record: "EnergyRecord") -> list[str]:
    """Return devices of the same name and rule together."""
    groups: dict[tuple[str, str], list[DeviceEnergy]] = {}
    for device in counted(record):
        groups.setdefault((device.name, _rule(device)), []).append(device)
    found = []
    for (name, rule), devices in groups.items():
        number = f"{len(devices)} × " if len(devices) > 1 else ""
        gpus = [device.uuid for device in devices if device.kind == "gpu"]
        identity = f" ({', '.join(gpus)})" if gpus else ""
        found.append(f"{number}{name}{identity} by {rule}")
    return found


def _rule(device: "DeviceEnergy") -> str:
    rule = _RULES.get(str(device.source), str(device.source))
    if device.source == "counter" and device.cross_check is not None:
        return rule + _WITH_POWER
    return rule


def _software(software: Software | None) -> str:
    if software is None:
        return ""
    names = {
        "Python": software.python,
        "PyTorch": software.torch,
        "nvidia-ml-py": software.nvml_binding,
        "NVIDIA driver": software.driver,
    }
    known = ", ".join(f"{name} {text}" for name, text in names.items() if text)
    version = f" {software.physbias}" if software.physbias else ""
    return f"{version} ({known})" if known else version


def _ends(interval: Interval) -> str:
    return f"{format_joules(interval.low)} to {format_joules(interval.high)}"
