"""Fourier derivatives."""

from dataclasses import dataclass

import torch
from torch import Tensor

from physbias.errors import ArgumentError, explain
from physbias.grid import Grid
from physbias.numerics.derivatives import FramePairs, GridDerivatives
from physbias.numerics.fourier import FourierSymbols, multiply


@dataclass(frozen=True, slots=True)
class Spectral:
    """Exact derivatives of the trigonometric interpolant, on periodic grids.

    Args:
        dealias: fraction of the modes of each axis that states may fill, so that
            quadratic products do not alias; solvers remove the rest from the initial
            state and from every tendency. None keeps all.

    Raises:
        ArgumentError: ``dealias`` outside (0, 1].

    Source:
        S. A. Orszag (1971), Journal of the Atmospheric Sciences 28, 1074, for the
        two-thirds rule.
    """

    dealias: float | None = 2 / 3

    def __post_init__(self) -> None:
        if self.dealias is not None and not 0 < self.dealias <= 1:
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
    ) -> "SpectralDerivatives":
        """Return the derivatives on a grid.

        Raises:
            ArgumentError: the grid is not periodic.
        """
        if not grid.is_periodic:
            raise ArgumentError(
                explain(
                    "grid",
                    found="an axis with walls",
                    expected="a periodic grid for the spectral scheme",
                    remedy="use FiniteDifference, or make every boundary Periodic()",
                )
            )
        with torch.inference_mode(mode=False):  # made once, also used in training
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

    def at(
        self, time: Tensor | float, pairs: FramePairs | None = None
    ) -> "SpectralDerivatives":
        """Return the same scheme at another time."""
        return SpectralDerivatives(
            self.grid,
            self.coords,
            fourier=self.fourier,
            time=time,
            pairs=pairs,
            edges=self.edges,
        )

    def partial(self, u: Tensor, axis: int, order: int = 1) -> Tensor:
        """Return the derivative of every channel along one space axis.

        Args:
            u: state.
            axis: 0 for x, 1 for y, 2 for z.
            order: order of the derivative, at least 1.
        """
        self._check_axis(axis, order)
        dim = u.ndim - self.ndim + axis
        count = self.grid.num_points[axis]
        symbol = self.fourier.symbol(axis, order)
        # only one axis is transformed: keep its non-negative frequencies
        symbol = symbol.narrow(2 + axis, 0, count // 2 + 1)
        modes = torch.fft.rfft(u, dim=dim) * symbol
        return torch.fft.irfft(modes, n=count, dim=dim)

    def laplacian(self, u: Tensor) -> Tensor:
        """Return the sum of second derivatives of every channel."""
        return multiply(u, self.fourier.laplacian, self.grid.num_points)
