"""Viscous Burgers' equation."""

from collections.abc import Sequence

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient, uniform
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, moving, spread, wave_vector
from physbias.pdes.pde import PDE


class Burgers(PDE):
    r"""Viscous Burgers, :math:`u_t + (u\cdot\nabla) u = \nu\,\nabla^2 u`.

    One velocity component per space axis: in one dimension
    :math:`u_t = \nu u_{xx} - u u_x`.

    Args:
        viscosity: :math:`\nu` [m²/s], not negative.

    Shape:
        ``u`` and the result: ``(batch, ndim, *space)`` [m/s] and [m/s²].

    Raises:
        ArgumentError: ``viscosity`` is negative.

    Source:
        J. M. Burgers (1948), Advances in Applied Mechanics 1, 171-199.
    """

    fields = {"velocity": "vector"}
    exact = {"potential_flow": (1, 2, 3), "shock": (1,)}

    def __init__(self, viscosity: Coefficient = 0.01) -> None:
        super().__init__()
        self.viscosity = self.checked(viscosity, "viscosity", minimum=0)

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return :math:`u_t` [m/s²]."""
        return d.coefficient(self.viscosity) * d.laplacian(u) - d.advect(u, u)

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        """Return the symbol of the viscous term [1/s]."""
        viscosity = uniform(self.viscosity, "viscosity")
        return d.coefficient(viscosity) * d.laplacian_symbol()

    def invariants(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return the momentum :math:`\int u`, which only a line conserves."""
        return {"momentum": d.integral(u).sum(1)} if d.ndim == 1 else {}

    def dissipated(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return the energy :math:`\tfrac12\int u^2`, which falls on a line."""
        energy = d.integral(u.square()).sum(1) / 2
        return {"energy": energy} if d.ndim == 1 else {}

    def potential_flow(
        self, coords: Tensor, time: Time, *, wavenumbers: Sequence[float] | None = None
    ) -> Tensor:
        r"""Return :math:`u = -2\nu\nabla\varphi/\varphi` of a decaying wave.

        :math:`\varphi = 3 + e^{-\nu|k|^2 t}\prod_i \cos(k_i x_i)` obeys the heat
        equation.

        Args:
            coords: coordinates [m].
            time: time [s].
            wavenumbers: :math:`k` [rad/m], one per axis; 1 along all if not given.

        Source:
            J. D. Cole (1951), Quarterly of Applied Mathematics 9, 225-236.
        """
        k = wave_vector(wavenumbers, coords)
        viscosity = spread(self.viscosity, coords, "viscosity")
        decay = torch.exp(-viscosity * k.square().sum() * time)
        cosines, sines = torch.cos(k * coords), torch.sin(k * coords)
        slopes = []
        for axis in range(coords.shape[1]):
            factors = cosines.clone()
            factors[:, axis] = -k[:, axis] * sines[:, axis]
            slopes.append(factors.prod(1, keepdim=True))
        phi = 3 + decay * cosines.prod(1, keepdim=True)
        return -2 * viscosity * decay * torch.cat(slopes, dim=1) / phi

    def shock(
        self, coords: Tensor, time: Time, *, left: float = 1.0, right: float = 0.0
    ) -> Tensor:
        r"""Return a viscous shock of the line, of speed :math:`c = (u_L + u_R)/2`.

        :math:`u = c - \tfrac{\Delta}{2}\tanh(\Delta (x - ct)/4\nu)`, :math:`\Delta =
        u_L - u_R`.

        Args:
            coords: coordinates [m].
            time: time [s].
            left: :math:`u_L` [m/s].
            right: :math:`u_R` [m/s], below ``left``.

        Source:
            G. B. Whitham (1974), Linear and Nonlinear Waves, section 4.2.
        """
        speed, jump = (left + right) / 2, left - right
        steepness = jump / (4 * spread(self.viscosity, coords, "viscosity"))
        return speed - jump / 2 * torch.tanh(steepness * moving(coords, speed, time))


def cole_hopf(x: Tensor, t: Tensor | float, viscosity: float) -> Tensor:
    r"""Return an exact periodic solution of Burgers' equation in one dimension.

    :math:`u = -2\nu\,\varphi_x/\varphi` with :math:`\varphi = 2 + e^{-\nu t}\cos x`,
    of period :math:`2\pi`.

    Args:
        x: coordinate [m].
        t: time [s].
        viscosity: :math:`\nu` [m²/s].

    Source:
        J. D. Cole (1951), Quarterly of Applied Mathematics 9, 225-236; E. Hopf (1950),
        Communications on Pure and Applied Mathematics 3, 201-230.
    """
    decay = torch.exp(torch.as_tensor(-viscosity * t, dtype=x.dtype, device=x.device))
    return 2 * viscosity * decay * torch.sin(x) / (2 + decay * torch.cos(x))
