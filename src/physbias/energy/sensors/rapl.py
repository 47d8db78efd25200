"""Energy of processors and memory from the kernel's powercap tree (RAPL)."""

from pathlib import Path

from physbias.energy.sensors.probe import (
    DeviceKind,
    Discovery,
    Missing,
    Probe,
    ProbeInfo,
    ReadError,
    Scope,
    SensorError,
    Source,
)

POWERCAP = Path("/sys/class/powercap")
RAPL_ERROR = SensorError(gain=0.05, offset=0.0)
"""An assumption: no survey of RAPL against external meters is at hand."""

_JOULES_PER_MICROJOULE = 1e-6
_REFRESH = 1e-3
_PAUSE = 2.0
_HIGHEST_POWER = 2e9
"""More than any package or memory takes, so that no wrap is missed [µW]."""


class RaplProbe:
    """One RAPL zone; its counter is unwrapped from read to read.

    Args:
        zone: folder of the zone, which holds ``energy_uj``.
        uuid: identity of the zone.
        name: name of the zone, such as ``package-0``.
    """

    def __init__(self, zone: Path, uuid: str, name: str) -> None:
        dram = name == "dram"
        self._file = zone / "energy_uj"
        self._range = int((zone / "max_energy_range_uj").read_text())
        self._last = int(self._file.read_text())
        self._wrapped = 0
        self._info = ProbeInfo(
            uuid=uuid,
            name=name,
            label="DRAM" if dram else "CPU",
            kind=DeviceKind.DRAM if dram else DeviceKind.CPU,
            counter=Source.RAPL,
            counter_refresh=_REFRESH,
            longest_pause=min(_PAUSE, self._range / _HIGHEST_POWER / 4),
            scope=Scope.MEMORY if dram else Scope.PACKAGE,
            error=RAPL_ERROR,
        )

    @property
    def info(self) -> ProbeInfo:
        """What is known of the zone before it is read."""
        return self._info

    def __eq__(self, other: object) -> bool:
        """Whether ``other`` reads the same file."""
        if not isinstance(other, RaplProbe):
            return NotImplemented
        return self._file == other._file

    def __hash__(self) -> int:
        return hash(self._file)

    def energy(self) -> float:
        """Return the counter without its wraps [J]."""
        try:
            raw = int(self._file.read_text())
        except (OSError, ValueError) as error:
            text = f"{self._file} cannot be read: {error}"
            raise ReadError(text) from error
        if raw < self._last:
            self._wrapped += self._range
        self._last = raw
        return (raw + self._wrapped) * _JOULES_PER_MICROJOULE

    def power(self) -> float:
        """Raise: a zone has a counter only."""
        text = f"{self._file} is a counter; power is not read from RAPL"
        raise ReadError(text)


def find_zones(root: Path = POWERCAP) -> Discovery:
    """Return the packages and memories under ``root``, each counted once.

    Core and uncore are parts of a package and ``psys`` contains it, so they are left
    out, as is the ``mmio`` copy of the same registers.
    """
    probes: dict[str, Probe] = {}
    refused: list[str] = []
    for zone in sorted(root.glob("intel-rapl:*")):
        try:
            name = (zone / "name").read_text().strip()
            uuid = _identity(root, zone, name)
            if uuid is not None and uuid not in probes:
                probes[uuid] = RaplProbe(zone, uuid, name)
        except (OSError, ValueError) as error:
            refused.append(f"{zone.name}: {error}")
    return Discovery(tuple(probes.values()), _missing(root, probes, refused))


def _identity(root: Path, zone: Path, name: str) -> str | None:
    parts = zone.name.split(":")
    if len(parts) == 2 and name.startswith("package"):
        return f"rapl:{name}"
    if len(parts) == 3 and name == "dram":
        parent = (root / ":".join(parts[:2]) / "name").read_text().strip()
        return f"rapl:{parent}/dram"
    return None


def _missing(
    root: Path, probes: dict[str, Probe], refused: list[str]
) -> tuple[Missing, ...]:
    if refused:
        reason = f"RAPL counters cannot be read ({'; '.join(refused)})"
        remedy = (
            f"let this user read {root}/intel-rapl:*/energy_uj, which only root may "
            "do since Linux 5.10, or pass cpu=False"
        )
        return (Missing("CPU", reason, remedy),)
    if not probes:
        reason = f"no RAPL zone of a processor package under {root}"
        remedy = "run outside the container or virtual machine, or pass cpu=False"
        return (Missing("CPU", reason, remedy),)
    return ()
