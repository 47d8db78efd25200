"""The Swift-Hohenberg equation."""

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient, uniform
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, spread
from physbias.pdes.pde import PDE


class SwiftHohenberg(PDE):
    r"""Rolls and hexagons, :math:`u_t = r u - (1 + \nabla^2)^2 u + g u^2 - u^3`.

    Non-dimensional: the critical wavelength is :math:`2\pi`. Waves of wavenumber k
    about rest grow at the rate :math:`r - (1 - k^2)^2`.

    Args:
        growth: :math:`r` [1], of either sign.
        quadratic: :math:`g` [1], of either sign; it breaks the symmetry of sign.

    Shape:
        ``u`` and the result: ``(batch, 1, *space)``.

    Raises:
        ArgumentError: a coefficient that is not finite.

    Source:
        J. Swift, P. C. Hohenberg (1977), Physical Review A 15, 319-328.
    """

    fields = {"u": 1}
    exact = {"uniform_decay": (1, 2, 3)}

    def __init__(self, growth: Coefficient = 0.3, quadratic: Coefficient = 0.0) -> None:
        super().__init__()
        self.growth = self.checked(growth, "growth")
        self.quadratic = self.checked(quadratic, "quadratic")

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return :math:`u_t`."""
        bent = _bend(_bend(u, d), d)
        gain = d.coefficient(self.growth) * u + d.coefficient(self.quadratic) * u * u
        return gain - u**3 - bent

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        """Return the symbol of the linear terms."""
        growth = d.coefficient(uniform(self.growth, "growth"))
        return growth - (1 + d.laplacian_symbol()).square()

    def dissipated(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return the energy, which falls at the rate :math:`\int u_t^2`.

        It is :math:`\tfrac12\int ((1 + \nabla^2) u)^2 - r u^2 - \tfrac23 g u^3 +
        \tfrac12 u^4`, where coefficients do not vary in space.
        """
        linear = _bend(u, d).square() - d.coefficient(self.growth) * u.square()
        higher = u**4 / 2 - d.coefficient(self.quadratic) * 2 / 3 * u**3
        return {"energy": d.integral(linear + higher).sum(1) / 2}

    def uniform_decay(
        self, coords: Tensor, time: Time, *, start: float = 0.5
    ) -> Tensor:
        r"""Return the same value everywhere, which decays, for ``quadratic`` of zero.

        It solves :math:`u_t = (r - 1) u - u^3`: with :math:`s = 1 - r`,
        :math:`u^{-2} = (u_0^{-2} + 1/s) e^{2st} - 1/s`.

        Args:
            coords: coordinates.
            time: time, not negative.
            start: :math:`u_0`, positive.
        """
        s = 1 - spread(self.growth, coords, "growth")
        grown = torch.exp(2 * s * time) * (start**-2 + 1 / s) - 1 / s
        return torch.rsqrt(grown) + 0 * coords[:, :1]


def _bend(u: Tensor, d: Derivatives) -> Tensor:
    return u + d.laplacian(u)
