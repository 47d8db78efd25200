"""The staggered (marker-and-cell) grid: velocity on faces, pressure in cells."""

from dataclasses import dataclass

import torch

from physbias.errors import ArgumentError, explain
from physbias.grid import Grid, Neumann, Periodic
from physbias.grid.boundary import FieldSizes, field_names
from physbias.grid.edges import Edges
from physbias.numerics.face_derivatives import (
    StaggeredDerivatives,
    not_one_vector,
)
from physbias.numerics.finite_difference import FiniteDifference
from physbias.numerics.linear.transforms import HelmholtzTransforms


@dataclass(frozen=True, slots=True)
class Staggered:
    r"""Second-order differences of a vector on the faces of the cells.

    For :class:`~physbias.pdes.NavierStokes` and equations like it, whose only field is
    a velocity, on two or three axes. Component i of a state sits on the lower face of
    each cell along axis i, so that a state keeps the shape ``(batch, ndim, *space)``;
    scalars such as the pressure sit in the cells, at ``grid.coords()``. The upper face
    of a cell is the lower one of the next. On an axis with walls the first face is the
    lower wall and the upper wall is not stored: what the state holds in that first
    place is the wall's velocity once a solver has admitted it, its rate is zero, and
    all operators take both walls from the grid's conditions.

    Walls are ``Dirichlet(velocity)``, which is no slip on a wall that may move along
    itself and let a steady flow through, and ``Symmetry()``, which is free slip. Values
    on an edge lie where the component sits; functions get the coordinates of these
    places. Advection is in divergence form and keeps the kinetic energy of a velocity
    without divergence where no wall lets anything through. Divergence and minus
    gradient are adjoint, so that the projection is orthogonal and makes the divergence
    vanish to round-off between any of these walls. Velocities are mirrored in walls:
    they are of second order everywhere, the pressure in cells beside a wall with
    friction of first at best.

    A forcing in a right-hand side must sit on the faces too: make it from
    ``face_coords(i)`` instead of ``d.coords``.

    Raises:
        ArgumentError: when bound to one axis, to other fields than one vector, or to
            other conditions.

    Source:
        F. H. Harlow and J. E. Welch (1965), Physics of Fluids 8, 2182-2189.

    Example:
        >>> lid = Dirichlet((1.0, 0.0))
        >>> sides = [Dirichlet(0.0), (Dirichlet(0.0), lid)]
        >>> grid = Grid((8, 8), (1.0, 1.0), boundary=sides)
        >>> d = Staggered().bind(grid)
        >>> v = d.leray(torch.randn(1, 2, 8, 8))
        >>> bool(d.div(v).abs().max() < 1e-4)
        True
    """

    def bind(
        self,
        grid: Grid,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
    ) -> StaggeredDerivatives:
        """Return the derivatives on a grid."""
        if grid.ndim == 1:
            raise ArgumentError(
                explain(
                    "grid",
                    found="one space axis",
                    expected="two or three for a staggered grid",
                    remedy="without divergence a velocity on a line is a constant",
                )
            )
        names = {
            n for pair in grid.boundary for side in pair for n in field_names(side)
        }
        if len(names) > 1:  # their sizes are the equation's to tell
            found = f"conditions for {', '.join(sorted(names))}"
            raise not_one_vector(found)
        fields: FieldSizes = dict.fromkeys(names or {"velocity"}, "vector")
        with torch.inference_mode(False):  # made once, also used in training
            fourier = None
            if grid.is_periodic:
                central = FiniteDifference(2).bind(grid, dtype=dtype, device=device)
                fourier = central.fourier
            return StaggeredDerivatives(
                grid,
                grid.coords(dtype=dtype, device=device),
                edges=Edges(grid, fields),
                poisson=_poisson(grid, dtype, device),
                fourier=fourier,
            )


def _poisson(
    grid: Grid, dtype: torch.dtype, device: torch.device | None
) -> HelmholtzTransforms:
    """Return the solve for a pressure, which has no slope at walls."""
    edges = [a if isinstance(a, Periodic) else Neumann(0.0) for a, _ in grid.boundary]
    cells = Grid(grid.num_points, grid.lengths, boundary=edges, origin=grid.origin)
    return HelmholtzTransforms(cells, dtype=dtype, device=device)
