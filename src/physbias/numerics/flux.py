"""Derivatives that look upwind: what finite-volume and flux-split schemes share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from physbias.grid import Grid
from physbias.grid.edges import Edges
from physbias.numerics.derivatives import FramePairs, GridDerivatives
from physbias.numerics.finite_difference import (
    FiniteDifference,
    FiniteDifferenceDerivatives,
)
from physbias.numerics.places import BetweenCells, Cells, shifts
from physbias.numerics.reconstruction import LINEAR
from physbias.numerics.riemann import NumericalFlux
from physbias.numerics.stability import largest_stable_step
from physbias.pdes import ConservationLaw, Place

Reconstruction = Callable[[Sequence[Tensor]], Tensor]

# wave numbers at which stability is judged
WAVES = 257


class Divergence(Protocol):
    """How a bound scheme turns a law into a divergence along one axis."""

    def __call__(
        self, d: "FluxDerivatives", law: ConservationLaw, u: Tensor, axis: int
    ) -> Tensor:
        """Return what one axis adds to the divergence."""
        ...


@dataclass(frozen=True, slots=True)
class FluxSettings:
    """What tells one upwind scheme from another.

    Args:
        reconstruct: gives a face value from the cells around it, upwind first.
        size: number of cells it takes, odd.
        divergence: how a law becomes a divergence.
        riemann: flux between the two states of a face.
        symbols: what the scheme does to waves at its most active, as factors and sizes
            of linear reconstructions; stability is judged by them.
    """

    reconstruct: Reconstruction
    size: int
    divergence: Divergence
    riemann: NumericalFlux
    symbols: tuple[tuple[float, int], ...]

    def bind(
        self, grid: Grid, *, dtype: torch.dtype, device: torch.device | None
    ) -> "FluxDerivatives":
        """Return the scheme on a grid, with central differences one order higher."""
        order = max(2, self.size + self.size % 2)
        central = FiniteDifference(order, mirror=True)
        bound = central.bind(grid, dtype=dtype, device=device)
        return FluxDerivatives(bound, self)


class FluxDerivatives(GridDerivatives):
    """An upwind scheme bound to a grid.

    ``advect`` and ``flux_divergence`` look upwind, ``partial`` and all that is built
    on it are central. Walls are mirrors: a field is odd about a Dirichlet value and
    even about a Neumann slope.
    """

    def __init__(
        self, central: FiniteDifferenceDerivatives, settings: FluxSettings
    ) -> None:
        super().__init__(
            central.grid,
            central.coords,
            fourier=central.fourier,
            time=central.time,
            pairs=central.pairs,
            edges=central.edges,
        )
        self.central = central
        self.settings = settings
        self.width = settings.size // 2 + 1

    def at(
        self, time: Tensor | float, pairs: FramePairs | None = None
    ) -> "FluxDerivatives":
        """Return the same scheme at another time."""
        return FluxDerivatives(self.central.at(time, pairs), self.settings)

    def with_edges(self, edges: Edges) -> "FluxDerivatives":
        """Return the same scheme at the same time with other edges.

        Args:
            edges: of the same grid.
        """
        return FluxDerivatives(self.central.with_edges(edges), self.settings)

    def partial(self, u: Tensor, axis: int, order: int = 1) -> Tensor:
        """Return the central derivative of every channel along one space axis.

        Args:
            u: state.
            axis: 0 for x, 1 for y, 2 for z.
            order: order of the derivative, at least 1.
        """
        return self.central.partial(u, axis, order)

    def advect(self, v: Tensor, u: Tensor) -> Tensor:
        """Return ``(v . grad) u``, each derivative taken from where ``v`` comes."""
        self._check_vector(v)
        total = torch.zeros_like(u)
        for axis in range(self.ndim):
            left, right = self.extrapolate(self.pad(u, axis), axis)
            speed = v[:, axis : axis + 1]
            forward = speed.clamp_min(0) * self.difference(left, axis)
            total = total + forward + speed.clamp_max(0) * self.difference(right, axis)
        return total

    def flux_divergence(self, u: Tensor, law: ConservationLaw) -> Tensor:
        """Return the divergence of a law's flux, and its other products.

        Args:
            u: state.
            law: gives flux and speeds.
        """
        total = self.settings.divergence(self, law, u, 0)
        for axis in range(1, self.ndim):
            total = total + self.settings.divergence(self, law, u, axis)
        return total

    @torch.no_grad()
    def longest_step(
        self, u: Tensor, law: ConservationLaw, growth: Callable[[Tensor], Tensor]
    ) -> float:
        """Return the longest stable step for a law without sources [s].

        What walls hold counts: it enters the cells beside them.

        Args:
            u: state.
            law: gives speeds.
            growth: the stepper's stability function.
        """
        rate = torch.zeros_like(u[:, 0].flatten(1).amax(1))
        for axis, spacing in enumerate(self.grid.spacing):
            low, high = law.speeds(self.pad(u, axis), axis, self.cells(axis))
            fastest = torch.maximum(low.abs(), high.abs()).flatten(1).amax(1)
            rate = rate + fastest / spacing
        theta = torch.linspace(-torch.pi, torch.pi, WAVES, dtype=torch.float64)
        waves = [
            factor * _symbol(LINEAR[size], theta)
            for factor, size in self.settings.symbols
        ]
        return largest_stable_step(-float(rate.max()) * torch.cat(waves), growth)

    def pad(self, u: Tensor, axis: int) -> Tensor:
        """Return cells with the ghosts that the reconstruction needs."""
        return self.edges.pad(u, axis, self.width, time=self.time)

    def extrapolate(self, w: Tensor, axis: int) -> tuple[Tensor, Tensor]:
        """Return the values on both sides of every face, from padded cells."""
        cells = shifts(w, w.ndim - self.ndim + axis, self.width)
        reconstruct = self.settings.reconstruct
        return reconstruct(cells[:-1]), reconstruct(cells[:0:-1])

    def numerical_flux(
        self, law: ConservationLaw, left: Tensor, right: Tensor, axis: int
    ) -> Tensor:
        """Return the flux through the faces between two states."""
        return self.settings.riemann(law, left, right, axis, self.between(axis))

    def difference(self, flux: Tensor, axis: int) -> Tensor:
        """Return what leaves each cell, less what enters it, per length."""
        return flux.diff(dim=flux.ndim - self.ndim + axis) / self.grid.spacing[axis]

    def cells(self, axis: int) -> Place:
        """Return the place of the padded cells."""
        return Cells(self, axis, self.width)

    def between(self, axis: int) -> Place:
        """Return the place of the faces."""
        return BetweenCells(self, axis, self.width)


def _symbol(weights: Sequence[float], theta: Tensor) -> Tensor:
    """Return what the difference of two face values makes of a wave."""
    offsets = range(-(len(weights) // 2), len(weights) // 2 + 1)
    face = sum(
        w * torch.exp(1j * k * theta) for w, k in zip(weights, offsets, strict=True)
    )
    return face * (1 - torch.exp(-1j * theta))
