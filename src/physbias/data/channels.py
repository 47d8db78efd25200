"""How fields become named channels: a vector ``v`` is ``v_x, v_y`` along the axes."""

from collections.abc import Sequence
from itertools import product

from physbias.arguments import check_kind
from physbias.errors import ArgumentError, explain
from physbias.shapes import AXIS_NAMES


def channel_names(field: str, *, order: int, ndim: int) -> tuple[str, ...]:
    """Return the channel names of one field.

    Args:
        field: name of the field.
        order: tensor order [1]: 0 scalar, 1 vector, 2 tensor.
        ndim: number of space axes [1].

    Returns:
        ``(field,)`` for a scalar, ``field_x, field_y, ...`` for a vector, ``field_xx,
        field_xy, ...`` for a tensor.
    """
    if order == 0:
        return (field,)
    axes = AXIS_NAMES[:ndim]
    return tuple(f"{field}_{''.join(part)}" for part in product(axes, repeat=order))


def channel_groups(names: Sequence[str], *, ndim: int) -> dict[str, tuple[int, ...]]:
    """Gather channels into the fields they are components of.

    Channels belong together when all components of a vector (or a tensor) stand
    one after another, as ``velocity_x, velocity_y`` do in two dimensions.

    Args:
        names: channel names in order.
        ndim: number of space axes [1].

    Returns:
        The channel indices of each field, in the order of the channels.
    """
    groups: dict[str, tuple[int, ...]] = {}
    start = 0
    while start < len(names):
        base, size = names[start], 1
        for order in (2, 1):
            stem = names[start].rpartition("_")[0]
            parts = channel_names(stem, order=order, ndim=ndim)
            free = stem and stem not in names and stem not in groups
            if free and tuple(names[start : start + len(parts)]) == parts:
                base, size = stem, len(parts)
                break
        groups[base] = tuple(range(start, start + size))
        start += size
    return groups


def field_order(field: str, channels: Sequence[str], *, ndim: int) -> int:
    """Return the tensor order [1] of a field from the names of its channels."""
    names = [channel_names(field, order=order, ndim=ndim) for order in (0, 1, 2)]
    return names.index(tuple(channels))


def find_channels(
    fields: Sequence[str], names: Sequence[str], *, ndim: int
) -> list[int]:
    """Return the indices of the channels that ``fields`` asks for, in its order.

    Args:
        fields: names of fields (``"velocity"``) or of channels (``"velocity_x"``).
        names: channel names in order.
        ndim: number of space axes [1].

    Returns:
        One index per channel.

    Raises:
        ArgumentError: a name is neither a field nor a channel, a channel is asked
            for twice, or nothing is asked for.
    """
    if isinstance(fields, str):
        fields = (fields,)
    check_kind(fields, "fields", Sequence, remedy="list the names that are wanted")
    groups = channel_groups(names, ndim=ndim)
    indices: list[int] = []
    for field in fields:
        if field in groups:
            indices += groups[field]
        elif field in names:
            indices.append(list(names).index(field))
        else:
            raise ArgumentError(
                explain(
                    "fields",
                    found=f"{field!r}",
                    expected=f"fields out of {', '.join(groups)} or channels out of "
                    f"{', '.join(names)}",
                    remedy="ask for a field that is there",
                )
            )
    if not indices or len(set(indices)) < len(indices):
        raise ArgumentError(
            explain(
                "fields",
                found=f"{tuple(fields)}",
                expected="at least one channel and none of them twice",
                remedy=f"choose out of {', '.join(groups)}",
            )
        )
    return indices
