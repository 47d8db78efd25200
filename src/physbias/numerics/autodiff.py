"""Derivatives of a network with respect to its coordinates."""

import torch
from torch import Tensor

from physbias.errors import ArgumentError, ShapeError, explain
from physbias.numerics.vector_calculus import AbstractDerivatives
from physbias.shapes import check_float


class Autodiff(AbstractDerivatives):
    """Derivatives at points, by automatic differentiation through a network.

    Args:
        points: coordinates ``(points, axis)`` [m], the space axes first and time
            [s] last, that require gradients and went through the network.
        num_space: number of space axes; a further column is time.

    Raises:
        ShapeError: points of another number of columns.
        ArgumentError: points that require no gradient.

    Source:
        I. E. Lagaris, A. Likas, D. I. Fotiadis (1998), IEEE Transactions on Neural
        Networks 9, 987-1000; M. Raissi et al. (2019), J. Comput. Phys. 378, 686-707.
    """

    def __init__(self, points: Tensor, num_space: int) -> None:
        check_float(points, "points")
        if points.ndim != 2 or num_space not in (points.shape[1] - 1, points.shape[1]):
            raise ShapeError(
                explain(
                    "points",
                    found=f"shape {tuple(points.shape)} with {num_space!r} space axes",
                    expected="(points, axis), the space axes and at most time",
                    remedy="stack the coordinates as columns",
                )
            )
        if not points.requires_grad:
            raise ArgumentError(
                explain(
                    "points",
                    found="a tensor that requires no gradient",
                    expected="coordinates that require gradients",
                    remedy="call points.requires_grad_() before the network",
                )
            )
        self.points = points
        self.num_space = num_space
        self.coords = points[:, :num_space]
        self.time = points[:, num_space:]

    @property
    def ndim(self) -> int:
        """Number of space axes."""
        return self.num_space

    def partial(self, u: Tensor, axis: int, order: int = 1) -> Tensor:
        """Return the derivative of every channel along one space axis.

        Args:
            u: ``(points, channel)``, computed from the points.
            axis: 0 for x, 1 for y, 2 for z.
            order: order of the derivative, at least 1.
        """
        self._check_axis(axis, order)
        return self._derivative(u, axis, order)

    def t(self, u: Tensor) -> Tensor:
        """Return the derivative in time."""
        if self.points.shape[1] == self.num_space:
            raise ArgumentError(
                explain(
                    "points",
                    found=f"{self.num_space} columns, all of them space",
                    expected="one more column, time",
                    remedy="give points of space and time",
                )
            )
        return self._derivative(u, self.num_space, 1)

    def coefficient(self, value: Tensor | float) -> Tensor | float:
        """Return the coefficient: at points it is a number or one value per point."""
        if not isinstance(value, Tensor) or value.ndim == 0:
            return value
        if value.is_floating_point():
            value = value.to(self.points.dtype)  # do not promote the state
        return value[:, None] if value.ndim == 1 else value

    def leray(self, v: Tensor) -> Tensor:
        """Raise: at points nothing can be projected, a pressure does it."""
        raise ArgumentError(_no_grid("a projection", "let the network give a pressure"))

    def inverse_laplacian(self, f: Tensor) -> Tensor:
        """Raise: a Poisson solve needs a grid."""
        raise ArgumentError(_no_grid("a Poisson solve", "evaluate on a grid"))

    def integral(self, u: Tensor) -> Tensor:
        """Raise: points know no volumes."""
        raise ArgumentError(_no_grid("an integral", "evaluate on a grid"))

    def symbol(self, axis: int, order: int = 1) -> Tensor:
        """Raise: Fourier symbols need a grid."""
        raise ArgumentError(_no_grid("a Fourier symbol", "evaluate on a grid"))

    def laplacian_symbol(self) -> Tensor:
        """Raise: Fourier symbols need a grid."""
        raise ArgumentError(_no_grid("a Fourier symbol", "evaluate on a grid"))

    def _derivative(self, u: Tensor, column: int, order: int) -> Tensor:
        if u.ndim != 2 or not u.requires_grad:
            raise ArgumentError(
                explain(
                    "u",
                    found=f"shape {tuple(u.shape)}"
                    + ("" if u.requires_grad else " without a gradient"),
                    expected="(points, channel), computed from the points",
                    remedy="let the network take the points that Autodiff was given",
                )
            )
        for _ in range(order):
            channels = [
                torch.autograd.grad(
                    u[:, k].sum(),
                    self.points,
                    create_graph=True,
                    materialize_grads=True,
                )[0][:, column]
                for k in range(u.shape[1])
            ]
            u = torch.stack(channels, dim=1)
            if not u.requires_grad:  # the slope of a linear state is a constant
                u = u + 0 * self.points[:, :1]
        return u


def _no_grid(what: str, remedy: str) -> str:
    return explain("d", found="points", expected=f"a grid for {what}", remedy=remedy)
