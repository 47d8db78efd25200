"""Which machine this is, the same in all its containers and processes."""

import platform
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


@dataclass(frozen=True, slots=True)
class Host:
    """Identity of a machine; hashed, so that a record gives none of its ids away.

    The kernel's boot id is shared by all containers of a machine and by no other
    machine, whereas host names and machine ids are copied with images.

    Args:
        id: the machine from one boot to the next; two records of the same energy
            have the same one.
        machine: the machine over all its boots; ``None`` if it has no machine id.
        proven: whether ``id`` is the kernel's boot id and not a substitute for it.
    """

    id: str
    machine: str | None = None
    proven: bool = True


def read_host(boot: Path = BOOT_ID, machines: tuple[Path, ...] = MACHINE_IDS) -> Host:
    """Return the identity of this machine.

    Without a boot id the machine id takes its place, and without that the host name;
    these are not certain to differ between machines.

    Args:
        boot: file with the kernel's boot id.
        machines: files with the machine id, the first readable one counts.
    """
    found = (_content(path) for path in machines)
    number = next((text for text in found if text), None)
    machine = None if number is None else _hash("machine", number)
    booted = _content(boot)
    if booted is not None:
        return Host(_hash("boot", booted), machine)
    return Host(machine or _hash("name", platform.node()), machine, proven=False)


def _content(path: Path) -> str | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    usable = len(text) >= 32 and set(text) - set("0-")
    return text if usable else None


def _hash(kind: str, text: str) -> str:
    return sha256(f"physbias.energy {kind} {text}".encode()).hexdigest()[:16]
