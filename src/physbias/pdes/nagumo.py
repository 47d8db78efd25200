"""The Nagumo equation."""

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient, uniform
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, moving, spread
from physbias.pdes.pde import PDE


class Nagumo(PDE):
    r"""A bistable front, :math:`u_t = D\,\nabla^2 u + r\,u\,(1 - u)(u - a)`.

    Args:
        diffusivity: :math:`D` [m²/s], positive; one that varies in space multiplies the
            Laplacian, as in :class:`Heat`.
        rate: :math:`r` [1/s], not negative.
        threshold: :math:`a` [1], between the stable states 0 and 1 where the equation
            is bistable.

    Shape:
        ``u`` and the result: ``(batch, 1, *space)``, a fraction [1] and [1/s].

    Raises:
        ArgumentError: a coefficient out of range.

    Source:
        J. Nagumo, S. Arimoto, S. Yoshizawa (1962), Proceedings of the IRE 50,
        2061-2070.
    """

    fields = {"u": 1}
    exact = {"front": (1, 2, 3)}

    def __init__(
        self,
        diffusivity: Coefficient = 1.0,
        rate: Coefficient = 1.0,
        threshold: Coefficient = 0.25,
    ) -> None:
        super().__init__()
        self.diffusivity = self.checked(diffusivity, "diffusivity", above=0)
        self.rate = self.checked(rate, "rate", minimum=0)
        self.threshold = self.checked(threshold, "threshold")

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return :math:`u_t` [1/s]."""
        growth = u * (1 - u) * (u - d.coefficient(self.threshold))
        diffusion = d.coefficient(self.diffusivity) * d.laplacian(u)
        return diffusion + d.coefficient(self.rate) * growth

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        """Return the symbol of the diffusion [1/s]."""
        diffusivity = uniform(self.diffusivity, "diffusivity")
        return d.coefficient(diffusivity) * d.laplacian_symbol()

    def front(self, coords: Tensor, time: Time) -> Tensor:
        r"""Return the front that invades along x, :math:`1/(1 + e^s)`.

        :math:`s = \sqrt{r/2D}\,(x - ct)` with the speed :math:`c = \sqrt{rD/2}\,(1 -
        2a)`.

        Args:
            coords: coordinates [m].
            time: time [s].
        """
        rate = spread(self.rate, coords, "rate")
        diffusivity = spread(self.diffusivity, coords, "diffusivity")
        threshold = spread(self.threshold, coords, "threshold")
        speed = torch.sqrt(rate * diffusivity / 2) * (1 - 2 * threshold)
        steepness = torch.sqrt(rate / (2 * diffusivity))
        return torch.sigmoid(-steepness * moving(coords, speed, time))
