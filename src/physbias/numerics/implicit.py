"""Implicit methods for the whole tendency, stiff and nonlinear alike."""

from abc import abstractmethod
from dataclasses import dataclass, field
from math import sqrt
from typing import ClassVar

import torch
from torch import Tensor

from physbias.arguments import check_kind
from physbias.numerics.newton_krylov import NewtonKrylov
from physbias.numerics.stepper import AbstractStepper, System


@dataclass(frozen=True)
class AbstractImplicit(AbstractStepper):
    """A method that treats nothing explicitly: no step is too long to be stable.

    It works on every grid and equation, needs no ``stiff_symbol``, and costs tens of
    evaluations per step. It does not compile: its iterations stop when they have
    converged.

    Args:
        newton: how the equations of a step are solved.
    """

    compiles: ClassVar[bool] = False
    newton: NewtonKrylov = field(default_factory=NewtonKrylov)

    def __post_init__(self) -> None:
        remedy = "leave it out for the usual one"
        check_kind(self.newton, "newton", NewtonKrylov, remedy=remedy)

    def explicit_part(self, system: System, u: Tensor, time: float) -> Tensor:
        """Return zero: no part is treated explicitly."""
        return torch.zeros_like(u)

    @abstractmethod
    def growth(self, z: Tensor) -> Tensor:
        """Return the stability function at complex ``z``."""

    def _solve(
        self,
        system: System,
        known: Tensor,
        *,
        time: Tensor | float,
        scale: Tensor | float,
        guess: Tensor,
    ) -> Tensor:
        """Return the state w at which ``w - scale * tendency(w)`` is known."""
        return self.newton.solve(lambda w: system(w, time), known, float(scale), guess)


@dataclass(frozen=True)
class ImplicitEuler(AbstractImplicit):
    r"""Backward Euler, order 1, L-stable: :math:`u_{n+1} = u_n + \Delta t F(u_{n+1})`.

    Source:
        E. Hairer and G. Wanner (1996), Solving Ordinary Differential Equations II,
        section IV.3.
    """

    @property
    def order(self) -> int:
        """Order of accuracy."""
        return 1

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
        return self._solve(system, u, time=time + dt, scale=dt, guess=u)

    def growth(self, z: Tensor) -> Tensor:
        """Return the stability function at complex ``z``."""
        return 1 / (1 - z)


@dataclass(frozen=True)
class CrankNicolson(AbstractImplicit):
    """The trapezoidal rule, order 2, A-stable: the stiffest modes are kept, not damped.

    Source:
        J. Crank and P. Nicolson (1947), Mathematical Proceedings of the Cambridge
        Philosophical Society 43, 50-67.
    """

    @property
    def order(self) -> int:
        """Order of accuracy."""
        return 2

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
        known = u + dt / 2 * system(u, time)
        return self._solve(system, known, time=time + dt, scale=dt / 2, guess=u)

    def growth(self, z: Tensor) -> Tensor:
        """Return the stability function at complex ``z``."""
        return (1 + z / 2) / (1 - z / 2)


GAMMA = 1 - 1 / sqrt(2)


@dataclass(frozen=True)
class SDIRK2(AbstractImplicit):
    """Two implicit stages with one coefficient, order 2, L-stable.

    Source:
        R. Alexander (1977), SIAM Journal on Numerical Analysis 14, 1006-1021.
    """

    @property
    def order(self) -> int:
        """Order of accuracy."""
        return 2

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
        scale = GAMMA * dt
        first = self._solve(system, u, time=time + scale, scale=scale, guess=u)
        # the first solve says what its tendency was
        known = u + (1 - GAMMA) / GAMMA * (first - u)
        return self._solve(system, known, time=time + dt, scale=scale, guess=first)

    def growth(self, z: Tensor) -> Tensor:
        """Return the stability function at complex ``z``."""
        return (1 + (1 - 2 * GAMMA) * z) / (1 - GAMMA * z) ** 2
