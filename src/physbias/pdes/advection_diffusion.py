"""Advection and diffusion of a scalar in a uniform wind."""

from collections.abc import Sequence
from contextlib import suppress

import torch
from torch import Tensor

from physbias.errors import ArgumentError, ShapeError, explain
from physbias.pdes.coefficients import Coefficient, uniform
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, phase, spread, wave_vector
from physbias.pdes.pde import PDE


class AdvectionDiffusion(PDE):
    r"""A scalar in a uniform wind, :math:`u_t + c\cdot\nabla u = D\,\nabla^2 u`.

    Args:
        diffusivity: :math:`D` [m²/s], not negative; one that varies in space multiplies
            the Laplacian, as in :class:`Heat`.
        wind: :math:`c` [m/s], one entry per space axis, or a tensor ``(axis,)`` or
            ``(batch, axis)``.

    Shape:
        ``u`` and the result: ``(batch, 1, *space)``; ``u`` in any unit.

    Raises:
        ArgumentError: ``diffusivity`` is negative, or ``wind`` a bare number.
        ShapeError: ``wind`` has not one entry per space axis of the grid.

    Source:
        J. Crank (1975), The Mathematics of Diffusion, section 1.2.
    """

    fields = {"u": 1}
    exact = {"plane_wave": (1, 2, 3)}

    def __init__(
        self, diffusivity: Coefficient = 1.0, wind: Sequence[float] | Tensor = (1.0,)
    ) -> None:
        super().__init__()
        self.diffusivity = self.checked(diffusivity, "diffusivity", minimum=0)
        if isinstance(wind, Sequence) and not isinstance(wind, str):
            with suppress(TypeError, ValueError, RuntimeError):  # refused below
                wind = torch.tensor(tuple(wind), dtype=torch.float64)
        if not isinstance(wind, Tensor) or wind.ndim not in (1, 2):
            raise ArgumentError(
                explain(
                    "wind",
                    found=repr(wind),
                    expected="one speed per space axis, such as (1.0,), or a tensor "
                    "(axis,) or (batch, axis)",
                    remedy="put a single speed in a tuple",
                )
            )
        self.wind = self.checked(wind, "wind")

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return :math:`u_t` [unit of u / s]."""
        wind = torch.as_tensor(self.wind)
        if wind.shape[-1] != d.ndim:
            raise ShapeError(
                explain(
                    "wind",
                    found=f"{wind.shape[-1]} entries",
                    expected=f"one per space axis ({d.ndim})",
                    remedy="give one speed per axis of the grid",
                )
            )
        f = d.coefficient(self.diffusivity) * d.laplacian(u)
        for axis in range(d.ndim):
            f = f - d.coefficient(wind[..., axis]) * d.partial(u, axis)
        return f

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        """Return the symbol of the diffusion [1/s]."""
        diffusivity = uniform(self.diffusivity, "diffusivity")
        return d.coefficient(diffusivity) * d.laplacian_symbol()

    def invariants(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return the mass :math:`\int u`, kept where D does not vary in space."""
        return {"mass": d.integral(u).sum(1)}

    def dissipated(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return :math:`\tfrac12\int u^2`."""
        return {"square": d.integral(u.square()).sum(1) / 2}

    def plane_wave(
        self, coords: Tensor, time: Time, *, wavenumbers: Sequence[float] | None = None
    ) -> Tensor:
        r"""Return :math:`e^{-D|k|^2 t} \cos(k\cdot(x - ct))`.

        Args:
            coords: coordinates [m].
            time: time [s].
            wavenumbers: :math:`k` [rad/m], one per axis; 1 along all if not given.
        """
        k = wave_vector(wavenumbers, coords)
        decay = spread(self.diffusivity, coords, "diffusivity") * k.square().sum()
        turn = phase(coords, k)
        for axis in range(coords.shape[1]):
            speed = spread(torch.as_tensor(self.wind)[..., axis], coords, "wind")
            turn = turn - k[:, axis : axis + 1] * speed * time
        return torch.exp(-decay * time) * torch.cos(turn)
