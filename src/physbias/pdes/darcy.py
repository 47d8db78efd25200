"""Darcy flow through a porous medium."""

from torch import Tensor

from physbias.pdes.coefficients import CoefficientField
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.elliptic import EllipticForm, sample_field
from physbias.pdes.pde import PDE


class Darcy(PDE):
    r"""Steady Darcy flow, :math:`-\nabla\cdot(k\nabla p) = f`.

    It has no time: ``strong.EllipticSolver`` solves it, and residual losses judge
    pressures by :meth:`residual`.

    Args:
        permeability: :math:`k`, divided by the viscosity [m²/(Pa s)], positive: a
            number, a tensor such as one field per sample ``(batch, 1, *space)``, or a
            function of the coordinates.
        source: :math:`f` [1/s], what is injected, in the same forms.

    Shape:
        ``p`` and the residual: ``(batch, 1, *space)`` [Pa] and [1/s].

    Raises:
        ArgumentError: ``permeability`` is not positive or ``source`` is not finite.

    Source:
        H. Darcy (1856), Les fontaines publiques de la ville de Dijon; J. Bear (1972),
        Dynamics of Fluids in Porous Media, section 5.2.
    """

    fields = {"pressure": 1}

    def __init__(
        self, permeability: CoefficientField = 1.0, source: CoefficientField = 1.0
    ) -> None:
        super().__init__()
        self.permeability = self.checked(
            permeability, "permeability", above=0, varies=True
        )
        self.source = self.checked(source, "source", varies=True)

    def form(self, d: Derivatives) -> EllipticForm:
        """Return the balance that the equation is."""
        return EllipticForm(
            sample_field(self.permeability, d, "permeability"),
            0.0,
            -sample_field(self.source, d, "source"),
            names=("permeability", "shift", "source"),
        )

    def residual(
        self, u: Tensor, d: Derivatives, multipliers: Tensor | None = None
    ) -> Tensor:
        r"""Return :math:`\nabla\cdot(k\nabla p) + f`, which vanishes on a solution."""
        return self.form(d).residual(u, d)
