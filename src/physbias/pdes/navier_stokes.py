"""Incompressible Navier-Stokes equations that carry a passive tracer."""

from torch import Tensor

from physbias.pdes.constraints import DivergenceFree
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.pde import PDE, Coefficient, check_coefficient, uniform


class TracerFlow(PDE):
    r"""Incompressible flow with a passive tracer.

    .. math::
        v_t + (v\cdot\nabla) v = -\nabla p + \nu\nabla^2 v, \qquad \nabla\cdot v = 0,
        \qquad s_t + v\cdot\nabla s = D\nabla^2 s

    The pressure is not part of the state: it is what keeps the velocity free of
    divergence, and :meth:`diagnose` returns it.

    Args:
        viscosity: kinematic viscosity :math:`\nu` [m²/s], not negative.
        diffusivity: of the tracer, :math:`D` [m²/s], not negative; the viscosity if
            not given (a Schmidt number of one).

    Shape:
        ``u`` and the result: ``(batch, ndim + 1, *space)``, velocity [m/s] first.

    Raises:
        ArgumentError: ``viscosity`` or ``diffusivity`` is negative.

    Source:
        G. K. Batchelor (1967), An Introduction to Fluid Dynamics, section 3.3.
    """

    fields = {"velocity": "vector", "tracer": 1}
    constraints = (DivergenceFree("velocity"),)

    def __init__(
        self, viscosity: Coefficient = 1e-3, diffusivity: Coefficient | None = None
    ) -> None:
        super().__init__()
        self.viscosity = check_coefficient(viscosity, "viscosity", minimum=0)
        self.diffusivity = check_coefficient(
            viscosity if diffusivity is None else diffusivity, "diffusivity", minimum=0
        )

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the tendency before the pressure acts."""
        v, _ = self.split(u)
        return self._spreading(d) * d.laplacian(u) - d.advect(v, u)

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        """Return the symbols of viscosity and diffusion [1/s], channel by channel."""
        uniform(self.viscosity, "viscosity")
        uniform(self.diffusivity, "diffusivity")
        return self._spreading(d) * d.laplacian_symbol()

    def _spreading(self, d: Derivatives) -> Tensor:
        return self.per_channel(d, velocity=self.viscosity, tracer=self.diffusivity)

    def diagnose(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        """Return the pressure over density [m²/s²], of zero mean."""
        v, _ = self.split(u)
        return {"pressure": d.inverse_laplacian(-d.div(d.advect(v, v)))}
