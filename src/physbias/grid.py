"""Grid and boundary conditions: the only place that knows spacing and edges."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite, prod
from typing import Any, TypeGuard

import torch
from jaxtyping import Float
from torch import Tensor

from physbias.errors import ArgumentError, ShapeError, explain
from physbias.shapes import AXIS_NAMES
from physbias.stencil import rounded_ghost_weights


@dataclass(frozen=True, slots=True)
class Periodic:
    """The field repeats beyond this edge; the end point is not stored twice."""


@dataclass(frozen=True, slots=True)
class Dirichlet:
    """The field has a known value on this edge.

    Args:
        value: the value on the cell face [unit of the field].
    """

    value: float = 0.0


@dataclass(frozen=True, slots=True)
class Neumann:
    """The field has a known outward normal derivative on this edge.

    Args:
        slope: derivative along the outward normal [unit of the field / m].
    """

    slope: float = 0.0


Wall = Dirichlet | Neumann
Boundary = Periodic | Dirichlet | Neumann
AxisBoundary = tuple[Boundary, Boundary]
BoundarySpec = Boundary | Sequence[Boundary | Sequence[Boundary]]


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
            condition for both its sides or a pair (lower, upper). There is no default.
        origin: lower corner [m]; zero if not given.

    Raises:
        ArgumentError: counts or lengths that are not positive, not one entry per axis,
            or an axis periodic on one side alone.

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
        for name, value in (("num_points", num_points), ("lengths", lengths)):
            if not isinstance(value, Sequence):
                raise ArgumentError(
                    explain(
                        name,
                        found=repr(value),
                        expected="one entry per axis, such as (64,) or (64, 128)",
                        remedy="write a tuple, also for a single axis",
                    )
                )
        points = tuple(num_points)
        ndim = len(points)
        _check_axes("num_points", points, ndim)
        _check_axes("lengths", tuple(lengths), ndim)
        corner = (0.0,) * ndim if origin is None else tuple(map(float, origin))
        if len(corner) != ndim:
            raise ArgumentError(
                explain(
                    "origin",
                    found=f"{len(corner)} entries",
                    expected=f"one per axis ({ndim})",
                    remedy="give the lower corner of the box",
                )
            )
        # a frozen dataclass is filled through object.__setattr__
        object.__setattr__(self, "num_points", tuple(map(int, points)))
        object.__setattr__(self, "lengths", tuple(map(float, lengths)))
        object.__setattr__(self, "boundary", _normalise_boundary(boundary, ndim))
        object.__setattr__(self, "origin", corner)

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
        if tuple(u.shape[leading:]) != self.num_points:
            raise ShapeError(
                explain(
                    name,
                    found=f"spatial shape {tuple(u.shape[leading:])}",
                    expected=f"the grid's {self.num_points}",
                    remedy="pass the grid the field was sampled on, or resample it",
                )
            )

    def pad(
        self, u: Tensor, axis: int, width: int, *, degree: int | None = None
    ) -> Tensor:
        """Return ``u`` with ``width`` ghost cells on both sides of one space axis.

        Args:
            u: any tensor whose last axes are those of the grid (the length along
                ``axis`` may differ: a network's coarse levels share the edges).
            axis: space axis, 0 for x.
            width: number of ghost cells on each side.
            degree: degree of the polynomial that continues the field beyond a wall,
                fitted to the wall's datum and the cells beside it. If not given the
                field is mirrored in the wall: odd about a Dirichlet value, even about
                a Neumann slope, which is second order and always stable.

        Raises:
            ShapeError: fewer points along the axis than the ghosts need.
        """
        if width == 0:
            return u
        dim = u.ndim - self.ndim + axis
        lower, upper = self.boundary[axis]
        need = width if degree is None or isinstance(lower, Periodic) else degree
        if u.shape[dim] < max(need, width):
            raise ShapeError(
                explain(
                    "num_points",
                    found=f"{u.shape[dim]} points along {AXIS_NAMES[axis]}",
                    expected=f"at least {max(need, width)} for this stencil",
                    remedy="use a finer grid or a lower order",
                )
            )
        if isinstance(lower, Periodic) or isinstance(upper, Periodic):
            count = u.shape[dim]
            left, right = u.narrow(dim, count - width, width), u.narrow(dim, 0, width)
            return torch.cat([left, u, right], dim)
        spacing = self.lengths[axis] / u.shape[dim]
        before = _ghosts(u, dim, width, wall=lower, spacing=spacing, degree=degree)
        mirrored = u.flip(dim)
        after = _ghosts(
            mirrored, dim, width, wall=upper, spacing=spacing, degree=degree
        )
        return torch.cat([before.flip(dim), u, after], dim)


def _ghosts(
    u: Tensor,
    dim: int,
    width: int,
    *,
    wall: Wall,
    spacing: float,
    degree: int | None,
) -> Tensor:
    """Return the ghost cells before the first cell, nearest to the wall first."""
    if degree is None:
        mirror = u.narrow(dim, 0, width)
        if isinstance(wall, Dirichlet):
            return 2 * wall.value - mirror
        if wall.slope == 0:
            return mirror
        shape = [1] * u.ndim
        shape[dim] = width
        distance = 2 * torch.arange(width, dtype=u.dtype, device=u.device) + 1
        return mirror + (wall.slope * spacing) * distance.reshape(shape)
    layers = []
    for depth in range(width):
        known_order = int(isinstance(wall, Neumann))
        datum, cells = rounded_ghost_weights(known_order, degree, depth)
        ghost = sum(weight * u.narrow(dim, k, 1) for k, weight in enumerate(cells))
        # the weights measure lengths in spacings along the inward normal
        known = wall.value if isinstance(wall, Dirichlet) else -wall.slope * spacing
        layers.append(ghost + datum * known if known != 0 else ghost)
    return torch.cat(layers, dim)


def _is_list(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


@lru_cache
def _axis_word(ndim: int) -> str:
    return ", ".join(AXIS_NAMES[:ndim])


def _check_axes(name: str, values: tuple[float, ...], ndim: int) -> None:
    """Raise unless there is one positive finite entry per axis."""
    if not 1 <= ndim <= 3:
        raise ArgumentError(
            explain(
                "num_points",
                found=f"{ndim} axes",
                expected="one to three, in the order x, y, z",
                remedy="move further axes into the batch",
            )
        )
    if len(values) != ndim:
        raise ArgumentError(
            explain(
                name,
                found=f"{len(values)} entries",
                expected=f"one per axis ({_axis_word(ndim)})",
                remedy="give as many as num_points has",
            )
        )
    whole = name == "num_points"
    for value in values:
        if value <= 0 or not isfinite(value) or (whole and value != int(value)):
            raise ArgumentError(
                explain(
                    name,
                    found=f"{value!r}",
                    expected="positive whole numbers" if whole else "positive numbers",
                    remedy="correct the entry",
                )
            )


def _normalise_boundary(spec: BoundarySpec, ndim: int) -> tuple[AxisBoundary, ...]:
    """Return one (lower, upper) pair per axis."""
    if isinstance(spec, Boundary):
        return ((spec, spec),) * ndim
    entries = tuple(spec) if _is_list(spec) else (spec,)
    if len(entries) != ndim:
        raise ArgumentError(
            explain(
                "boundary",
                found=f"{len(entries)} entries",
                expected=f"one per axis ({_axis_word(ndim)})",
                remedy="give a condition, or a (lower, upper) pair, for each axis",
            )
        )
    pairs = []
    for axis, entry in enumerate(entries):
        pair = tuple(entry) if _is_list(entry) else (entry, entry)
        if len(pair) != 2 or not all(isinstance(side, Boundary) for side in pair):
            raise ArgumentError(
                explain(
                    "boundary",
                    found=f"{entry!r} along {AXIS_NAMES[axis]}",
                    expected="a condition or a (lower, upper) pair of conditions",
                    remedy="use Periodic(), Dirichlet(value) or Neumann(slope)",
                )
            )
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
