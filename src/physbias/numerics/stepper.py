"""One step in time."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import torch
from torch import Tensor


class System(Protocol):
    """What a stepper asks of the equation that it steps."""

    def __call__(self, u: Tensor, time: Tensor | float) -> Tensor:
        """Return the tendency."""
        ...

    def linear(self, u: Tensor) -> Tensor:
        """Return what the stiff linear part gives."""
        ...

    def rest(self, u: Tensor, time: Tensor | float) -> Tensor:
        """Return the tendency without its stiff linear part."""
        ...

    def solve(self, u: Tensor, dt: Tensor | float) -> Tensor:
        """Return the solution ``w`` of ``w - dt * linear(w) = u``."""
        ...

    def symbol(self) -> Tensor:
        """Return the Fourier symbol of the stiff linear part [1/s]."""
        ...

    def to_modes(self, u: Tensor) -> Tensor:
        """Return the Fourier coefficients on which the symbol acts."""
        ...

    def from_modes(self, modes: Tensor) -> Tensor:
        """Return the state that has the given Fourier coefficients."""
        ...

    def kick(self, u: Tensor, time: Tensor | float) -> Tensor:
        """Return the tendency of the momenta, zero in the positions."""
        ...

    def drift(self, u: Tensor, time: Tensor | float) -> Tensor:
        """Return the tendency of the positions, zero in the momenta."""
        ...

    def check_separable(self, u: Tensor, time: Tensor | float) -> None:
        """Raise unless positions drive only momenta, and momenta only positions."""
        ...


@runtime_checkable
class Stepper(Protocol):
    """Advances a state by one step of fixed length."""

    @property
    def order(self) -> int:
        """Order of accuracy."""
        ...

    def step(
        self, system: System, u: Tensor, time: Tensor | float, dt: Tensor | float
    ) -> Tensor:
        """Return the state one step later."""
        ...

    def explicit_part(self, system: System, u: Tensor, time: float) -> Tensor:
        """Return the tendency that the stepper treats explicitly."""
        ...

    def growth(self, z: Tensor) -> Tensor:
        """Return the factor of one step on ``u' = (z / dt) u``, treated explicitly."""
        ...


@dataclass(frozen=True, slots=True)
class ButcherTableau:
    """Coefficients of a Runge-Kutta method.

    Args:
        a: rows of stage weights; row i has the weights of the stages before it, and
            for an implicit method its own as the last.
        b: weights of the result.
        order: order of accuracy.
    """

    a: tuple[tuple[float, ...], ...]
    b: tuple[float, ...]
    order: int

    @property
    def c(self) -> tuple[float, ...]:
        """Times of the stages, in steps."""
        return tuple(sum(row) for row in self.a)

    def growth(self, z: Tensor) -> Tensor:
        """Return ``1 + z b (1 - z a)^-1 1`` for an explicit method, stage by stage."""
        stages: list[Tensor] = []
        for row in self.a:
            inner = sum((w * k for w, k in zip(row, stages, strict=False)), 0.0 * z)
            stages.append(1 + z * inner)
        total = sum((w * k for w, k in zip(self.b, stages, strict=True)), 0.0 * z)
        return 1 + z * total


Weights = tuple[Tensor | float, ...]


def combine(u: Tensor, weights: Weights, slopes: list[Tensor]) -> Tensor:
    """Return ``u`` plus the weighted slopes, skipping weights that are zero."""
    for weight, slope in zip(weights, slopes, strict=False):
        if isinstance(weight, Tensor):
            u = u + weight * slope
        elif weight != 0:
            u = torch.add(u, slope, alpha=weight)
    return u


def scaled(weights: tuple[float, ...], dt: Tensor | float) -> Weights:
    """Return weights times the step; zeros stay numbers."""
    return tuple(weight * dt if weight != 0 else 0.0 for weight in weights)


class AbstractStepper(ABC):
    """Words that all steppers share.

    Attributes:
        compiles: whether ``torch.compile`` can take a whole step.
    """

    compiles: ClassVar[bool] = True

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    @abstractmethod
    def step(
        self, system: System, u: Tensor, time: Tensor | float, dt: Tensor | float
    ) -> Tensor:
        """Return the state one step later.

        Args:
            system: gives the tendency.
            u: state.
            time: time of the state [s].
            dt: length of the step [s].
        """
