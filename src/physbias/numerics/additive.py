"""Additive Runge-Kutta methods: implicit-explicit, with an explicit first stage."""

from typing import ClassVar

from torch import Tensor

from physbias.numerics.stepper import (
    AbstractStepper,
    ButcherTableau,
    System,
    combine,
    scaled,
)


class AbstractAdditive(AbstractStepper):
    """A pair of methods with common weights: the stiff linear part implicit.

    Both have the same number of stages and the same ``b``, which is the last row of
    the implicit method. The rows of ``implicit.a`` end with the diagonal, except for
    the first stage, which is the state.
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
        rest, linear = [system.rest(u, time)], [system.linear(u)]
        stage = u
        rows = zip(
            self.explicit.a[1:], self.implicit.a[1:], self.explicit.c[1:], strict=True
        )
        for explicit, implicit, c in rows:
            known = combine(u, scaled(explicit, dt), rest)
            known = combine(known, scaled(implicit[:-1], dt), linear)
            scale = implicit[-1] * dt
            stage = system.solve(known, scale)
            # the solve says what its linear part was
            linear.append((stage - known) / scale)
            rest.append(system.rest(stage, time + c * dt))
        # the last stage holds the result's implicit slopes: only the others change
        last = (*self.explicit.a[-1], 0.0)
        change = tuple(b - a for b, a in zip(self.explicit.b, last, strict=True))
        return combine(stage, scaled(change, dt), rest)

    def explicit_part(self, system: System, u: Tensor, time: float) -> Tensor:
        """Return the tendency without its stiff linear part."""
        return system.rest(u, time)

    def growth(self, z: Tensor) -> Tensor:
        """Return the stability function of the explicit method at complex ``z``."""
        return self.explicit.growth(z)


GAMMA = 1767732205903 / 4055673282236
WEIGHTS = (
    1471266399579 / 7840856788654,
    -4482444167858 / 7529755066697,
    11266239266428 / 11593286722821,
    GAMMA,
)


class ARK324(AbstractAdditive):
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
            (GAMMA, GAMMA),
            (
                2746238789719 / 10658868560708,
                -640167445237 / 6845629431997,
                GAMMA,
            ),
            WEIGHTS,
        ),
        b=WEIGHTS,
        order=3,
    )
