"""Explicit Runge-Kutta methods that hold two states, however many their stages."""

from typing import ClassVar

import torch
from torch import Tensor

from physbias.numerics.stepper import AbstractStepper, System


class AbstractLowStorage(AbstractStepper):
    r"""A 2N method, whose stages share one increment.

    Every stage takes :math:`k \leftarrow A_i k + \Delta t\,F(u)` and then
    :math:`u \leftarrow u + B_i k`. Without gradients two states are held.

    Source:
        J. H. Williamson (1980), J. Comput. Phys. 35, 48-56.
    """

    a: ClassVar[tuple[float, ...]]
    b: ClassVar[tuple[float, ...]]
    num_order: ClassVar[int]

    @property
    def order(self) -> int:
        """Order of accuracy."""
        return self.num_order

    @property
    def c(self) -> tuple[float, ...]:
        """Times of the stages, in steps."""
        times, increment = [0.0], 0.0
        for a, b in zip(self.a, self.b, strict=True):
            increment = a * increment + 1
            times.append(times[-1] + b * increment)
        return tuple(times[:-1])

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
        increment = torch.zeros_like(u)
        for a, b, c in zip(self.a, self.b, self.c, strict=True):
            increment = a * increment + dt * system(u, time + c * dt)
            u = u + b * increment
        return u

    def explicit_part(self, system: System, u: Tensor, time: float) -> Tensor:
        """Return the tendency, all of it."""
        return system(u, time)

    def growth(self, z: Tensor) -> Tensor:
        """Return the stability function at complex ``z``."""
        state, increment = torch.ones_like(z), torch.zeros_like(z)
        for a, b in zip(self.a, self.b, strict=True):
            increment = a * increment + z * state
            state = state + b * increment
        return state


class LowStorageRK4(AbstractLowStorage):
    """Order 4 with five stages, in the memory of two states.

    Source:
        M. H. Carpenter and C. A. Kennedy (1994), Fourth-order 2N-storage Runge-Kutta
        schemes, NASA TM-109112, solution 3.
    """

    a = (
        0.0,
        -567301805773 / 1357537059087,
        -2404267990393 / 2016746695238,
        -3550918686646 / 2091501179385,
        -1275806237668 / 842570457699,
    )
    b = (
        1432997174477 / 9575080441755,
        5161836677717 / 13612068292357,
        1720146321549 / 2090206949498,
        3134564353537 / 4481467310338,
        2277821191437 / 14882151754819,
    )
    num_order = 4
