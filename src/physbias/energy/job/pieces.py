"""What several records say of one device, counted once for any instant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import hypot, sqrt

from physbias.energy.record.device import DeviceEnergy
from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.record.interval import Interval, Sides, both, without
from physbias.energy.record.job import Origin
from physbias.energy.record.record import EnergyRecord
from physbias.energy.record.trace import PowerTrace
from physbias.energy.sensors.probe import Source

Key = tuple[str, str, str]
"""Identity of a device: its machine, its kind and its UUID."""

_TOUCH = 1e-6


@dataclass(frozen=True, slots=True)
class Error:
    """Half-widths of a 95 % interval, below and above the figure.

    Args:
        random: random part [J]; parts of it add in quadrature.
        systematic: part from the sensor [J]; on one device it adds linearly.
    """

    random: Sides = (0.0, 0.0)
    systematic: Sides = (0.0, 0.0)

    def __add__(self, other: "Error") -> "Error":
        """Return the error of a sum of two figures of one device."""
        low, high = self.systematic
        more_low, more_high = other.systematic
        systematic = low + more_low, high + more_high
        return Error(both(self.random, other.random), systematic)

    def interval(self, joules: float) -> Interval:
        """Return the interval around a figure [J]."""
        return Interval.around(joules, both(self.random, self.systematic))

    def comparison(self, joules: float) -> Interval:
        """Return the interval without the systematic part [J]."""
        return Interval.around(joules, self.random)


@dataclass(frozen=True, slots=True)
class Piece:
    """One device in one record.

    Args:
        record: the record.
        origin: its origin.
        device: the device.
    """

    record: EnergyRecord
    origin: Origin
    device: DeviceEnergy

    @property
    def key(self) -> Key:
        """Identity of the device; an estimate belongs to its process."""
        uuid = self.device.uuid or self.device.label
        if self.device.source is Source.ESTIMATE:
            uuid = f"process {self.origin.pid}"
        return self.origin.host.id, self.device.kind, uuid

    @property
    def window(self) -> tuple[float, float]:
        """The time that was measured, on the machine's clock without its sleep [s].

        It is shorter than the block where the device was lost before its end.
        """
        start = self.origin.awake_seconds
        return start, start + self.device.seconds

    def part(self, start: float, end: float) -> tuple[float, Error]:
        """Return the energy between two instants [J], and its error.

        Without a power trace it is shared out by time, and could be anything from
        none to all.
        """
        device, joules = self.device, self.device.joules or 0.0
        first, last = self.window
        whole = device_error(device)
        if start <= first and end >= last:
            return joules, whole
        if device.trace is None:
            part = joules * (end - start) / (last - first)
            cut = part, joules - part
        else:
            cells = device.trace
            up_to = cells.energy()
            part = up_to(end - first) - up_to(start - first)
            doubt = hypot(*(_cut(cells, time - first) for time in (start, end)))
            cut = doubt, doubt
        share = part / joules if joules > 0 else 0.0
        low, high = whole.systematic
        random = both(whole.random, cut)
        return part, Error(random, (share * low, share * high))


@dataclass(slots=True)
class Counted:
    """A device, with each instant counted once.

    Args:
        key: its identity.
        device: its entry in the record that counts first.
        origin: the origin of that record.
        shares: what part of the time of each run counts [1].
    """

    key: Key
    device: DeviceEnergy
    origin: Origin
    joules: float = 0.0
    error: Error = Error()
    windows: list[tuple[float, float]] = field(default_factory=list)
    runs: dict[str, float] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    twice: set[str] = field(default_factory=set)
    flags: list[Flag] = field(default_factory=list)
    whole: bool = True

    def add(self, piece: Piece) -> None:
        """Count what ``piece`` holds of the time that is not counted yet."""
        free = subtract(piece.window, self.windows)
        run = piece.origin.run_id
        self.runs.setdefault(run, 0.0)
        counts = sum(end - start for start, end in free)
        self.shares[run] = counts / piece.device.seconds if free else 0.0
        if free != [piece.window]:
            self.twice.add(run)
            if free and piece.device.trace is None:
                self.flags.append(_shared_out(piece, free))
        for start, end in free:
            joules, error = piece.part(start, end)
            self.joules += joules
            self.error += error
            self.runs[run] += joules
        if free:
            self.flags += piece.device.flags
            self.whole = len(self.windows) == 0 and free == [piece.window]
        self.windows = sorted([*self.windows, *free])

    @property
    def seconds(self) -> float:
        """Time counted [s]."""
        return sum(end - start for start, end in self.windows)

    @property
    def sensor(self) -> Key:
        """Identity of the sensor, the same over all boots of the machine.

        All estimates share one, because they rest on the same assumed power.
        """
        host, kind, uuid = self.key
        if self.device.source is Source.ESTIMATE:
            return "", kind, "estimate"
        return self.origin.host.machine or host, kind, uuid


def count(pieces: Iterable[Piece]) -> list[Counted]:
    """Return one entry per device; the first pieces count first.

    Args:
        pieces: measured devices of all records.
    """
    devices: dict[Key, Counted] = {}
    for piece in pieces:
        key = piece.key
        if key not in devices:
            devices[key] = Counted(key, piece.device, piece.origin)
        devices[key].add(piece)
    return list(devices.values())


def combine(devices: Sequence[Counted]) -> Error:
    """Return the error of the sum over devices.

    That of one sensor adds linearly, over boots too; those of different sensors add
    in quadrature.
    """
    sensors: dict[Key, Error] = {}
    for device in devices:
        so_far = sensors.get(device.sensor, Error())
        sensors[device.sensor] = so_far + device.error
    random = [hypot(*(e.random[i] for e in sensors.values())) for i in (0, 1)]
    systematic = [hypot(*(e.systematic[i] for e in sensors.values())) for i in (0, 1)]
    return Error((random[0], random[1]), (systematic[0], systematic[1]))


def device_error(device: DeviceEnergy) -> Error:
    """Return the two parts of the error of a device's figure."""
    joules, full, random = device.joules, device.interval, device.comparison
    if joules is None or full is None:
        return Error()
    whole = full.sides(joules)
    if device.source is Source.ESTIMATE or random is None:
        return Error((0.0, 0.0), whole)
    alone = random.sides(joules)
    return Error(alone, without(whole, alone))


def subtract(
    window: tuple[float, float], taken: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Return the parts of a window that lie in none of the sorted others.

    Example:
        >>> subtract((0.0, 10.0), [(2.0, 3.0), (9.0, 12.0)])
        [(0.0, 2.0), (3.0, 9.0)]
    """
    start, end = window
    free = []
    for first, last in taken:
        if last <= start or first >= end:
            continue
        if first - start > _TOUCH:
            free.append((start, first))
        start = max(start, last)
    if end - start > _TOUCH:
        free.append((start, end))
    return free


def shifted(trace: PowerTrace | None, seconds: float) -> PowerTrace | None:
    """Return a trace with its times moved [s]."""
    if trace is None or seconds == 0:
        return trace
    return replace(trace, times=tuple(time + seconds for time in trace.times))


def _cut(trace: PowerTrace, time: float) -> float:
    """Return the 95 % half-width from cutting a cell of unknown shape [J]."""
    swing = max(trace.watts) - min(trace.watts)
    for left, right, watts in trace.cells():
        if left < time < right:
            part = (time - left) * (right - time) / (right - left)
            return 2 * max(swing, watts) * part / sqrt(3)
    return 0.0


def _shared_out(piece: Piece, free: Sequence[tuple[float, float]]) -> Flag:
    seconds = sum(end - start for start, end in free)
    text = (
        f"{seconds:.3g} s of a measurement that overlaps another one, and has no power "
        "trace, were counted by their share of the time"
    )
    return Flag(FlagCode.OVERLAP_SHARED_OUT, text, piece.device.label)
