"""Flow of the plane, by its vorticity."""

from collections.abc import Sequence
from math import pi

import torch
from torch import Tensor

from physbias.errors import ArgumentError, explain
from physbias.grid import Grid
from physbias.pdes.coefficients import Coefficient, uniform
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, check_axes, spread, wave_vector
from physbias.pdes.pde import PDE

# by which part a wavenumber may miss its box: rounding in float32
TOLERANCE = 1e-5


class VorticityFlow(PDE):
    r"""Incompressible flow of the plane, driven by Kolmogorov's force.

    .. math::
        \omega_t + v\cdot\nabla\omega = \nu\nabla^2\omega - \mu\omega - A n \cos(n y),
        \qquad v = (\psi_y, -\psi_x), \quad \nabla^2\psi = -\omega

    for the force :math:`A \sin(n y)` along x. The stream function needs a Poisson
    solve: this form runs on periodic grids only, and has no mean wind.

    Args:
        viscosity: kinematic viscosity :math:`\nu` [m²/s], not negative.
        drag: :math:`\mu` [1/s], not negative.
        forcing: :math:`A` [m/s²].
        wavenumber: :math:`n` of the force [rad/m]; a multiple of :math:`2\pi` over the
            length of the grid along y, which solvers check where there is a force.

    Shape:
        ``u`` and the result: ``(batch, 1, x, y)``, vorticity [1/s] and [1/s²].

    Raises:
        ArgumentError: a coefficient out of range; in a solver, a force that does not
            fit the box, whose mean would be no force of the vorticity's.
        ShapeError: not two space axes.

    Source:
        G. K. Batchelor (1967), An Introduction to Fluid Dynamics, section 7.1; the
        force: L. D. Meshalkin, Ya. G. Sinai (1961), Journal of Applied Mathematics and
        Mechanics 25, 1700-1705.
    """

    fields = {"vorticity": 1}
    exact = {"taylor_green": (2,), "kolmogorov": (2,)}

    def __init__(
        self,
        viscosity: Coefficient = 1e-3,
        drag: Coefficient = 0.0,
        forcing: Coefficient = 0.0,
        *,
        wavenumber: Coefficient = 4.0,
    ) -> None:
        super().__init__()
        self.viscosity = self.checked(viscosity, "viscosity", minimum=0)
        self.drag = self.checked(drag, "drag", minimum=0)
        self.forcing = self.checked(forcing, "forcing")
        self.wavenumber = self.checked(wavenumber, "wavenumber", above=0)

    def check_grid(self, grid: Grid) -> None:
        """Raise unless whole waves of the force fit the box, if there is a force.

        Args:
            grid: where states live.

        Raises:
            ArgumentError: another number of waves.
            ShapeError: not two space axes.
        """
        check_axes(grid.ndim, self, (2,))
        force = torch.as_tensor(self.forcing)
        if not bool(force.any()) and not force.requires_grad:
            return
        turn, length = 2 * pi, grid.lengths[1]
        n = torch.as_tensor(self.wavenumber, dtype=torch.float64).detach().flatten()
        waves = n * length / turn
        gaps = (waves - waves.round().clamp_min(1)).abs() / waves
        worst = int(gaps.argmax())
        if float(gaps[worst]) > TOLERANCE:
            fits = max(1, round(float(waves[worst])))
            raise ArgumentError(
                explain(
                    "wavenumber",
                    found=f"{float(n[worst]):.9g} rad/m, {float(waves[worst]):.6g} "
                    f"waves in the {length:g} m of the grid along y",
                    expected="a whole number of waves, or the mean vorticity drifts",
                    remedy=f"use {turn * fits / length:.15g}, or a length of "
                    f"{turn * fits / float(n[worst]):.15g} m",
                )
            )

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the rate of the vorticity [1/s²]."""
        n = d.coefficient(self.wavenumber)
        push = d.coefficient(self.forcing) * n
        turn = -push * torch.cos(n * d.coords[:, 1:])
        spreading = d.coefficient(self.viscosity) * d.laplacian(u)
        damping = d.coefficient(self.drag) * u
        return spreading - damping - d.advect(self.velocity(u, d), u) + turn

    def velocity(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the velocity ``(batch, 2, x, y)`` [m/s], of zero mean."""
        check_axes(d.ndim, self, (2,))
        stream = -d.inverse_laplacian(u)
        return torch.cat([d.y(stream), -d.x(stream)], dim=1)

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        """Return the symbol of viscosity and drag [1/s]."""
        viscosity = d.coefficient(uniform(self.viscosity, "viscosity"))
        drag = d.coefficient(uniform(self.drag, "drag"))
        return viscosity * d.laplacian_symbol() - drag

    def diagnose(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        """Return the velocity [m/s]."""
        return {"velocity": self.velocity(u, d)}

    def invariants(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        """Return the circulation, the integral of the vorticity [m²/s]."""
        return {"circulation": d.integral(u).sum(1)}

    def dissipated(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        """Return kinetic energy [m⁴/s²] and enstrophy [m²/s²], without a force.

        Both are conserved without viscosity and drag.
        """
        return {
            "energy": d.integral(self.velocity(u, d).square()).sum(1) / 2,
            "enstrophy": d.integral(u.square()).sum(1) / 2,
        }

    def taylor_green(
        self, coords: Tensor, time: Time, *, wavenumbers: Sequence[float] | None = None
    ) -> Tensor:
        r"""Return vortices that decay, for no force.

        :math:`\omega = |k|^2 e^{-(\nu|k|^2 + \mu) t} \sin k_1 x \sin k_2 y`.

        Args:
            coords: coordinates [m].
            time: time [s].
            wavenumbers: [rad/m] along each axis; 1 if not given.

        Source:
            G. I. Taylor, A. E. Green (1937), Proceedings of the Royal Society A 158,
            499-521; G. I. Taylor (1923), Philosophical Magazine 46, 671-674.
        """
        k = wave_vector(wavenumbers, coords)
        square = k.square().sum()
        rate = spread(self.viscosity, coords, "viscosity") * square
        rate = rate + spread(self.drag, coords, "drag")
        mode = torch.sin(k * coords).prod(1, keepdim=True)
        return square * torch.exp(-rate * time) * mode

    def kolmogorov(self, coords: Tensor, time: Time) -> Tensor:
        r"""Return the laminar flow that the force sets up from rest.

        The wind is :math:`A (1 - e^{-st}) / s \cdot \sin(n y)` along x with :math:`s =
        \nu n^2 + \mu`, which must be positive.

        Args:
            coords: coordinates [m].
            time: time [s].
        """
        n = spread(self.wavenumber, coords, "wavenumber")
        rate = spread(self.viscosity, coords, "viscosity") * n * n
        rate = rate + spread(self.drag, coords, "drag")
        wind = -spread(self.forcing, coords, "forcing") * torch.expm1(-rate * time)
        return -wind / rate * n * torch.cos(n * coords[:, 1:])
