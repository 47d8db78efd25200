"""Fourier symbols of a scheme on a periodic grid, and what is solved with them."""

from collections.abc import Callable, Sequence
from math import pi

import torch
from torch import Tensor

from physbias.grid import Grid

AxisSymbol = Callable[[int, Tensor], Tensor]


def multiply(u: Tensor, symbol: Tensor, num_points: tuple[int, ...]) -> Tensor:
    """Return a field whose Fourier coefficients are multiplied by a symbol.

    Real symbols are applied in real arithmetic, which compilers can fuse.
    """
    dims = tuple(range(-len(num_points), 0))
    modes = torch.fft.rfftn(u, dim=dims)
    if symbol.is_complex():
        modes = modes * symbol
    else:
        modes = torch.view_as_complex(torch.view_as_real(modes) * symbol[..., None])
    return torch.fft.irfftn(modes, s=num_points, dim=dims)


def stencil_symbol(weights: Sequence[float], derivative: int, theta: Tensor) -> Tensor:
    """Return what a central stencil does to a wave of phase ``theta`` per point.

    Args:
        weights: of the neighbours from left to right, even or odd about the middle.
        derivative: order of the derivative, whose parity the weights have.
        theta: phase per point.
    """
    wave = torch.sin if derivative % 2 else torch.cos
    width = len(weights) // 2
    total = torch.full_like(theta, weights[width])
    for offset, weight in enumerate(weights[width + 1 :], start=1):
        total = total + 2 * weight * wave(offset * theta)
    return total


class FourierSymbols:
    """The multipliers by which a scheme's derivatives act on Fourier modes.

    Args:
        grid: a periodic grid.
        axis_symbol: takes the order m of a derivative and the phase per point
            ``theta = k h`` in [-pi, pi], and returns the real number s for which the
            derivative multiplies the mode by ``s i^(m mod 2) / h^m``.
        keep: fraction of the modes of each axis that products may fill; None for all.
        dtype: real dtype of the states.
        device: device of the states.
    """

    def __init__(
        self,
        grid: Grid,
        axis_symbol: AxisSymbol,
        *,
        keep: float | None = None,
        dtype: torch.dtype,
        device: torch.device | None = None,
    ) -> None:
        self.grid = grid
        self._axis_symbol = axis_symbol
        self._dtype = dtype
        self._device = device
        first = [self.real(axis, 1) for axis in range(grid.ndim)]
        self.wavenumbers = first
        square = sum((k * k for k in first), start=torch.zeros_like(first[0]))
        largest = square.amax()
        # modes that the scheme's own gradient cannot see stay as they are
        seen = square > 1e-24 * largest
        safe = torch.where(seen, square, torch.ones_like(square))
        self.inverse_square = torch.where(seen, 1 / safe, torch.zeros_like(safe))
        self.laplacian = sum(
            (self.real(axis, 2) for axis in range(grid.ndim)),
            start=torch.zeros_like(square),
        )
        self.mask = None if keep is None else self._mask(keep)
        self._symbols: dict[tuple[int, int], Tensor] = {}
        self._symbols = {
            (axis, order): self.symbol(axis, order)
            for axis in range(grid.ndim)
            for order in (1, 2, 3, 4)
        }

    def real(self, axis: int, order: int) -> Tensor:
        """Return the real multiplier of one derivative, without its power of i.

        Shape:
            result: ``(1, 1, *modes)`` with length 1 along the other axes.
        """
        count = self.grid.num_points[axis]
        index = self._index(axis)
        theta = 2 * pi * index / count
        symbol = self._axis_symbol(order, theta) / self.grid.spacing[axis] ** order
        if order % 2 == 1:
            # an odd derivative of the Nyquist mode of an even grid is not real
            symbol = torch.where(2 * index.abs() == count, 0.0, symbol)
        return self._shape(symbol, axis).to(self._dtype).to(self._device)

    def symbol(self, axis: int, order: int) -> Tensor:
        """Return the multiplier of one derivative, complex for odd orders."""
        if (axis, order) in self._symbols:
            return self._symbols[axis, order]
        real = self.real(axis, order)
        return real if order % 2 == 0 else 1j * real

    def project(self, v: Tensor) -> Tensor:
        """Return a vector field without the part that this scheme calls a gradient."""
        dims = tuple(range(-self.grid.ndim, 0))
        modes = torch.view_as_real(torch.fft.rfftn(v, dim=dims))
        k = [w[:, 0, ..., None] for w in self.wavenumbers]
        parts = modes.unbind(1)
        along = k[0] * parts[0]
        for a, p in zip(k[1:], parts[1:], strict=True):
            along = torch.addcmul(along, a, p)
        along = along * self.inverse_square[:, 0, ..., None]
        free = [
            torch.addcmul(p, a, along, value=-1) for a, p in zip(k, parts, strict=True)
        ]
        return torch.fft.irfftn(
            torch.view_as_complex(torch.stack(free, 1)),
            s=self.grid.num_points,
            dim=dims,
        )

    def _index(self, axis: int) -> Tensor:
        """Return the signed mode numbers along an axis, in the transform's order."""
        count = self.grid.num_points[axis]
        if axis == self.grid.ndim - 1:
            return torch.fft.rfftfreq(count, 1 / count, dtype=torch.float64)
        return torch.fft.fftfreq(count, 1 / count, dtype=torch.float64)

    def _shape(self, values: Tensor, axis: int) -> Tensor:
        shape = [1] * (self.grid.ndim + 2)
        shape[2 + axis] = len(values)
        return values.reshape(shape)

    def _mask(self, keep: float) -> Tensor:
        """Return ones at the modes that products may fill and zeros elsewhere."""
        result = torch.ones((), dtype=self._dtype, device=self._device)
        for axis, count in enumerate(self.grid.num_points):
            inside = self._index(axis).abs() < keep * count / 2
            result = result * self._shape(inside, axis).to(result)
        return result
