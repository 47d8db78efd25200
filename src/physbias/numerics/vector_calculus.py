"""Vector calculus from partial derivatives, on a grid or at points."""

from abc import ABC, abstractmethod
from typing import Self, cast

import torch
from torch import Tensor

from physbias.arguments import check_kind
from physbias.errors import ArgumentError, ShapeError, explain
from physbias.pdes import ConservationLaw, Derivatives, Place
from physbias.shapes import AXIS_NAMES

_STACK = (
    "stack its components along the axis of channels; for a uniform wind use "
    "c * d.x(u) for each axis"
)


class AbstractDerivatives(ABC):
    """Vector calculus from partial derivatives, on a grid or at points."""

    coords: Tensor
    time: Tensor

    @property
    @abstractmethod
    def ndim(self) -> int:
        """Number of space axes."""

    @abstractmethod
    def partial(self, u: Tensor, axis: int, order: int = 1) -> Tensor:
        """Return the derivative of every channel along one space axis.

        Args:
            u: state.
            axis: 0 for x, 1 for y, 2 for z.
            order: order of the derivative, at least 1.
        """

    @abstractmethod
    def t(self, u: Tensor) -> Tensor:
        """Return the derivative in time."""

    @property
    def derived(self) -> Self:
        """The same scheme for what is made from the state and is no field of it.

        A product or a derivative of fields does not obey their conditions at walls:
        this continues it by its own cells instead. Without walls nothing changes.
        """
        return self

    def of(self, field: str) -> Self:
        """Return the same scheme for one field, which may have its own conditions.

        Args:
            field: name of the field.
        """
        return self

    def _component(self, index: int) -> "AbstractDerivatives":
        """Return the same scheme for one component of a vector."""
        return self

    def x(self, u: Tensor) -> Tensor:
        """Return the derivative along x."""
        return self.partial(u, 0)

    def y(self, u: Tensor) -> Tensor:
        """Return the derivative along y."""
        return self.partial(u, 1)

    def z(self, u: Tensor) -> Tensor:
        """Return the derivative along z."""
        return self.partial(u, 2)

    def grad(self, u: Tensor) -> Tensor:
        """Return the gradient of a single channel, one channel per space axis."""
        check_kind(u, "u", Tensor, remedy="hand over a field of the state")
        if u.shape[1] != 1:
            raise ShapeError(
                explain(
                    "u",
                    found=f"{u.shape[1]} channels",
                    expected="1 channel, to take a gradient of",
                    remedy="use d.partial for the derivatives of several channels",
                )
            )
        return torch.cat([self.partial(u, axis) for axis in range(self.ndim)], dim=1)

    def div(self, v: Tensor) -> Tensor:
        """Return the divergence of a vector, as one channel."""
        self._check_vector(v)
        result = self._component(0).partial(v[:, :1], 0)
        for axis in range(1, self.ndim):
            part = v[:, axis : axis + 1]
            result = result + self._component(axis).partial(part, axis)
        return result

    def curl(self, v: Tensor) -> Tensor:
        """Return the curl: one channel in two dimensions, three in three."""
        self._check_vector(v)
        if self.ndim == 1:
            raise ShapeError(
                explain(
                    "v",
                    found="one space axis",
                    expected="two or three",
                    remedy="a curl needs at least a plane",
                )
            )
        pairs = [(0, 1)] if self.ndim == 2 else [(1, 2), (2, 0), (0, 1)]
        parts = [
            self._component(b).partial(v[:, b : b + 1], a)
            - self._component(a).partial(v[:, a : a + 1], b)
            for a, b in pairs
        ]
        return torch.cat(parts, dim=1)

    def laplacian(self, u: Tensor) -> Tensor:
        """Return the sum of second derivatives of every channel."""
        result = self.partial(u, 0, 2)
        for axis in range(1, self.ndim):
            result = result + self.partial(u, axis, 2)
        return result

    def advect(self, v: Tensor, u: Tensor) -> Tensor:
        """Return ``(v . grad) u`` for every channel of ``u``."""
        self._check_vector(v)
        result = v[:, :1] * self.partial(u, 0)
        for axis in range(1, self.ndim):
            across = v[:, axis : axis + 1]
            result = torch.addcmul(result, across, self.partial(u, axis))
        return result

    def continued(self, u: Tensor, axis: int) -> Tensor:
        """Return a state beyond the walls of an axis, as far as ``slope`` looks.

        What is made of it point by point can be differentiated up to the wall without
        conditions of its own.

        Args:
            u: state.
            axis: 0 for x, 1 for y, 2 for z.
        """
        return u

    def slope(self, w: Tensor, axis: int) -> Tensor:
        """Return the derivative, on the grid, of what was made of continued states.

        Args:
            w: made of what :meth:`continued` gives for the same axis.
            axis: 0 for x, 1 for y, 2 for z.
        """
        return self.derived.partial(w, axis)

    def continued_place(self, axis: int) -> Place:
        """Return where continued states are; it gives coefficients there.

        Args:
            axis: 0 for x, 1 for y, 2 for z.
        """
        return cast(Place, self)

    def flux_divergence(self, u: Tensor, law: ConservationLaw) -> Tensor:
        """Return the divergence of a law's flux, and its other products.

        Beyond a wall the flux is that of the continued state.

        Args:
            u: state.
            law: gives flux and products.
        """
        total = torch.zeros_like(u)
        for axis in range(self.ndim):
            place = self.continued_place(axis)
            flux = law.flux(self.continued(u, axis), axis, place)
            total = total + self.slope(flux, axis)
            product = law.product(u, axis, cast(Derivatives, self))
            total = total if product is None else total + product
        return total

    def diffuse(self, u: Tensor, a: Tensor) -> Tensor:
        """Return ``div(a grad u)`` of a single channel.

        Args:
            u: state of one channel.
            a: coefficient, one channel, that varies in space.
        """
        return self.derived.div(a * self.grad(u))

    def dealias(self, u: Tensor) -> Tensor:
        """Return ``u`` without the modes that products of states would alias into.

        Args:
            u: a tendency, or anything else that is zero where walls hold values.
        """
        return u

    def dealias_state(self, u: Tensor) -> Tensor:
        """Return a state without those modes, as it meets the data of its walls.

        Args:
            u: state.
        """
        return self.dealias(u)

    def _check_vector(self, v: Tensor) -> None:
        check_kind(v, "v", Tensor, remedy=_STACK)
        if v.ndim < 2:
            raise ShapeError(
                explain(
                    "v",
                    found=f"shape {tuple(v.shape)}",
                    expected="a vector (batch, axis, *space) or (points, axis)",
                    remedy=_STACK,
                )
            )
        if v.shape[1] != self.ndim:
            raise ShapeError(
                explain(
                    "v",
                    found=f"{v.shape[1]} channels",
                    expected=f"a vector, one channel per space axis ({self.ndim})",
                    remedy="split the state into its fields first",
                )
            )

    def _check_axis(self, axis: int, order: int) -> None:
        if axis not in range(self.ndim):
            word = dict(enumerate(AXIS_NAMES)).get(axis, "no axis")
            raise ArgumentError(
                explain(
                    "axis",
                    found=f"{axis!r} ({word})",
                    expected=f"0 to {self.ndim - 1}",
                    remedy=f"the domain has {self.ndim} space axes",
                )
            )
        if not isinstance(order, int) or order < 1:
            raise ArgumentError(
                explain(
                    "order",
                    found=str(order),
                    expected="a derivative of order 1 or more",
                    remedy="use the field itself for order 0",
                )
            )
