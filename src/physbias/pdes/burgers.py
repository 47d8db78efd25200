"""Viscous Burgers' equation."""

import torch
from torch import Tensor

from physbias.pdes.derivatives import Derivatives
from physbias.pdes.pde import PDE, Coefficient, check_coefficient, uniform


class Burgers(PDE):
    r"""Viscous Burgers, :math:`u_t + (u\cdot\nabla) u = \nu\,\nabla^2 u`.

    One velocity component per space axis: in one dimension
    :math:`u_t = \nu u_{xx} - u u_x`.

    Args:
        viscosity: :math:`\nu` [m²/s], not negative.

    Shape:
        ``u`` and the result: ``(batch, ndim, *space)`` [m/s] and [m/s²].

    Raises:
        ArgumentError: ``viscosity`` is negative.

    Source:
        J. M. Burgers (1948), Advances in Applied Mechanics 1, 171-199.
    """

    fields = {"velocity": "vector"}

    def __init__(self, viscosity: Coefficient = 0.01) -> None:
        super().__init__()
        self.viscosity = check_coefficient(viscosity, "viscosity", minimum=0)

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return :math:`u_t` [m/s²]."""
        return d.coefficient(self.viscosity) * d.laplacian(u) - d.advect(u, u)

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        """Return the symbol of the viscous term [1/s]."""
        viscosity = uniform(self.viscosity, "viscosity")
        return d.coefficient(viscosity) * d.laplacian_symbol()


def cole_hopf(x: Tensor, t: Tensor | float, viscosity: float) -> Tensor:
    r"""Return an exact periodic solution of Burgers' equation in one dimension.

    :math:`u = -2\nu\,\varphi_x/\varphi` with :math:`\varphi = 2 + e^{-\nu t}\cos x`,
    of period :math:`2\pi`.

    Args:
        x: coordinate [m].
        t: time [s].
        viscosity: :math:`\nu` [m²/s].

    Source:
        J. D. Cole (1951), Quarterly of Applied Mathematics 9, 225-236; E. Hopf (1950),
        Communications on Pure and Applied Mathematics 3, 201-230.
    """
    decay = torch.exp(torch.as_tensor(-viscosity * t, dtype=x.dtype, device=x.device))
    return 2 * viscosity * decay * torch.sin(x) / (2 + decay * torch.cos(x))
