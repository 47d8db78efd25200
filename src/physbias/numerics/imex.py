"""Implicit-explicit Runge-Kutta methods."""

from math import sqrt
from typing import ClassVar

from torch import Tensor

from physbias.numerics.stepper import (
    AbstractStepper,
    ButcherTableau,
    System,
    combine,
    scaled,
)

GAMMA = 1 - 1 / sqrt(2)
DELTA = 1 - 1 / (2 * GAMMA)


class AbstractIMEX(AbstractStepper):
    """A pair of methods: the stiff linear part implicit, the rest explicit.

    ``implicit`` gives, for every stage after the first, the weights of the implicit
    slopes of the stages after the first, its own as the last. The last stage is the
    result: both methods have their weights ``b`` as their last row.
    """

    explicit: ClassVar[ButcherTableau]
    implicit: ClassVar[ButcherTableau]

    @property
    def order(self) -> int:
        """Order of accuracy."""
        return self.explicit.order

    def step(
        self, system: System, u: Tensor, time: Tensor | float, dt: Tensor | float
    ) -> Tensor:
        """Return the state one step later.

        Args:
            system: gives the tendency, its linear part, and solves with that.
            u: state.
            time: time of the state [s].
            dt: length of the step [s].
        """
        rest: list[Tensor] = []
        linear: list[Tensor] = []
        stage, c = u, 0.0
        rows = zip(
            self.explicit.a[1:], self.implicit.a, self.explicit.c[1:], strict=True
        )
        for explicit, implicit, next_c in rows:
            rest.append(system.rest(stage, time + c * dt))
            known = combine(u, scaled(explicit, dt), rest)
            known = combine(known, scaled(implicit[:-1], dt), linear)
            scale = implicit[-1] * dt
            stage, c = system.solve(known, scale), next_c
            # the solve says what its linear part was
            linear.append((stage - known) / scale)
        return stage

    def explicit_part(self, system: System, u: Tensor, time: float) -> Tensor:
        """Return the tendency without its stiff linear part."""
        return system.rest(u, time)

    def growth(self, z: Tensor) -> Tensor:
        """Return the stability function of the explicit method at complex ``z``."""
        return self.explicit.growth(z)


class ARS222(AbstractIMEX):
    """Order 2 with two implicit and two explicit stages, L-stable.

    Source:
        U. M. Ascher, S. J. Ruuth, R. J. Spiteri (1997), Applied Numerical Mathematics
        25, 151-167, section 2.6.
    """

    explicit = ButcherTableau(
        a=((), (GAMMA,), (DELTA, 1 - DELTA)), b=(DELTA, 1 - DELTA, 0.0), order=2
    )
    implicit = ButcherTableau(
        a=((GAMMA,), (1 - GAMMA, GAMMA)), b=(1 - GAMMA, GAMMA), order=2
    )


class ARS443(AbstractIMEX):
    """Order 3 with four implicit and four explicit stages, L-stable.

    Source:
        U. M. Ascher, S. J. Ruuth, R. J. Spiteri (1997), Applied Numerical Mathematics
        25, 151-167, section 2.8.
    """

    explicit = ButcherTableau(
        a=(
            (),
            (1 / 2,),
            (11 / 18, 1 / 18),
            (5 / 6, -5 / 6, 1 / 2),
            (1 / 4, 7 / 4, 3 / 4, -7 / 4),
        ),
        b=(1 / 4, 7 / 4, 3 / 4, -7 / 4, 0.0),
        order=3,
    )
    implicit = ButcherTableau(
        a=(
            (1 / 2,),
            (1 / 6, 1 / 2),
            (-1 / 2, 1 / 2, 1 / 2),
            (3 / 2, -3 / 2, 1 / 2, 1 / 2),
        ),
        b=(3 / 2, -3 / 2, 1 / 2, 1 / 2),
        order=3,
    )
