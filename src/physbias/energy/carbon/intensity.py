"""Greenhouse gas per kilowatt-hour: given, from a table, or over time."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cache
from math import isfinite
from typing import Protocol, runtime_checkable

from physbias.errors import ArgumentError, explain

ANNUAL_ERROR = 0.1
"""Standard uncertainty of an annual average, relative [1]; an assumption."""

TABLE_SOURCE = (
    "Ember (2025); Energy Institute, Statistical Review of World Energy (2025); "
    "with major processing by Our World in Data, CC BY 4.0"
)
"""Where the built-in table comes from."""

_OTHER_NAMES = {
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "usa": "US",
    "united states of america": "US",
    "america": "US",
    "holland": "NL",
    "the netherlands": "NL",
    "czech republic": "CZ",
    "korea": "KR",
    "deutschland": "DE",
}


@runtime_checkable
class CarbonIntensity(Protocol):
    """How much gas a kilowatt-hour causes at a time.

    A class with these members, such as one that asks a service with the user's own
    key, gives time-matched figures. The library itself asks no network.
    """

    @property
    def source(self) -> str:
        """Where the figures come from."""
        ...

    @property
    def error(self) -> float:
        """Standard uncertainty of the figures, relative [1]."""
        ...

    def at(self, time: datetime) -> float:
        """Return the intensity at a time with time zone [g/kWh]."""
        ...


@dataclass(frozen=True, slots=True)
class GridIntensity:
    """An intensity that is the same at all times.

    Args:
        grams_per_kwh: CO2 equivalents per kilowatt-hour [g/kWh].
        error: standard uncertainty, relative [1]. The default for annual averages is
            an assumption.
        source: where the figure comes from.
        place: what it holds for; ``None`` if not said.
        year: year of an annual average.

    Raises:
        ArgumentError: the intensity is negative or not finite, or the error is not
            between 0 and 1.
    """

    grams_per_kwh: float
    error: float = ANNUAL_ERROR
    source: str = "given by the user"
    place: str | None = None
    year: int | None = None

    def __post_init__(self) -> None:
        if not (isfinite(self.grams_per_kwh) and self.grams_per_kwh >= 0):
            raise ArgumentError(
                explain(
                    "intensity",
                    found=self.grams_per_kwh,
                    expected="a number of grams per kilowatt-hour, not negative",
                    remedy="give the figure of your grid or supplier, such as 344.0",
                )
            )
        if not 0 <= self.error <= 1:
            raise ArgumentError(
                explain(
                    "error",
                    found=self.error,
                    expected="a relative standard uncertainty from 0 to 1",
                    remedy="give 0.1 for 10 %",
                )
            )

    def at(self, time: datetime) -> float:  # noqa: ARG002, RUF100 (the same at all)
        """Return the intensity [g/kWh]."""
        return self.grams_per_kwh


def grid_intensity(country: str) -> GridIntensity:
    """Return the annual average of a country from the built-in table.

    The averages are those of the electricity that was produced there, over its life
    cycle; neither trade nor the hour is in them.

    Args:
        country: ISO 3166 code of two or three letters, such as ``"DE"`` or ``"DEU"``,
            or ``"WORLD"``.

    Raises:
        ArgumentError: the table has no such country.

    Source:
        Ember and Energy Institute as processed by Our World in Data, edition of 2025;
        see the file beside the table.

    Example:
        >>> germany = grid_intensity("DE")
        >>> print(f"{germany.grams_per_kwh:.0f} g/kWh in {germany.year}")
        344 g/kWh in 2024
    """
    found = _table().get(country.strip().upper())
    if found is not None:
        return found
    raise ArgumentError(
        explain(
            "country",
            found=repr(country),
            expected="an ISO 3166 code of two or three letters that is in the table",
            remedy=_advice(country)
            + "give the intensity as a number of grams per kilowatt-hour",
        )
    )


def as_intensity(
    intensity: "CarbonIntensity | float | str",
) -> CarbonIntensity:
    """Return an intensity from a number [g/kWh], a country code or a provider.

    Raises:
        ArgumentError: it is none of these.
    """
    if isinstance(intensity, str):
        return grid_intensity(intensity)
    if isinstance(intensity, int | float) and not isinstance(intensity, bool):
        return GridIntensity(float(intensity))
    if isinstance(intensity, CarbonIntensity):
        return intensity
    raise ArgumentError(
        explain(
            "intensity",
            found=repr(intensity),
            expected="g/kWh as a number, a country code, or an object with source, "
            "error and at(time)",
            remedy='pass 344.0 or "DE"; a place is never guessed',
        )
    )


def _advice(country: str) -> str:
    """Return the codes of the countries that may be meant, as a beginning of advice."""
    wanted = country.strip().casefold()
    codes = {
        e.place: code for code, e in _table().items() if len(code) == 2 and e.place
    }
    names = {place.casefold(): place for place in codes}
    meant = _OTHER_NAMES.get(wanted)
    near = (
        [meant]
        if meant
        else [
            codes[names[name]]
            for name in get_close_matches(wanted, names, n=3, cutoff=0.75)
        ]
    )
    if not near:
        return ""
    listed = " or ".join(f'"{code}" ({_table()[code].place})' for code in near)
    return f"pass {listed}, or "


@cache
def _table() -> dict[str, GridIntensity]:
    from importlib.resources import files

    path = files("physbias.energy.carbon") / "grid_intensity.csv"
    return _read(path.read_text(encoding="utf-8").splitlines())


def _read(lines: Iterable[str]) -> dict[str, GridIntensity]:
    table: dict[str, GridIntensity] = {}
    for row in csv.DictReader(lines):
        entry = GridIntensity(
            float(row["intensity_g_per_kWh"]),
            source=TABLE_SOURCE,
            place=row["name"],
            year=int(row["year"]),
        )
        table[row["alpha_2"]] = table[row["alpha_3"]] = entry
    return table
