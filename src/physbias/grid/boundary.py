"""What happens at each edge of a grid: how it is written, and what a field sees."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from physbias.errors import ArgumentError, explain
from physbias.grid.conditions import (
    AxisBoundary,
    Boundary,
    BoundarySpec,
    Dirichlet,
    Inflow,
    Mirror,
    Neumann,
    Outflow,
    PerField,
    Periodic,
    Robin,
    Side,
    Symmetry,
)
from physbias.grid.edge_values import Part, is_list
from physbias.shapes import AXIS_NAMES

FieldSizes = Mapping[str, int | Literal["vector"]]


def narrow(
    side: Boundary, field: str, *, start: int, offset: int, size: int, sign: int
) -> Boundary:
    """Return the condition of some channels of one field.

    Args:
        side: the condition of a side.
        field: name of the field.
        start: first channel within the state.
        offset: first channel within the field.
        size: number of channels.
        sign: what a plane of symmetry does to the channels: 1 keeps their sign, -1
            turns it, 0 leaves that open because they are a vector's.
    """
    if isinstance(side, PerField):
        side, start = side.conditions[field], offset
    if isinstance(side, Inflow):
        if isinstance(side.values, Mapping):
            if field not in side.values:
                return Neumann(0.0)
            side, start = Dirichlet(side.values[field]), offset
        else:
            side = Dirichlet(side.values)
    if isinstance(side, Symmetry):
        return Mirror(sign) if sign else side
    return map_values(side, lambda value: _part(value, start, size))


def map_values(side: Boundary, change: Callable[[Any], Any]) -> Boundary:
    """Return a condition of the same kind that holds changed values."""
    if isinstance(side, Dirichlet):
        return Dirichlet(change(side.value))
    if isinstance(side, Neumann):
        return Neumann(change(side.slope))
    if isinstance(side, Robin):
        return Robin(change(side.a), change(side.b), change(side.value))
    if isinstance(side, Inflow):
        if isinstance(side.values, Mapping):
            return Inflow({k: change(v) for k, v in side.values.items()})
        return Inflow(change(side.values))
    if isinstance(side, PerField):
        changed = {k: map_values(v, change) for k, v in side.conditions.items()}
        return PerField(changed)
    return side


def field_names(side: Boundary) -> set[str]:
    """Return the names of the fields that a condition mentions."""
    if isinstance(side, PerField):
        return set(side.conditions)
    if isinstance(side, Inflow) and isinstance(side.values, Mapping):
        return set(side.values)
    return set()


def outflow_degrees(sides: Sequence[Boundary]) -> set[int]:
    """Return the degrees of the extrapolations among some conditions."""
    inner = [
        condition
        for side in sides
        for condition in (
            side.conditions.values() if isinstance(side, PerField) else (side,)
        )
    ]
    return {side.degree for side in inner if isinstance(side, Outflow)}


def normalise_boundary(spec: BoundarySpec, ndim: int) -> tuple[AxisBoundary, ...]:
    """Return one (lower, upper) pair per axis."""
    if isinstance(spec, Boundary | Mapping):
        side = _per_field(spec)
        return ((side, side),) * ndim
    if not is_list(spec):
        raise _no_condition(spec, "")
    entries: tuple[Any, ...] = tuple(spec)
    words = ", ".join(AXIS_NAMES[:ndim])
    if len(entries) != ndim:
        raise ArgumentError(
            explain(
                "boundary",
                found=f"{len(entries)} entries",
                expected=f"one per axis ({words})",
                remedy="give a condition, or a (lower, upper) pair, for each axis",
            )
        )
    pairs = []
    for axis, entry in enumerate(entries):
        pair = tuple(entry) if is_list(entry) else (entry, entry)
        pair = tuple(map(_per_field, pair))
        if len(pair) != 2 or not all(isinstance(side, Boundary) for side in pair):
            raise _no_condition(entry, f" along {AXIS_NAMES[axis]}")
        if isinstance(pair[0], Periodic) != isinstance(pair[1], Periodic):
            raise ArgumentError(
                explain(
                    "boundary",
                    found=f"one periodic side along {AXIS_NAMES[axis]}",
                    expected="both sides periodic or neither",
                    remedy="a periodic axis has no edge: make the other side periodic",
                )
            )
        pairs.append((pair[0], pair[1]))
    return tuple(pairs)


def check_same_points(old: Sequence[AxisBoundary], new: Sequence[AxisBoundary]) -> None:
    """Raise unless the same axes are periodic, or the points would move.

    Args:
        old: conditions of a grid.
        new: those that shall take their place.
    """
    for axis, (before, after) in enumerate(zip(old, new, strict=True)):
        periodic = isinstance(before[0], Periodic)
        if periodic == isinstance(after[0], Periodic):
            continue
        kind, wanted = "walled", "a condition for its walls"
        if periodic:
            kind, wanted = "periodic", "Periodic()"
        found = repr(after[0])
        if after[0] != after[1]:
            found = f"({after[0]!r}, {after[1]!r})"
        raise ArgumentError(
            explain(
                "boundary",
                found=f"{found} for the axis {AXIS_NAMES[axis]}, which is {kind}",
                expected=f"{wanted} there",
                remedy="give one entry per axis, or make a new Grid, whose points lie "
                + ("in the middle of cells" if periodic else "on the lower edge"),
            )
        )


def _no_condition(found: object, where: str) -> ArgumentError:
    """Return the refusal of what is neither a condition nor a pair of them."""
    remedy = (
        "use Periodic(), Dirichlet(value) or Neumann(slope), or a mapping from field "
        "names to conditions"
    )
    words = repr(found)
    if isinstance(found, type):
        words, remedy = f"the class {found.__name__}", f"write {found.__name__}(...)"
    expected = "a condition or a (lower, upper) pair of conditions"
    if not where:
        expected = "a condition, or one or a pair of them for each axis"
    return ArgumentError(
        explain("boundary", found=words + where, expected=expected, remedy=remedy)
    )


def _per_field(side: Side) -> Boundary:
    """Return a side with its mapping, if it is one, checked and kept."""
    if not isinstance(side, Mapping):
        return side
    for name, condition in side.items():
        plain = isinstance(condition, Boundary) and not field_names(condition)
        if not plain or isinstance(condition, Periodic):
            raise ArgumentError(
                explain(
                    "boundary",
                    found=f"{condition!r} for the field {name!r}",
                    expected="a condition of a single field",
                    remedy="an axis is periodic for all fields or none"
                    if isinstance(condition, Periodic)
                    else "use Dirichlet(value), Neumann(slope) or the like",
                )
            )
    return PerField(dict(side))


def _part(value: object, start: int, size: int) -> float | Part:
    """Return some channels of a value that may differ among them."""
    return value if isinstance(value, float) else Part(value, start, size)
