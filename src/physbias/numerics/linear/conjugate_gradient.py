"""Conjugate gradients for symmetric positive operators, sample by sample."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from physbias.arguments import check_count, check_positive
from physbias.errors import ArgumentError, ConvergenceError, explain
from physbias.numerics.linear.implicit import Operator, implicit_solve

Map = Callable[[Tensor], Tensor]


def conjugate_gradient(
    operator: Operator,
    rhs: Tensor,
    coefficients: Sequence[Tensor] = (),
    *,
    preconditioner: Map | None = None,
    project: Map | None = None,
    tolerance: float | None = None,
    max_iterations: int = 1000,
) -> Tensor:
    r"""Return the solution of :math:`A u = b` for a symmetric positive operator.

    Every sample has steps of its own and rests once it has converged, when the norm
    of its residual, as the iteration carries it, is below ``tolerance`` times that of
    its right-hand side. Gradients to ``rhs`` and to the coefficients come by one more
    solve and keep nothing of the iterations; they may be differentiated again.

    Args:
        operator: takes ``u`` and the coefficients, and returns ``A u``, linear in
            ``u``; symmetric and positive for every sample by itself.
        rhs: right-hand side; axis 0 is the batch.
        coefficients: tensors that the operator depends on.
        preconditioner: an approximate inverse, symmetric and positive.
        project: for a singular operator, the symmetric projection onto its range,
            which ``rhs`` and all residuals go through.
        tolerance: relative residual to reach; 1e-10 in float64 and 1e-5 in float32
            if not given.
        max_iterations: most iterations.

    Shape:
        ``rhs`` and the result: ``(batch, ...)``.

    Raises:
        ArgumentError: ``tolerance`` or ``max_iterations`` is not positive, or the
            operator is not positive.
        ConvergenceError: not converged after ``max_iterations``; the message names the
            sample that is furthest away.

    Source:
        M. R. Hestenes and E. Stiefel (1952), Journal of Research of the National
        Bureau of Standards 49, 409-436.

    Example:
        >>> weights = torch.tensor([[2.0, 4.0]])
        >>> conjugate_gradient(lambda u, w: w * u, torch.ones(1, 2), [weights])
        tensor([[0.5000, 0.2500]])
    """
    goal = check_limits(tolerance, max_iterations, rhs.dtype)
    held = [value.detach() for value in coefficients]

    def inverse(b: Tensor) -> Tensor:
        return _iterate(
            lambda u: operator(u, *held),
            b if project is None else project(b),
            precondition=_composed(preconditioner, project),
            tolerance=goal,
            max_iterations=max_iterations,
        )

    return implicit_solve(operator, inverse, rhs, coefficients)


def check_limits(
    tolerance: float | None, max_iterations: int, dtype: torch.dtype
) -> float:
    """Return the relative residual to reach, after checking what limits a solve."""
    check_count(max_iterations, "max_iterations")
    if tolerance is not None:
        check_positive(tolerance, "tolerance", remedy="leave it out for the default")
        return tolerance
    return 1e-10 if dtype == torch.float64 else 1e-5


def norm(r: Tensor) -> Tensor:
    """Return the norm of each sample, in a shape that multiplies them."""
    return _dot(r, r).sqrt()


def raise_not_converged(
    residual: Tensor, size: Tensor, *, tolerance: float, iterations: int
) -> None:
    """Raise ``ConvergenceError`` with the worst sample and its relative residual."""
    relative = (residual / size).flatten()
    worst = int(relative.nan_to_num(nan=torch.inf).argmax())
    raise ConvergenceError(
        explain(
            "solution",
            found=f"a relative residual of {relative[worst].item():.3g} in sample "
            f"{worst} after {iterations} iterations",
            expected=f"at most {tolerance:.3g}",
            remedy="allow more iterations or a larger tolerance, use a better "
            "preconditioner, or solve in float64",
        )
    )


def _iterate(
    apply: Map, b: Tensor, *, precondition: Map, tolerance: float, max_iterations: int
) -> Tensor:
    """Return the solution for a right-hand side in the operator's range."""
    u, r, size = torch.zeros_like(b), b, norm(b)
    target = tolerance * size
    active = ~(norm(r) <= target)  # a NaN stays active, and is found below
    z = precondition(r)
    p, rz = z, _dot(r, z)
    for _ in range(max_iterations):
        if not bool(active.any()):
            return u
        Ap = apply(p)
        curvature = _dot(p, Ap)
        _check_positive(curvature, active)
        alpha = torch.where(active, rz / curvature, 0.0)
        u, r = u + alpha * p, r - alpha * Ap
        active = active & ~(norm(r) <= target)
        z = precondition(r)
        before, rz = rz, _dot(r, z)
        p = z + torch.where(active, rz / before, 0.0) * p
    if bool(active.any()):
        raise_not_converged(
            torch.where(active, norm(r), 0.0),
            size,
            tolerance=tolerance,
            iterations=max_iterations,
        )
    return u


def _check_positive(curvature: Tensor, active: Tensor) -> None:
    bad = active & ~(curvature > 0)
    if not bool(bad.any()):
        return
    sample = int(bad.flatten().nonzero()[0])
    raise ArgumentError(
        explain(
            "operator",
            found=f"u . A u = {curvature.flatten()[sample].item():.3g} for some u in "
            f"sample {sample}",
            expected="a positive operator and finite right-hand sides",
            remedy="change the operator's sign, project a null space out, or check "
            "coefficients and right-hand side for NaN",
        )
    )


def _composed(preconditioner: Map | None, project: Map | None) -> Map:
    if preconditioner is None:
        return project or (lambda r: r)
    if project is None:
        return preconditioner
    return lambda r: project(preconditioner(project(r)))


def _dot(a: Tensor, b: Tensor) -> Tensor:
    dims = tuple(range(1, a.ndim))
    return (a * b).sum(dims, keepdim=True)
