"""Advection that neither makes nor destroys energy."""

from dataclasses import dataclass

import torch
from torch import Tensor

from physbias.arguments import check_kind
from physbias.errors import ArgumentError, explain
from physbias.grid import Grid
from physbias.grid.boundary import FieldSizes
from physbias.grid.conditions import (
    Boundary,
    Dirichlet,
    Inflow,
    Mirror,
    Outflow,
    PerField,
    Periodic,
    Symmetry,
)
from physbias.grid.edge_values import SIDES, Part, is_function
from physbias.grid.edges import Edges
from physbias.numerics.derivatives import FramePairs, GridDerivatives
from physbias.numerics.faces import TIMES
from physbias.numerics.scheme import Scheme
from physbias.pdes import Place
from physbias.shapes import AXIS_NAMES


@dataclass(frozen=True, slots=True)
class SkewSymmetric:
    r"""A central scheme with its advection in skew-symmetric form.

    .. math::
        (v\cdot\nabla)u = \tfrac12\big[(v\cdot\nabla)u + \nabla\cdot(v u)
        - u\,\nabla\cdot v\big]

    The sum of the first two terms takes no energy from any ``u`` and gives none,
    whatever ``v``; the third vanishes with the divergence of ``v`` in this scheme,
    which the projection of an incompressible flow sees to. So the change of
    :math:`\sum u^2` by advection is round-off, also where products alias, and what
    remains is the error of the stepper. Where ``v`` has a divergence the form is as
    consistent as any other, and no more.

    That holds on periodic grids, and between walls where fields are mirrored: with
    ``FiniteDifference(order, mirror=True)``, ``Spectral()`` with walls that hold zeros,
    and any :class:`FiniteDifference` at ``Symmetry`` walls. With other closures it
    holds up to their error. Walls must let nothing through: the velocity across a wall
    is taken for zero there. Vectors among an equation's fields must have conditions
    that say so, ``Symmetry`` or zeros (functions are asked at a few times); a wind that
    is no vector field of the equation is for you to close.

    Args:
        scheme: takes the derivatives: :class:`FiniteDifference`, :class:`Compact` or
            :class:`Spectral`.

    Raises:
        ArgumentError: something that is no scheme; on binding, a scheme with advection
            of its own, such as :class:`Upwind`, or an edge that lets something through:
            ``Inflow``, ``Outflow``, or for the component of a vector field
            across it anything but ``Symmetry`` and a ``Dirichlet`` value of zero.

    Source:
        T. A. Zang (1991), Applied Numerical Mathematics 7, 27-40; Y. Morinishi et al.
        (1998), Journal of Computational Physics 143, 90-124.
    """

    scheme: Scheme

    def __post_init__(self) -> None:
        remedy = "use a central scheme, such as FiniteDifference(4)"
        check_kind(self.scheme, "scheme", Scheme, remedy=remedy)

    @property
    def order(self) -> float:
        """Order of accuracy of the scheme inside."""
        return getattr(self.scheme, "order", 1)

    def bind(
        self,
        grid: Grid,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
    ) -> "SkewSymmetricDerivatives":
        """Return the derivatives on a grid."""
        inner = self.scheme.bind(grid, dtype=dtype, device=device)
        if type(inner).advect is not GridDerivatives.advect:
            raise ArgumentError(
                explain(
                    "scheme",
                    found=f"{self.scheme!r}, whose advection is its own",
                    expected="FiniteDifference, Compact or Spectral",
                    remedy="use it without SkewSymmetric",
                )
            )
        pairs = [
            [
                _closed(side, f"the {SIDES[n]} side of {name}")
                for n, side in enumerate(p)
            ]
            for name, p in zip(AXIS_NAMES, grid.boundary, strict=False)
        ]
        across = Edges(grid.with_boundary(pairs), degree=inner.edges.degree)
        return SkewSymmetricDerivatives(inner, across)


class SkewSymmetricDerivatives(GridDerivatives):
    """A scheme with skew-symmetric advection; made by :meth:`SkewSymmetric.bind`.

    Args:
        inner: takes the derivatives.
        across: edges as the velocity across them meets them.
    """

    def __init__(self, inner: GridDerivatives, across: Edges) -> None:
        super().__init__(
            inner.grid,
            inner.coords,
            fourier=inner.fourier,
            time=inner.time,
            pairs=inner.pairs,
            edges=inner.edges,
        )
        self.inner = inner
        self.across = across

    def at(
        self, time: Tensor | float, pairs: FramePairs | None = None
    ) -> "SkewSymmetricDerivatives":
        """Return the same scheme at another time."""
        return SkewSymmetricDerivatives(self.inner.at(time, pairs), self.across)

    def bound_to(self, fields: FieldSizes) -> GridDerivatives:
        """Return the same scheme for states of named fields.

        Args:
            fields: name of each field and its number of channels, as in a ``PDE``.

        Raises:
            ArgumentError: the grid has conditions for other fields, or lacks one; or a
                vector among them may cross a wall.
        """
        bound = super().bound_to(fields)
        for name, size in fields.items():
            if size == "vector":
                _check_closed(name, bound.edges.of(name), self.coords)
        return bound

    def with_edges(self, edges: Edges) -> "SkewSymmetricDerivatives":
        """Return the same scheme at the same time with other edges.

        Args:
            edges: of the same grid.
        """
        return SkewSymmetricDerivatives(self.inner.with_edges(edges), self.across)

    def advect(self, v: Tensor, u: Tensor) -> Tensor:
        """Return ``(v . grad) u`` for every channel of ``u``, without loss of energy.

        Args:
            v: velocity, zero across walls.
            u: state.
        """
        self._check_vector(v)
        wind = self.inner.with_edges(self.across)
        total = torch.zeros_like(u)
        for axis in range(self.ndim):
            speed = v[:, axis : axis + 1]
            carried = wind.continued(speed, axis) * self.inner.continued(u, axis)
            total = total + speed * self.inner.partial(u, axis)
            total = total + self.inner.slope(carried, axis)
            total = total - u * wind.partial(speed, axis)
        return total / 2

    def partial(self, u: Tensor, axis: int, order: int = 1) -> Tensor:
        """Return the derivative of every channel along one space axis.

        Args:
            u: state.
            axis: 0 for x, 1 for y, 2 for z.
            order: order of the derivative, at least 1.
        """
        return self.inner.partial(u, axis, order)

    def laplacian(self, u: Tensor) -> Tensor:
        """Return the sum of second derivatives of every channel."""
        return self.inner.laplacian(u)

    def diffuse(self, u: Tensor, a: Tensor) -> Tensor:
        """Return ``div(a grad u)`` of a single channel.

        Args:
            u: state of one channel.
            a: coefficient, one channel, that varies in space.
        """
        return self.inner.diffuse(u, a)

    def continued(self, u: Tensor, axis: int) -> Tensor:
        """Return a state beyond the walls of an axis, as far as ``slope`` looks.

        Args:
            u: state.
            axis: 0 for x, 1 for y, 2 for z.
        """
        return self.inner.continued(u, axis)

    def slope(self, w: Tensor, axis: int) -> Tensor:
        """Return the derivative, on the grid, of what was made of continued states.

        Args:
            w: made of what :meth:`continued` gives for the same axis.
            axis: 0 for x, 1 for y, 2 for z.
        """
        return self.inner.slope(w, axis)

    def continued_place(self, axis: int) -> Place:
        """Return where continued states are; it gives coefficients there.

        Args:
            axis: 0 for x, 1 for y, 2 for z.
        """
        return self.inner.continued_place(axis)

    def dealias(self, u: Tensor) -> Tensor:
        """Return ``u`` without the modes that products of states would alias into.

        Args:
            u: a tendency, or anything else that is zero where walls hold values.
        """
        return self.inner.dealias(u)

    def dealias_state(self, u: Tensor) -> Tensor:
        """Return a state without those modes, as it meets the data of its walls.

        Args:
            u: state.
        """
        return self.inner.dealias_state(u)


@torch.no_grad()
def _check_closed(field: str, edges: Edges, coords: Tensor) -> None:
    """Raise unless a vector field is zero across every wall."""
    for axis in range(edges.grid.ndim):
        grid = edges.component(axis).grid
        for side, condition in enumerate(grid.boundary[axis]):
            if isinstance(condition, Periodic | Mirror):
                continue
            if isinstance(condition, Dirichlet):
                place = grid.edge_coords(
                    axis, side, dtype=coords.dtype, device=coords.device
                )
                if _is_zero(condition.value, grid.ndim, place):
                    continue
            given = edges.grid.boundary[axis][side]
            raise ArgumentError(
                explain(
                    "grid",
                    found=f"{type(given).__name__} for {field}_{AXIS_NAMES[axis]} on "
                    f"the {SIDES[side]} side of {AXIS_NAMES[axis]}, which lets the "
                    "flow through",
                    expected="Symmetry or a Dirichlet value of zero for the component "
                    "across a wall, for advection that keeps energy",
                    remedy="give one of these, or use the scheme inside on its own",
                )
            )


def _is_zero(value: object, ndim: int, place: Tensor) -> bool:
    """Return whether a channel's value on an edge is zero, at the times tried."""
    if not isinstance(value, Part):
        return value == 0
    given = value.value
    if is_function(given):
        times = (torch.tensor(time, dtype=torch.float64) for time in TIMES)
        values = [given(place, time) for time in times]
        # what gives no numbers is refused where the grid is padded
        found = [torch.as_tensor(v) for v in values if isinstance(v, Tensor | float)]
    elif isinstance(given, tuple):
        found = [torch.tensor(given).reshape(-1, *[1] * (ndim - 1))]
    else:
        found = [given]
    for tensor in found:
        dim = tensor.ndim - ndim  # of the channels, where there are any
        if dim >= 0 and tensor.shape[dim] > 1:
            tensor = tensor.narrow(dim, value.start, 1)
        if bool(tensor.any()):
            return False
    return True


def _closed(side: Boundary, where: str) -> Boundary:
    """Return what a wall means for the velocity across it."""
    if isinstance(side, Periodic):
        return side
    every = side.conditions.values() if isinstance(side, PerField) else (side,)
    if any(isinstance(condition, Inflow | Outflow) for condition in every):
        raise ArgumentError(
            explain(
                "grid",
                found=f"{side!r} on {where}",
                expected="walls that let nothing through, for advection that keeps "
                "energy",
                remedy="use the scheme inside on its own",
            )
        )
    mirrored = any(isinstance(condition, Symmetry) for condition in every)
    return Mirror(-1) if mirrored else Dirichlet(0.0)
