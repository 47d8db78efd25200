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

    Both have the same stages, the first of which is the state and explicit in both.
    The rows of ``implicit.a`` after the first end with the diagonal, and the last of
    them is ``implicit.b``. Slopes that no weight asks for are not evaluated.
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
        rows = zip(self.explicit.a[1:], self.implicit.a[1:], strict=True)
        starts = any(row[0] for row in self.implicit.a[1:])
        rest, linear = [], [system.linear(u) if starts else u]
        stage = u
        for (explicit, implicit), c in zip(rows, self.explicit.c, strict=False):
            rest.append(system.rest(stage, time + c * dt))
            known = combine(u, scaled(explicit, dt), rest)
            known = combine(known, scaled(implicit[:-1], dt), linear)
            scale = implicit[-1] * dt
            stage = system.solve(known, scale)
            # the solve says what its linear part was
            linear.append((stage - known) / scale)
        # the last stage holds the result's implicit slopes: only the others change
        last = (*self.explicit.a[-1], 0.0)
        change = tuple(b - a for b, a in zip(self.explicit.b, last, strict=True))
        if change[-1] != 0:
            rest.append(system.rest(stage, time + self.explicit.c[-1] * dt))
        return combine(stage, scaled(change, dt), rest)

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
        a=((), (0.0, GAMMA), (0.0, 1 - GAMMA, GAMMA)),
        b=(0.0, 1 - GAMMA, GAMMA),
        order=2,
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
            (),
            (0.0, 1 / 2),
            (0.0, 1 / 6, 1 / 2),
            (0.0, -1 / 2, 1 / 2, 1 / 2),
            (0.0, 3 / 2, -3 / 2, 1 / 2, 1 / 2),
        ),
        b=(0.0, 3 / 2, -3 / 2, 1 / 2, 1 / 2),
        order=3,
    )


DIAGONAL = 1767732205903 / 4055673282236
WEIGHTS = (
    1471266399579 / 7840856788654,
    -4482444167858 / 7529755066697,
    11266239266428 / 11593286722821,
    DIAGONAL,
)


class ARK324(AbstractIMEX):
    """ARK3(2)4L[2]SA: order 3 with three implicit and four explicit stages, L-stable.

    The embedded method of order 2 is left out: steps have a fixed length.

    Source:
        C. A. Kennedy and M. H. Carpenter (2003), Applied Numerical Mathematics 44,
        139-181, appendix C.
    """

    explicit = ButcherTableau(
        a=(
            (),
            (1767732205903 / 2027836641118,),
            (5535828885825 / 10492691773637, 788022342437 / 10882634858940),
            (
                6485989280629 / 16251701735622,
                -4246266847089 / 9704473918619,
                10755448449292 / 10357097424841,
            ),
        ),
        b=WEIGHTS,
        order=3,
    )
    implicit = ButcherTableau(
        a=(
            (),
            (DIAGONAL, DIAGONAL),
            (
                2746238789719 / 10658868560708,
                -640167445237 / 6845629431997,
                DIAGONAL,
            ),
            WEIGHTS,
        ),
        b=WEIGHTS,
        order=3,
    )
