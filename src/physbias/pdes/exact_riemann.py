"""The exact solution of the Riemann problem of an ideal gas."""

from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor

from physbias.errors import ArgumentError, explain

BISECTIONS = 200


@dataclass(frozen=True, slots=True)
class GasState:
    """One side of a Riemann problem.

    Args:
        density: [kg/m³].
        velocity: [m/s].
        pressure: [Pa].
    """

    density: float
    velocity: float
    pressure: float

    def __post_init__(self) -> None:
        if not (self.density > 0 and self.pressure > 0):
            raise ArgumentError(
                explain(
                    "state",
                    found=f"density {self.density:g} and pressure {self.pressure:g}",
                    expected="positive values",
                    remedy="the exact solution here knows no vacuum",
                )
            )

    def sound(self, gamma: float) -> float:
        """Return the speed of sound [m/s]."""
        return sqrt(gamma * self.pressure / self.density)


def exact_riemann(
    left: GasState, right: GasState, speed: Tensor, *, gamma: float = 1.4
) -> Tensor:
    """Return density, velocity and pressure on rays from the initial jump.

    Args:
        left: state below the jump.
        right: state above it.
        speed: distance from the jump over time, any shape [m/s].
        gamma: ratio of the specific heats [1].

    Returns:
        ``(3, *shape)``.

    Raises:
        ArgumentError: the two sides part so fast that a vacuum opens.

    Source:
        E. F. Toro (2009), Riemann Solvers and Numerical Methods for Fluid Dynamics,
        third edition, Springer, chapter 4.
    """
    opening = 2 / (gamma - 1) * (left.sound(gamma) + right.sound(gamma))
    if right.velocity - left.velocity >= opening:
        raise ArgumentError(
            explain(
                "velocity",
                found=f"sides that part at {right.velocity - left.velocity:g}",
                expected=f"less than {opening:g}, where a vacuum opens",
                remedy="use closer velocities",
            )
        )
    low, high = 0.0, max(left.pressure, right.pressure)
    drift = right.velocity - left.velocity

    def excess(p: float) -> float:
        return _jump(left, p, gamma) + _jump(right, p, gamma) + drift

    while excess(high) < 0:
        high *= 2
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) < 0 else (low, middle)
    p = (low + high) / 2
    v = (left.velocity + right.velocity) / 2
    v += (_jump(right, p, gamma) - _jump(left, p, gamma)) / 2
    lower = _wave(left, p, v, speed, gamma)
    mirrored = GasState(right.density, -right.velocity, right.pressure)
    upper = _wave(mirrored, p, -v, -speed, gamma)
    flip = torch.tensor([1.0, -1.0, 1.0], dtype=speed.dtype, device=speed.device)
    upper = upper * flip.reshape(3, *[1] * speed.ndim)
    return torch.where(speed < v, lower, upper)


def _jump(side: GasState, p: float, gamma: float) -> float:
    """Return the change of velocity across the wave between a side and pressure p."""
    if p > side.pressure:
        a = 2 / ((gamma + 1) * side.density)
        b = (gamma - 1) / (gamma + 1) * side.pressure
        return (p - side.pressure) * sqrt(a / (p + b))
    power = (gamma - 1) / (2 * gamma)
    scale = 2 * side.sound(gamma) / (gamma - 1)
    return scale * ((p / side.pressure) ** power - 1)


def _wave(side: GasState, p: float, v: float, speed: Tensor, gamma: float) -> Tensor:
    """Return the left half: the side, its wave, and the state up to the contact."""
    ratio, weight = p / side.pressure, (gamma - 1) / (gamma + 1)
    sound = side.sound(gamma)
    rest = _fill(speed, side.density, side.velocity, side.pressure)
    if ratio > 1:
        density = side.density * (ratio + weight) / (weight * ratio + 1)
        factor = sqrt((gamma + 1) / (2 * gamma) * ratio + (gamma - 1) / (2 * gamma))
        behind = _fill(speed, density, v, p)
        return torch.where(speed < side.velocity - sound * factor, rest, behind)
    star_sound = sound * ratio ** ((gamma - 1) / (2 * gamma))
    behind = _fill(speed, side.density * ratio ** (1 / gamma), v, p)
    local = 2 / (gamma + 1) + weight / sound * (side.velocity - speed)
    local = local.clamp_min(0)
    inside = torch.stack(
        [
            side.density * local ** (2 / (gamma - 1)),
            2 / (gamma + 1) * (sound + (gamma - 1) / 2 * side.velocity + speed),
            side.pressure * local ** (2 * gamma / (gamma - 1)),
        ]
    )
    result = torch.where(speed < v - star_sound, inside, behind)
    return torch.where(speed < side.velocity - sound, rest, result)


def _fill(like: Tensor, density: float, velocity: float, pressure: float) -> Tensor:
    return torch.stack(
        [torch.full_like(like, value) for value in (density, velocity, pressure)]
    )
