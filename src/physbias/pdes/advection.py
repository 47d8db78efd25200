"""Linear advection."""

from collections.abc import Callable, Sequence
from contextlib import suppress

import torch
from torch import Tensor

from physbias.errors import ArgumentError, ShapeError, explain
from physbias.pdes.coefficients import Coefficient
from physbias.pdes.conservation import ConservationLaw, Place, Speeds
from physbias.pdes.exact import Time, phase, spread, wave_vector


class Advection(ConservationLaw):
    r"""Transport in a given wind, :math:`u_t + \nabla\cdot(c\,u) = 0`.

    Args:
        velocity: :math:`c` [m/s], one entry per space axis, or a tensor ``(axis,)``,
            ``(batch, axis)``, or a field ``(1 or batch, axis, *space)``.

    Shape:
        ``u`` and the result: ``(batch, 1, *space)``; ``u`` in any unit.

    Raises:
        ArgumentError: ``velocity`` is a bare number.
        ShapeError: ``velocity`` has not one entry per space axis of the grid.

    Source:
        R. Courant, E. Isaacson, M. Rees (1952), Communications on Pure and Applied
        Mathematics 5, 243-255.
    """

    fields = {"u": 1}
    exact = {"plane_wave": (1, 2, 3)}

    def __init__(self, velocity: Sequence[float] | Tensor = (1.0,)) -> None:
        super().__init__()
        if isinstance(velocity, Sequence) and not isinstance(velocity, str):
            with suppress(TypeError, ValueError, RuntimeError):  # refused below
                velocity = torch.tensor(tuple(velocity), dtype=torch.float64)
        if not isinstance(velocity, Tensor) or velocity.ndim < 1:
            raise ArgumentError(
                explain(
                    "velocity",
                    found=repr(velocity),
                    expected="one speed per space axis, such as (1.0,), or a tensor",
                    remedy="put a single speed in a tuple",
                )
            )
        self.velocity = self.checked(velocity, "velocity")

    def flux(self, u: Tensor, axis: int, d: Place) -> Tensor:
        """Return :math:`c_i u`."""
        return self._speed(axis, d) * u

    def speeds(self, u: Tensor, axis: int, d: Place) -> Speeds:
        """Return the velocity along the axis, twice [m/s]."""
        speed = self._speed(axis, d) * torch.ones_like(u)
        return speed, speed

    def plane_wave(
        self, coords: Tensor, time: Time, *, wavenumbers: Sequence[float] | None = None
    ) -> Tensor:
        r"""Return :math:`\cos(k\cdot(x - ct))`, for a wind that is the same everywhere.

        Args:
            coords: coordinates [m].
            time: time [s].
            wavenumbers: :math:`k` [rad/m], one per axis; 1 along all if not given.
        """
        k = wave_vector(wavenumbers, coords)
        turn = phase(coords, k)
        for axis in range(coords.shape[1]):
            speed = self._entry(axis, coords.shape[1])
            speed = spread(speed, coords, "velocity")
            turn = turn - k[:, axis : axis + 1] * speed * time
        return torch.cos(turn)

    def _speed(self, axis: int, d: Place) -> Coefficient:
        return d.coefficient(self._entry(axis, d.ndim))

    def _entry(self, axis: int, ndim: int) -> Tensor:
        """Return the velocity along one axis, as it was given."""
        velocity = torch.as_tensor(self.velocity)
        entries = velocity.shape[-1] if velocity.ndim <= 2 else velocity.shape[1]
        if entries != ndim:
            raise ShapeError(
                explain(
                    "velocity",
                    found=f"{entries} entries",
                    expected=f"one per space axis ({ndim})",
                    remedy="give one speed per axis of the grid",
                )
            )
        if velocity.ndim <= 2:
            return velocity[..., axis]
        return velocity[:, axis : axis + 1]


def carried(
    profile: Callable[[Tensor], Tensor],
    coords: Tensor,
    t: float,
    velocity: Sequence[float],
) -> Tensor:
    """Return a profile that a uniform wind has carried along, exactly.

    Args:
        profile: gives the initial state from coordinates ``(1, axis, *space)``.
        coords: coordinates [m].
        t: time [s].
        velocity: one speed per space axis [m/s].
    """
    shift = torch.tensor(tuple(velocity), dtype=coords.dtype, device=coords.device) * t
    return profile(coords - shift.reshape(1, -1, *[1] * (coords.ndim - 2)))
