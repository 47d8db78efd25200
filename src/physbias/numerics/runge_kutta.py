"""Explicit Runge-Kutta methods: one tableau each."""

from typing import ClassVar

from torch import Tensor

from physbias.numerics.stepper import (
    AbstractStepper,
    ButcherTableau,
    System,
    combine,
    scaled,
)


class AbstractRungeKutta(AbstractStepper):
    """An explicit Runge-Kutta method, given by its tableau."""

    tableau: ClassVar[ButcherTableau]

    @property
    def order(self) -> int:
        """Order of accuracy."""
        return self.tableau.order

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
        slopes: list[Tensor] = []
        for row, c in zip(self.tableau.a, self.tableau.c, strict=True):
            stage = combine(u, scaled(row, dt), slopes)
            slopes.append(system(stage, time + c * dt))
        return combine(u, scaled(self.tableau.b, dt), slopes)

    def explicit_part(self, system: System, u: Tensor, time: float) -> Tensor:
        """Return the tendency, all of it."""
        return system(u, time)

    def growth(self, z: Tensor) -> Tensor:
        """Return the stability function at complex ``z``."""
        return self.tableau.growth(z)


class Euler(AbstractRungeKutta):
    """Forward Euler, order 1: for comparison, and for learned steps of one frame.

    Source:
        L. Euler (1768), Institutionum calculi integralis, section 650.
    """

    tableau = ButcherTableau(a=((),), b=(1.0,), order=1)


class RK2(AbstractRungeKutta):
    """Heun's method, order 2.

    Source:
        K. Heun (1900), Zeitschrift für Mathematik und Physik 45, 23-38.
    """

    tableau = ButcherTableau(a=((), (1.0,)), b=(1 / 2, 1 / 2), order=2)


class SSPRK3(AbstractRungeKutta):
    """Strong-stability-preserving method of order 3.

    Source:
        C.-W. Shu and S. Osher (1988), J. Comput. Phys. 77, 439-471, equation 2.18.
    """

    tableau = ButcherTableau(
        a=((), (1.0,), (1 / 4, 1 / 4)), b=(1 / 6, 1 / 6, 2 / 3), order=3
    )


class RK4(AbstractRungeKutta):
    """The classical method of order 4.

    Source:
        W. Kutta (1901), Zeitschrift für Mathematik und Physik 46, 435-453.
    """

    tableau = ButcherTableau(
        a=((), (1 / 2,), (0.0, 1 / 2), (0.0, 0.0, 1.0)),
        b=(1 / 6, 1 / 3, 1 / 3, 1 / 6),
        order=4,
    )
