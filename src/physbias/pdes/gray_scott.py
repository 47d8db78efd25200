"""The Gray-Scott reaction."""

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient, uniform
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, phase, spread, wave_vector
from physbias.pdes.pde import PDE


class GrayScott(PDE):
    r"""A fed substrate ``u`` that a catalyst ``v`` consumes.

    .. math::
        u_t = D_u\nabla^2 u - u v^2 + F (1 - u), \qquad
        v_t = D_v\nabla^2 v + u v^2 - (F + k) v

    The reaction takes substrate (minus in the first line) and gives catalyst (plus in
    the second). The state (1, 0) is at rest; where :math:`F \ge 4 (F + k)^2` so are
    :math:`u = \tfrac12 (1 \pm \sqrt{1 - 4 (F + k)^2 / F})`, :math:`v = F (1 - u) / (F +
    k)`. Non-dimensional concentrations.

    Args:
        substrate_diffusivity: :math:`D_u` [m²/s], not negative.
        catalyst_diffusivity: :math:`D_v` [m²/s], not negative; both multiply the
            Laplacian where they vary in space, as in :class:`Heat`.
        feed: :math:`F` [1/s], not negative.
        kill: :math:`k` [1/s], not negative.

    Shape:
        ``u`` and the result: ``(batch, 2, *space)``, substrate and catalyst.

    Raises:
        ArgumentError: a coefficient is negative.

    Source:
        J. E. Pearson (1993), Science 261, 189-192, whose coefficients are the default.
    """

    fields = {"substrate": 1, "catalyst": 1}
    exact = {"barren": (1, 2, 3)}

    def __init__(
        self,
        substrate_diffusivity: Coefficient = 2e-5,
        catalyst_diffusivity: Coefficient = 1e-5,
        feed: Coefficient = 0.04,
        kill: Coefficient = 0.06,
    ) -> None:
        super().__init__()
        self.substrate_diffusivity = self.checked(
            substrate_diffusivity, "substrate_diffusivity", minimum=0
        )
        self.catalyst_diffusivity = self.checked(
            catalyst_diffusivity, "catalyst_diffusivity", minimum=0
        )
        self.feed = self.checked(feed, "feed", minimum=0)
        self.kill = self.checked(kill, "kill", minimum=0)

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the rates of both concentrations [1/s]."""
        substrate, catalyst = self.split(u)
        feed = d.coefficient(self.feed)
        made = substrate * catalyst.square()
        loss = (feed + d.coefficient(self.kill)) * catalyst
        reaction = self.join(
            substrate=feed * (1 - substrate) - made, catalyst=made - loss
        )
        return self._spreading(d) * d.laplacian(u) + reaction

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        """Return the symbols of both diffusions [1/s], channel by channel."""
        uniform(self.substrate_diffusivity, "substrate_diffusivity")
        uniform(self.catalyst_diffusivity, "catalyst_diffusivity")
        return self._spreading(d) * d.laplacian_symbol()

    def barren(self, coords: Tensor, time: Time, *, amplitude: float = 0.5) -> Tensor:
        r"""Return a substrate without catalyst, which is fed back to 1.

        :math:`u = 1 - A e^{-(F + D_u |k|^2) t} \cos(k\cdot x)` with k of 1 rad/m along
        each axis, :math:`v = 0`.

        Args:
            coords: coordinates [m].
            time: time [s].
            amplitude: :math:`A` [1].
        """
        k = wave_vector(None, coords)
        feed = spread(self.feed, coords, "feed")
        diffusivity = spread(
            self.substrate_diffusivity, coords, "substrate_diffusivity"
        )
        decay = torch.exp(-(feed + diffusivity * k.square().sum()) * time)
        substrate = 1 - amplitude * decay * torch.cos(phase(coords, k))
        return self.join(substrate=substrate, catalyst=torch.zeros_like(substrate))

    def _spreading(self, d: Derivatives) -> Tensor:
        return self.per_channel(
            d,
            substrate=self.substrate_diffusivity,
            catalyst=self.catalyst_diffusivity,
        )
