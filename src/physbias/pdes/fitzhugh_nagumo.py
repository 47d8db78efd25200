"""The FitzHugh-Nagumo equations."""

from torch import Tensor

from physbias.pdes.coefficients import Coefficient, uniform
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.pde import PDE


class FitzHughNagumo(PDE):
    r"""An excitable medium: a fast voltage ``v`` and a slow recovery ``w``.

    .. math::
        v_t = D\nabla^2 v + v - v^3/3 - w + I, \qquad
        w_t = D_w\nabla^2 w + \varepsilon (v + a - b w)

    Non-dimensional, as in FitzHugh's paper, whose :math:`(a, b, \varepsilon) = (0.7,
    0.8, 0.08)` are the default: at rest at :math:`v \approx -1.1994`, and excitable.

    Args:
        diffusivity: of the voltage, :math:`D`, not negative.
        recovery_diffusivity: :math:`D_w`, not negative; both multiply the Laplacian
            where they vary in space, as in :class:`Heat`.
        timescale: :math:`\varepsilon`, not negative.
        offset: :math:`a`, of either sign.
        damping: :math:`b`, not negative.
        current: :math:`I`, of either sign.

    Shape:
        ``u`` and the result: ``(batch, 2, *space)``, voltage and recovery.

    Raises:
        ArgumentError: a coefficient out of range.

    Source:
        R. FitzHugh (1961), Biophysical Journal 1, 445-466; J. Nagumo, S. Arimoto,
        S. Yoshizawa (1962), Proceedings of the IRE 50, 2061-2070.
    """

    fields = {"voltage": 1, "recovery": 1}

    def __init__(
        self,
        diffusivity: Coefficient = 1.0,
        recovery_diffusivity: Coefficient = 0.0,
        *,
        timescale: Coefficient = 0.08,
        offset: Coefficient = 0.7,
        damping: Coefficient = 0.8,
        current: Coefficient = 0.0,
    ) -> None:
        super().__init__()
        self.diffusivity = self.checked(diffusivity, "diffusivity", minimum=0)
        self.recovery_diffusivity = self.checked(
            recovery_diffusivity, "recovery_diffusivity", minimum=0
        )
        self.timescale = self.checked(timescale, "timescale", minimum=0)
        self.offset = self.checked(offset, "offset")
        self.damping = self.checked(damping, "damping", minimum=0)
        self.current = self.checked(current, "current")

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the rates of voltage and recovery."""
        v, w = self.split(u)
        drive = v + d.coefficient(self.offset) - d.coefficient(self.damping) * w
        reaction = self.join(
            voltage=v - v**3 / 3 - w + d.coefficient(self.current),
            recovery=d.coefficient(self.timescale) * drive,
        )
        return self._spreading(d) * d.laplacian(u) + reaction

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        """Return the symbols of both diffusions, channel by channel."""
        uniform(self.diffusivity, "diffusivity")
        uniform(self.recovery_diffusivity, "recovery_diffusivity")
        return self._spreading(d) * d.laplacian_symbol()

    def _spreading(self, d: Derivatives) -> Tensor:
        return self.per_channel(
            d, voltage=self.diffusivity, recovery=self.recovery_diffusivity
        )
