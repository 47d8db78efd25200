"""The search for the GPUs that are to be measured."""

from collections.abc import Mapping

from physbias.energy.sensors.binding import KnowsMore, NvmlBinding
from physbias.energy.sensors.cuda import DeviceChoice, GpuIdentity, choose
from physbias.energy.sensors.gpu import NvmlProbe
from physbias.energy.sensors.probe import (
    Discovery,
    Missing,
    Probe,
    ReadError,
    SensorError,
    SensorUnavailableError,
)


def find_gpus(
    binding: NvmlBinding,
    devices: DeviceChoice,
    *,
    environ: Mapping[str, str],
    error: SensorError,
) -> Discovery:
    """Return a probe for each chosen GPU, and what cannot be read."""
    try:
        node = binding.gpus()
    except SensorUnavailableError as refused:
        remedy = "install the NVIDIA driver, or run on a machine with a GPU"
        return Discovery((), (Missing("GPU", str(refused), remedy, present=False),))
    chosen = choose(devices, node, _with_parents(binding, environ))
    probes: list[Probe] = []
    missing = [_unresolved(entry, node) for entry in chosen.unresolved]
    unknown = () if isinstance(devices, str) else tuple(m.reason for m in missing)
    if not chosen.gpus and not missing:
        reason = "no GPU is visible to this process"
        remedy = 'check CUDA_VISIBLE_DEVICES, or pass devices="node"'
        missing.append(Missing("GPU", reason, remedy, present=False))
    for gpu in chosen.gpus:
        label = f"GPU {gpu.index}"
        try:
            probe = NvmlProbe(
                binding,
                gpu,
                label=label,
                error=error,
                proven=chosen.proven,
                whole=not gpu.parted and gpu.uuid not in chosen.sliced,
            )
            probes.append(probe)
        except ReadError as refused:
            reason = f"{label} ({gpu.name}) gives neither energy nor power ({refused})"
            remedy = "ask for a whole GPU rather than a virtual one, or leave it out"
            missing.append(Missing(label, reason, remedy))
    return Discovery(tuple(probes), tuple(missing), unknown)


def _unresolved(entry: str, node: list[GpuIdentity]) -> Missing:
    known = ", ".join(f"{gpu.index} = {gpu.uuid}" for gpu in node) or "none"
    return Missing(
        f"GPU {entry}",
        f"{entry} names no GPU of this machine that this process can use "
        f"(there are: {known})",
        "name a GPU by its index or UUID; parts of a GPU (MIG) cannot be measured",
    )


def _with_parents(
    binding: NvmlBinding, environ: Mapping[str, str]
) -> Mapping[str, str]:
    """Return ``environ`` with parts of boards (MIG) named by their boards."""
    value = environ.get("CUDA_VISIBLE_DEVICES", "")
    if "MIG-" not in value or not isinstance(binding, KnowsMore):
        return environ
    entries = []
    for part in value.split(","):
        entry = part.strip()
        new_form = entry.startswith("MIG-") and not entry.startswith("MIG-GPU-")
        board = binding.parent(entry) if new_form else None
        entries.append(entry if board is None else f"MIG-{board}/0/0")
    return {**environ, "CUDA_VISIBLE_DEVICES": ",".join(entries)}
