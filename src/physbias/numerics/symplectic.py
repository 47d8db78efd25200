"""Symplectic steps of positions and momenta that drive each other."""

from typing import ClassVar

import torch
from torch import Tensor

from physbias.numerics.stepper import AbstractStepper, System

# difference of the moduli of two factors that is put down to rounding
TOLERANCE = 1e-9


class AbstractSymplectic(AbstractStepper):
    r"""Leapfrog steps of several lengths, one after the other.

    For equations :math:`q_t = f(p), p_t = g(q)` that name the fields p in
    ``momenta``. Reversible, and the energy of a Hamiltonian system stays within bounds
    that do not grow. That positions drive only momenta and momenta only positions is
    checked where a solver looks for the longest stable step.

    ``lengths`` are those of the leapfrog steps, in steps.
    """

    lengths: ClassVar[tuple[float, ...]]
    num_order: ClassVar[int]

    @property
    def order(self) -> int:
        """Order of accuracy."""
        return self.num_order

    def step(
        self, system: System, u: Tensor, time: Tensor | float, dt: Tensor | float
    ) -> Tensor:
        """Return the state one step later.

        Args:
            system: gives the tendencies of momenta and positions.
            u: state.
            time: time of the state [s].
            dt: length of the step [s].

        Raises:
            ArgumentError: the equation names no momenta.
        """
        for length in self.lengths:
            part = length * dt
            u = u + part / 2 * system.kick(u, time)
            u = u + part * system.drift(u, time + part / 2)
            time = time + part
            u = u + part / 2 * system.kick(u, time)
        return u

    def explicit_part(self, system: System, u: Tensor, time: float) -> Tensor:
        """Return the tendency, all of it.

        Raises:
            ArgumentError: the equation is not separable into positions and momenta.
        """
        system.check_separable(u, time)
        return system(u, time)

    def growth(self, z: Tensor) -> Tensor:
        r"""Return the factor of one step on the mode of rate ``z`` per step.

        A mode of such a system has a partner of rate :math:`-z`, which the step
        couples to it: the factor is an eigenvalue of the step of :math:`q_t = p,
        p_t = z^2 q`, whose :math:`z^2` is real in a Hamiltonian system, and taken as
        its real part. Of the two the one of larger modulus, unless the mode decays.
        """
        square = (z**2).real.to(z.dtype)
        one, zero = torch.ones_like(z), torch.zeros_like(z)
        a, b, c, d = one, zero, zero, one
        for length in self.lengths:
            part = length**2 * square
            across, down = 1 + part / 2, length * square * (1 + part / 4)
            a, b, c, d = (
                across * a + length * c,
                across * b + length * d,
                down * a + across * c,
                down * b + across * d,
            )
        middle = (a + d) / 2
        root = torch.sqrt(middle**2 - 1)
        first, second = middle + root, middle - root
        if_equal = torch.where(z.imag * first.imag >= 0, first, second)
        larger = torch.where(first.abs() > second.abs(), first, second)
        smaller = torch.where(first.abs() > second.abs(), second, first)
        alike = (larger.abs() - smaller.abs()) < TOLERANCE
        decays = (square.real > 0) & (z.real < 0)
        return torch.where(alike, if_equal, torch.where(decays, smaller, larger))


class Leapfrog(AbstractSymplectic):
    """Kick, drift, kick: order 2, also called velocity Verlet or Stoermer-Verlet.

    Source:
        L. Verlet (1967), Physical Review 159, 98-103; W. C. Swope et al. (1982),
        Journal of Chemical Physics 76, 637-649, for this form.
    """

    lengths = (1.0,)
    num_order = 2


CUBE_ROOT = 2 ** (1 / 3)
OUTER = 1 / (2 - CUBE_ROOT)


class Yoshida4(AbstractSymplectic):
    """Three leapfrog steps, the middle one backwards: order 4.

    Source:
        H. Yoshida (1990), Physics Letters A 150, 262-268.
    """

    lengths = (OUTER, -CUBE_ROOT * OUTER, OUTER)
    num_order = 4
