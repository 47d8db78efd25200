"""Incompressible Navier-Stokes equations."""

from collections.abc import Sequence

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient, uniform
from physbias.pdes.constraints import DivergenceFree
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, check_axes, spread, wave_vector
from physbias.pdes.pde import PDE


class NavierStokes(PDE):
    r"""Incompressible flow of two or three dimensions.

    .. math::
        v_t + (v\cdot\nabla) v = -\nabla p + \nu\nabla^2 v, \qquad \nabla\cdot v = 0

    The pressure is not part of the state: :meth:`diagnose` returns it.

    Args:
        viscosity: kinematic viscosity :math:`\nu` [m²/s], not negative.

    Shape:
        ``u`` and the result: ``(batch, ndim, *space)``, velocity [m/s] and [m/s²].

    Raises:
        ArgumentError: ``viscosity`` is negative.

    Source:
        G. K. Batchelor (1967), An Introduction to Fluid Dynamics, section 3.3.
    """

    fields = {"velocity": "vector"}
    constraints = (DivergenceFree("velocity"),)
    exact = {"taylor_green": (2,), "beltrami": (3,), "kovasznay": (2,)}

    def __init__(self, viscosity: Coefficient = 1e-3) -> None:
        super().__init__()
        self.viscosity = self.checked(viscosity, "viscosity", minimum=0)

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the acceleration before the pressure acts [m/s²]."""
        return d.coefficient(self.viscosity) * d.laplacian(u) - d.advect(u, u)

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        """Return the symbol of the viscosity [1/s]."""
        viscosity = uniform(self.viscosity, "viscosity")
        return d.coefficient(viscosity) * d.laplacian_symbol()

    def diagnose(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        """Return the pressure over density [m²/s²], of zero mean."""
        return {"pressure": DivergenceFree("velocity").pressure(self, u, d)}

    def invariants(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        """Return the momentum over density along each axis [m^(ndim+1)/s]."""
        total = d.integral(u)
        return {f"momentum_{'xyz'[n]}": total[:, n] for n in range(d.ndim)}

    def dissipated(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        """Return the kinetic energy over density, conserved without viscosity."""
        return {"energy": d.integral(u.square()).sum(1) / 2}

    def taylor_green(
        self,
        coords: Tensor,
        time: Time,
        *,
        wavenumbers: Sequence[float] | None = None,
        wind: tuple[float, float] = (0.0, 0.0),
    ) -> Tensor:
        r"""Return vortices of the plane that decay in a uniform wind, and the pressure.

        Without wind :math:`v = a\,(l \sin kx \cos ly, -k \cos kx \sin ly)` with
        :math:`a = e^{-\nu(k^2 + l^2)t}`, and :math:`p = \tfrac{a^2}{4} (l^2 \cos 2kx +
        k^2 \cos 2ly)`.

        Args:
            coords: coordinates [m].
            time: time [s].
            wavenumbers: :math:`(k, l)` [rad/m]; 1 if not given.
            wind: velocity that carries all of it [m/s].

        Source:
            G. I. Taylor (1923), Philosophical Magazine 46, 671-674.
        """
        check_axes(coords.shape[1], self, (2,))
        k, l = wave_vector(wavenumbers, coords).flatten().unbind()  # noqa: E741
        x, y = (coords[:, n : n + 1] - wind[n] * time for n in range(2))
        rate = spread(self.viscosity, coords, "viscosity") * (k**2 + l**2)
        a = torch.exp(-rate * time)
        p = l**2 * torch.cos(2 * k * x) + k**2 * torch.cos(2 * l * y)
        parts = [
            wind[0] + a * l * torch.sin(k * x) * torch.cos(l * y),
            wind[1] - a * k * torch.cos(k * x) * torch.sin(l * y),
            a * a / 4 * p,
        ]
        return torch.cat(parts, dim=1)

    def kovasznay(
        self,
        coords: Tensor,
        time: Time = 0.0,
        *,
        speed: float = 1.0,
        wavenumber: float = 1.0,
    ) -> Tensor:
        r"""Return the steady wake of a row of cylinders, and the pressure.

        :math:`v = U\,(1 - e^{\lambda x} \cos ky, \tfrac{\lambda}{k} e^{\lambda x}
        \sin ky)` and :math:`p = -\tfrac{U^2}{2} e^{2\lambda x}` with :math:`\lambda =
        \tfrac{U}{2\nu} - \sqrt{\tfrac{U^2}{4\nu^2} + k^2}`. It decays downstream and
        repeats along y.

        Args:
            coords: coordinates [m].
            time: time [s], which changes nothing.
            speed: :math:`U` far downstream [m/s].
            wavenumber: :math:`k` [rad/m].

        Source:
            L. I. G. Kovasznay (1948), Proceedings of the Cambridge Philosophical
            Society 44, 58-62.
        """
        check_axes(coords.shape[1], self, (2,))
        x, y = coords[:, :1], coords[:, 1:]
        half = speed / 2 / spread(self.viscosity, coords, "viscosity")
        rate = -(wavenumber**2) / (half + torch.sqrt(half**2 + wavenumber**2))
        wake = torch.exp(rate * x)
        parts = [
            speed * (1 - wake * torch.cos(wavenumber * y)),
            speed * rate / wavenumber * wake * torch.sin(wavenumber * y),
            -(speed**2) / 2 * wake**2,
        ]
        return torch.cat(parts, dim=1)

    def beltrami(
        self,
        coords: Tensor,
        time: Time,
        *,
        amplitudes: tuple[float, float, float] = (1.0, 2.0, 3.0),
        wavenumber: float = 1.0,
    ) -> Tensor:
        r"""Return a decaying ABC flow, whose curl is parallel to it, and the pressure.

        :math:`v = e^{-\nu k^2 t} (A \sin kz + C \cos ky, B \sin kx + A \cos kz, C \sin
        ky + B \cos kx)` and :math:`p = -|v|^2/2`.

        Args:
            coords: coordinates [m].
            time: time [s].
            amplitudes: :math:`A, B, C` [m/s].
            wavenumber: :math:`k` [rad/m].

        Source:
            T. Dombre et al. (1986), Journal of Fluid Mechanics 167, 353-391.
        """
        check_axes(coords.shape[1], self, (3,))
        a, b, c = amplitudes
        x, y, z = (wavenumber * coords).split(1, dim=1)
        rate = spread(self.viscosity, coords, "viscosity") * wavenumber**2
        v = torch.cat(
            [
                a * torch.sin(z) + c * torch.cos(y),
                b * torch.sin(x) + a * torch.cos(z),
                c * torch.sin(y) + b * torch.cos(x),
            ],
            dim=1,
        )
        v = torch.exp(-rate * time) * v
        return torch.cat([v, -v.square().sum(1, keepdim=True) / 2], dim=1)
