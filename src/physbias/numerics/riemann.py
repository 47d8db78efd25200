"""Numerical fluxes: what passes through a face between two states."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from physbias.pdes import ConservationLaw, Place


@runtime_checkable
class NumericalFlux(Protocol):
    """Gives one flux to the two states beside a face."""

    def __call__(
        self, law: ConservationLaw, left: Tensor, right: Tensor, axis: int, d: Place
    ) -> Tensor:
        """Return the flux through the face."""
        ...


@dataclass(frozen=True, slots=True)
class Rusanov:
    """The mean flux less the jump times the fastest wave: sturdy, for every law.

    Source:
        V. V. Rusanov (1961), USSR Computational Mathematics and Mathematical Physics
        1, 304-320.
    """

    def __call__(
        self, law: ConservationLaw, left: Tensor, right: Tensor, axis: int, d: Place
    ) -> Tensor:
        """Return the flux through the face.

        Args:
            law: gives flux and speeds.
            left: states on the lower side.
            right: states on the upper side.
            axis: axis across which the face lies.
            d: place of the faces.
        """
        low, high = law.bounds(left, right, axis, d)
        speed = torch.maximum(low.abs(), high.abs())
        mean = law.flux(left, axis, d) + law.flux(right, axis, d)
        return (mean - speed * (right - left)) / 2


@dataclass(frozen=True, slots=True)
class HLL:
    """Two waves, the slowest and the fastest, with one state between them.

    Source:
        A. Harten, P. D. Lax, B. van Leer (1983), SIAM Review 25, 35-61.
    """

    def __call__(
        self, law: ConservationLaw, left: Tensor, right: Tensor, axis: int, d: Place
    ) -> Tensor:
        """Return the flux through the face.

        Args:
            law: gives flux and speeds.
            left: states on the lower side.
            right: states on the upper side.
            axis: axis across which the face lies.
            d: place of the faces.
        """
        low, high = law.bounds(left, right, axis, d)
        low, high = low.clamp_max(0), high.clamp_min(0)
        width = (high - low).clamp_min(torch.finfo(left.dtype).tiny ** 0.5)
        flow = high * law.flux(left, axis, d) - low * law.flux(right, axis, d)
        return (flow + low * high * (right - left)) / width


@dataclass(frozen=True, slots=True)
class HLLC:
    """Three waves: contacts and shear layers stay sharp.

    Source:
        E. F. Toro, M. Spruce, W. Speares (1994), Shock Waves 4, 25-34.
    """

    def __call__(
        self, law: ConservationLaw, left: Tensor, right: Tensor, axis: int, d: Place
    ) -> Tensor:
        """Return the flux through the face.

        Args:
            law: gives flux, speeds and the middle wave.
            left: states on the lower side.
            right: states on the upper side.
            axis: axis across which the face lies.
            d: place of the faces.

        Raises:
            ArgumentError: the law has no middle wave.
        """
        bounds = law.bounds(left, right, axis, d)
        middle, star_left, star_right = law.contact(left, right, bounds, axis, d)
        low, high = bounds[0].clamp_max(0), bounds[1].clamp_min(0)
        from_left = law.flux(left, axis, d) + low * (star_left - left)
        from_right = law.flux(right, axis, d) + high * (star_right - right)
        return torch.where(middle >= 0, from_left, from_right)
