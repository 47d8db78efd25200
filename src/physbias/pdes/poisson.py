"""Poisson's equation."""

from torch import Tensor

from physbias.pdes.coefficients import CoefficientField
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.elliptic import EllipticForm, sample_field
from physbias.pdes.pde import PDE


class Poisson(PDE):
    r"""Poisson's equation, :math:`\nabla^2 u = f`.

    It has no time: ``strong.EllipticSolver`` solves it, and residual losses judge
    states by :meth:`residual`.

    Args:
        source: :math:`f` [unit of u / m²]: a number, a tensor that broadcasts against
            states, or a function of the coordinates.

    Shape:
        ``u`` and the residual: ``(batch, 1, *space)``; ``u`` in any unit.

    Raises:
        ArgumentError: ``source`` is not finite.

    Source:
        S. D. Poisson (1813), Nouveau Bulletin des Sciences, Société Philomatique 3,
        388-392.
    """

    fields = {"u": 1}

    def __init__(self, source: CoefficientField = 0.0) -> None:
        super().__init__()
        self.source = self.checked(source, "source", varies=True)

    def form(self, d: Derivatives) -> EllipticForm:
        """Return the balance that the equation is."""
        return EllipticForm(1.0, 0.0, sample_field(self.source, d, "source"))

    def residual(
        self, u: Tensor, d: Derivatives, multipliers: Tensor | None = None
    ) -> Tensor:
        r"""Return :math:`\nabla^2 u - f`, which vanishes on a solution."""
        return self.form(d).residual(u, d)
