"""Incompressible Navier-Stokes equations that carry a passive tracer."""

from collections.abc import Sequence

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient, uniform
from physbias.pdes.constraints import DivergenceFree
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, check_axes, spread, wave_vector
from physbias.pdes.pde import PDE


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
    exact = {"taylor_green": (2,)}

    def __init__(
        self, viscosity: Coefficient = 1e-3, diffusivity: Coefficient | None = None
    ) -> None:
        super().__init__()
        self.viscosity = self.checked(viscosity, "viscosity", minimum=0)
        self.diffusivity = self.checked(
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
        return {"pressure": DivergenceFree("velocity").pressure(self, u, d)}

    def invariants(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        """Return momentum over density along each axis, and the tracer's mass."""
        total = d.integral(u)
        momentum = {f"momentum_{'xyz'[n]}": total[:, n] for n in range(d.ndim)}
        return {**momentum, "tracer": total[:, -1]}

    def dissipated(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        """Return kinetic energy over density and half the tracer's square."""
        square = d.integral(u.square()) / 2
        return {"energy": square[:, :-1].sum(1), "square": square[:, -1]}

    def taylor_green(
        self, coords: Tensor, time: Time, *, wavenumbers: Sequence[float] | None = None
    ) -> Tensor:
        r"""Return vortices of the plane with a tracer along their lines, and pressure.

        :math:`v = a\,(l \sin kx \cos ly, -k \cos kx \sin ly)`, :math:`s = b \sin kx
        \sin ly` and :math:`p = \tfrac{a^2}{4} (l^2 \cos 2kx + k^2 \cos 2ly)` with
        :math:`a = e^{-\nu(k^2 + l^2)t}`, :math:`b = e^{-D(k^2 + l^2)t}`.

        Args:
            coords: coordinates [m].
            time: time [s].
            wavenumbers: :math:`(k, l)` [rad/m]; 1 if not given.

        Source:
            G. I. Taylor (1923), Philosophical Magazine 46, 671-674.
        """
        check_axes(coords.shape[1], self, (2,))
        k, l = wave_vector(wavenumbers, coords).flatten().unbind()  # noqa: E741
        x, y = coords[:, :1], coords[:, 1:]
        square = k**2 + l**2
        a = torch.exp(-spread(self.viscosity, coords, "viscosity") * square * time)
        b = torch.exp(-spread(self.diffusivity, coords, "diffusivity") * square * time)
        a, b = torch.broadcast_tensors(a, b)
        p = l**2 * torch.cos(2 * k * x) + k**2 * torch.cos(2 * l * y)
        parts = [
            a * l * torch.sin(k * x) * torch.cos(l * y),
            -a * k * torch.cos(k * x) * torch.sin(l * y),
            b * torch.sin(k * x) * torch.sin(l * y),
            a * a / 4 * p,
        ]
        return torch.cat(parts, dim=1)
