"""Upwind-biased schemes of high order, by splitting fluxes."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from physbias.arguments import is_whole
from physbias.errors import ArgumentError, explain
from physbias.grid import Grid
from physbias.numerics.flux import FluxDerivatives, FluxSettings
from physbias.numerics.places import shifts
from physbias.numerics.reconstruction import linear, weno_z
from physbias.numerics.riemann import Rusanov
from physbias.pdes import ConservationLaw

# the fastest wave often sits at an extremum, where its own flux would be flat too
AMPLE = 1.1


@dataclass(frozen=True, slots=True)
class Upwind:
    """Linear upwind-biased differences of order 1, 3 or 5.

    The flux is split by the fastest wave beside each face, and each part is taken from
    the side it comes from. Smooth transport loses little and no odd-even wave
    survives; at a jump orders 3 and 5 overshoot, as every linear scheme must.

    Args:
        order: order of accuracy.

    Raises:
        ArgumentError: another order.

    Source:
        C.-W. Shu and S. Osher (1989), Journal of Computational Physics 83, 32-78.
    """

    order: int = 3

    def __post_init__(self) -> None:
        if not is_whole(self.order) or self.order not in (1, 3, 5):
            raise ArgumentError(
                explain(
                    "order",
                    found=repr(self.order),
                    expected="1, 3 or 5",
                    remedy="use FiniteDifference for an even order",
                )
            )

    def bind(
        self,
        grid: Grid,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
    ) -> FluxDerivatives:
        """Return the derivatives on a grid."""
        settings = FluxSettings(
            linear, self.order, split_by_face, Rusanov(), ((1.0, self.order),)
        )
        return settings.bind(grid, dtype=dtype, device=device)


@dataclass(frozen=True, slots=True)
class WENO5:
    """Weighted essentially non-oscillatory differences, order 5 where smooth.

    The flux is split by the fastest wave of the sample, component by component.

    Source:
        G.-S. Jiang and C.-W. Shu (1996), Journal of Computational Physics 126,
        202-228; weights by R. Borges et al. (2008), the same journal 227, 3191-3211.
    """

    def bind(
        self,
        grid: Grid,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
    ) -> FluxDerivatives:
        """Return the derivatives on a grid."""
        settings = FluxSettings(
            weno_z, 5, split_by_sample, Rusanov(), ((AMPLE, 5), (AMPLE, 1))
        )
        return settings.bind(grid, dtype=dtype, device=device)


def split_by_face(
    d: FluxDerivatives, law: ConservationLaw, u: Tensor, axis: int
) -> Tensor:
    """Return what one axis adds, fluxes split by the fastest wave beside each face."""

    def beside(fastest: Tensor, dim: int) -> Tensor:
        around = shifts(fastest, dim, d.width)
        return torch.maximum(around[d.width - 1], around[d.width])

    return _split(d, law, u, axis, beside)


def split_by_sample(
    d: FluxDerivatives, law: ConservationLaw, u: Tensor, axis: int
) -> Tensor:
    """Return what one axis adds, fluxes split by the fastest wave of each sample.

    A splitting speed that follows the state makes one part of the flux flat wherever
    the flow turns, which costs nonlinear weights their order.
    """

    def anywhere(fastest: Tensor, dim: int) -> Tensor:
        largest = fastest.flatten(1).amax(1).reshape(-1, *[1] * (fastest.ndim - 1))
        return AMPLE * largest

    return _split(d, law, u, axis, anywhere)


def _split(
    d: FluxDerivatives,
    law: ConservationLaw,
    u: Tensor,
    axis: int,
    choose: Callable[[Tensor, int], Tensor],
) -> Tensor:
    dim = u.ndim - d.ndim + axis
    padded, place = d.pad(u, axis), d.cells(axis)
    low, high = law.speeds(padded, axis, place)
    speed = choose(torch.maximum(low.abs(), high.abs()), dim)
    states = shifts(padded, dim, d.width)
    fluxes = shifts(law.flux(padded, axis, place), dim, d.width)
    pairs = list(zip(fluxes, states, strict=True))
    rightward = [f + speed * v for f, v in pairs[:-1]]
    leftward = [f - speed * v for f, v in pairs[:0:-1]]
    reconstruct = d.settings.reconstruct
    through = (reconstruct(rightward) + reconstruct(leftward)) / 2
    result = d.difference(through, axis)
    product = law.product(u, axis, d)
    return result if product is None else result + product
