"""The linear Schrödinger equation."""

from collections.abc import Sequence

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, phase, spread, wave_vector
from physbias.pdes.pde import PDE


class Schroedinger(PDE):
    r"""A quantum particle, :math:`i\,\psi_t = -D\,\nabla^2\psi + V\psi`.

    The state is the real pair :math:`\psi = a + i b`: with :math:`H = -D\nabla^2 + V`,
    :math:`a_t = H b` and :math:`b_t = -H a`.

    Args:
        dispersion: :math:`D = \hbar/2m` [m²/s], not negative.
        potential: :math:`V`, energy over :math:`\hbar` [1/s]; a number, or a field
            that broadcasts against states.

    Shape:
        ``u`` and the result: ``(batch, 2, *space)``, real and imaginary part.

    Raises:
        ArgumentError: ``dispersion`` is negative.

    Source:
        E. Schrödinger (1926), Physical Review 28, 1049-1070.
    """

    fields = {"real": 1, "imaginary": 1}
    momenta = ("imaginary",)
    exact = {"packet": (1, 2, 3)}

    def __init__(
        self, dispersion: Coefficient = 0.5, potential: Coefficient = 0.0
    ) -> None:
        super().__init__()
        self.dispersion = self.checked(dispersion, "dispersion", minimum=0)
        self.potential = self.checked(potential, "potential")

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the rates of both parts [1/s]."""
        real, imaginary = self.split(self.hamiltonian(u, d))
        return self.join(real=imaginary, imaginary=-real)

    def hamiltonian(self, u: Tensor, d: Derivatives) -> Tensor:
        r"""Return :math:`H\psi` [1/s]."""
        kinetic = d.coefficient(self.dispersion) * d.laplacian(u)
        return d.coefficient(self.potential) * u - kinetic

    def invariants(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return norm :math:`\int|\psi|^2` and energy :math:`\int\psi^* H\psi`."""
        return {
            "norm": d.integral(u.square()).sum(1),
            "energy": d.integral(u * self.hamiltonian(u, d)).sum(1),
        }

    def packet(
        self,
        coords: Tensor,
        time: Time,
        *,
        width: float = 1.0,
        wavenumbers: Sequence[float] | None = None,
    ) -> Tensor:
        r"""Return a Gaussian packet that moves and spreads, for no potential.

        :math:`\psi = s^{-n/2}\exp(-|x - 2Dkt|^2/(2\sigma^2 s) + i (k\cdot x - D|k|^2
        t))` with :math:`s = 1 + 2iDt/\sigma^2` in n dimensions.

        Args:
            coords: coordinates [m].
            time: time [s].
            width: :math:`\sigma` at time zero [m].
            wavenumbers: :math:`k` [rad/m], one per axis; 1 along all if not given.

        Source:
            C. G. Darwin (1927), Proceedings of the Royal Society A 117, 258-293.
        """
        k = wave_vector(wavenumbers, coords)
        travel = spread(self.dispersion, coords, "dispersion") * time
        square = (coords - 2 * travel * k).square().sum(1, keepdim=True)
        turn = phase(coords, k) - travel * k.square().sum()
        growth = 2 * travel / width**2
        size = 1 + growth.square()
        # 1 / s = (1 - i growth) / size
        envelope = square / (2 * width**2 * size)
        angle = turn + growth * envelope - coords.shape[1] / 2 * torch.atan(growth)
        height = size ** (-coords.shape[1] / 4) * torch.exp(-envelope)
        return self.join(
            real=height * torch.cos(angle), imaginary=height * torch.sin(angle)
        )
