"""Vector calculus on a staggered grid: vectors on faces, scalars in cells."""

from copy import copy
from typing import NoReturn, Self

import torch
from torch import Tensor

from physbias.errors import ArgumentError, ShapeError, explain
from physbias.grid import Grid, Periodic
from physbias.grid.boundary import FieldSizes
from physbias.grid.edges import Edges
from physbias.numerics.derivatives import FramePairs, GridDerivatives
from physbias.numerics.faces import Faces
from physbias.numerics.fourier import FourierSymbols
from physbias.numerics.linear.transforms import HelmholtzTransforms
from physbias.pdes import Coefficient


class StaggeredDerivatives(GridDerivatives):
    """Differences on a staggered grid.

    Made by :meth:`~physbias.numerics.Staggered.bind`.
    """

    def __init__(
        self,
        grid: Grid,
        coords: Tensor,
        *,
        edges: Edges,
        poisson: HelmholtzTransforms,
        fourier: FourierSymbols | None,
    ) -> None:
        super().__init__(grid, coords, fourier=fourier, edges=edges)
        self.poisson = poisson
        self.faces = Faces.of(edges, self.coords.device)
        self._still = self.faces.at_rest()
        # zero on the faces that are walls
        inside = torch.ones_like(coords)
        for axis, (lower, _) in enumerate(grid.boundary):
            if not isinstance(lower, Periodic):
                inside[:, axis].narrow(1 + axis, 0, 1).zero_()
        self._inside = inside

    def at(self, time: Tensor | float, pairs: FramePairs | None = None) -> Self:
        """Return the same scheme at another time."""
        result = super().at(time, pairs)
        if pairs is not None:
            result.faces = Faces.of(result.edges, self.coords.device)
        return result

    def with_edges(self, edges: Edges) -> Self:
        """Return the same scheme at the same time with other edges.

        Args:
            edges: of the same grid.
        """
        result = super().with_edges(edges)
        result.faces = Faces.of(edges, self.coords.device)
        result._still = result.faces.at_rest()
        return result

    def bound_to(self, fields: FieldSizes) -> "StaggeredDerivatives":
        """Return the same scheme for states of one named vector.

        Args:
            fields: name of the field, and ``"vector"``.

        Raises:
            ArgumentError: other fields, or conditions for another one.
        """
        check_single_vector(fields)
        return self.with_edges(Edges(self.grid, fields))

    @property
    def derived(self) -> "StaggeredDerivatives":
        """The same scheme for rates of change, which meet walls at rest."""
        if self.grid.is_periodic:
            return self
        result = copy(self)
        result.faces = self._still
        return result

    def of(self, field: str) -> "StaggeredDerivatives":
        """Return the same scheme, which knows one field only.

        Args:
            field: its name.

        Raises:
            ArgumentError: no such field.
        """
        self.edges.of(field)
        return self

    def face_coords(self, axis: int) -> Tensor:
        """Return the coordinates of the places where one component sits [m].

        Args:
            axis: the component, 0 for x.

        Shape:
            result: ``(1, ndim, *space)``.
        """
        self._check_axis(axis, 1)
        along = self.faces.along[axis]
        return along.coords(dtype=self.coords.dtype, device=self.coords.device)

    def to_centres(self, v: Tensor) -> Tensor:
        """Return a vector on faces as one in the cells, by means of two.

        Args:
            v: vector on faces ``(batch, ndim, *space)``.
        """
        self._check_vector(v)
        whole = self._closed(v)
        return torch.cat([_mean(u, 2 + axis) for axis, u in enumerate(whole)], 1)

    def to_faces(self, v: Tensor) -> Tensor:
        """Return a vector in the cells as one on faces, by means of two and by walls.

        Args:
            v: vector in the cells ``(batch, ndim, *space)``.
        """
        self._check_vector(v)
        parts = enumerate(v.split(1, 1))
        return self._on_walls(torch.cat([_below(u, 2 + axis) for axis, u in parts], 1))

    def partial(self, u: Tensor, axis: int, order: int = 1) -> Tensor:
        """Return the second derivative of every component along one space axis.

        Args:
            u: vector on faces.
            axis: 0 for x, 1 for y, 2 for z.
            order: order of the derivative, which must be 2.

        Raises:
            ArgumentError: another order, which would sit at other places.
        """
        self._check_axis(axis, order)
        if order != 2:
            _refuse(f"a derivative of order {order} of a state")
        self._check_vector(u)
        parts, dim = [], 2 + axis
        for index, part in enumerate(u.split(1, 1)):
            if index == axis:
                faces = self.faces.closed(part, axis, self.time)
                count = part.shape[dim]
                here = faces.narrow(dim, 0, count)
                pair = faces.narrow(dim, 1, count) + torch.roll(here, 1, dim)
                parts.append(pair - 2 * here)
            else:
                padded = self.faces.pad(part, index, axis, self.time)
                parts.append(padded.diff(n=2, dim=dim))
        return torch.cat(parts, 1) * (self._inside / self.grid.spacing[axis] ** 2)

    def div(self, v: Tensor) -> Tensor:
        """Return the divergence in the cells, as one channel."""
        self._check_vector(v)
        slopes = [
            faces.diff(dim=2 + axis) / self.grid.spacing[axis]
            for axis, faces in enumerate(self._closed(v))
        ]
        return sum(slopes[1:], slopes[0])

    def grad(self, u: Tensor) -> Tensor:
        """Return the gradient of a scalar in the cells on the faces, none on walls."""
        _check_scalar(u, "u")
        slopes = [
            (u - torch.roll(u, 1, 2 + axis)) / self.grid.spacing[axis]
            for axis in range(self.ndim)
        ]
        return torch.cat(slopes, 1) * self._inside

    def advect(self, v: Tensor, u: Tensor) -> Tensor:
        r"""Return :math:`\nabla\cdot(v u)`, the same as ``(v . grad) u``.

        Args:
            v: what carries, a vector on faces without divergence.
            u: what is carried, a vector on faces.
        """
        self._check_vector(v)
        self._check_vector(u)
        carriers = self._closed(v)
        parts = [
            self._transport(carriers, part, index)
            for index, part in enumerate(u.split(1, 1))
        ]
        return torch.cat(parts, 1) * self._inside

    def diffuse(self, u: Tensor, a: Tensor) -> Tensor:
        """Refuse a coefficient that varies.

        Raises:
            ArgumentError: always.
        """
        _refuse("div(a grad u) with a coefficient that varies")

    def leray(self, v: Tensor) -> Tensor:
        """Return the nearest vector without divergence that meets the walls.

        Raises:
            ArgumentError: more flows in through the walls than out.

        Source:
            A. J. Chorin (1968), Mathematics of Computation 22, 745-762.
        """
        self._check_vector(v)
        if not self.faces.are_shut:
            self.faces.check_balance(v, self.time)
        pressure = self.poisson.solve_homogeneous(self.div(v))
        return self._on_walls(v) - self.grad(pressure)

    def inverse_laplacian(self, f: Tensor) -> Tensor:
        """Return the scalar of zero mean whose ``div(grad)`` is ``f`` less its mean."""
        _check_scalar(f, "f")
        return self.poisson.solve_homogeneous(f)

    def symbol(self, axis: int, order: int = 1) -> Tensor:
        """Return the multiplier of a second derivative on Fourier modes."""
        if order != 2:
            _refuse(f"the symbol of a derivative of order {order}")
        return super().symbol(axis, order)

    def coefficient(self, value: Coefficient) -> Coefficient:
        """Return a coefficient in a shape that multiplies states.

        Args:
            value: a number, a tensor with one value per sample, or a vector on faces.

        Raises:
            ArgumentError: a scalar that varies in space.
        """
        result = super().coefficient(value)
        if not isinstance(result, Tensor) or result.ndim < self.ndim:
            return result
        varies = any(n > 1 for n in result.shape[-self.ndim :])
        vector = result.ndim > self.ndim and result.shape[-self.ndim - 1] == self.ndim
        if varies and not vector:
            _refuse("a scalar coefficient that varies in space")
        return result

    def _transport(self, carriers: list[Tensor], u: Tensor, index: int) -> Tensor:
        """Return the divergence of the flux of one component, on its faces."""
        slopes = []
        for axis, carrier in enumerate(carriers):
            dim = 2 + axis
            if axis == index:
                whole = self.faces.closed(u, axis, self.time)
                flux = _mean(carrier, dim) * _mean(whole, dim)
                slope = flux - torch.roll(flux, 1, dim)
            else:
                padded = self.faces.pad(u, index, axis, self.time)
                flux = _below(carrier, 2 + index) * _mean(padded, dim)
                slope = flux.diff(dim=dim)
            slopes.append(slope / self.grid.spacing[axis])
        return sum(slopes[1:], slopes[0])

    def _closed(self, v: Tensor) -> list[Tensor]:
        """Return each component on all faces along its own axis."""
        parts = enumerate(v.split(1, 1))
        return [self.faces.closed(u, axis, self.time) for axis, u in parts]

    def _on_walls(self, v: Tensor) -> Tensor:
        """Return a vector with the velocity of the lower walls in its first faces."""
        parts = [
            faces.narrow(2 + axis, 0, v.shape[2 + axis])
            for axis, faces in enumerate(self._closed(v))
        ]
        return torch.cat(parts, 1)


def check_single_vector(fields: FieldSizes) -> None:
    """Raise unless the fields are one vector.

    Args:
        fields: name of each field and its number of channels.
    """
    if list(fields.values()) != ["vector"]:
        raise not_one_vector(", ".join(f"{k}: {size}" for k, size in fields.items()))


def not_one_vector(found: str) -> ArgumentError:
    """Return the refusal of other fields than one vector.

    Args:
        found: what was found.
    """
    return ArgumentError(
        explain(
            "fields",
            found=found,
            expected="a single vector for a staggered grid",
            remedy="use NavierStokes, or on a periodic grid FiniteDifference() "
            "or Spectral() for more fields",
        )
    )


def _check_scalar(u: Tensor, name: str) -> None:
    if u.shape[1] != 1:
        raise ShapeError(
            explain(
                name,
                found=f"{u.shape[1]} channels",
                expected="1 channel in the cells, such as a pressure",
                remedy="select it",
            )
        )


def _mean(u: Tensor, dim: int) -> Tensor:
    """Return the means of neighbours, one less than there are."""
    count = u.shape[dim] - 1
    return (u.narrow(dim, 0, count) + u.narrow(dim, 1, count)) / 2


def _below(u: Tensor, dim: int) -> Tensor:
    """Return the means of each entry and the one below, which wraps around."""
    return (u + torch.roll(u, 1, dim)) / 2


def _refuse(what: str) -> NoReturn:
    raise ArgumentError(
        explain(
            "scheme",
            found=f"{what} on a staggered grid",
            expected="div, grad, laplacian, advect, leray and inverse_laplacian, whose "
            "results have a place there",
            remedy="use FiniteDifference() or Spectral(), or to_centres(v) first",
        )
    )
