"""The edges of a grid as the fields of a state meet them."""

from collections.abc import Callable
from copy import copy
from functools import partial
from itertools import chain

import torch
from torch import Tensor

from physbias.errors import ArgumentError, ShapeError, explain
from physbias.grid import Grid
from physbias.grid.boundary import (
    FieldSizes,
    field_names,
    map_values,
    narrow,
)
from physbias.grid.conditions import (
    Boundary,
    Mirror,
    Outflow,
    PerField,
    Periodic,
    Symmetry,
)
from physbias.grid.edge_values import SIDES, Part
from physbias.shapes import AXIS_NAMES


class Edges:
    """Pads states whose fields, or components of a vector, meet different conditions.

    A grid holds conditions by name and knows nothing of channels; an equation's fields
    say which channels a name stands for. Without fields all channels are alike.

    Args:
        grid: points and conditions.
        fields: name of each field and its number of channels, ``"vector"`` for one per
            space axis, as in :class:`~physbias.pdes.PDE`.
        degree: degree of the polynomial that continues what is made from the state
            and is no field of it.

    Attributes:
        derived: the edges as such a quantity meets them: nothing is known there.

    Raises:
        ArgumentError: a side names a field that is not there, or leaves one out.

    Example:
        >>> side = {"velocity": Dirichlet(0.0), "tracer": Neumann(0.0)}
        >>> grid = Grid((2, 3), (1.0, 1.0), boundary=[Periodic(), side])
        >>> edges = Edges(grid, {"velocity": "vector", "tracer": 1})
        >>> edges.pad(torch.ones(1, 3, 2, 3), 1, 1)[0, :, 0, 0]
        tensor([-1., -1.,  1.])
        >>> edges.of("tracer").pad(torch.ones(1, 1, 2, 3), 1, 1)[0, :, 0, 0]
        tensor([1.])
    """

    def __init__(
        self, grid: Grid, fields: FieldSizes | None = None, *, degree: int = 1
    ) -> None:
        self.fields = dict(fields or {})
        self.degree = degree
        self._check_names(grid)
        scalars = self.fields and "vector" not in self.fields.values()
        self.grid = _each_side(grid, _even) if scalars else grid
        # the channels that are padded on their own: their grids and numbers
        self._parts: list[tuple[Grid, int]] = []
        self._children: dict[tuple[str, int | None], Edges] = {}
        self.derived = self
        if grid.is_periodic:
            return
        self.derived = copy(self)
        self.derived.grid = _each_side(grid, partial(_leaving, degree=degree))
        self.derived.fields, self.derived.derived = {}, self.derived
        start = 0
        for name, size in self.fields.items():
            start += self._divide(grid, name, size, start)

    def pad(
        self,
        u: Tensor,
        axis: int,
        width: int,
        *,
        degree: int | None = None,
        time: Tensor | float = 0.0,
    ) -> Tensor:
        """Return ``u`` with ghost cells, each channel by its own conditions.

        Args:
            u: state, or the field that :meth:`of` has chosen.
            axis: space axis, 0 for x.
            width: number of ghost cells on each side.
            degree: degree of the polynomial beyond a wall, as in ``Grid.pad``.
            time: time [s] at which values are taken.

        Raises:
            ShapeError: a tensor with other channels than the fields.
        """
        if self._alike(axis):
            return self.grid.pad(u, axis, width, degree=degree, time=time)
        parts = self.parts(u, axis)
        padded = [
            grid.pad(part, axis, width, degree=degree, time=time)
            for (grid, _), part in zip(
                parts, u.split([size for _, size in parts], 1), strict=True
            )
        ]
        return torch.cat(padded, dim=1)

    def parts(self, u: Tensor, axis: int) -> list[tuple[Grid, int]]:
        """Return the grids that runs of channels meet, and how many channels each has.

        Args:
            u: state, or the field that :meth:`of` has chosen.
            axis: space axis, 0 for x.

        Raises:
            ShapeError: a tensor with other channels than the fields.
        """
        if self._alike(axis):
            return [(self.grid, u.shape[1])]
        sizes = [size for _, size in self._parts]
        if u.ndim != self.grid.ndim + 2 or u.shape[1] != sum(sizes):
            raise ShapeError(
                explain(
                    "u",
                    found=f"shape {tuple(u.shape)}",
                    expected=f"the {sum(sizes)} channels of {', '.join(self.fields)}, "
                    f"whose conditions along {AXIS_NAMES[axis]} differ",
                    remedy="name the field with d.of(name), or take d.derived where "
                    "the tensor is no field of the state",
                )
            )
        return self._parts

    def of(self, field: str) -> "Edges":
        """Return the edges as a single field meets them.

        Args:
            field: name of the field.

        Raises:
            ArgumentError: no such field.
        """
        if self.grid.is_periodic and field in (self.fields or (field,)):
            return self
        if not self.fields and not any(map(_differs, chain(*self.grid.boundary))):
            return self
        if (field, None) not in self._children:
            raise ArgumentError(
                explain(
                    "field",
                    found=repr(field),
                    expected="one of the fields known here "
                    f"({', '.join(self.fields) or 'no names'})",
                    remedy="correct the name, or bind the derivatives with "
                    "d.bound_to(pde.fields)",
                )
            )
        return self._children[field, None]

    def component(self, index: int) -> "Edges":
        """Return the edges as one component of a vector meets them.

        Args:
            index: 0 for x; nothing changes where the edges are not those of one field.
        """
        if len(self.fields) != 1:
            return self
        return self._children.get((next(iter(self.fields)), index), self)

    def map_values(self, change: Callable[[Tensor], Tensor]) -> "Edges":
        """Return edges with every tensor of values changed.

        Args:
            change: takes and returns a tensor of values.
        """

        def changed(value: object) -> object:
            if isinstance(value, Part):
                return Part(changed(value.value), value.start, value.size)
            return change(value) if isinstance(value, Tensor) else value

        def change_side(side: Boundary) -> Boundary:
            return map_values(side, changed)

        result = copy(self)
        result.grid = _each_side(self.grid, change_side)
        result._parts = [(_each_side(g, change_side), n) for g, n in self._parts]
        result._children = {k: v.map_values(change) for k, v in self._children.items()}
        return result

    def _alike(self, axis: int) -> bool:
        """Return whether all channels meet the same conditions along an axis."""
        return not self._parts or not any(map(_differs, self.grid.boundary[axis]))

    def _divide(self, grid: Grid, name: str, size: int | str, start: int) -> int:
        """Make the edges of a field and its components; return its channels."""
        vector, ndim = size == "vector", grid.ndim
        count = ndim if vector else int(size)
        singles = [
            _narrow_grid(
                grid,
                name,
                start=start + c,
                offset=c,
                size=1,
                signs=[-1 if vector and axis == c else 1 for axis in range(ndim)],
            )
            for c in range(count)
        ]
        whole = _narrow_grid(
            grid,
            name,
            start=start,
            offset=0,
            size=count,
            signs=[0 if vector else 1] * ndim,
        )
        field = self._leaf(whole)
        field.fields = {name: size}
        field._parts = [(single, 1) for single in singles] if vector else []
        field._children = {(name, c): self._leaf(g) for c, g in enumerate(singles)}
        self._children[name, None] = field
        if len(self.fields) == 1:
            self._children.update(field._children)
        self._parts += field._parts or [(whole, count)]
        return count

    def _leaf(self, grid: Grid) -> "Edges":
        """Return edges whose channels are all alike."""
        leaf = copy(self.derived)
        leaf.grid, leaf._parts, leaf._children = grid, [], {}
        return leaf

    def _check_names(self, grid: Grid) -> None:
        for axis, pair in enumerate(grid.boundary):
            for side, condition in enumerate(pair):
                names, known = field_names(condition), set(self.fields)
                short = isinstance(condition, PerField) and known - names
                if known and (names - known or short):
                    raise ArgumentError(
                        explain(
                            "boundary",
                            found=f"conditions for {', '.join(sorted(names))} on the "
                            f"{SIDES[side]} side of {AXIS_NAMES[axis]}",
                            expected=f"the equation's fields "
                            f"({', '.join(self.fields)})",
                            remedy="name each field of the equation once",
                        )
                    )


def _narrow_grid(
    grid: Grid, name: str, *, start: int, offset: int, size: int, signs: list[int]
) -> Grid:
    """Return the grid as some channels of one field meet it."""
    pairs = [
        tuple(
            narrow(side, name, start=start, offset=offset, size=size, sign=sign)
            for side in pair
        )
        for pair, sign in zip(grid.boundary, signs, strict=True)
    ]
    return grid.with_boundary(pairs)


def _each_side(grid: Grid, change: Callable[[Boundary], Boundary]) -> Grid:
    """Return the grid with every condition changed."""
    pairs = [(change(lower), change(upper)) for lower, upper in grid.boundary]
    return grid.with_boundary(pairs)


def _leaving(side: Boundary, *, degree: int) -> Boundary:
    """Return what a wall means for what is known by its cells alone."""
    return side if isinstance(side, Periodic) else Outflow(degree)


def _even(side: Boundary) -> Boundary:
    """Return what a condition means where no field is a vector."""
    return Mirror(1) if isinstance(side, Symmetry) else side


def _differs(side: Boundary) -> bool:
    """Return whether a condition treats fields or components differently."""
    return isinstance(side, Symmetry) or bool(field_names(side))
