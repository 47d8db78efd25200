"""The cubic Schrödinger equation."""

from collections.abc import Sequence

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, moving, phase, spread, wave_vector
from physbias.pdes.pde import PDE


class CubicSchroedinger(PDE):
    r"""Envelopes of waves, :math:`i\,\psi_t = -D\,\nabla^2\psi - g\,|\psi|^2\psi`.

    The state is the real pair :math:`\psi = a + i b`: with :math:`H = -D\nabla^2 -
    g|\psi|^2`, :math:`a_t = H b` and :math:`b_t = -H a`. A scheme that dealiases
    should keep half of the modes, ``Spectral(1 / 2)``, since the product is cubic.

    Args:
        dispersion: :math:`D` [m²/s], positive.
        focusing: :math:`g` [1/s per square of the unit of the state]; negative where
            the medium defocuses.

    Shape:
        ``u`` and the result: ``(batch, 2, *space)``, real and imaginary part.

    Raises:
        ArgumentError: ``dispersion`` is not positive.

    Source:
        V. E. Zakharov, A. B. Shabat (1972), Soviet Physics JETP 34, 62-69.
    """

    fields = {"real": 1, "imaginary": 1}
    exact = {"soliton": (1, 2, 3), "plane_wave": (1, 2, 3)}

    def __init__(
        self, dispersion: Coefficient = 1.0, focusing: Coefficient = 2.0
    ) -> None:
        super().__init__()
        self.dispersion = self.checked(dispersion, "dispersion", above=0)
        self.focusing = self.checked(focusing, "focusing")

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the rates of both parts."""
        density = u.square().sum(1, keepdim=True)
        kinetic = d.coefficient(self.dispersion) * d.laplacian(u)
        real, imaginary = self.split(
            -kinetic - d.coefficient(self.focusing) * density * u
        )
        return self.join(real=imaginary, imaginary=-real)

    def invariants(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return norm, energy and the momentum along each axis.

        They are :math:`\int|\psi|^2`, :math:`\int D|\nabla\psi|^2 - \tfrac g2|\psi|^4`
        and :math:`\int a\,\partial_n b - b\,\partial_n a`, where coefficients do not
        vary in space.
        """
        density = u.square().sum(1, keepdim=True)
        bending = d.coefficient(self.dispersion) * u * d.laplacian(u)
        attraction = d.coefficient(self.focusing) / 2 * density.square()
        energy = -bending.sum(1, keepdim=True) - attraction
        result = {
            "norm": d.integral(density).sum(1),
            "energy": d.integral(energy).sum(1),
        }
        for axis in range(d.ndim):
            slope = d.partial(u, axis)
            flow = u[:, :1] * slope[:, 1:] - u[:, 1:] * slope[:, :1]
            result[f"momentum_{'xyz'[axis]}"] = d.integral(flow).sum(1)
        return result

    def soliton(
        self,
        coords: Tensor,
        time: Time,
        *,
        steepness: float = 1.0,
        speed: float = 0.5,
    ) -> Tensor:
        r"""Return a bright soliton that moves along x, for :math:`g > 0`.

        :math:`\psi = \kappa\sqrt{2D/g}\;\mathrm{sech}(\kappa (x - vt))\,\exp\,i
        \big(\tfrac{v x}{2D} + (D\kappa^2 - \tfrac{v^2}{4D}) t\big)`.

        Args:
            coords: coordinates [m].
            time: time [s].
            steepness: :math:`\kappa` [1/m], positive.
            speed: :math:`v` [m/s].
        """
        dispersion, focusing = self._spread(coords)
        height = steepness * torch.sqrt(2 * dispersion / focusing)
        height = height / torch.cosh(steepness * moving(coords, speed, time))
        rate = dispersion * steepness**2 - speed**2 / (4 * dispersion)
        angle = speed / (2 * dispersion) * coords[:, :1] + rate * time
        return self._polar(height, angle)

    def plane_wave(
        self,
        coords: Tensor,
        time: Time,
        *,
        amplitude: float = 1.0,
        wavenumbers: Sequence[float] | None = None,
    ) -> Tensor:
        r"""Return :math:`\psi = A\,\exp\,i(k\cdot x - (D|k|^2 - g A^2) t)`.

        Args:
            coords: coordinates [m].
            time: time [s].
            amplitude: :math:`A`.
            wavenumbers: :math:`k` [rad/m], one per axis; 1 along all if not given.
        """
        dispersion, focusing = self._spread(coords)
        k = wave_vector(wavenumbers, coords)
        frequency = dispersion * k.square().sum() - focusing * amplitude**2
        angle = phase(coords, k) - frequency * time
        return self._polar(torch.full_like(angle, amplitude), angle)

    def _polar(self, height: Tensor, angle: Tensor) -> Tensor:
        return self.join(
            real=height * torch.cos(angle), imaginary=height * torch.sin(angle)
        )

    def _spread(self, coords: Tensor) -> tuple[Tensor, Tensor]:
        return (
            spread(self.dispersion, coords, "dispersion"),
            spread(self.focusing, coords, "focusing"),
        )
