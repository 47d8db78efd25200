"""Conditions at the edges of a grid, each a value that equals its like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from physbias.errors import ArgumentError, ShapeError, explain
from physbias.grid.edge_values import EdgeValue, check_value, digest, same


class Condition:
    """What the conditions share: they are values, equal where what they hold is.

    A value on an edge is a number; a sequence with one number per channel; a tensor
    that broadcasts against ``(batch, channel, *edge)``, where ``edge`` are the axes of
    the grid without the one across the edge; or a function of the coordinates
    ``(1, axis, *edge)`` [m] and the time [s] that returns such a tensor. Tensors that
    require a gradient get one.
    """

    __slots__ = ()

    @property
    def data(self) -> tuple[Any, ...]:
        """The values that the condition holds on its edge."""
        return ()

    def __eq__(self, other: object) -> bool:
        """Compare kinds and what they hold, tensors by their entries."""
        if not isinstance(other, Condition) or type(self) is not type(other):
            return False
        return all(same(a, b) for a, b in zip(_held(self), _held(other), strict=True))

    def __hash__(self) -> int:
        """Return a number that equal conditions share."""
        return hash((type(self), *map(digest, _held(self))))


@dataclass(frozen=True, slots=True, eq=False)
class Periodic(Condition):
    """The field repeats beyond this edge; the end point is not stored twice."""


@dataclass(frozen=True, slots=True, eq=False)
class Dirichlet(Condition):
    """The field has a known value on this edge, :math:`u = g`.

    Args:
        value: :math:`g` on the cell face [unit of the field]: a number, one per
            channel, a tensor that broadcasts against ``(batch, channel, *edge)``, or
            a function of the edge's coordinates and the time that returns one.

    Raises:
        ArgumentError: not a finite value.
    """

    value: EdgeValue = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", check_value(self.value, "Dirichlet value"))

    @property
    def data(self) -> tuple[Any, ...]:
        """The value."""
        return (self.value,)


@dataclass(frozen=True, slots=True, eq=False)
class Neumann(Condition):
    r"""The field has a known outward normal derivative, :math:`\partial_n u = g`.

    Args:
        slope: :math:`g` along the outward normal [unit of the field / m], given like
            the value of :class:`Dirichlet`.

    Raises:
        ArgumentError: not a finite value.
    """

    slope: EdgeValue = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "slope", check_value(self.slope, "Neumann slope"))

    @property
    def data(self) -> tuple[Any, ...]:
        """The slope."""
        return (self.slope,)


@dataclass(frozen=True, slots=True, eq=False)
class Robin(Condition):
    r"""A mix of value and slope, :math:`a u + b\,\partial_n u = g`.

    With :math:`a` and :math:`b` of one sign the wall takes energy out; with opposite
    signs it feeds the field, and a grid of the wrong spacing can be singular.

    Args:
        a: weight of the value [1], given like the value of :class:`Dirichlet`.
        b: weight of the outward normal derivative [m].
        value: :math:`g` [unit of the field].

    Raises:
        ArgumentError: not finite, or ``a`` and ``b`` both zero.
        ShapeError: weights of shapes that do not broadcast.

    Source:
        K. Gustafson, T. Abe (1998), The Mathematical Intelligencer 20, 63-71.
    """

    a: EdgeValue
    b: EdgeValue
    value: EdgeValue = 0.0

    def __post_init__(self) -> None:
        for name in ("a", "b", "value"):
            object.__setattr__(
                self, name, check_value(getattr(self, name), f"Robin {name}")
            )
        weights = [w for w in (self.a, self.b) if isinstance(w, float | tuple | Tensor)]
        zero = [torch.as_tensor(weight) == 0 for weight in weights]
        try:
            both = len(zero) == 2 and bool((zero[0] & zero[1]).any())
        except RuntimeError:
            raise ShapeError(
                explain(
                    "Robin",
                    found="weights of shapes "
                    f"{' and '.join(str(tuple(z.shape)) for z in zero)}",
                    expected="weights that broadcast against each other",
                    remedy="give both one value, or one per point of the edge",
                )
            ) from None
        if both:
            raise ArgumentError(
                explain(
                    "Robin",
                    found="a = b = 0",
                    expected="a weight for the value, the slope or both",
                    remedy="a condition without weights says nothing: correct them",
                )
            )

    @property
    def data(self) -> tuple[Any, ...]:
        """Both weights and the right-hand side."""
        return self.a, self.b, self.value


@dataclass(frozen=True, slots=True, eq=False)
class Symmetry(Condition):
    """A plane of symmetry, or a wall without friction (slip).

    Beyond it the component of a vector across the plane is odd and all else is even,
    exactly, whatever the order of the scheme.
    """


@dataclass(frozen=True, slots=True, eq=False)
class Inflow(Condition):
    """What the flow carries in is known; the rest has no normal gradient.

    Args:
        values: a value for every field, given like that of :class:`Dirichlet`, or a
            mapping from the names of the transported fields to theirs. Fields that the
            mapping leaves out have a zero normal derivative.

    Raises:
        ArgumentError: not a finite value.
    """

    values: EdgeValue | Mapping[str, EdgeValue]

    def __post_init__(self) -> None:
        values = self.values
        if isinstance(values, Mapping):
            checked = {
                key: check_value(value, f"Inflow values[{key!r}]")
                for key, value in values.items()
            }
            object.__setattr__(self, "values", checked)
        else:
            object.__setattr__(self, "values", check_value(values, "Inflow values"))

    @property
    def data(self) -> tuple[Any, ...]:
        """The values of all fields."""
        values = self.values
        return tuple(values.values()) if isinstance(values, Mapping) else (values,)


@dataclass(frozen=True, slots=True, eq=False)
class Outflow(Condition):
    """Nothing is known: the field leaves as the cells beside the edge say.

    Args:
        degree: degree of the polynomial through the ``degree + 1`` cells at the edge
            that continues the field. Zero repeats the last cell, which is a zero normal
            gradient; a wave of number k that leaves through degree p reflects a part of
            the order of ``(k * spacing) ** (p + 1)``.

    Raises:
        ArgumentError: a degree that is no whole number from 0 to 8.

    Source:
        B. Gustafsson (1975), Mathematics of Computation 29, 396-406, for the degree
        that keeps the order of the scheme inside: one less than that order.
    """

    degree: int = 1

    def __post_init__(self) -> None:
        if isinstance(self.degree, bool) or self.degree not in range(9):
            raise ArgumentError(
                explain(
                    "degree",
                    found=repr(self.degree),
                    expected="a whole number from 0 to 8",
                    remedy="0 is a zero gradient, 1 a straight line",
                )
            )


@dataclass(frozen=True, slots=True, eq=False)
class Mirror(Condition):
    """What :class:`Symmetry` means for one channel.

    Args:
        sign: 1 for an even continuation, -1 for an odd one.
    """

    sign: int


@dataclass(frozen=True, slots=True, eq=False)
class PerField(Condition):
    """One condition for each field, by name; made where a side is given a mapping.

    Args:
        conditions: the condition of each field.
    """

    conditions: Mapping[str, "Boundary"]

    @property
    def data(self) -> tuple[Any, ...]:
        """The values of all fields."""
        return tuple(v for side in self.conditions.values() for v in side.data)


Wall = Dirichlet | Neumann | Robin | Symmetry | Inflow | Outflow | Mirror | PerField
Boundary = Periodic | Wall
AxisBoundary = tuple[Boundary, Boundary]
Side = Boundary | Mapping[str, Wall]
BoundarySpec = Side | Sequence[Side | Sequence[Side]]


def _held(condition: Condition) -> list[Any]:
    return [getattr(condition, entry.name) for entry in fields(condition)]  # pyright: ignore[reportArgumentType]
