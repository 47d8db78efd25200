"""Which GPUs this process uses, and waiting for their queues; never starts CUDA."""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from physbias.errors import ArgumentError, explain

DeviceChoice = str | Sequence[object]
"""``"used"``, ``"node"``, or a list of indices, ``"cuda:0"``, UUIDs, torch devices.

A single name such as ``"cuda:0"`` stands for a list of one.
"""

_NAME = re.compile(r"cuda(:\d+)?|\d+|GPU-[0-9a-f-]+|MIG-[\w/-]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GpuIdentity:
    """A GPU as the driver lists it.

    Args:
        index: place in the driver's list, which is by PCI bus [1].
        uuid: identity of the board.
        name: name of the model.
        averaged: whether the plain power reading is a trailing mean over 1 s.
        power_limit: enforced power limit [W]; ``None`` if unknown.
        bus: PCI domain, bus and device; ``None`` if unknown.
        parted: whether the board is divided into parts (MIG).
    """

    index: int
    uuid: str
    name: str
    averaged: bool = False
    power_limit: float | None = None
    bus: tuple[int, int, int] | None = None
    parted: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """The GPUs to measure, in the order in which the process counts them.

    Args:
        gpus: the GPUs found.
        unresolved: entries that name no GPU of this machine.
        proven: whether the mapping is certain.
        sliced: UUIDs of boards of which this process uses only a part (MIG).
    """

    gpus: tuple[GpuIdentity, ...] = ()
    unresolved: tuple[str, ...] = ()
    proven: bool = True
    sliced: frozenset[str] = frozenset()


def check_choice(devices: DeviceChoice) -> DeviceChoice:
    """Return ``devices``, or raise :class:`ArgumentError` where it is no choice."""
    if isinstance(devices, str) and devices in ("used", "node"):
        return devices
    listed = isinstance(devices, Sequence) and not isinstance(devices, str)
    entries = tuple(devices) if listed else (devices,)
    single_number = not listed and isinstance(devices, int)
    if not single_number and all(map(_is_entry, entries)):
        return entries
    wrong = [repr(entry) for entry in entries if not _is_entry(entry)]
    raise ArgumentError(
        explain(
            "devices",
            found=", ".join(wrong) or repr(devices),
            expected='"used", "node" or a list of indices, "cuda:0" or GPU UUIDs',
            remedy='pass devices="used" for all GPUs that this process can see',
        )
    )


def choose(
    devices: DeviceChoice, node: Sequence[GpuIdentity], environ: Mapping[str, str]
) -> Selection:
    """Return the GPUs of ``node`` that ``devices`` names."""
    if devices == "node":
        return Selection(tuple(node))
    used = _through_torch(node) or visible(node, environ)
    if devices == "used":
        return used
    gpus: list[GpuIdentity] = []
    unresolved: list[str] = []
    for entry in devices:
        gpu = _find(entry, node, used.gpus)
        if gpu is None:
            unresolved.append(str(entry))
        elif gpu not in gpus:
            gpus.append(gpu)
    return Selection(tuple(gpus), tuple(unresolved), used.proven)


def visible(node: Sequence[GpuIdentity], environ: Mapping[str, str]) -> Selection:
    """Return the GPUs that ``CUDA_VISIBLE_DEVICES`` leaves, as CUDA reads it.

    Entries are indices or prefixes of UUIDs; the list ends at the first entry that
    names no GPU. Indices follow CUDA's order, which is known only where all boards
    are alike or ``CUDA_DEVICE_ORDER`` is ``PCI_BUS_ID``.
    """
    value = environ.get("CUDA_VISIBLE_DEVICES")
    if value is None:
        return Selection(tuple(node))
    gpus: list[GpuIdentity] = []
    unresolved: tuple[str, ...] = ()
    entries = [part.strip() for part in value.split(",")]
    for entry in entries:
        gpu = _by_index(entry, node) or _by_uuid(entry, node)
        if gpu is None:
            unresolved = (entry,) if entry.startswith("MIG-") else ()
            break
        if gpu not in gpus:
            gpus.append(gpu)
    return Selection(
        tuple(gpus),
        unresolved,
        proven=_proven(entries, node, environ),
        sliced=frozenset(
            gpu.uuid
            for entry in entries
            if entry.startswith("MIG-") and (gpu := _by_uuid(entry, node))
        ),
    )


def synchronize() -> None:
    """Wait for the queues of all GPUs on which torch holds memory.

    Does nothing where torch is not imported, CUDA is not initialised or a graph is
    being captured, so that no CUDA context is ever created.
    """
    torch = live_torch()
    if torch is None or torch.cuda.is_current_stream_capturing():
        return
    for index in used_indices(torch):
        torch.cuda.synchronize(index)


def used_indices(torch: Any) -> list[int]:  # noqa: ANN401 - the module torch
    """Return the GPUs that are current or hold memory of torch."""
    current = torch.cuda.current_device()
    return [
        index
        for index in range(torch.cuda.device_count())
        if index == current or torch.cuda.memory_reserved(index) > 0
    ]


def live_torch() -> Any:  # noqa: ANN401 - the module torch, or None
    """Return the module torch if it is imported and has initialised CUDA."""
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "cuda"):
        return None
    return torch if torch.cuda.is_initialized() else None


def _through_torch(node: Sequence[GpuIdentity]) -> Selection | None:
    torch = live_torch()
    if torch is None:
        return None
    gpus = []
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        uuid = getattr(properties, "uuid", None)
        gpu = _by_uuid(f"GPU-{uuid}", node) if uuid else _by_bus(properties, node)
        if gpu is None:
            return None
        gpus.append(gpu)
    return Selection(tuple(gpus))


def _by_bus(properties: object, node: Sequence[GpuIdentity]) -> GpuIdentity | None:
    names = ("pci_domain_id", "pci_bus_id", "pci_device_id")
    place = tuple(getattr(properties, name, None) for name in names)
    found = [gpu for gpu in node if gpu.bus is not None and gpu.bus == place]
    return found[0] if len(found) == 1 else None


def _proven(
    entries: Sequence[str], node: Sequence[GpuIdentity], environ: Mapping[str, str]
) -> bool:
    by_index = any(entry.isdecimal() for entry in entries)
    alike = len({gpu.name for gpu in node}) <= 1
    by_bus = environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
    return alike or by_bus or not by_index


def _is_entry(entry: object) -> bool:
    if isinstance(entry, bool):
        return False
    if isinstance(entry, int):
        return entry >= 0
    if isinstance(entry, str):
        return _NAME.fullmatch(entry) is not None
    return getattr(entry, "type", None) == "cuda"


def _find(
    entry: object, node: Sequence[GpuIdentity], used: Sequence[GpuIdentity]
) -> GpuIdentity | None:
    if not isinstance(entry, int | str):
        entry = getattr(entry, "index", None) or 0
    # "cuda" without a number is the first device, as in PyTorch
    text = "0" if entry == "cuda" else str(entry).removeprefix("cuda:")
    return _by_index(text, used) or _by_uuid(text, node)


def _by_index(entry: str, gpus: Sequence[GpuIdentity]) -> GpuIdentity | None:
    index = int(entry) if entry.isdecimal() else -1
    return gpus[index] if 0 <= index < len(gpus) else None


def _by_uuid(entry: str, gpus: Sequence[GpuIdentity]) -> GpuIdentity | None:
    prefix = entry.removeprefix("MIG-").split("/")[0].lower()
    if not prefix.startswith("gpu-"):
        return None
    found = [gpu for gpu in gpus if gpu.uuid.lower().startswith(prefix)]
    return found[0] if len(found) == 1 else None
