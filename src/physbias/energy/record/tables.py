"""The tables of a record: columns that never change within a schema."""

import csv
import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from physbias.energy.record.interval import Interval
from physbias.energy.record.schema import column, plain
from physbias.energy.record.trace import PowerTrace
from physbias.errors import ArgumentError, MissingExtraError, explain

if TYPE_CHECKING:
    from pandas import DataFrame

    from physbias.energy.record.record import EnergyRecord

DEVICES = "devices"

_RECORD = "record"
_POWER = "power"

Row = dict[str, Any]


def table_names(record: "EnergyRecord") -> list[str]:
    """Return the names of the tables of a record."""
    return [_RECORD, *_lists(type(record)), _POWER]


def rows(record: "EnergyRecord", table: str) -> tuple[list[str], list[Row]]:
    """Return the columns and the rows of one table.

    Raises:
        ArgumentError: there is no such table.
    """
    lists = _lists(type(record))
    if table == _RECORD:
        found = [_flat(type(record), record)]
        return list(found[0]), found
    if table == _POWER:
        return _POWER_COLUMNS, list(_power(record))
    if table in lists:
        kind = lists[table]
        found = [_flat(kind, entry) for entry in getattr(record, table)]
        return list(_flat(kind, None)), found
    raise ArgumentError(
        explain(
            "table",
            found=repr(table),
            expected=", ".join(repr(name) for name in table_names(record)),
            remedy="choose one of them",
        )
    )


def write_csv(record: "EnergyRecord", table: str, path: str | Path | None) -> str:
    """Return one table as CSV, and write it if a path is given."""
    columns, found = rows(record, table)
    text = StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)
    if path is not None:
        Path(path).write_text(text.getvalue(), encoding="utf-8")
    return text.getvalue()


def frame(record: "EnergyRecord", table: str) -> "DataFrame":
    """Return one table as a pandas frame.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    try:
        from pandas import DataFrame
    except ImportError as error:
        text = explain(
            "to_frame",
            found="no package pandas",
            expected="pandas",
            remedy='run: pip install "physbias[frame]", or use to_csv or to_dict',
        )
        raise MissingExtraError(text) from error
    columns, found = rows(record, table)
    return DataFrame(found, columns=columns)


_POWER_COLUMNS = ["uuid", "label", "start_s", "end_s", "power_W"]


def _power(record: "EnergyRecord") -> Iterator[Row]:
    for device in record.devices:
        cells = device.trace.cells() if device.trace is not None else ()
        for cell in cells:
            values = (device.uuid, device.label, *cell)
            yield dict(zip(_POWER_COLUMNS, values, strict=True))


def _flat(kind: type, value: object, prefix: str = "") -> Row:
    """Return one row; columns follow from the class alone, values may be missing."""
    row: Row = {}
    for name, hint in _hints(kind).items():
        item = None if value is None else getattr(value, name)
        key = prefix + column(name)
        if name == "flags":
            row[key] = None if item is None else " ".join(flag.code for flag in item)
        elif hint is PowerTrace or name in _lists(kind):
            continue
        elif isinstance(hint, type) and is_dataclass(hint):
            row |= _flat(hint, item, f"{prefix}{name}_")
        elif hint is Interval:
            stem, _, unit = key.rpartition("_")
            low, high = (None, None) if item is None else item
            row[f"{stem}_low_{unit}"], row[f"{stem}_high_{unit}"] = low, high
        else:
            row[key] = _cell(plain(item))
    return row


def _cell(value: object) -> object:
    return json.dumps(value) if isinstance(value, dict | list) else value


@cache
def _hints(kind: type) -> dict[str, Any]:
    """Return the fields of a class with their types, without ``None``."""
    hints = get_type_hints(kind)
    return {f.name: _without_none(hints[f.name]) for f in fields(kind)}


def _without_none(hint: Any) -> Any:  # noqa: ANN401 (a type)
    options = [option for option in get_args(hint) if option is not NoneType]
    return options[0] if len(options) == 1 and NoneType in get_args(hint) else hint


@cache
def _lists(kind: type) -> dict[str, type]:
    """Return the fields of a record that hold one row per entry."""
    found = {}
    for name, hint in _hints(kind).items():
        options = get_args(hint)
        if len(options) == 2 and options[1] is Ellipsis and is_dataclass(options[0]):
            found[name] = options[0]
    return found
