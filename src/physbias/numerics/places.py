"""Where fluxes are evaluated: cells with their ghosts, and the faces between them."""

import torch
from torch import Tensor

from physbias.grid import Periodic
from physbias.numerics.derivatives import GridDerivatives
from physbias.pdes import Coefficient


def shifts(w: Tensor, dim: int, width: int) -> list[Tensor]:
    """Return the cells around every face, from the lowest to the highest.

    Args:
        w: cells padded by ``width``.
        dim: their axis.
        width: cells on each side of a face.
    """
    faces = w.shape[dim] - 2 * width + 1
    return [w.narrow(dim, start, faces) for start in range(2 * width)]


class Cells:
    """Padded cells; a coefficient that varies is continued like an even field.

    Args:
        d: derivatives on the grid.
        axis: the axis along which cells are padded.
        width: number of ghosts on each side.
    """

    def __init__(self, d: GridDerivatives, axis: int, width: int) -> None:
        self.d = d
        self.axis = axis
        self.width = width

    @property
    def ndim(self) -> int:
        """Number of space axes."""
        return self.d.ndim

    def coefficient(self, value: Coefficient) -> Coefficient:
        """Return a coefficient in a shape that multiplies padded cells."""
        value = self.d.coefficient(value)
        if not isinstance(value, Tensor) or value.ndim == 0:
            return value
        dim = value.ndim - self.ndim + self.axis
        if value.shape[dim] == 1:
            return value
        width = self.width
        first = value.narrow(dim, 0, width)
        last = value.narrow(dim, value.shape[dim] - width, width)
        if isinstance(self.d.grid.boundary[self.axis][0], Periodic):
            return torch.cat([last, value, first], dim)
        return torch.cat([first.flip(dim), value, last.flip(dim)], dim)


class BetweenCells(Cells):
    """Faces; a coefficient that varies is the mean of the cells beside them."""

    def coefficient(self, value: Coefficient) -> Coefficient:
        """Return a coefficient in a shape that multiplies states on faces."""
        padded = super().coefficient(value)
        if not isinstance(padded, Tensor) or padded.ndim == 0:
            return padded
        dim = padded.ndim - self.ndim + self.axis
        if padded.shape[dim] == 1:
            return padded
        around = shifts(padded, dim, self.width)
        return (around[self.width - 1] + around[self.width]) / 2
