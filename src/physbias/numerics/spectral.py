"""Fourier derivatives."""

from dataclasses import dataclass

import torch
from torch import Tensor

from physbias.arguments import is_number
from physbias.errors import ArgumentError, explain
from physbias.grid import Grid
from physbias.numerics.derivatives import GridDerivatives
from physbias.numerics.fourier import FourierSymbols, multiply
from physbias.numerics.sine_cosine import SineCosineDerivatives, check_walls


@dataclass(frozen=True, slots=True)
class Spectral:
    """Exact derivatives of the trigonometric interpolant.

    Axes with walls are taken by sines where the walls hold values, by cosines where
    they hold slopes, and by quarter waves between one of each; a plane of symmetry is
    odd for the component of a vector across it and even for all else. Data other than
    zero are carried by the lowest polynomial that meets them. What is left of the field
    must go on smoothly when it is reflected, oddly in a value and evenly in a slope:
    there the error falls faster than any power of the spacing. A field that only meets
    the conditions does not: where its second derivative is not zero at a wall with a
    value, the first is of order 1 beside it and the second does not converge there.
    Transport across a wall, which turns odd into even, is such a case, and de-aliasing
    makes waves of it. Nothing is odd or even in a Robin,
    inflow or outflow edge, and data that vary cannot be lifted: these are refused.

    Args:
        dealias: fraction of the modes of each axis that states may fill, so that
            quadratic products do not alias; solvers remove the rest from the initial
            state and from every tendency. None keeps all.

    Raises:
        ArgumentError: ``dealias`` outside (0, 1].

    Source:
        S. A. Orszag (1971), Journal of the Atmospheric Sciences 28, 1074, for the
        two-thirds rule; D. Gottlieb, S. A. Orszag (1977), Numerical Analysis of
        Spectral Methods, SIAM, section 3, for sines and cosines.
    """

    dealias: float | None = 2 / 3

    @property
    def order(self) -> float:
        """Order of accuracy, greater than any number."""
        return float("inf")

    def __post_init__(self) -> None:
        keep = 1.0 if self.dealias is None else self.dealias
        if not is_number(keep) or not 0 < keep <= 1:
            raise ArgumentError(
                explain(
                    "dealias",
                    found=repr(self.dealias),
                    expected="a fraction in (0, 1], or None",
                    remedy="2/3 suits quadratic products, 1/2 cubic ones",
                )
            )

    def bind(
        self,
        grid: Grid,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
    ) -> "SpectralDerivatives | SineCosineDerivatives":
        """Return the derivatives on a grid.

        Raises:
            ArgumentError: a wall that neither sines nor cosines fit.
        """
        with torch.inference_mode(False):  # made once, also used in training
            if not grid.is_periodic:
                check_walls(grid)
                coords = grid.coords(dtype=dtype, device=device)
                return SineCosineDerivatives(grid, coords, keep=self.dealias)
            symbols = FourierSymbols(
                grid, _symbol, keep=self.dealias, dtype=dtype, device=device
            )
            coords = grid.coords(dtype=dtype, device=device)
        return SpectralDerivatives(grid, coords, fourier=symbols)


def _symbol(derivative: int, theta: Tensor) -> Tensor:
    """Return the real part of ``(i theta)^m`` without its last odd power of i."""
    return (-1) ** (derivative // 2) * theta**derivative


class SpectralDerivatives(GridDerivatives):
    """Fourier derivatives bound to a grid; made by :meth:`Spectral.bind`."""

    fourier: FourierSymbols

    def partial(self, u: Tensor, axis: int, order: int = 1) -> Tensor:
        """Return the derivative of every channel along one space axis.

        Args:
            u: state.
            axis: 0 for x, 1 for y, 2 for z.
            order: order of the derivative, at least 1.
        """
        self._check_axis(axis, order)
        self._check_space(u)
        dim = u.ndim - self.ndim + axis
        count = self.grid.num_points[axis]
        symbol = self.fourier.symbol(axis, order)
        # only one axis is transformed: keep its non-negative frequencies
        symbol = symbol.narrow(2 + axis, 0, count // 2 + 1)
        modes = torch.fft.rfft(u, dim=dim) * symbol
        return torch.fft.irfft(modes, n=count, dim=dim)

    def laplacian(self, u: Tensor) -> Tensor:
        """Return the sum of second derivatives of every channel."""
        self._check_space(u)
        return multiply(u, self.fourier.laplacian, self.grid.num_points)
