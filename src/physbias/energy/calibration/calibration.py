"""What is known of the sensor of one board, and the file that keeps it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn

from physbias.errors import ArgumentError, DataError, explain

SCHEMA = "physbias.calibration/1"

_TIMES = (
    "refresh",
    "window",
    "average",
    "power_delay",
    "counter_refresh",
    "delay",
    "delay_error",
)
_WATTS = ("offset", "offset_error")
_TEXTS = ("uuid", "scope", "driver", "nvml", "source", "date")
_POSITIVE = ("gain", "refresh", "window", "average", "counter_refresh")
_NOT_NEGATIVE = ("gain_error", "offset_error", "power_delay", "delay", "delay_error")


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one kind of reading takes.

    Args:
        call: name of the reading.
        median: time that half of the calls stay below [s].
        worst: longest time seen [s].
    """

    call: str
    median: float
    worst: float


@dataclass(frozen=True, slots=True)
class PowerLevel:
    """A steady power as the counter and as the power reading show it.

    Args:
        level: name of the load.
        counter: growth of the counter over time [W].
        register: mean of the power readings over the same time [W].
    """

    level: str
    counter: float
    register: float

    @property
    def difference(self) -> float:
        """Relative difference of the power reading from the counter [1]."""
        return self.register / self.counter - 1 if self.counter > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What is known of the sensor of one board; what is not known is ``None``.

    Gain and offset come from an external meter: true power is the power shown, less
    the offset, divided by the gain. All times can be measured on the machine itself
    (:func:`~physbias.energy.calibrate`).

    Args:
        uuid: the board.
        gain: shown over true power [1].
        offset: power shown on top [W].
        gain_error: standard uncertainty of ``gain`` [1]; ``None`` if no external
            meter was used.
        offset_error: standard uncertainty of ``offset`` [W]; ``None`` likewise.
        refresh: period of the power registers [s].
        window: time before each refresh that the instantaneous reading covers [s].
        average: time before each refresh that the plain power reading covers [s].
        power_delay: age of the newest power in a power reading at its refresh [s].
        counter_refresh: period of the energy counter [s].
        delay: age of the energy that the counter shows at its refresh [s].
        delay_error: standard uncertainty of ``delay`` [s].
        latencies: how long the readings take.
        levels: counter against power reading at steady powers.
        scope: what the sensor covers, such as ``board``.
        driver: version of the driver.
        nvml: version of NVML.
        source: how this was found.
        date: when, ISO 8601.

    Raises:
        ArgumentError: a value out of its range.
    """

    uuid: str
    gain: float = 1.0
    offset: float = 0.0
    gain_error: float | None = None
    offset_error: float | None = None
    refresh: float | None = None
    window: float | None = None
    average: float | None = None
    power_delay: float | None = None
    counter_refresh: float | None = None
    delay: float | None = None
    delay_error: float | None = None
    latencies: tuple[Latency, ...] = ()
    levels: tuple[PowerLevel, ...] = ()
    scope: str = "board"
    driver: str | None = None
    nvml: str | None = None
    source: str = ""
    date: str = ""

    def __post_init__(self) -> None:
        for name in _TEXTS:
            value = getattr(self, name)
            if not isinstance(value, str | None) or (name == "uuid" and not value):
                _refuse(name, value, "a text", "see Calibration's fields")
        numbers = (*_TIMES, *_WATTS, "gain", "gain_error")
        for name in numbers:
            value = getattr(self, name)
            if value is not None or name in ("gain", "offset"):
                _check_number(name, value)

    @property
    def absolute(self) -> bool:
        """Whether gain and offset were compared with an external meter."""
        return self.gain_error is not None or self.offset_error is not None

    @property
    def sha256(self) -> str:
        """Digest of its content, whatever the file that holds it looks like."""
        numbers = json.loads(json.dumps(_plain(self)), parse_int=float)
        return sha256(json.dumps(numbers).encode()).hexdigest()


def load_calibrations(path: str | Path) -> tuple[Calibration, ...]:
    """Return the calibrations that a JSON file holds.

    Args:
        path: file written by :func:`save_calibrations`, or by hand after its pattern.

    Raises:
        DataError: the file cannot be read or does not hold calibrations.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _bad_file(path, str(error)) from error
    if not isinstance(content, Mapping) or content.get("schema") != SCHEMA:
        found = content.get("schema") if isinstance(content, Mapping) else content
        raise _bad_file(path, f"schema {found!r}")
    entries = content.get("calibrations")
    if not isinstance(entries, list):
        raise _bad_file(path, 'no list "calibrations"')
    try:
        return tuple(_parse(entry) for entry in entries)
    except ArgumentError as error:
        text = f"{path}: {error}"
        raise DataError(text) from error
    except TypeError as error:
        raise _bad_file(path, str(error)) from error


def save_calibrations(path: str | Path, calibrations: Iterable[Calibration]) -> None:
    """Write calibrations to a JSON file, whole or not at all.

    Args:
        path: the file; folders on the way are made.
        calibrations: one or more boards.
    """
    path = Path(path)
    entries = [_plain(calibration) for calibration in calibrations]
    text = json.dumps({"schema": SCHEMA, "calibrations": entries}, indent=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text + "\n", encoding="utf-8")
    fresh.replace(path)


CalibrationChoice = str | Path | Calibration | Iterable[Calibration] | None
"""A file of calibrations, one calibration, or several."""


def check_calibrations(given: CalibrationChoice) -> tuple[Calibration, ...]:
    """Return calibrations given as a file, as one object or as several.

    Raises:
        ArgumentError: ``given`` is none of these.
        DataError: the file cannot be read.
    """
    if given is None:
        return ()
    if isinstance(given, Calibration):
        return (given,)
    if isinstance(given, str | Path):
        return load_calibrations(given)
    if isinstance(given, Iterable):
        several = tuple(given)
        if all(isinstance(one, Calibration) for one in several):
            return several
    _refuse(
        "calibration",
        repr(given),
        "a path, a Calibration or a list of them",
        "write one with save_calibrations, or leave the argument out",
    )


def _parse(entry: object) -> Calibration:
    if not isinstance(entry, Mapping):
        _refuse("calibrations", repr(entry), "an object per board", "see uuid")
    known = {_key(f.name): f.name for f in fields(Calibration)}
    unknown = [key for key in entry if key not in known]
    if unknown:
        remedy = f"known names are {', '.join(known)}"
        _refuse("calibrations", ", ".join(unknown), "known names", remedy)
    values: dict[str, Any] = {known[key]: value for key, value in entry.items()}
    if "uuid" not in values:
        remedy = "give the UUID that `physbias measure --probe` prints"
        _refuse("uuid", None, "the board's UUID", remedy)
    for name, kind in (("latencies", Latency), ("levels", PowerLevel)):
        values[name] = tuple(kind(*row) for row in values.get(name, ()))
    return Calibration(**values)


def _plain(calibration: Calibration) -> dict[str, Any]:
    row = {_key(f.name): getattr(calibration, f.name) for f in fields(Calibration)}
    row["latencies"] = [[x.call, x.median, x.worst] for x in calibration.latencies]
    row["levels"] = [[x.level, x.counter, x.register] for x in calibration.levels]
    return row


def _key(name: str) -> str:
    if name in _TIMES:
        return f"{name}_s"
    return f"{name}_W" if name in _WATTS else name


def _check_number(name: str, value: Any) -> None:  # noqa: ANN401 - as found in a file
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not isfinite(value):
        _refuse(name, value, "a finite number", "leave out what is not known")
    if name in _POSITIVE and value <= 0:
        remedy = "times are in seconds, and a gain of 1 changes nothing"
        _refuse(name, value, "a number above 0", remedy)
    if name in _NOT_NEGATIVE and value < 0:
        remedy = "give a standard uncertainty or a delay without its sign"
        _refuse(name, value, "0 or more", remedy)


def _refuse(name: str, found: object, expected: str, remedy: str) -> NoReturn:
    text = explain(name, found=found, expected=expected, remedy=remedy)
    raise ArgumentError(text)


def _bad_file(path: Path, found: str) -> DataError:
    return DataError(
        explain(
            str(path),
            found=found,
            expected=f'a JSON file {{"schema": "{SCHEMA}", "calibrations": [...]}}',
            remedy="write it with save_calibrations",
        )
    )
