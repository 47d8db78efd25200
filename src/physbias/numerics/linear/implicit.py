"""Gradients of a linear solve by one more solve, without a record of the first."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

Operator = Callable[..., Tensor]
Inverse = Callable[[Tensor], Tensor]


def implicit_solve(
    operator: Operator, inverse: Inverse, rhs: Tensor, coefficients: Sequence[Tensor]
) -> Tensor:
    r"""Return :math:`u = A^{-1} b` with gradients to ``rhs`` and coefficients.

    With the gradient :math:`g` of a result, :math:`w = A^{-1} g` is the gradient of
    ``rhs``, and that of a coefficient is :math:`-w\cdot\partial A/\partial a\,u`.
    Nothing of the iterations is kept. Gradients may be differentiated again.

    Args:
        operator: takes ``u`` and the coefficients; linear and symmetric in ``u``.
        inverse: solves it for a right-hand side; no gradient is taken through it.
        rhs: right-hand side.
        coefficients: tensors that the operator depends on and that gradients go to.

    Source:
        M. B. Giles (2008), Collected matrix derivative results for forward and reverse
        mode algorithmic differentiation, section 2.3.1.
    """
    return _Solve.apply(operator, inverse, rhs, *coefficients)


class _Solve(torch.autograd.Function):
    """A solve whose derivative is a solve with the same symmetric operator."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 (torch's own context)
        operator: Operator,
        inverse: Inverse,
        rhs: Tensor,
        *coefficients: Tensor,
    ) -> Tensor:
        """Return the solution."""
        u = inverse(rhs)
        ctx.operator, ctx.inverse = operator, inverse
        ctx.save_for_backward(u, *coefficients)
        return u

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        """Return the gradients of the right-hand side and of each coefficient."""
        u, *coefficients = ctx.saved_tensors
        again = torch.is_grad_enabled()
        adjoint = implicit_solve(ctx.operator, ctx.inverse, grads[0], coefficients)
        needed = ctx.needs_input_grad[3:]
        if not any(needed):
            return None, None, adjoint, *[None for _ in coefficients]
        with torch.enable_grad():
            # views: derivatives stop at them, and do not pass on through u
            own = [value.view_as(value) for value in coefficients]
            wanted = [v for v, need in zip(own, needed, strict=True) if need]
            product = ctx.operator(u if again else u.detach(), *own)
            found = iter(
                torch.autograd.grad(
                    product, wanted, -adjoint, create_graph=again, allow_unused=True
                )
            )
        return None, None, adjoint, *[next(found) if need else None for need in needed]
