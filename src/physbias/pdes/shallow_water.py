"""The shallow-water equations over a bed."""

import torch
from torch import Tensor

from physbias.errors import ArgumentError, explain
from physbias.pdes.coefficients import Coefficient
from physbias.pdes.conservation import ConservationLaw, Faces, Place, Speeds
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.misfits import misfits


class ShallowWater(ConservationLaw):
    r"""A layer of water over a bed.

    .. math::

        h_t + \nabla\cdot q = 0, \quad
        q_t + \nabla\cdot(q\,v + g h^2/2) = -g h\,\nabla b

    with :math:`q = h v`.

    With ``Godunov`` and ``MUSCL`` a lake at rest stays at rest to round-off, also with
    islands and dry shores, and depths stay positive at dry beds: the states of a face
    are lowered to the higher of its two beds. Other schemes are for wet beds.

    Args:
        gravity: :math:`g` [m/s²], not negative.
        bathymetry: :math:`b`, height of the bed [m], a number or a field
            ``(1 or batch, 1, *space)``.
        dry_depth: below this depth [m] the velocity falls to zero with the depth.

    Shape:
        ``u``: ``(batch, 1 + ndim, *space)``: depth [m] and discharge [m²/s].

    Raises:
        ArgumentError: ``gravity`` is negative, ``dry_depth`` not positive; a state
            with a negative depth; a varying bed between walls with a scheme that has
            no face states.

    Source:
        A. J. C. Barré de Saint-Venant (1871), Comptes rendus 73, 147-154; E. Audusse et
        al. (2004), SIAM J. Sci. Comput. 25, 2050-2065, for the bed.
    """

    fields = {"depth": 1, "discharge": "vector"}

    def __init__(
        self,
        gravity: Coefficient = 9.81,
        bathymetry: Coefficient = 0.0,
        *,
        dry_depth: float = 1e-6,
    ) -> None:
        super().__init__()
        self.gravity = self.checked(gravity, "gravity", minimum=0)
        self.bathymetry = self.checked(bathymetry, "bathymetry")
        self.dry_depth = self.checked(dry_depth, "dry_depth", above=0)

    def flux(self, u: Tensor, axis: int, d: Place) -> Tensor:
        """Return what the water carries along one axis, and its weight."""
        depth, discharge = self.split(u)
        normal = self._velocity(depth, discharge)[:, axis : axis + 1]
        weight = d.coefficient(self.gravity) * depth.square() / 2
        return _with_push(
            discharge[:, axis : axis + 1], discharge * normal, weight, axis
        )

    def speeds(self, u: Tensor, axis: int, d: Place) -> Speeds:
        """Return the speeds of the two gravity waves along one axis [m/s]."""
        depth, discharge = self.split(u)
        normal = self._velocity(depth, discharge)[:, axis : axis + 1]
        wave = self._wave(depth, d)
        return normal - wave, normal + wave

    def bounds(self, left: Tensor, right: Tensor, axis: int, d: Place) -> Speeds:
        """Return the slowest and the fastest wave between two states [m/s].

        Source:
            E. F. Toro (2001), Shock-Capturing Methods for Free-Surface Shallow Flows,
            Wiley, section 6.3, for the front on a dry bed.
        """
        low, high = super().bounds(left, right, axis, d)
        (h_left, q_left), (h_right, q_right) = self.split(left), self.split(right)
        v_left = self._velocity(h_left, q_left)[:, axis : axis + 1]
        v_right = self._velocity(h_right, q_right)[:, axis : axis + 1]
        into_right = torch.maximum(high, v_left + 2 * self._wave(h_left, d))
        into_left = torch.minimum(low, v_right - 2 * self._wave(h_right, d))
        high = torch.where(h_right < self.dry_depth, into_right, high)
        low = torch.where(h_left < self.dry_depth, into_left, low)
        return low, high

    def product(self, u: Tensor, axis: int, d: Derivatives) -> Tensor | None:
        r"""Return the push of the bed, :math:`g h\,\partial_i b`, in the discharge."""
        bed = d.coefficient(self.bathymetry)
        if not isinstance(bed, Tensor) or all(n == 1 for n in bed.shape[2:]):
            return None
        grid = getattr(d, "grid", None)
        if grid is None or not grid.is_periodic:
            raise ArgumentError(
                explain(
                    "bathymetry",
                    found="a varying bed between walls, or at points",
                    expected="a scheme that knows the bed on its faces",
                    remedy="use MUSCL() or Godunov(), or a periodic grid",
                )
            )
        depth, discharge = self.split(u)
        push = d.coefficient(self.gravity) * depth * d.partial(bed, axis)
        return _with_push(
            torch.zeros_like(depth), torch.zeros_like(discharge), push, axis
        )

    def across_faces(self, u: Tensor, axis: int, d: Faces) -> Tensor:
        """Return what one axis adds to the divergence, balanced against the bed.

        Source:
            E. Audusse et al. (2004), SIAM J. Sci. Comput. 25, 2050-2065, equations
            2.9 to 2.13 and, at second order, 4.4.
        """
        padded, cells, faces = d.pad(u, axis), d.cells(axis), d.between(axis)
        depth, discharge = self.split(padded)
        bed = cells.coefficient(self.bathymetry) + torch.zeros_like(depth)
        velocity = self._velocity(depth, discharge)
        w = torch.cat([depth, depth + bed, velocity], 1)
        sides = d.extrapolate(w, axis)
        depths = [side[:, :1] for side in sides]
        beds = [side[:, 1:2] - side[:, :1] for side in sides]
        step = torch.maximum(*beds)
        lowered = [
            torch.cat([kept, kept * side[:, 2:]], 1)
            for side in sides
            for kept in [(side[:, 1:2] - step).clamp_min(0)]
        ]
        flux = d.numerical_flux(self, lowered[0], lowered[1], axis)
        half = faces.coefficient(self.gravity) / 2
        leaving, entering = (
            half * (depth.square() - low[:, :1].square())
            for depth, low in zip(depths, lowered, strict=True)
        )
        dim = 2 + axis
        count = u.shape[dim]

        def of_cells(on_faces: Tensor, start: int) -> Tensor:
            return on_faces.narrow(dim, start, count)

        # each cell has its own states at its two ends: the slope of its own bed
        inner = of_cells(depths[0], 1) + of_cells(depths[1], 0)
        slope = of_cells(beds[0], 1) - of_cells(beds[1], 0)
        push = of_cells(leaving, 1) - of_cells(entering, 0) + half * inner * slope
        carried = d.difference(flux, axis)
        still = torch.zeros_like(carried[:, :1]), torch.zeros_like(carried[:, 1:])
        return carried + _with_push(*still, push / d.grid.spacing[axis], axis)

    def invariants(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        """Return the volume of the water [m^(ndim + 1)], ``(batch,)``."""
        return {"volume": d.integral(u[:, :1])[:, 0]}

    def check_values(self, u: Tensor, name: str) -> None:
        """Raise where a depth is negative, or a coefficient has another shape.

        Args:
            u: state.
            name: what to call it in the message.
        """
        misfit = misfits(self, tuple(u.shape))
        if misfit is not None:  # a bed that is level in each sample would pass
            raise misfit
        depth = u[:, :1].detach()
        if bool((depth < 0).any()):
            raise ArgumentError(
                explain(
                    f"{name}'s depth",
                    found=f"{depth.min().item():.4g}",
                    expected="no negative depth",
                    remedy="the depth is that of the water, not the height of its "
                    "surface",
                )
            )

    def _velocity(self, depth: Tensor, discharge: Tensor) -> Tensor:
        """Return discharge over depth, falling to zero where it is dry.

        Source:
            A. Kurganov and G. Petrova (2007), Communications in Mathematical Sciences
            5, 133-160, section 2.4, for the idea.
        """
        wet = depth.clamp_min(self.dry_depth)
        return 2 * depth * discharge / (depth.square() + wet.square())

    def _wave(self, depth: Tensor, d: Place) -> Tensor:
        """Return the speed of long waves [m/s]."""
        # a positive floor, or the slope of the root would be infinite where it is dry
        floor = torch.finfo(depth.dtype).tiny ** 0.5
        return (d.coefficient(self.gravity) * depth.clamp_min(floor)).sqrt()


def _with_push(depth: Tensor, discharge: Tensor, push: Tensor, axis: int) -> Tensor:
    """Return a state whose discharge along one axis is pushed further."""
    parts = list(discharge.split(1, dim=1))
    parts[axis] = parts[axis] + push
    return torch.cat([depth, *parts], 1)
