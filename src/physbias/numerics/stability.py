"""The largest stable step, from the spectrum of the scheme at a state."""

from collections.abc import Callable

import torch
from torch import Tensor

from physbias.errors import DivergenceError, explain

KRYLOV_SIZE = 24
# Ritz values lie inside the spectrum: take them a little further out
MARGIN = 1.05
# growth per step that is put down to rounding of the spectrum
TOLERANCE = 1e-3


def ritz_values(tendency: Callable[[Tensor], Tensor], u: Tensor) -> Tensor:
    """Return the outer eigenvalues of a tendency's Jacobian, approximately.

    Arnoldi iteration on central differences of the tendency, which are exact for
    quadratic nonlinearities.

    Args:
        tendency: the autonomous right-hand side.
        u: state about which it is linearised.

    Returns:
        Complex eigenvalues [1/s].

    Source:
        W. E. Arnoldi (1951), Quarterly of Applied Mathematics 9, 17-29.
    """
    generator = torch.Generator().manual_seed(0)
    v = torch.randn(u.shape, generator=generator, dtype=torch.float64).to(u)
    size = min(KRYLOV_SIZE, u.numel())
    amplitude = u.abs().max().clamp_min(torch.finfo(u.dtype).tiny ** 0.25)
    if not bool(u.any()):
        amplitude = torch.ones_like(amplitude)
    basis = [v / v.norm()]
    hessenberg = torch.zeros(size + 1, size, dtype=torch.float64)
    for column in range(size):
        direction = basis[-1]
        epsilon = 1e-2 * amplitude / direction.abs().max()
        w = tendency(u + epsilon * direction) - tendency(u - epsilon * direction)
        w = w / (2 * epsilon)
        if not bool(torch.isfinite(w).all()):
            raise DivergenceError(
                explain(
                    "rhs",
                    found="NaN or infinity at a state 1 % away from the one given",
                    expected="finite values, to find the longest stable step",
                    remedy="guard its roots, logarithms and divisions, or give dt with "
                    "allow_unstable=True",
                )
            )
        for row, vector in enumerate(basis):
            weight = (vector * w).sum()
            hessenberg[row, column] = weight
            w = w - weight * vector
        norm = w.norm()
        hessenberg[column + 1, column] = norm
        if not bool(norm > 1e-6 * hessenberg[: column + 1, column].norm()):
            return torch.linalg.eigvals(hessenberg[: column + 1, : column + 1])
        basis.append(w / norm)
    return torch.linalg.eigvals(hessenberg[:size])


def largest_stable_step(
    eigenvalues: Tensor, growth: Callable[[Tensor], Tensor]
) -> float:
    """Return the largest step at which no eigenvalue grows more than it should.

    Args:
        eigenvalues: spectrum [1/s].
        growth: the method's stability function.

    Returns:
        The step [s]; infinity where nothing limits it, zero where every step grows.
    """
    radius = float(eigenvalues.abs().max())
    if radius == 0:
        return float("inf")
    outer = MARGIN * eigenvalues

    def stable(step: float) -> bool:
        z = step * outer
        allowed = torch.exp(z.real.clamp_min(0)) * (1 + TOLERANCE)
        return bool((growth(z).abs() <= allowed).all())

    steps = torch.logspace(-3, 2, 400, dtype=torch.float64) / radius
    low = 0.0
    for step in steps.tolist():
        if not stable(step):
            high = step
            break
        low = step
    else:
        return low
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if stable(middle) else (low, middle)
    return low
