"""Finite-volume schemes: a Riemann problem on every face."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from physbias.arguments import check_kind
from physbias.grid import Grid
from physbias.numerics.flux import FluxDerivatives, FluxSettings
from physbias.numerics.limiters import monotonized_central
from physbias.numerics.reconstruction import linear
from physbias.numerics.riemann import NumericalFlux, Rusanov
from physbias.pdes import ConservationLaw

FLUXES = "use one, such as HLL()"
Limiter = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Godunov:
    """First order: every cell is constant. Sturdy and very diffusive.

    Args:
        riemann: flux between two states.

    Raises:
        ArgumentError: ``riemann`` is no numerical flux.

    Source:
        S. K. Godunov (1959), Matematicheskii Sbornik 47, 271-306.
    """

    riemann: NumericalFlux = field(default_factory=Rusanov)

    def __post_init__(self) -> None:
        check_kind(self.riemann, "riemann", NumericalFlux, remedy=FLUXES)

    def bind(
        self,
        grid: Grid,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
    ) -> FluxDerivatives:
        """Return the derivatives on a grid."""
        settings = FluxSettings(linear, 1, face_divergence, self.riemann, ((1.0, 1),))
        return settings.bind(grid, dtype=dtype, device=device)


@dataclass(frozen=True, slots=True)
class MUSCL:
    """Second order where smooth, no new extremum where not.

    The law's primitive variables are continued to the faces along limited slopes.

    Args:
        limiter: takes the differences to both neighbours and returns the one across
            the cell: ``minmod``, ``van_leer``, ``monotonized_central``, ``superbee``.
        riemann: flux between two states.

    Raises:
        ArgumentError: ``limiter`` is no function, or ``riemann`` no numerical flux.

    Source:
        B. van Leer (1979), Journal of Computational Physics 32, 101-136.
    """

    limiter: Limiter = monotonized_central
    riemann: NumericalFlux = field(default_factory=Rusanov)

    def __post_init__(self) -> None:
        remedy = "use one, such as minmod"
        check_kind(self.limiter, "limiter", Callable, remedy=remedy)  # pyright: ignore[reportArgumentType]
        check_kind(self.riemann, "riemann", NumericalFlux, remedy=FLUXES)

    def __repr__(self) -> str:
        name = getattr(self.limiter, "__name__", repr(self.limiter))
        return f"MUSCL(limiter={name}, riemann={self.riemann!r})"

    def bind(
        self,
        grid: Grid,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
    ) -> FluxDerivatives:
        """Return the derivatives on a grid."""

        def reconstruct(cells: Sequence[Tensor]) -> Tensor:
            a, b, c = cells
            return b + self.limiter(b - a, c - b) / 2

        settings = FluxSettings(
            # the steepest limited slope makes each cell act twice as strongly
            reconstruct,
            3,
            face_divergence,
            self.riemann,
            ((2.0, 1),),
        )
        return settings.bind(grid, dtype=dtype, device=device)


def face_divergence(
    d: FluxDerivatives, law: ConservationLaw, u: Tensor, axis: int
) -> Tensor:
    """Return what one axis adds, from the states on both sides of each face."""
    return law.across_faces(u, axis, d)
