"""Heat conduction."""

from collections.abc import Sequence

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient, uniform
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, spread, wave_vector
from physbias.pdes.pde import PDE


class Heat(PDE):
    r"""Heat conduction, :math:`u_t = D\,\nabla^2 u`.

    A diffusivity that varies in space multiplies the Laplacian, which keeps no heat;
    :math:`\nabla\cdot(D\,\nabla u)`, which does, is ``d.diffuse(u, D)``.

    Args:
        diffusivity: :math:`D` [m²/s], not negative.

    Shape:
        ``u`` and the result: ``(batch, 1, *space)``; ``u`` in any unit.

    Raises:
        ArgumentError: ``diffusivity`` is negative.

    Source:
        J. Fourier (1822), Théorie analytique de la chaleur.

    Example:
        >>> from physbias.pdes import pde
        >>> def conduction(u, d):
        ...     return d.diffuse(u, 1 + 0.5 * torch.cos(d.coords[:, :1]))
        >>> uneven = pde(conduction, "u")
    """

    fields = {"u": 1}
    exact = {"mode": (1, 2, 3), "kernel": (1, 2, 3)}

    def __init__(self, diffusivity: Coefficient = 1.0) -> None:
        super().__init__()
        self.diffusivity = self.checked(diffusivity, "diffusivity", minimum=0)

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return :math:`u_t` [unit of u / s]."""
        return d.coefficient(self.diffusivity) * d.laplacian(u)

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        """Return the symbol of the whole equation [1/s]."""
        diffusivity = uniform(self.diffusivity, "diffusivity")
        return d.coefficient(diffusivity) * d.laplacian_symbol()

    def invariants(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return the heat :math:`\int u`, kept where D does not vary in space."""
        return {"heat": d.integral(u).sum(1)}

    def dissipated(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return :math:`\tfrac12\int u^2`."""
        return {"square": d.integral(u.square()).sum(1) / 2}

    def mode(
        self, coords: Tensor, time: Time, *, wavenumbers: Sequence[float] | None = None
    ) -> Tensor:
        r"""Return :math:`e^{-D|k|^2 t}\prod_i \cos(k_i x_i)`.

        Args:
            coords: coordinates [m].
            time: time [s].
            wavenumbers: :math:`k` [rad/m], one per axis; 1 along all if not given.
        """
        k = wave_vector(wavenumbers, coords)
        rate = spread(self.diffusivity, coords, "diffusivity") * k.square().sum()
        return torch.exp(-rate * time) * torch.cos(k * coords).prod(1, keepdim=True)

    def kernel(self, coords: Tensor, time: Time, *, width: float = 1.0) -> Tensor:
        r"""Return a Gaussian that spreads, :math:`(\sigma/s)^n e^{-|x|^2/2s^2}`.

        :math:`s^2 = \sigma^2 + 2Dt` in n dimensions.

        Args:
            coords: coordinates [m].
            time: time [s].
            width: :math:`\sigma` [m], the width at time zero.
        """
        spreading = 2 * spread(self.diffusivity, coords, "diffusivity") * time
        variance = torch.as_tensor(width**2 + spreading)
        square = coords.square().sum(1, keepdim=True)
        height = (width**2 / variance) ** (coords.shape[1] / 2)
        return height * torch.exp(-square / (2 * variance))
