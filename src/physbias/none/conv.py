"""Convolution whose padding follows the boundary of the grid."""

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from physbias.arguments import check_count, check_kind
from physbias.errors import ArgumentError, ShapeError, explain
from physbias.grid import Boundary, Dirichlet, Grid, Inflow, Neumann, Periodic
from physbias.grid.conditions import PerField
from physbias.none.inputs import check_channels
from physbias.shapes import AXIS_NAMES
from physbias.strength import Strength

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


class Conv(nn.Module):
    r"""Learnt convolution that sees the right neighbours beyond every edge.

    A periodic axis wraps around. Beyond a wall the channels are mirrored in it: odd
    at a side where values are known (``Dirichlet``, ``Inflow``, or a mapping of only
    such conditions), even at any other, so the result is that of a periodic
    convolution of the odd or even extension. The *kind* of the edge is used
    and not its value or slope, which have the unit of the field: in a hidden or
    normalised channel they mean nothing. A network that must know a boundary value
    gets it as an input channel.

    With a stride each output cell is the union of ``stride`` input cells along every
    axis, so the walls stay where they are and the layer may be stacked into the
    coarse levels of a network: ``u`` may have any length along an axis that the
    stride divides.

    Args:
        grid: gives the number of space axes and the boundary of each side.
        in_channels: channels of the input.
        out_channels: channels of the result.
        kernel_size: width of the kernel along every axis [points].
        stride: cells merged into one along every axis; ``kernel_size - stride`` must
            be even, which centres the kernel on the merged cell.

    Shape:
        ``u``: ``(batch, in_channels, *space)``; result: ``(batch, out_channels,
        *(space / stride))``.

    Raises:
        ArgumentError: a count below one, or a kernel that has no centre.
        ShapeError: ``u`` has other channels or axes, or a length that ``stride`` does
            not divide, or fewer points than the kernel reaches.

    Source:
        Y. LeCun et al. (1989), Neural Computation 1, 541-551, for the convolution;
        A. Alguacil et al. (2021), arXiv 2106.11160, for the choice of padding.

    Example:
        >>> import torch
        >>> from physbias.grid import Grid, Neumann, Periodic
        >>> grid = Grid((8, 16), (1.0, 2.0), boundary=[Periodic(), Neumann()])
        >>> conv = Conv(grid, 3, 5, kernel_size=4, stride=2)
        >>> conv(torch.zeros(1, 3, 8, 16)).shape
        torch.Size([1, 5, 4, 8])
    """

    strength: ClassVar[Strength] = Strength.NONE

    def __init__(
        self,
        grid: Grid,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: int = 3,
        stride: int = 1,
    ) -> None:
        super().__init__()
        check_kind(grid, "grid", Grid, remedy="describe the points by a Grid")
        check_count(in_channels, "in_channels")
        check_count(out_channels, "out_channels")
        check_count(stride, "stride")
        check_count(kernel_size, "kernel_size")
        if kernel_size < stride or (kernel_size - stride) % 2:
            raise ArgumentError(
                explain(
                    "kernel_size",
                    found=f"{kernel_size} with stride {stride}",
                    expected="the stride plus an even number",
                    remedy=f"use {stride} or {stride + 2}",
                )
            )
        self.grid = _without_data(grid)
        self.in_channels = in_channels
        self.stride = stride
        self.width = (kernel_size - stride) // 2
        self.conv = _CONVOLUTIONS[grid.ndim - 1](
            in_channels, out_channels, kernel_size, stride
        )

    def forward(
        self, u: Float[Tensor, "batch in_channels *space"]
    ) -> Float[Tensor, "batch out_channels *coarse"]:
        """Return the convolution of ``u``."""
        check_channels(u, self.in_channels, ndim=self.grid.ndim)
        for axis in range(self.grid.ndim):
            if u.shape[2 + axis] % self.stride:
                raise ShapeError(
                    explain(
                        "u",
                        found=f"{u.shape[2 + axis]} points along {AXIS_NAMES[axis]}",
                        expected=f"a multiple of the stride {self.stride}",
                        remedy="use a grid of such a length",
                    )
                )
            u = self.grid.pad(u, axis, self.width)
        return self.conv(u)

    def extra_repr(self) -> str:
        """Return the width of the padding, for ``print``."""
        return f"ghosts={self.width}"


def _without_data(grid: Grid) -> Grid:
    """Return the grid with homogeneous walls."""
    boundary = [
        (_homogeneous(lower), _homogeneous(upper)) for lower, upper in grid.boundary
    ]
    return Grid(grid.num_points, grid.lengths, boundary=boundary, origin=grid.origin)


def _homogeneous(side: Boundary) -> Boundary:
    if isinstance(side, Periodic):
        return side
    fields = side.conditions.values() if isinstance(side, PerField) else (side,)
    known = all(isinstance(field, Dirichlet | Inflow) for field in fields)
    return Dirichlet() if known else Neumann()
