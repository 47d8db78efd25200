"""The Cahn-Hilliard equation."""

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient, uniform
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, spread
from physbias.pdes.pde import PDE


class CahnHilliard(PDE):
    r"""Two phases that separate and keep their mass, :math:`u_t = D\,\nabla^2\mu`.

    The chemical potential is :math:`\mu = u^3 - u - \gamma\nabla^2 u`.

    Args:
        mobility: :math:`D` [m²/s], not negative.
        tension: :math:`\gamma` [m²], positive: the square of the border's width.

    Shape:
        ``u`` and the result: ``(batch, 1, *space)``; ``u`` is -1 and 1 in the phases.

    Raises:
        ArgumentError: a coefficient out of range.

    Source:
        J. W. Cahn, J. E. Hilliard (1958), Journal of Chemical Physics 28, 258-267.
    """

    fields = {"u": 1}
    exact = {"kink": (1, 2, 3)}

    def __init__(self, mobility: Coefficient = 1.0, tension: Coefficient = 1.0) -> None:
        super().__init__()
        self.mobility = self.checked(mobility, "mobility", minimum=0)
        self.tension = self.checked(tension, "tension", above=0)

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return :math:`u_t` [1/s]."""
        return d.coefficient(self.mobility) * d.laplacian(self.potential(u, d))

    def potential(self, u: Tensor, d: Derivatives) -> Tensor:
        r"""Return the chemical potential :math:`\mu` [1]."""
        return u**3 - u - d.coefficient(self.tension) * d.laplacian(u)

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        r"""Return the symbol about the pure phases [1/s].

        It is that of :math:`D (2\nabla^2 - \gamma\nabla^4)`: the rest does not act on
        small departures from them.

        Source:
            D. J. Eyre (1998), MRS Proceedings 529, 39-46, for splitting so.
        """
        mobility = d.coefficient(uniform(self.mobility, "mobility"))
        tension = d.coefficient(uniform(self.tension, "tension"))
        square = d.laplacian_symbol()
        return mobility * (2 * square - tension * square * square)

    def diagnose(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        """Return the chemical potential."""
        return {"potential": self.potential(u, d)}

    def invariants(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return the mass :math:`\int u`."""
        return {"mass": d.integral(u).sum(1)}

    def dissipated(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return :math:`\int \tfrac14 (1 - u^2)^2 - \tfrac\gamma2 u\nabla^2 u`."""
        borders = d.coefficient(self.tension) / 2 * u * d.laplacian(u)
        return {"energy": d.integral((1 - u * u).square() / 4 - borders).sum(1)}

    def kink(self, coords: Tensor, time: Time) -> Tensor:
        r"""Return the border at rest, :math:`\tanh(x/\sqrt{2\gamma})`.

        Its chemical potential is zero.

        Args:
            coords: coordinates [m].
            time: time [s], which changes nothing.
        """
        tension = spread(self.tension, coords, "tension")
        still = 0 * torch.as_tensor(time)
        return torch.tanh(coords[:, :1] / torch.sqrt(2 * tension) + still)
