"""Maxwell's equations."""

from collections.abc import Sequence

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, phase, spread, wave_vector
from physbias.pdes.pde import PDE


class Maxwell(PDE):
    r"""Light in a medium without currents.

    .. math::
        \varepsilon E_t = \nabla\times H, \qquad \mu H_t = -\nabla\times E

    All three components of both fields at the same points, on one to three axes:
    nothing varies along the axes that are missing. Non-dimensional where both
    coefficients are 1, with light of speed :math:`1/\sqrt{\varepsilon\mu}`.

    Args:
        permittivity: :math:`\varepsilon`, positive; it may vary in space.
        permeability: :math:`\mu`, positive; it may vary in space.

    Shape:
        ``u`` and the result: ``(batch, 6, *space)``, :math:`E` then :math:`H`.

    Raises:
        ArgumentError: a coefficient that is not positive.

    Source:
        J. C. Maxwell (1865), Philosophical Transactions 155, 459-512.
    """

    fields = {"electric": 3, "magnetic": 3}
    momenta = ("magnetic",)
    exact = {"plane_wave": (1, 2, 3)}

    def __init__(
        self, permittivity: Coefficient = 1.0, permeability: Coefficient = 1.0
    ) -> None:
        super().__init__()
        self.permittivity = self.checked(permittivity, "permittivity", above=0)
        self.permeability = self.checked(permeability, "permeability", above=0)

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the rates of both fields."""
        electric, magnetic = self.split(u)
        driven = _curl(magnetic, d.of("magnetic"))
        induced = -_curl(electric, d.of("electric"))
        return self.join(
            electric=driven / d.coefficient(self.permittivity),
            magnetic=induced / d.coefficient(self.permeability),
        )

    def invariants(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return the energy :math:`\tfrac12\int \varepsilon|E|^2 + \mu|H|^2`."""
        electric, magnetic = self.split(u)
        energy = d.coefficient(self.permittivity) * electric.square()
        energy = energy + d.coefficient(self.permeability) * magnetic.square()
        return {"energy": d.integral(energy).sum(1) / 2}

    def plane_wave(
        self, coords: Tensor, time: Time, *, wavenumbers: Sequence[float] | None = None
    ) -> Tensor:
        r"""Return :math:`E = e\cos(k\cdot x - \omega t)` and the magnetic field.

        The polarisation e is the unit vector along :math:`k \times a`, a being the axis
        of the smallest entry of k; :math:`\omega = |k|/\sqrt{\varepsilon\mu}` and
        :math:`H = \sqrt{\varepsilon/\mu}\,(k/|k|)\times E`.

        Args:
            coords: coordinates [m].
            time: time [s].
            wavenumbers: :math:`k` [rad/m], one per axis; 1 along all if not given.
        """
        permittivity = spread(self.permittivity, coords, "permittivity")
        permeability = spread(self.permeability, coords, "permeability")
        k = wave_vector(wavenumbers, coords)
        flat = torch.zeros(3, dtype=coords.dtype, device=coords.device)
        flat[: k.shape[1]] = k.flatten()
        across = torch.zeros_like(flat)
        across[flat.abs().argmin()] = 1.0
        electric = torch.linalg.cross(flat, across)
        electric = electric / electric.norm()
        magnetic = torch.linalg.cross(flat / flat.norm(), electric)
        frequency = flat.norm() / torch.sqrt(permittivity * permeability)
        swing = torch.cos(phase(coords, k) - frequency * time)
        shape = [1, 3, *[1] * (coords.ndim - 2)]
        return self.join(
            electric=electric.reshape(shape) * swing,
            magnetic=torch.sqrt(permittivity / permeability)
            * magnetic.reshape(shape)
            * swing,
        )


def _curl(v: Tensor, d: Derivatives) -> Tensor:
    """Return the curl of three components that vary along the axes that there are."""
    slopes = [d.partial(v, axis) for axis in range(d.ndim)]
    parts = []
    for a, b in ((1, 2), (2, 0), (0, 1)):
        part = torch.zeros_like(v[:, :1])
        if a < d.ndim:
            part = part + slopes[a][:, b : b + 1]
        if b < d.ndim:
            part = part - slopes[b][:, a : a + 1]
        parts.append(part)
    return torch.cat(parts, dim=1)
