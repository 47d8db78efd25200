"""The fields of an equation: their names and their numbers of channels."""

from collections.abc import Mapping
from typing import Literal

from physbias.arguments import check_count
from physbias.errors import ArgumentError, explain

FieldSize = int | Literal["vector"]


def check_sizes(fields: Mapping[str, FieldSize]) -> None:
    """Raise :class:`ArgumentError` unless every field has a name and a size.

    Args:
        fields: name of each field and its number of channels.
    """
    for name, size in fields.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise ArgumentError(
                explain(
                    "fields",
                    found=f"the name {name!r}",
                    expected="a word of letters, digits and underscores",
                    remedy="name each field on its own, as in "
                    '{"activator": 1, "inhibitor": 1}',
                )
            )
        _check_size(size, f"fields[{name!r}]")


def _check_size(size: object, name: str) -> None:
    """Raise :class:`ArgumentError` unless ``size`` is one of a field.

    Args:
        size: what was given.
        name: where it stands.
    """
    if size == "vector":
        return
    if isinstance(size, str):
        raise ArgumentError(
            explain(
                name,
                found=repr(size),
                expected='a whole number of channels, or "vector"',
                remedy="correct it",
            )
        )
    check_count(size, name)


def describe(fields: Mapping[str, FieldSize], ndim: int) -> str:
    """Return the fields and their numbers of channels in words.

    Args:
        fields: name of each field and its number of channels.
        ndim: number of space axes.
    """
    return ", ".join(
        f"{name}: {ndim if size == 'vector' else size}" for name, size in fields.items()
    )
