"""Heat conduction."""

from torch import Tensor

from physbias.pdes.derivatives import Derivatives
from physbias.pdes.pde import PDE, Coefficient, check_coefficient, uniform


class Heat(PDE):
    r"""Heat conduction, :math:`u_t = D\,\nabla^2 u`.

    Args:
        diffusivity: :math:`D` [m²/s], not negative.

    Shape:
        ``u`` and the result: ``(batch, 1, *space)``; ``u`` in any unit.

    Raises:
        ArgumentError: ``diffusivity`` is negative.

    Source:
        J. Fourier (1822), Théorie analytique de la chaleur.
    """

    fields = {"u": 1}

    def __init__(self, diffusivity: Coefficient = 1.0) -> None:
        super().__init__()
        self.diffusivity = check_coefficient(diffusivity, "diffusivity", minimum=0)

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return :math:`u_t` [unit of u / s]."""
        return d.coefficient(self.diffusivity) * d.laplacian(u)

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        """Return the symbol of the whole equation [1/s]."""
        diffusivity = uniform(self.diffusivity, "diffusivity")
        return d.coefficient(diffusivity) * d.laplacian_symbol()
