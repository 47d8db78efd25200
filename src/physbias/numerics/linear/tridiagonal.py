"""Tridiagonal systems, solved for all lines at once."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


class Tridiagonal:
    r"""Solve :math:`a_i x_{i-1} + x_i + c_i x_{i+1} = y_i` by cyclic reduction.

    Each round removes the neighbours of every row at once and doubles their distance.
    Where :math:`|a_i| + |c_i| < 1` what is left of them shrinks quadratically and the
    rounds end below rounding: four to seven for the schemes of this library, however
    long the line. All factors are made once, in float64. The gradient is one solve of
    the transposed system, without a record of the rounds.

    Args:
        below: :math:`a`, one per row; the first is the corner of a periodic system and
            zero otherwise.
        above: :math:`c`; the last is the other corner.
        dtype: real dtype of right-hand sides.
        device: device of right-hand sides.

    Attributes:
        rounds: distance and factors of each round.

    Source:
        R. W. Hockney, C. R. Jesshope (1981), Parallel Computers, Adam Hilger,
        section 5.4.

    Example:
        >>> half = torch.full((4,), 0.25)
        >>> Tridiagonal(half, half).solve(torch.ones(1, 1, 4), 2)
        tensor([[[0.6667, 0.6667, 0.6667, 0.6667]]])
    """

    def __init__(
        self,
        below: Tensor,
        above: Tensor,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
    ) -> None:
        transposed = above.roll(1), below.roll(-1)
        self._own = _reduced(below, above, dtype, device)
        self._adjoint = _reduced(*transposed, dtype, device)
        self.rounds = self._own.rounds

    def solve(self, y: Tensor, dim: int) -> Tensor:
        """Return the solution along one dimension of a right-hand side.

        Args:
            y: any tensor with one entry per row along ``dim``.
            dim: the dimension.
        """
        if torch.compiler.is_compiling():
            return self._own.traced(y, dim)
        return _Solve.apply(y, dim, self._own, self._adjoint)


@dataclass(frozen=True, slots=True)
class _Reduction:
    """A system after cyclic reduction.

    Args:
        rounds: how far each round looks, and the factors of what it takes off.
        scale: what rows are multiplied by at the end; not earlier, which saves a
            product in each round.
    """

    rounds: tuple[tuple[int, Tensor, Tensor], ...]
    scale: Tensor

    def __call__(self, y: Tensor, dim: int) -> Tensor:
        """Return the solution; all rounds share two tensors."""
        count, source = y.shape[dim], y
        own, spare = torch.empty_like(y), torch.empty_like(y)
        for shift, low, high in self.rounds:
            near = shift % count
            far = count - near
            own.copy_(source)
            # rows that have a neighbour at that distance, and those that wrap around
            for row, other, number, factors in (
                (near, 0, far, low),
                (0, far, near, low),
                (0, near, far, high),
                (far, 0, near, high),
            ):
                weight = _along(factors.narrow(0, row, number), y, dim)
                neighbour = source.narrow(dim, other, number)
                own.narrow(dim, row, number).addcmul_(neighbour, weight, value=-1)
            source, own, spare = own, spare, own
        return source * _along(self.scale, y, dim)

    def traced(self, y: Tensor, dim: int) -> Tensor:
        """Return the same without writing in place, which compilers fuse."""
        for shift, low, high in self.rounds:
            before = torch.roll(y, shift, dim) * _along(low, y, dim)
            y = y - before - torch.roll(y, -shift, dim) * _along(high, y, dim)
        return y * _along(self.scale, y, dim)


class _Solve(torch.autograd.Function):
    """A solve whose derivative is a solve of the transposed system."""

    generate_vmap_rule = True

    @staticmethod
    def forward(y: Tensor, dim: int, own: _Reduction, adjoint: _Reduction) -> Tensor:
        """Return the solution."""
        return own(y, dim)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ANN401
        """Keep the systems; nothing of the fields is needed."""
        _, ctx.dim, ctx.own, ctx.adjoint = inputs

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        """Return the gradient of the right-hand side."""
        adjoint = _Solve.apply(grads[0], ctx.dim, ctx.adjoint, ctx.own)
        return adjoint, None, None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor) -> Tensor:  # noqa: ANN401
        """Return what a change of the right-hand side makes of the solution."""
        return _Solve.apply(tangents[0], ctx.dim, ctx.own, ctx.adjoint)


def _reduced(
    below: Tensor, above: Tensor, dtype: torch.dtype, device: torch.device | None
) -> _Reduction:
    """Return a system in which no row is left with neighbours above rounding."""
    a, c = below.double(), above.double()
    scale, shift = torch.ones_like(a), 1
    rounds = []
    while bool(torch.maximum(a.abs(), c.abs()).max() > torch.finfo(dtype).eps / 8):
        low = a * scale.roll(shift) / scale
        high = c * scale.roll(-shift) / scale
        rounds.append((shift, low.to(device, dtype), high.to(device, dtype)))
        own = 1 - a * c.roll(shift) - c * a.roll(-shift)
        a, c = -a * a.roll(shift) / own, -c * c.roll(-shift) / own
        scale, shift = scale / own, 2 * shift
    return _Reduction(tuple(rounds), scale.to(device, dtype))


def _along(values: Tensor, like: Tensor, dim: int) -> Tensor:
    shape = [1] * like.ndim
    shape[dim] = -1
    return values.reshape(shape)
