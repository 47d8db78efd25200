"""The grid: the only place that knows spacing, and where its edges are."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from physbias.arguments import check_kind
from physbias.errors import ArgumentError, ShapeError, explain
from physbias.grid.boundary import (
    check_same_points,
    field_names,
    narrow,
    normalise_boundary,
)
from physbias.grid.checks import check_box, check_index, check_origin, check_real
from physbias.grid.conditions import (
    AxisBoundary,
    Boundary,
    BoundarySpec,
    Inflow,
    Periodic,
    Symmetry,
)
from physbias.grid.edge_data import check_leading, evaluate, place, spread, take
from physbias.grid.edge_values import EdgeValue, Part, check_edge, is_function
from physbias.grid.ghosts import cells_needed, ghost_cells, into_corners
from physbias.shapes import AXIS_NAMES


@dataclass(frozen=True, slots=True, init=False)
class Grid:
    """A box of equally spaced points, with what happens at each of its edges.

    Points of a periodic axis are ``origin + i * spacing`` and do not repeat the end
    point; points of any other axis are cell centres, ``origin + (i + 1/2) * spacing``,
    and the boundary lies on the faces of the outermost cells.

    Args:
        num_points: points along each axis, in the order x, y, z.
        lengths: extent along each axis [m].
        boundary: one condition for every edge, or one entry per axis, which is a
            condition for both its sides or a pair (lower, upper). In place of a
            condition a side may have a mapping from the names of an equation's fields
            to theirs. There is no default.
        origin: lower corner [m]; zero if not given.

    Raises:
        ArgumentError: counts or lengths that are not positive, not one entry per axis,
            or an axis periodic on one side alone.
        ShapeError: a tensor of values that does not fit its edge.

    Example:
        >>> grid = Grid((4, 8), (1.0, 4.0), boundary=[Periodic(), Dirichlet(0.0)])
        >>> grid.spacing
        (0.25, 0.5)
        >>> grid.axes()[1][:3]
        tensor([0.2500, 0.7500, 1.2500])
    """

    num_points: tuple[int, ...]
    lengths: tuple[float, ...]
    boundary: tuple[AxisBoundary, ...]
    origin: tuple[float, ...]

    def __init__(
        self,
        num_points: Sequence[int],
        lengths: Sequence[float],
        *,
        boundary: BoundarySpec,
        origin: Sequence[float] | None = None,
    ) -> None:
        check_box(num_points, lengths)
        ndim = len(num_points)
        corner = (0.0,) * ndim if origin is None else origin
        check_origin(corner, ndim)
        # a frozen dataclass is filled through object.__setattr__
        object.__setattr__(self, "num_points", tuple(map(int, num_points)))
        object.__setattr__(self, "lengths", tuple(map(float, lengths)))
        object.__setattr__(self, "boundary", normalise_boundary(boundary, ndim))
        object.__setattr__(self, "origin", tuple(map(float, corner)))
        for axis, pair in enumerate(self.boundary):
            for side, condition in enumerate(pair):
                for value in condition.data:
                    check_edge(value, axis, side, self.num_points)

    @property
    def ndim(self) -> int:
        """Number of space axes."""
        return len(self.num_points)

    @property
    def spacing(self) -> tuple[float, ...]:
        """Distance between neighbouring points along each axis [m]."""
        pairs = zip(self.lengths, self.num_points, strict=True)
        return tuple(length / count for length, count in pairs)

    @property
    def is_periodic(self) -> bool:
        """Whether every axis is periodic."""
        return all(isinstance(lower, Periodic) for lower, _ in self.boundary)

    @property
    def cell_volume(self) -> float:
        """Volume of one cell [m^ndim]."""
        return prod(self.spacing)

    def axes(
        self, *, dtype: torch.dtype | None = None, device: torch.device | None = None
    ) -> tuple[Float[Tensor, " points"], ...]:
        """Return the coordinates along each axis [m]."""
        check_real(dtype)
        result = []
        for axis, count in enumerate(self.num_points):
            shift = 0.0 if isinstance(self.boundary[axis][0], Periodic) else 0.5
            index = torch.arange(count, dtype=dtype or torch.get_default_dtype())
            points = self.origin[axis] + (index + shift) * self.spacing[axis]
            result.append(points.to(device))
        return tuple(result)

    def coords(
        self, *, dtype: torch.dtype | None = None, device: torch.device | None = None
    ) -> Float[Tensor, "1 axis *space"]:
        """Return the coordinates of every point [m], as a state of ``ndim`` channels.

        Shape:
            result: ``(1, ndim, *space)``.
        """
        axes = self.axes(dtype=dtype, device=device)
        return torch.stack(torch.meshgrid(*axes, indexing="ij"))[None]

    def check(self, u: Tensor, name: str, *, leading: int = 2) -> None:
        """Raise ``ShapeError`` unless ``u`` lives on this grid.

        Args:
            u: tensor whose last axes should be those of the grid.
            name: what to call it in the message.
            leading: axes before the space axes: 2 for a state, 3 for a trajectory.
        """
        check_kind(u, name, Tensor, remedy="wrap arrays in torch.as_tensor")
        wanted = ("batch", "channel") if leading == 2 else ("batch", "time", "channel")
        if u.ndim != leading + self.ndim:
            raise ShapeError(
                explain(
                    name,
                    found=f"{u.ndim} axes, shape {tuple(u.shape)}",
                    expected=f"({', '.join(wanted)}, *{self.num_points})",
                    remedy="add the missing axes with unsqueeze, or pass another grid",
                )
            )
        if len(u) == 0:
            raise ShapeError(
                explain(
                    name,
                    found=f"an empty batch, shape {tuple(u.shape)}",
                    expected="at least one sample",
                    remedy="leave empty batches out",
                )
            )
        if tuple(u.shape[leading:]) != self.num_points:
            raise ShapeError(
                explain(
                    name,
                    found=f"spatial shape {tuple(u.shape[leading:])}",
                    expected=f"the grid's {self.num_points}",
                    remedy="pass the grid the field was sampled on, or resample it",
                )
            )

    def with_boundary(self, boundary: BoundarySpec) -> "Grid":
        """Return the same points with other conditions.

        Args:
            boundary: as for the grid, ``Periodic()`` along its periodic axes.

        Raises:
            ArgumentError: an axis that is periodic in one and has walls in the other,
                whose points lie elsewhere.
        """
        pairs = normalise_boundary(boundary, self.ndim)
        check_same_points(self.boundary, pairs)
        return Grid(self.num_points, self.lengths, boundary=pairs, origin=self.origin)

    def edge_coords(
        self,
        axis: int,
        side: int,
        *,
        dtype: torch.dtype | None = None,
        device: torch.device | None = None,
    ) -> Float[Tensor, "1 axis *edge"]:
        """Return the coordinates of the face centres on one edge [m].

        Args:
            axis: axis across the edge, 0 for x.
            side: 0 for the lower edge, 1 for the upper.
            dtype: real dtype.
            device: where the result lies.

        Shape:
            result: ``(1, ndim, *edge)``: the grid's axes without the one across.
        """
        check_index("axis", axis, self.ndim - 1)
        check_index("side", side, 1)
        axes = list(self.axes(dtype=dtype, device=device))
        place = self.origin[axis] + side * self.lengths[axis]
        axes[axis] = torch.full_like(axes[axis][:1], place)
        return torch.stack(torch.meshgrid(*axes, indexing="ij"))[None].squeeze(2 + axis)

    def pad(
        self,
        u: Tensor,
        axis: int,
        width: int,
        *,
        degree: int | None = None,
        time: Tensor | float = 0.0,
    ) -> Tensor:
        """Return ``u`` with ``width`` ghost cells on both sides of one space axis.

        Ghost cells of one axis may be padded along another: values on an edge are
        continued into the corner by a polynomial of their own.

        Args:
            u: any tensor whose last axes are those of the grid (the length along
                ``axis`` may differ: a network's coarse levels share the edges). All
                its channels meet the same conditions; where fields have their own, or
                a vector a plane of symmetry, pad through
                :class:`~physbias.grid.edges.Edges`.
            axis: space axis, 0 for x.
            width: number of ghost cells on each side.
            degree: degree of the polynomial that continues the field beyond a wall,
                fitted to the wall's datum and the cells beside it. If not given the
                field is mirrored in the wall: odd about a Dirichlet value, even about
                a Neumann slope, which is second order and always stable. ``Symmetry``
                and ``Outflow`` do the same whatever the degree.
            time: time [s] at which values that depend on it are taken; a number or a
                tensor that broadcasts against states.

        Raises:
            ArgumentError: conditions that differ among fields whose names are not
                known.
            ShapeError: fewer points along the axis than the ghosts need, or values
                that do not fit the field.
        """
        check_kind(u, "u", Tensor, remedy="wrap arrays in torch.as_tensor")
        check_index("axis", axis, self.ndim - 1)
        check_index("width", width)
        check_index("degree", 0 if degree is None else degree)
        if width == 0:
            return u
        dim = u.ndim - self.ndim + axis
        pair = [self.for_channels(side, u) for side in self.boundary[axis]]
        need = max(width, *(cells_needed(side, width, degree) for side in pair))
        if u.shape[dim] < need:
            raise ShapeError(
                explain(
                    "num_points",
                    found=f"{u.shape[dim]} points along {AXIS_NAMES[axis]}",
                    expected=f"at least {need} for this stencil",
                    remedy="use a finer grid or a lower order",
                )
            )
        if isinstance(pair[0], Periodic):
            count = u.shape[dim]
            left, right = u.narrow(dim, count - width, width), u.narrow(dim, 0, width)
            return torch.cat([left, u, right], dim)
        spacing = self.lengths[axis] / u.shape[dim]
        before, after = (
            ghost_cells(
                field,
                dim,
                width,
                wall=wall,
                data=tuple(
                    self._datum(value, u, axis, side, time=time, degree=degree)
                    for value in wall.data
                ),
                spacing=spacing,
                degree=degree,
            )
            for side, (field, wall) in enumerate(
                zip((u, u.flip(dim)), pair, strict=True)
            )
        )
        return torch.cat([before.flip(dim), u, after], dim)

    def for_channels(self, side: Boundary, u: Tensor) -> Boundary:
        """Return a condition that all channels share, or refuse one that differs.

        Args:
            side: a condition of this grid.
            u: field whose channels meet it.

        Raises:
            ArgumentError: fields or components of a vector that are not told apart.
        """
        several = u.ndim > self.ndim and u.shape[u.ndim - self.ndim - 1] > 1
        if field_names(side) or (isinstance(side, Symmetry) and several):
            names = ", ".join(sorted(field_names(side)))
            what = f"conditions of the fields {names}" if names else "a Symmetry edge"
            raise ArgumentError(
                explain(
                    "boundary",
                    found=f"{what} and channels whose fields are not known",
                    expected="channels with names",
                    remedy="take derivatives of a single field with d.of(name), and "
                    "bind them with d.bound_to(pde.fields) outside a solver",
                )
            )
        if isinstance(side, Symmetry | Inflow):
            return narrow(side, "", start=0, offset=0, size=1, sign=1)
        return side

    def _datum(
        self,
        value: EdgeValue | Part,
        u: Tensor,
        axis: int,
        side: int,
        *,
        time: Tensor | float,
        degree: int | None,
    ) -> float | Tensor:
        """Return a value on an edge in a shape that broadcasts against ``u``."""
        if isinstance(value, float):
            return value
        part = value if isinstance(value, Part) else None
        held: Any = part.value if part else value
        if is_function(held):
            coords = self.edge_coords(axis, side, dtype=u.dtype, device=u.device)
            held = evaluate(
                held, coords, time, axis=axis, side=side, num_points=self.num_points
            )
        where = place(axis, side)
        known = take(spread(held, u, axis=axis, ndim=self.ndim), part, where=where)
        check_leading(known, u, ndim=self.ndim, where=where)
        periodic = [isinstance(lower, Periodic) for lower, _ in self.boundary]
        return into_corners(known, u, axis, periodic=periodic, degree=degree)
