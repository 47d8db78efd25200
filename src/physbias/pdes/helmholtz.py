"""The Helmholtz equation."""

from torch import Tensor

from physbias.pdes.coefficients import CoefficientField
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.elliptic import EllipticForm, sample_field
from physbias.pdes.pde import PDE


class Helmholtz(PDE):
    r"""The Helmholtz equation, :math:`\nabla^2 u + \lambda u = f`.

    With :math:`\lambda = k^2 > 0` it is a wave of one frequency, which has no unique
    solution at the resonances of the box; with :math:`\lambda < 0` it is a screened
    potential, and a step of implicit diffusion. It has no time.

    Args:
        shift: :math:`\lambda` [1/m²]: a number, a tensor, or a function of the
            coordinates; one that varies in space must not be positive to be solved.
        source: :math:`f` [unit of u / m²], in the same forms.

    Shape:
        ``u`` and the residual: ``(batch, 1, *space)``; ``u`` in any unit.

    Raises:
        ArgumentError: ``shift`` or ``source`` is not finite.

    Source:
        H. von Helmholtz (1860), Journal für die reine und angewandte Mathematik 57,
        1-72.
    """

    fields = {"u": 1}

    def __init__(
        self, shift: CoefficientField = -1.0, source: CoefficientField = 0.0
    ) -> None:
        super().__init__()
        self.shift = self.checked(shift, "shift", varies=True)
        self.source = self.checked(source, "source", varies=True)

    def form(self, d: Derivatives) -> EllipticForm:
        """Return the balance that the equation is."""
        shift = sample_field(self.shift, d, "shift")
        return EllipticForm(1.0, shift, sample_field(self.source, d, "source"))

    def residual(
        self, u: Tensor, d: Derivatives, multipliers: Tensor | None = None
    ) -> Tensor:
        r"""Return :math:`\nabla^2 u + \lambda u - f`, which vanishes on a solution."""
        return self.form(d).residual(u, d)
