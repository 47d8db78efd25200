"""The sine-Gordon equation."""

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, moving, spread
from physbias.pdes.pde import PDE


class SineGordon(PDE):
    r"""Coupled pendulums, :math:`q_t = p`, :math:`p_t = c^2\nabla^2 q - m^2 \sin q`.

    Args:
        speed: :math:`c` [m/s], positive.
        frequency: :math:`m` [rad/s], positive.

    Shape:
        ``u`` and the result: ``(batch, 2, *space)``, angle ``q`` [rad] and its rate
        ``p`` [rad/s].

    Raises:
        ArgumentError: a coefficient that is not positive.

    Source:
        J. Frenkel, T. Kontorova (1939), Journal of Physics USSR 1, 137-149;
        J. K. Perring, T. H. R. Skyrme (1962), Nuclear Physics 31, 550-555.
    """

    fields = {"q": 1, "p": 1}
    momenta = ("p",)
    exact = {"kink": (1, 2, 3), "breather": (1, 2, 3)}

    def __init__(self, speed: Coefficient = 1.0, frequency: Coefficient = 1.0) -> None:
        super().__init__()
        self.speed = self.checked(speed, "speed", above=0)
        self.frequency = self.checked(frequency, "frequency", above=0)

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the rates of both fields."""
        q, p = self.split(u)
        tension = d.coefficient(self.speed) ** 2 * d.of("q").laplacian(q)
        return self.join(
            q=p, p=tension - d.coefficient(self.frequency) ** 2 * torch.sin(q)
        )

    def invariants(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return :math:`\int \tfrac12 p^2 - \tfrac{c^2}2 q\nabla^2 q + m^2(1-\cos q)`.

        It holds where the speed does not vary in space.
        """
        q, p = self.split(u)
        strain = d.coefficient(self.speed) ** 2 * q * d.of("q").laplacian(q)
        wells = d.coefficient(self.frequency) ** 2 * (1 - torch.cos(q))
        return {"energy": d.integral((p.square() - strain) / 2 + wells).sum(1)}

    def kink(self, coords: Tensor, time: Time, *, velocity: float = 0.5) -> Tensor:
        r"""Return a twist from 0 to :math:`2\pi` that moves along x, and its rate.

        :math:`q = 4 \arctan e^s`, :math:`s = \gamma m (x - \beta c t)/c`,
        :math:`\gamma = 1/\sqrt{1 - \beta^2}`.

        Args:
            coords: coordinates [m].
            time: time [s].
            velocity: :math:`\beta`, relative to c, between -1 and 1 [1].
        """
        c, m = self._spread(coords)
        steepness = m / c / (1 - velocity**2) ** 0.5
        s = steepness * moving(coords, velocity * c, time)
        rate = -2 * velocity * c * steepness / torch.cosh(s)
        return self.join(q=4 * torch.atan(torch.exp(s)), p=rate)

    def breather(self, coords: Tensor, time: Time, *, ratio: float = 0.6) -> Tensor:
        r"""Return a bound kink and antikink that oscillate at the origin.

        :math:`q = 4 \arctan(\eta \cos(\omega m t) / (\omega \cosh(\eta m x/c)))` with
        :math:`\eta = \sqrt{1 - \omega^2}`.

        Args:
            coords: coordinates [m].
            time: time [s].
            ratio: :math:`\omega`, its frequency relative to m, between 0 and 1 [1].

        Source:
            M. J. Ablowitz, D. J. Kaup, A. C. Newell, H. Segur (1973), Physical Review
            Letters 30, 1262-1264.
        """
        c, m = self._spread(coords)
        eta = (1 - ratio**2) ** 0.5
        shape = eta / ratio / torch.cosh(eta * m / c * coords[:, :1])
        turn = torch.as_tensor(ratio * m * time)
        tangent = shape * torch.cos(turn)
        rate = -4 * ratio * m * shape * torch.sin(turn) / (1 + tangent.square())
        return self.join(q=4 * torch.atan(tangent), p=rate)

    def _spread(self, coords: Tensor) -> tuple[Tensor, Tensor]:
        return (
            spread(self.speed, coords, "speed"),
            spread(self.frequency, coords, "frequency"),
        )
