"""Plain data back to the dataclasses that they were made from."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from physbias.energy.record.schema import column
from physbias.errors import DataError, explain

T = TypeVar("T")


def from_plain(kind: type[T], plain: object) -> T:
    """Return the ``kind`` that :func:`~physbias.energy.record.schema.plain` stored.

    Fields that ``kind`` does not have are left out, and fields that are missing take
    their default, so that data of an earlier or later version can be read.

    Args:
        kind: a dataclass, or what its fields may be.
        plain: the data.

    Raises:
        DataError: the data do not fit ``kind``.
    """
    return _build(kind, plain, getattr(kind, "__name__", str(kind)))


def _build(kind: Any, plain: Any, path: str) -> Any:  # noqa: ANN401 - of any type
    origin = get_origin(kind)
    if kind is Any:
        return plain
    if origin in (Union, UnionType):
        return _one_of(get_args(kind), plain, path)
    if is_dataclass(kind):
        return _dataclass(kind, plain, path)
    if hasattr(kind, "_fields"):
        return _named_tuple(kind, plain, path)
    if origin is not None and issubclass(origin, Mapping):
        keys, values = get_args(kind)
        items = _expect(plain, Mapping, path).items()
        return {_key(keys, k, path): _build(values, v, f"{path}.{k}") for k, v in items}
    if origin is not None and issubclass(origin, Sequence):
        return _sequence(origin, get_args(kind), plain, path)
    return _scalar(kind, plain, path)


def _one_of(kinds: tuple[Any, ...], plain: object, path: str) -> object:
    if plain is None and NoneType in kinds:
        return None
    candidates = [kind for kind in kinds if kind is not NoneType]
    for kind in candidates[:-1]:
        try:
            return _build(kind, plain, path)
        except DataError:
            continue
    return _build(candidates[-1], plain, path)


def _dataclass(kind: Any, plain: object, path: str) -> object:  # noqa: ANN401
    data = _expect(plain, Mapping, path)
    hints = _hints(kind)
    given = {}
    for f in fields(kind):
        if not f.init:
            continue
        name = column(f.name)
        if name in data:
            given[f.name] = _build(hints[f.name], data[name], f"{path}.{name}")
        elif f.default is MISSING and f.default_factory is MISSING:
            raise DataError(_unfit(f"{path}.{name}", "nothing", "a value"))
    return kind(**given)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _named_tuple(kind: Any, plain: object, path: str) -> object:  # noqa: ANN401
    values = _expect(plain, Sequence, path)
    if len(values) != len(kind._fields):
        raise DataError(_unfit(path, f"{len(values)} values", f"{len(kind._fields)}"))
    return kind(*values)


def _sequence(
    origin: type, arguments: tuple[Any, ...], plain: object, path: str
) -> object:
    values = _expect(plain, Sequence, path)
    if issubclass(origin, tuple):
        fixed = len(arguments) > 0 and Ellipsis not in arguments
        kinds = arguments if fixed else arguments[:1] * len(values)
        if len(kinds) != len(values):
            raise DataError(_unfit(path, f"{len(values)} values", f"{len(kinds)}"))
        return tuple(
            _build(kind, value, f"{path}[{i}]")
            for i, (kind, value) in enumerate(zip(kinds, values, strict=True))
        )
    items = [_build(arguments[0], v, f"{path}[{i}]") for i, v in enumerate(values)]
    return items if issubclass(list, origin) else tuple(items)


def _scalar(kind: Any, plain: object, path: str) -> object:  # noqa: ANN401
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(plain)
        except ValueError as error:
            names = ", ".join(str(member.value) for member in kind)
            raise DataError(_unfit(path, repr(plain), f"one of {names}")) from error
    if kind is array:
        return array("d", _expect(plain, Sequence, path))
    if kind is float and isinstance(plain, int) and not isinstance(plain, bool):
        return float(plain)
    return _expect(plain, kind, path)


def _key(kind: Any, key: str, path: str) -> object:  # noqa: ANN401
    return int(key) if kind is int else _build(kind, key, path)


def _expect(plain: Any, kind: Any, path: str) -> Any:  # noqa: ANN401
    if not isinstance(plain, kind) or (kind is Sequence and isinstance(plain, str)):
        raise DataError(_unfit(path, repr(plain)[:60], getattr(kind, "__name__", "")))
    return plain


def _unfit(path: str, found: str, expected: str) -> str:
    return explain(
        path,
        found=found,
        expected=expected,
        remedy="pass what to_dict, to_json or the journal of a meter has written",
    )
