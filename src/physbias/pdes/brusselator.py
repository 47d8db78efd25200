"""The Brusselator."""

from torch import Tensor

from physbias.pdes.coefficients import Coefficient, uniform
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.pde import PDE


class Brusselator(PDE):
    r"""A reaction that oscillates or makes patterns.

    .. math::
        u_t = D_u\nabla^2 u + A - (B + 1) u + u^2 v, \qquad
        v_t = D_v\nabla^2 v + B u - u^2 v

    The only uniform state at rest is (A, B/A). It oscillates for :math:`B > 1 + A^2`,
    and makes Turing patterns for :math:`B > (1 + A\sqrt{D_u/D_v})^2`.
    Non-dimensional concentrations.

    Args:
        activator_diffusivity: :math:`D_u` [m²/s], not negative.
        inhibitor_diffusivity: :math:`D_v` [m²/s], not negative; both multiply the
            Laplacian where they vary in space, as in :class:`Heat`.
        feed: :math:`A` [1/s], not negative.
        control: :math:`B` [1/s], not negative.

    Shape:
        ``u`` and the result: ``(batch, 2, *space)``, activator and inhibitor.

    Raises:
        ArgumentError: a coefficient is negative.

    Source:
        I. Prigogine, R. Lefever (1968), Journal of Chemical Physics 48, 1695-1700.
    """

    fields = {"activator": 1, "inhibitor": 1}

    def __init__(
        self,
        activator_diffusivity: Coefficient = 1.0,
        inhibitor_diffusivity: Coefficient = 8.0,
        feed: Coefficient = 1.0,
        control: Coefficient = 3.0,
    ) -> None:
        super().__init__()
        self.activator_diffusivity = self.checked(
            activator_diffusivity, "activator_diffusivity", minimum=0
        )
        self.inhibitor_diffusivity = self.checked(
            inhibitor_diffusivity, "inhibitor_diffusivity", minimum=0
        )
        self.feed = self.checked(feed, "feed", minimum=0)
        self.control = self.checked(control, "control", minimum=0)

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the rates of both concentrations [1/s]."""
        activator, inhibitor = self.split(u)
        turned = d.coefficient(self.control) * activator
        made = activator.square() * inhibitor
        reaction = self.join(
            activator=d.coefficient(self.feed) - turned - activator + made,
            inhibitor=turned - made,
        )
        return self._spreading(d) * d.laplacian(u) + reaction

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        """Return the symbols of both diffusions [1/s], channel by channel."""
        uniform(self.activator_diffusivity, "activator_diffusivity")
        uniform(self.inhibitor_diffusivity, "inhibitor_diffusivity")
        return self._spreading(d) * d.laplacian_symbol()

    def _spreading(self, d: Derivatives) -> Tensor:
        return self.per_channel(
            d,
            activator=self.activator_diffusivity,
            inhibitor=self.inhibitor_diffusivity,
        )
