"""The Kuramoto-Sivashinsky equation."""

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient, uniform
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, check_axes, moving, spread
from physbias.pdes.pde import PDE


class KuramotoSivashinsky(PDE):
    r"""Chaos in a thin film, :math:`u_t + u\,u_x + a\,u_{xx} + b\,u_{xxxx} = 0`.

    Waves of wavenumber k about rest grow at the rate :math:`a k^2 - b k^4`.

    Args:
        antidiffusion: :math:`a` [m²/s], not negative.
        hyperdiffusion: :math:`b` [m⁴/s], positive.

    Shape:
        ``u`` and the result: ``(batch, 1, x)`` [m/s] and [m/s²].

    Raises:
        ArgumentError: a coefficient out of range.
        ShapeError: more than one space axis.

    Source:
        Y. Kuramoto, T. Tsuzuki (1976), Progress of Theoretical Physics 55, 356-369;
        G. I. Sivashinsky (1977), Acta Astronautica 4, 1177-1206.
    """

    fields = {"u": 1}
    exact = {"shock": (1,)}

    def __init__(
        self, antidiffusion: Coefficient = 1.0, hyperdiffusion: Coefficient = 1.0
    ) -> None:
        super().__init__()
        self.antidiffusion = self.checked(antidiffusion, "antidiffusion", minimum=0)
        self.hyperdiffusion = self.checked(hyperdiffusion, "hyperdiffusion", above=0)

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return :math:`u_t` [m/s²]."""
        check_axes(d.ndim, self, (1,))
        growth = d.coefficient(self.antidiffusion) * d.partial(u, 0, 2)
        decay = d.coefficient(self.hyperdiffusion) * d.partial(u, 0, 4)
        return -d.x(u * u) / 2 - growth - decay

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        """Return the symbol of both linear terms [1/s]."""
        a = d.coefficient(uniform(self.antidiffusion, "antidiffusion"))
        b = d.coefficient(uniform(self.hyperdiffusion, "hyperdiffusion"))
        return -a * d.symbol(0, 2) - b * d.symbol(0, 4)

    def invariants(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return the momentum :math:`\int u`."""
        return {"momentum": d.integral(u).sum(1)}

    def shock(self, coords: Tensor, time: Time, *, speed: float = 0.0) -> Tensor:
        r"""Return a travelling shock on the infinite line, unstable but exact.

        :math:`u = c + \tfrac{15}{19}\sqrt{\tfrac{11}{19}}\,(11 \tanh^3\xi - 9
        \tanh\xi)` with :math:`\xi = \tfrac12\sqrt{\tfrac{11}{19}}\,(x - ct)`, for
        coefficients of one; others by similarity.

        Args:
            coords: coordinates [m].
            time: time [s].
            speed: :math:`c` [m/s].

        Source:
            Y. Kuramoto, T. Tsuzuki (1976), Progress of Theoretical Physics 55,
            356-369.
        """
        a = spread(self.antidiffusion, coords, "antidiffusion")
        b = spread(self.hyperdiffusion, coords, "hyperdiffusion")
        root = (11 / 19) ** 0.5
        front = torch.tanh(root / 2 * torch.sqrt(a / b) * moving(coords, speed, time))
        height = 15 / 19 * root * a * torch.sqrt(a / b)
        return speed + height * (11 * front**3 - 9 * front)
