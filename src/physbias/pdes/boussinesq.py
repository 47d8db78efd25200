"""Incompressible flow with buoyancy."""

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient, uniform
from physbias.pdes.constraints import DivergenceFree
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, check_axes, phase, spread, wave_vector
from physbias.pdes.pde import PDE


class BoussinesqFlow(PDE):
    r"""Incompressible flow that heavy and light fluid drive, about a stratification.

    .. math::
        v_t + (v\cdot\nabla) v = -\nabla p + \nu\nabla^2 v + b\,e, \qquad
        \nabla\cdot v = 0, \qquad b_t + v\cdot\nabla b = \kappa\nabla^2 b - S\,w

    The unit vector :math:`e` points up along the last axis and w is the velocity
    along it.

    Args:
        viscosity: kinematic viscosity :math:`\nu` [m²/s], not negative.
        diffusivity: of the buoyancy, :math:`\kappa` [m²/s], not negative; the
            viscosity if not given (a Prandtl number of one).
        stratification: :math:`S = N^2` [1/s²], the square of the buoyancy frequency;
            negative where the fluid below is lighter, which is unstable.

    Shape:
        ``u`` and the result: ``(batch, ndim + 1, *space)``, velocity [m/s], then
        buoyancy [m/s²].

    Raises:
        ArgumentError: ``viscosity`` or ``diffusivity`` is negative.
        ShapeError: a single space axis.

    Source:
        J. Boussinesq (1903), Théorie analytique de la chaleur 2, 157-176; E. A.
        Spiegel, G. Veronis (1960), Astrophysical Journal 131, 442-447.
    """

    fields = {"velocity": "vector", "buoyancy": 1}
    constraints = (DivergenceFree("velocity"),)
    exact = {"internal_wave": (2, 3)}

    def __init__(
        self,
        viscosity: Coefficient = 1e-3,
        diffusivity: Coefficient | None = None,
        stratification: Coefficient = 1.0,
    ) -> None:
        super().__init__()
        self.viscosity = self.checked(viscosity, "viscosity", minimum=0)
        self.diffusivity = self.checked(
            viscosity if diffusivity is None else diffusivity, "diffusivity", minimum=0
        )
        self.stratification = self.checked(stratification, "stratification")

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the tendency before the pressure acts."""
        check_axes(d.ndim, self, (2, 3))
        v, b = self.split(u)
        rising = d.coefficient(self.stratification) * v[:, -1:]
        still = torch.zeros_like(v[:, 1:])
        lift = torch.cat([still, b, -rising], dim=1)
        return self._spreading(d) * d.laplacian(u) - d.advect(v, u) + lift

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        """Return the symbols of viscosity and diffusion [1/s], channel by channel."""
        uniform(self.viscosity, "viscosity")
        uniform(self.diffusivity, "diffusivity")
        return self._spreading(d) * d.laplacian_symbol()

    def diagnose(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        """Return the pressure over density [m²/s²], of zero mean."""
        return {"pressure": DivergenceFree("velocity").pressure(self, u, d)}

    def dissipated(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return the energy :math:`\tfrac12\int |v|^2 + b^2/S`.

        It never grows where :math:`S > 0` is uniform, and is conserved without
        viscosity and diffusion.
        """
        v, b = self.split(u)
        stored = b.square() / d.coefficient(self.stratification)
        kinetic = d.integral(v.square()).sum(1)
        return {"energy": (kinetic + d.integral(stored).sum(1)) / 2}

    def internal_wave(
        self, coords: Tensor, time: Time, *, amplitude: float = 1.0
    ) -> Tensor:
        r"""Return a standing internal wave and its pressure.

        With :math:`\varphi = k x + m z`, k = m = 1 rad/m, x the first and z the last
        axis: :math:`w = W\cos\varphi`, :math:`u = -\tfrac mk w`, :math:`b =
        B\cos\varphi`, :math:`p = \tfrac{m}{K^2} B\sin\varphi`, :math:`K^2 = k^2 + m^2`.
        The flow is along the crests, so that nothing is advected, and :math:`W_t =
        -\nu K^2 W + \tfrac{k^2}{K^2} B`, :math:`B_t = -\kappa K^2 B - S W` from
        :math:`W = A`, :math:`B = 0`. For negative S it grows.

        Args:
            coords: coordinates [m].
            time: time [s].
            amplitude: :math:`A` [m/s].

        Source:
            O. M. Phillips (1966), The Dynamics of the Upper Ocean, section 5.2.
        """
        ndim = coords.shape[1]
        check_axes(ndim, self, (2, 3))
        k = wave_vector([1.0, *[0.0] * (ndim - 2), 1.0], coords)
        square = 2.0
        nu, kappa, s = (
            spread(getattr(self, name), coords, name)
            for name in ("viscosity", "diffusivity", "stratification")
        )
        # half the sum and half the difference of the two rates of decay
        mean, half = -(nu + kappa) * square / 2, (kappa - nu) * square / 2
        cosh, sinh = _hyperbolic(half * half - s / square, time)
        decay = amplitude * torch.exp(mean * time)
        rise, b = decay * (cosh + half * sinh), -decay * s * sinh
        turn = phase(coords, k)
        w = rise * torch.cos(turn)
        still = [torch.zeros_like(w)] * (ndim - 2)
        parts = [-w, *still, w, b * torch.cos(turn), b / square * torch.sin(turn)]
        return torch.cat(parts, dim=1)

    def _spreading(self, d: Derivatives) -> Tensor:
        return self.per_channel(d, velocity=self.viscosity, buoyancy=self.diffusivity)


def _hyperbolic(square: Tensor, time: Time) -> tuple[Tensor, Tensor]:
    """Return ``cosh(a t)`` and ``sinh(a t) / a`` for the square of a, of any sign."""
    size = square.abs().sqrt()
    safe = torch.where(size > 0, size, torch.ones_like(size))
    grows = square > 0
    cosh = torch.where(grows, torch.cosh(size * time), torch.cos(size * time))
    sinh = torch.where(grows, torch.sinh(safe * time), torch.sin(safe * time)) / safe
    return cosh, torch.where(size > 0, sinh, torch.as_tensor(time) + 0 * sinh)
