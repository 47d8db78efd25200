"""Names and plain values of a record as it is stored: stable, with units."""

from array import array
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from math import isfinite
from numbers import Integral, Real
from typing import Any

SCHEMA = "physbias.energy/4"

_COLUMNS = {
    "joules": "energy_J",
    "interval": "interval_J",
    "comparison": "comparison_interval_J",
    "unattributed": "unattributed_energy_J",
    "seconds": "duration_s",
    "mean_watts": "power_mean_W",
    "joules_per_unit": "energy_per_unit_J",
    "interval_per_unit": "interval_per_unit_J",
    "max_watts": "power_max_W",
    "power_limit_watts": "power_limit_W",
    "watts": "power_W",
    "times": "times_s",
    "difference": "relative_difference",
    "grams": "emissions_g",
    "grams_interval": "emissions_interval_g",
    "grams_per_kwh": "intensity_g_per_kWh",
}
_ENDINGS = {
    "_joules": "_energy_J",
    "_watts": "_power_W",
    "_seconds": "_s",
    "_celsius": "_C",
    "_grams": "_emissions_g",
    "_grams_interval": "_emissions_interval_g",
}


def column(attribute: str) -> str:
    """Return the stored name, unit included, of an attribute of the record's classes.

    Example:
        >>> column("joules"), column("own_joules"), column("label")
        ('energy_J', 'own_energy_J', 'label')
    """
    if attribute in _COLUMNS:
        return _COLUMNS[attribute]
    for ending, unit in _ENDINGS.items():
        if attribute.endswith(ending):
            return attribute.removesuffix(ending) + unit
    return attribute


def plain(value: object) -> Any:  # noqa: ANN401 (JSON has no narrower type)
    """Return a value as dicts, lists, numbers, strings, booleans and ``None``.

    Classes of the record become dicts under their stored names. A number that is not
    finite is missing. What JSON does not know, such as an object in a user's
    annotation, becomes its text.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value) if isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        return {column(f.name): plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset | array):
        return [plain(item) for item in value]
    return str(value)
