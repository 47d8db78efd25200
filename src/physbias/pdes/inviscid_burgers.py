"""The inviscid Burgers equation."""

from collections.abc import Callable

import torch
from torch import Tensor

from physbias.pdes.conservation import ConservationLaw, Place, Speeds

BISECTIONS = 80


class InviscidBurgers(ConservationLaw):
    r"""Nonlinear steepening, :math:`u_t + \sum_i \partial_i (u^2/2) = 0`.

    One scalar, carried along every axis by itself; it breaks into shocks, which move
    with the mean of the values on their sides.

    Shape:
        ``u`` and the result: ``(batch, 1, *space)`` [m/s] and [m/s²].

    Source:
        E. Hopf (1950), Communications on Pure and Applied Mathematics 3, 201-230.
    """

    fields = {"u": 1}

    def flux(self, u: Tensor, axis: int, d: Place) -> Tensor:
        """Return :math:`u^2/2` [m²/s²]."""
        return u.square() / 2

    def speeds(self, u: Tensor, axis: int, d: Place) -> Speeds:
        """Return the state itself, twice [m/s]."""
        return u, u


def along_characteristics(
    profile: Callable[[Tensor], Tensor], x: Tensor, t: float, *, largest: float
) -> Tensor:
    r"""Return the solution :math:`u = f(x - u t)` in one dimension before it breaks.

    Args:
        profile: :math:`f`, the initial state.
        x: coordinates [m].
        t: time [s], before :math:`-1/\min f'`.
        largest: a bound on the magnitude of the profile [m/s].

    Source:
        G. B. Whitham (1974), Linear and Nonlinear Waves, Wiley, section 2.1.
    """
    low, high = torch.full_like(x, -largest), torch.full_like(x, largest)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        above = middle > profile(x - middle * t)
        low, high = torch.where(above, low, middle), torch.where(above, middle, high)
    return (low + high) / 2
