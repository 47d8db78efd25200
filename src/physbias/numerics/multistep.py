"""Steps that use the tendency of the step before."""

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from physbias.numerics.stepper import AbstractStepper, Stepper, System


@runtime_checkable
class Multistep(Stepper, Protocol):
    """A stepper that carries more than the state from step to step.

    What it carries is one tensor, so that nothing is hidden from checkpoints and
    gradients: ``begin`` makes it from a state, ``advance`` takes steps of one length
    with it, and ``state`` takes the state out again. ``step`` is all three at once.
    """

    def begin(
        self, system: System, u: Tensor, time: Tensor | float, dt: Tensor | float
    ) -> Tensor:
        """Return what is carried, before the first of several equal steps."""
        ...

    def advance(
        self, system: System, carried: Tensor, time: Tensor | float, dt: Tensor | float
    ) -> Tensor:
        """Return what is carried one step later."""
        ...

    def state(self, carried: Tensor) -> Tensor:
        """Return the state among what is carried."""
        ...


class CNAB2(AbstractStepper):
    r"""Crank-Nicolson for the stiff linear part L, Adams-Bashforth for the rest N.

    .. math::
        \frac{u_{n+1} - u_n}{\Delta t} = L\,\frac{u_{n+1} + u_n}{2}
        + \frac{3 N_n - N_{n-1}}{2}

    Order 2 with one evaluation and one solve per step. The first step of every output
    interval has no earlier tendency: it replaces :math:`(3 N_n - N_{n-1}) / 2` by the
    mean of :math:`N_n` and N at a step of implicit-explicit Euler. Crank-Nicolson
    does not damp the stiffest modes (it is A-stable, not L-stable): where they matter
    use :class:`ARS222`.

    Source:
        U. M. Ascher, S. J. Ruuth, B. T. R. Wetton (1995), SIAM Journal on Numerical
        Analysis 32, 797-823, equation 14.
    """

    @property
    def order(self) -> int:
        """Order of accuracy."""
        return 2

    def begin(
        self, system: System, u: Tensor, time: Tensor | float, dt: Tensor | float
    ) -> Tensor:
        """Return the state and the tendency that stands for the one before.

        Args:
            system: gives the tendency, its linear part, and solves with that.
            u: state.
            time: time of the state [s].
            dt: length of the steps [s].

        Shape:
            result: ``(batch, 2 * channel, *space)``.
        """
        rest = system.rest(u, time)
        guess = system.solve(u + dt * rest, dt)
        return torch.cat([u, 2 * rest - system.rest(guess, time + dt)], dim=1)

    def advance(
        self, system: System, carried: Tensor, time: Tensor | float, dt: Tensor | float
    ) -> Tensor:
        """Return the state one step later, and its predecessor's tendency.

        Args:
            system: gives the tendency, its linear part, and solves with that.
            carried: what ``begin`` or the step before returned.
            time: time of the state [s].
            dt: length of the step [s].
        """
        u, before = carried.chunk(2, dim=1)
        rest = system.rest(u, time)
        half = system.solve(u + dt / 4 * (3 * rest - before), dt / 2)
        return torch.cat([2 * half - u, rest], dim=1)

    def state(self, carried: Tensor) -> Tensor:
        """Return the state among what is carried."""
        return carried.chunk(2, dim=1)[0]

    def step(
        self, system: System, u: Tensor, time: Tensor | float, dt: Tensor | float
    ) -> Tensor:
        """Return the state one step later, without an earlier tendency.

        Args:
            system: gives the tendency, its linear part, and solves with that.
            u: state.
            time: time of the state [s].
            dt: length of the step [s].
        """
        return self.state(
            self.advance(system, self.begin(system, u, time, dt), time, dt)
        )

    def explicit_part(self, system: System, u: Tensor, time: float) -> Tensor:
        """Return the tendency without its stiff linear part."""
        return system.rest(u, time)

    def growth(self, z: Tensor) -> Tensor:
        """Return the larger root of the Adams-Bashforth recursion at complex ``z``."""
        middle = 1 / 2 + 3 * z / 4
        root = torch.sqrt(middle**2 - z / 2)
        first, second = middle + root, middle - root
        return torch.where(first.abs() >= second.abs(), first, second)
