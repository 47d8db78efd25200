"""The equation of Fisher, Kolmogorov, Petrovsky and Piskunov."""

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient, uniform
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, moving, spread
from physbias.pdes.pde import PDE


class FisherKPP(PDE):
    r"""A spreading population, :math:`u_t = D\,\nabla^2 u + r\,u\,(1 - u)`.

    Args:
        diffusivity: :math:`D` [m²/s], positive; one that varies in space multiplies the
            Laplacian, as in :class:`Heat`.
        rate: :math:`r` [1/s], not negative.

    Shape:
        ``u`` and the result: ``(batch, 1, *space)``, a fraction [1] and [1/s].

    Raises:
        ArgumentError: a coefficient out of range.

    Source:
        R. A. Fisher (1937), Annals of Eugenics 7, 355-369; A. N. Kolmogorov,
        I. G. Petrovsky, N. S. Piskunov (1937), Moscow University Bulletin of
        Mathematics 1, 1-25.
    """

    fields = {"u": 1}
    exact = {"front": (1, 2, 3)}

    def __init__(self, diffusivity: Coefficient = 1.0, rate: Coefficient = 1.0) -> None:
        super().__init__()
        self.diffusivity = self.checked(diffusivity, "diffusivity", above=0)
        self.rate = self.checked(rate, "rate", minimum=0)

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return :math:`u_t` [1/s]."""
        diffusion = d.coefficient(self.diffusivity) * d.laplacian(u)
        return diffusion + d.coefficient(self.rate) * u * (1 - u)

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        """Return the symbol of the diffusion [1/s]."""
        diffusivity = uniform(self.diffusivity, "diffusivity")
        return d.coefficient(diffusivity) * d.laplacian_symbol()

    def front(self, coords: Tensor, time: Time) -> Tensor:
        r"""Return the front that invades along x, :math:`(1 + e^s)^{-2}`.

        :math:`s = \sqrt{r/6D}\,(x - ct)` with the speed :math:`c = 5\sqrt{rD/6}`.

        Args:
            coords: coordinates [m].
            time: time [s].

        Source:
            M. J. Ablowitz, A. Zeppetella (1979), Bulletin of Mathematical Biology 41,
            835-840.
        """
        rate = spread(self.rate, coords, "rate")
        diffusivity = spread(self.diffusivity, coords, "diffusivity")
        speed = 5 * torch.sqrt(rate * diffusivity / 6)
        steepness = torch.sqrt(rate / (6 * diffusivity))
        return torch.sigmoid(-steepness * moving(coords, speed, time)).square()
