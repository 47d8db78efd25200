"""Equations in conservation form, for schemes that work with fluxes."""

from typing import Protocol

import torch
from torch import Tensor

from physbias.errors import ArgumentError, explain
from physbias.grid import Grid
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.pde import PDE
from physbias.shapes import AXIS_NAMES

Speeds = tuple[Tensor, Tensor]


class Place(Protocol):
    """Where a flux is evaluated: points, cells with their ghosts, or faces."""

    @property
    def ndim(self) -> int:
        """Number of space axes."""
        ...

    def coefficient(self, value: Tensor | float) -> Tensor | float:
        """Return a coefficient in a shape that multiplies states at this place."""
        ...


class Faces(Protocol):
    """What a law may ask of a finite-volume scheme along one axis.

    Attributes:
        grid: where states live.
    """

    grid: Grid

    def pad(self, u: Tensor, axis: int) -> Tensor:
        """Return cells with the ghosts that the extrapolation needs."""
        ...

    def cells(self, axis: int) -> Place:
        """Return the place of the padded cells."""
        ...

    def between(self, axis: int) -> Place:
        """Return the place of the faces."""
        ...

    def extrapolate(self, w: Tensor, axis: int) -> tuple[Tensor, Tensor]:
        """Return the values on both sides of every face, from padded cells."""
        ...

    def numerical_flux(
        self, law: "ConservationLaw", left: Tensor, right: Tensor, axis: int
    ) -> Tensor:
        """Return the flux through the faces between two states."""
        ...

    def difference(self, flux: Tensor, axis: int) -> Tensor:
        """Return what leaves each cell, less what enters it, per length."""
        ...


class ConservationLaw(PDE):
    r"""A law :math:`u_t + \sum_i \partial_i F_i(u) = S(u)`.

    Subclasses write ``flux`` and ``speeds``. Central schemes and points differentiate
    the flux; ``Upwind`` and ``WENO5`` split it by the speeds; ``Godunov`` and
    ``MUSCL`` solve a Riemann problem on every face.

    Source:
        R. J. LeVeque (2002), Finite Volume Methods for Hyperbolic Problems, Cambridge
        University Press, chapter 4.
    """

    def flux(self, u: Tensor, axis: int, d: Place) -> Tensor:
        """Return the flux along one axis.

        Args:
            u: states.
            axis: 0 for x, 1 for y, 2 for z.
            d: where the states are; gives coefficients there.
        """
        message = f"{type(self).__name__} gives no flux"
        raise NotImplementedError(message)

    def speeds(self, u: Tensor, axis: int, d: Place) -> Speeds:
        """Return the slowest and the fastest wave along one axis, signed [m/s].

        Args:
            u: states.
            axis: 0 for x, 1 for y, 2 for z.
            d: where the states are.
        """
        message = f"{type(self).__name__} gives no speeds"
        raise NotImplementedError(message)

    def source(self, u: Tensor, d: Derivatives) -> Tensor | None:
        """Return what the law adds without a flux, if there is such a thing."""
        return None

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the source less the divergence of the flux."""
        f = -d.flux_divergence(u, self)
        source = self.source(u, d)
        return f if source is None else f + source

    def invariants(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        """Return the integral of every field, ``(batch,)`` per component."""
        names = []
        for field, where in self.channels(d.ndim).items():
            single = where.stop - where.start == 1 and self.fields[field] != "vector"
            axes = [field] if single else [f"{field}_{a}" for a in AXIS_NAMES[: d.ndim]]
            names += axes
        return dict(zip(names, d.integral(u).unbind(1), strict=True))

    def product(self, u: Tensor, axis: int, d: Derivatives) -> Tensor | None:
        """Return what one axis adds to the divergence that no flux can express."""
        return None

    def bounds(self, left: Tensor, right: Tensor, axis: int, d: Place) -> Speeds:
        """Return the slowest and the fastest wave between two states [m/s].

        Source:
            S. F. Davis (1988), SIAM J. Sci. Stat. Comput. 9, 445-473.
        """
        low, high = self.speeds(left, axis, d)
        low_right, high_right = self.speeds(right, axis, d)
        return torch.minimum(low, low_right), torch.maximum(high, high_right)

    def contact(
        self, left: Tensor, right: Tensor, bounds: Speeds, axis: int, d: Place
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the speed of the middle wave and the states on both its sides.

        Raises:
            ArgumentError: the law has no such wave.
        """
        raise ArgumentError(
            explain(
                "riemann",
                found=f"HLLC() for {type(self).__name__}",
                expected="a law with a middle wave, such as CompressibleEuler",
                remedy="use HLL() or Rusanov()",
            )
        )

    def primitive(self, u: Tensor, d: Place) -> Tensor:
        """Return the variables that are extrapolated to faces."""
        return u

    def conserved(self, w: Tensor, d: Place) -> Tensor:
        """Return the state from the variables that are extrapolated."""
        return w

    def across_faces(self, u: Tensor, axis: int, d: Faces) -> Tensor:
        """Return what one axis adds to the divergence, face by face."""
        w = self.primitive(d.pad(u, axis), d.cells(axis))
        left, right = d.extrapolate(w, axis)
        faces = d.between(axis)
        left, right = self.conserved(left, faces), self.conserved(right, faces)
        return d.difference(d.numerical_flux(self, left, right, axis), axis)
