"""The Allen-Cahn equation."""

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient, uniform
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, spread
from physbias.pdes.pde import PDE


class AllenCahn(PDE):
    r"""Two phases that separate, :math:`u_t = D\,\nabla^2 u + r\,(u - u^3)`.

    Args:
        diffusivity: :math:`D` [m²/s], positive; one that varies in space multiplies the
            Laplacian, as in :class:`Heat`.
        rate: :math:`r` [1/s], not negative.

    Shape:
        ``u`` and the result: ``(batch, 1, *space)``; ``u`` is -1 and 1 in the phases.

    Raises:
        ArgumentError: a coefficient out of range.

    Source:
        S. M. Allen, J. W. Cahn (1979), Acta Metallurgica 27, 1085-1095.
    """

    fields = {"u": 1}
    exact = {"kink": (1, 2, 3)}

    def __init__(self, diffusivity: Coefficient = 1.0, rate: Coefficient = 1.0) -> None:
        super().__init__()
        self.diffusivity = self.checked(diffusivity, "diffusivity", above=0)
        self.rate = self.checked(rate, "rate", minimum=0)

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return :math:`u_t` [1/s]."""
        reaction = d.coefficient(self.rate) * (u - u**3)
        return d.coefficient(self.diffusivity) * d.laplacian(u) + reaction

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        """Return the symbol of the diffusion [1/s]."""
        diffusivity = uniform(self.diffusivity, "diffusivity")
        return d.coefficient(diffusivity) * d.laplacian_symbol()

    def dissipated(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return the energy, which falls at the rate :math:`\int u_t^2`.

        It is :math:`\int \tfrac r4 (1 - u^2)^2 - \tfrac D2 u\nabla^2 u`, where
        coefficients do not vary in space.
        """
        wells = d.coefficient(self.rate) / 4 * (1 - u * u).square()
        borders = d.coefficient(self.diffusivity) / 2 * u * d.laplacian(u)
        return {"energy": d.integral(wells - borders).sum(1)}

    def kink(self, coords: Tensor, time: Time) -> Tensor:
        r"""Return the border at rest, :math:`\tanh(x\sqrt{r/2D})`.

        Args:
            coords: coordinates [m].
            time: time [s], which changes nothing.
        """
        rate = spread(self.rate, coords, "rate")
        diffusivity = spread(self.diffusivity, coords, "diffusivity")
        still = 0 * torch.as_tensor(time)
        return torch.tanh(coords[:, :1] * torch.sqrt(rate / (2 * diffusivity)) + still)
