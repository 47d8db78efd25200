"""The largest stable step, from the spectrum of the scheme at a state."""

from collections.abc import Callable

import torch
from torch import Tensor

from physbias.errors import DivergenceError, explain
from physbias.grid.edge_data import naming_walls

KRYLOV_SIZE = 24
# Ritz values lie inside the spectrum: take them a little further out
MARGIN = 1.05
# rounds of balancing, over all channels
SWEEPS = 5
# growth per step that is put down to rounding of the spectrum
TOLERANCE = 1e-3


def ritz_values(tendency: Callable[[Tensor], Tensor], u: Tensor) -> Tensor:
    """Return the outer eigenvalues of a tendency's Jacobian, approximately.

    Arnoldi iteration on central differences of the tendency, which are exact for
    quadratic nonlinearities. Channels are measured in units in which each drives the
    others as strongly as they drive it: in metres and metres per second, say, the
    fields of a wave would make a Jacobian far from normal, whose eigenvalues the
    iteration finds late.

    Args:
        tendency: the autonomous right-hand side.
        u: state about which it is linearised.

    Returns:
        Complex eigenvalues [1/s].

    Source:
        W. E. Arnoldi (1951), Quarterly of Applied Mathematics 9, 17-29; E. E. Osborne
        (1960), Journal of the ACM 7, 338-345, for the units.
    """
    generator = torch.Generator().manual_seed(0)
    v = torch.randn(u.shape, generator=generator, dtype=torch.float64).to(u)
    size = min(KRYLOV_SIZE, u.numel())
    largest = u.abs().max() if bool(u.any()) else torch.ones_like(u.max())
    least = torch.finfo(u.dtype).tiny ** 0.25
    # a density beside an energy 1e5 times as large bears only what is small to itself
    own = _by_channel(u)
    scales = [largest.expand_as(own), torch.where(own > 0, own, largest)]

    def slope(direction: Tensor) -> Tensor:
        for scale in scales:
            ratio = scale.clamp_min(least) / _by_channel(direction)
            epsilon = 1e-2 * ratio.min()
            w = tendency(u + epsilon * direction) - tendency(u - epsilon * direction)
            if bool(torch.isfinite(w).all()):
                return w / (2 * epsilon)
        with naming_walls():
            here = bool(torch.isfinite(tendency(u)).all())
        place = "a state 1 % away from the one given" if here else "the state given"
        raise DivergenceError(
            explain(
                "rhs",
                found=f"NaN or infinity at {place}",
                expected="finite values, to find the longest stable step",
                remedy="guard its roots, logarithms and divisions, or give dt with "
                "allow_unstable=True",
            )
        )

    units = _units(slope, v)
    basis = [v / v.norm()]
    hessenberg = torch.zeros(size + 1, size, dtype=torch.float64)
    for column in range(size):
        w = slope(units * basis[-1]) / units
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


def _by_channel(u: Tensor) -> Tensor:
    """Return the largest absolute value of each channel."""
    return u.abs().transpose(0, 1).flatten(1).amax(1)


def _units(slope: Callable[[Tensor], Tensor], v: Tensor) -> Tensor:
    """Return a unit per channel, a power of two, that balances the Jacobian's blocks.

    Args:
        slope: multiplies with the Jacobian.
        v: random state, of which each channel is tried in turn.
    """
    channels = v.shape[1]
    units = torch.ones(channels, dtype=torch.float64)
    if channels > 1:
        blocks = torch.zeros(channels, channels, dtype=torch.float64)
        for source in range(channels):
            mask = torch.zeros_like(v)
            mask[:, source] = 1
            effect = slope(mask * v).transpose(0, 1).flatten(1).norm(dim=1)
            blocks[:, source] = effect / (mask * v).norm()
        blocks.fill_diagonal_(0)
        for _ in range(SWEEPS):
            for k in range(channels):
                scaled = blocks * units / units[:, None]
                driven, drives = scaled[k].norm(), scaled[:, k].norm()
                if driven > 0 and drives > 0:
                    units[k] *= 2 ** torch.round(torch.log2(driven / drives) / 2)
    return units.reshape(1, -1, *[1] * (v.ndim - 2)).to(v)


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
