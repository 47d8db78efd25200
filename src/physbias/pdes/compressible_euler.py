"""The compressible Euler equations of an ideal gas."""

from collections.abc import Sequence
from math import pi

import torch
from torch import Tensor

from physbias.errors import ArgumentError, explain
from physbias.pdes.coefficients import Coefficient
from physbias.pdes.conservation import ConservationLaw, Place, Speeds
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, phase, spread, wave_vector


class CompressibleEuler(ConservationLaw):
    r"""An ideal gas without viscosity, in conservation form.

    .. math::

        \rho_t + \nabla\cdot m = 0, \quad
        m_t + \nabla\cdot(m\,v + p) = 0, \quad
        E_t + \nabla\cdot((E + p)\,v) = 0

    with :math:`m = \rho v` and :math:`p = (\gamma - 1)(E - \rho v^2/2)`.

    Args:
        gamma: ratio of the specific heats [1], above one.

    Shape:
        ``u``: ``(batch, ndim + 2, *space)``: density [kg/m³], momentum [kg/m²s],
        energy [J/m³].

    Raises:
        ArgumentError: ``gamma`` is not above one; a state whose density or pressure
            is not positive.

    Source:
        L. Euler (1757), Mémoires de l'académie des sciences de Berlin 11, 274-315;
        E. F. Toro (2009), Riemann Solvers and Numerical Methods for Fluid Dynamics,
        third edition, Springer, chapter 3.
    """

    fields = {"density": 1, "momentum": "vector", "energy": 1}
    exact = {"density_wave": (1, 2, 3)}

    def __init__(self, gamma: Coefficient = 1.4) -> None:
        super().__init__()
        self.gamma = self.checked(gamma, "gamma", above=1)

    def flux(self, u: Tensor, axis: int, d: Place) -> Tensor:
        """Return what the gas carries along one axis, and its pressure."""
        _, momentum, energy = self.split(u)
        _, v, p = self.split(self.primitive(u, d))
        normal = v[:, axis : axis + 1]
        push = [p if i == axis else torch.zeros_like(p) for i in range(v.shape[1])]
        return self.join(
            density=momentum[:, axis : axis + 1],
            momentum=momentum * normal + torch.cat(push, 1),
            energy=(energy + p) * normal,
        )

    def speeds(self, u: Tensor, axis: int, d: Place) -> Speeds:
        """Return the speeds of the two sound waves along one axis [m/s]."""
        density, v, p = self.split(self.primitive(u, d))
        sound = (d.coefficient(self.gamma) * p / density).sqrt()
        normal = v[:, axis : axis + 1]
        return normal - sound, normal + sound

    def primitive(self, u: Tensor, d: Place) -> Tensor:
        """Return density, velocity [m/s] and pressure [Pa]."""
        density, momentum, energy = self.split(u)
        v = momentum / density
        kinetic = (momentum * v).sum(1, keepdim=True) / 2
        p = (d.coefficient(self.gamma) - 1) * (energy - kinetic)
        return torch.cat([density, v, p], 1)

    def conserved(self, w: Tensor, d: Place) -> Tensor:
        """Return the state from density, velocity [m/s] and pressure [Pa]."""
        density, v, p = self.split(w)
        kinetic = density * v.square().sum(1, keepdim=True) / 2
        energy = p / (d.coefficient(self.gamma) - 1) + kinetic
        return torch.cat([density, density * v, energy], 1)

    def contact(
        self, left: Tensor, right: Tensor, bounds: Speeds, axis: int, d: Place
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the speed of the contact and the states on both its sides.

        Source:
            P. Batten et al. (1997), SIAM J. Sci. Comput. 18, 1553-1570.
        """
        sides = [self.split(self.primitive(u, d)) for u in (left, right)]
        inflow = [
            density * (bound - v[:, axis : axis + 1])
            for (density, v, _), bound in zip(sides, bounds, strict=True)
        ]
        (_, v_left, p_left), (_, v_right, p_right) = sides
        push = p_right - p_left + inflow[0] * v_left[:, axis : axis + 1]
        push = push - inflow[1] * v_right[:, axis : axis + 1]
        middle = push / (inflow[0] - inflow[1])
        stars = []
        for u, (density, v, p), bound, mass in zip(
            (left, right), sides, bounds, inflow, strict=True
        ):
            normal = v[:, axis : axis + 1]
            gain = middle - normal
            velocity = torch.cat(
                [middle if i == axis else v[:, i : i + 1] for i in range(v.shape[1])], 1
            )
            energy = u[:, -1:] / density + gain * (middle + p / mass)
            unit = torch.cat([torch.ones_like(density), velocity, energy], 1)
            stars.append(mass / (bound - middle) * unit)
        return middle, stars[0], stars[1]

    def density_wave(
        self, coords: Tensor, time: Time, *, wavenumbers: Sequence[float] | None = None
    ) -> Tensor:
        r"""Return :math:`\rho = 1 + \cos(k\cdot(x - vt))/5` where v and p are 1.

        Args:
            coords: coordinates [m].
            time: time [s].
            wavenumbers: :math:`k` [rad/m], one per axis; 1 along all if not given.
        """
        k, ndim = wave_vector(wavenumbers, coords), coords.shape[1]
        density = 1 + torch.cos(phase(coords, k) - k.sum() * time) / 5
        inner = 1 / (spread(self.gamma, coords, "gamma") - 1)
        energy = inner + density * ndim / 2
        lead = torch.broadcast_shapes(density.shape, energy.shape)
        density, energy = density.expand(lead), energy.expand(lead)
        return torch.cat([*[density] * (1 + ndim), energy], 1)

    def diagnose(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        """Return velocity [m/s], pressure [Pa] and the speed of sound [m/s]."""
        density, v, p = self.split(self.primitive(u, d))
        sound = (d.coefficient(self.gamma) * p / density).sqrt()
        return {"velocity": v, "pressure": p, "sound_speed": sound}

    def check_values(self, u: Tensor, name: str) -> None:
        """Raise unless density and pressure are positive everywhere.

        Args:
            u: state.
            name: what to call it in the message.
        """
        density, momentum, energy = self.split(u.detach())
        _refuse(density, f"{name}'s density")
        kinetic = momentum.square().sum(1, keepdim=True) / (2 * density)
        _refuse(energy - kinetic, f"{name}'s energy less its kinetic part")


def _refuse(values: Tensor, name: str) -> None:
    if not bool((values > 0).all()):
        raise ArgumentError(
            explain(
                name,
                found=f"{values.min().item():.4g}",
                expected="positive values, or there is no speed of sound",
                remedy="check the order and units of density, momentum and energy",
            )
        )


def isentropic_vortex(
    coords: Tensor,
    t: float,
    *,
    lengths: tuple[float, float],
    wind: tuple[float, float] = (1.0, 1.0),
    strength: float = 5.0,
    gamma: float = 1.4,
) -> Tensor:
    r"""Return an exact solution of the Euler equations on a periodic plane.

    A vortex of constant entropy is carried by a uniform wind. Its flanks fall like
    :math:`e^{-r^2/2}`, so that the plane must be some 10 wide.

    Args:
        coords: coordinates ``(1, 2, *space)`` [m].
        t: time [s].
        lengths: periods of the plane [m]; the vortex starts in its middle.
        wind: what carries it [m/s].
        strength: circulation, 5 by custom [m²/s].
        gamma: ratio of the specific heats [1].

    Source:
        C.-W. Shu (1998), in Lecture Notes in Mathematics 1697, Springer, section 5.
    """
    offsets = []
    for axis, (length, speed) in enumerate(zip(lengths, wind, strict=True)):
        far = coords[:, axis : axis + 1] - length / 2 - speed * t
        offsets.append(far - length * torch.round(far / length))
    x, y = offsets
    square = x.square() + y.square()
    swirl = strength / (2 * pi) * torch.exp((1 - square) / 2)
    cold = (gamma - 1) * strength**2 / (8 * gamma * pi**2) * torch.exp(1 - square)
    density = (1 - cold) ** (1 / (gamma - 1))
    v = torch.cat([wind[0] - swirl * y, wind[1] + swirl * x], 1)
    kinetic = density * v.square().sum(1, keepdim=True) / 2
    energy = density**gamma / (gamma - 1) + kinetic
    return torch.cat([density, density * v, energy], 1)
