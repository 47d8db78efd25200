"""The calibrations of this user's boards, kept from one run to the next."""

from collections.abc import Mapping
from pathlib import Path

from physbias.energy.calibration.calibration import (
    Calibration,
    load_calibrations,
    save_calibrations,
)
from physbias.errors import DataError


def cache_file(environ: Mapping[str, str]) -> Path | None:
    """Return the file in the user's cache; ``None`` where there is no home."""
    if base := environ.get("XDG_CACHE_HOME"):
        return Path(base) / "physbias" / "calibrations.json"
    if home := environ.get("HOME"):
        return Path(home) / ".cache" / "physbias" / "calibrations.json"
    return None


def remember(calibration: Calibration, environ: Mapping[str, str]) -> None:
    """Keep a calibration, in place of older ones of the same board and software."""
    path = cache_file(environ)
    if path is None:
        return
    kept = [c for c in _kept(path) if _key(c) != _key(calibration)]
    save_calibrations(path, [*kept, calibration])


def recall(
    uuid: str, environ: Mapping[str, str], *, driver: str | None
) -> Calibration | None:
    """Return what is known of a board's timing under its present driver, if anything.

    Args:
        uuid: the board.
        environ: environment variables, which say where the cache is.
        driver: version of the driver; a calibration made under another one is not
            used, nor any where it is unknown.
    """
    path = cache_file(environ)
    if path is None or driver is None:
        return None
    found = [c for c in _kept(path) if c.uuid == uuid and c.driver == driver]
    return max(found, key=lambda calibration: calibration.date, default=None)


def _key(calibration: Calibration) -> tuple[str, str | None, str | None, str]:
    return (
        calibration.uuid,
        calibration.driver,
        calibration.nvml,
        calibration.scope,
    )


def _kept(path: Path) -> tuple[Calibration, ...]:
    """Return what the cache holds; one that cannot be read holds nothing."""
    try:
        return load_calibrations(path) if path.exists() else ()
    except DataError:
        return ()
