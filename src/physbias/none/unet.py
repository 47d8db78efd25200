"""Residual U-Net that pads by the boundary of the grid."""

from itertools import pairwise
from math import gcd
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate, silu

from physbias.arguments import check_count, check_kind
from physbias.errors import ArgumentError, explain
from physbias.grid import Grid
from physbias.none.conv import Conv
from physbias.none.inputs import check_channels
from physbias.shapes import AXIS_NAMES
from physbias.strength import Strength


class UNet(nn.Module):
    """Residual U-Net: detail from fine levels, context from coarse ones.

    Level ``k`` has ``width * 2**k`` channels on every ``2**k``-th part of the points.
    A step down merges two cells along every axis with a learnt kernel of two points,
    a step up repeats each coarse value; both keep cells aligned with the walls, and on
    a periodic grid the network commutes with shifts by multiples of ``2**levels``
    points. All other convolutions have three points and pad by the grid's boundary, as
    described in :class:`Conv`.

    Args:
        grid: grid of the fields, finest level; any boundary.
        in_channels: channels of the input.
        out_channels: channels of the result.
        width: channels of the finest level.
        levels: halvings of the resolution.

    Shape:
        ``u``: ``(batch, in_channels, *space)``; result: ``(batch, out_channels,
        *space)``.

    Raises:
        ArgumentError: a count below one, or a grid with points along an axis that
            ``2**levels`` does not divide.
        ShapeError: ``u`` does not fit the grid or has other channels.

    Source:
        O. Ronneberger et al. (2015), arXiv 1505.04597, for the U; J. K. Gupta and
        J. Brandstetter (2022), arXiv 2209.15616, for residual blocks with group
        normalisation before each convolution.

    Example:
        >>> import torch
        >>> from physbias.grid import Grid, Periodic
        >>> grid = Grid((16, 32), (1.0, 2.0), boundary=Periodic())
        >>> UNet(grid, 3, 2, width=8, levels=2)(torch.zeros(1, 3, 16, 32)).shape
        torch.Size([1, 2, 16, 32])
    """

    strength: ClassVar[Strength] = Strength.NONE

    def __init__(
        self,
        grid: Grid,
        in_channels: int,
        out_channels: int,
        *,
        width: int = 32,
        levels: int = 3,
    ) -> None:
        super().__init__()
        check_kind(grid, "grid", Grid, remedy="describe the points by a Grid")
        check_count(width, "width")
        check_count(levels, "levels")
        _check_divisible(grid, levels)
        self.grid = grid
        self.in_channels = in_channels
        widths = [width * 2**level for level in range(levels + 1)]
        steps = list(pairwise(widths))
        self.lift = Conv(grid, in_channels, width)
        self.encoder = nn.ModuleList(_ResidualBlock(grid, w, w) for w in widths[:-1])
        self.down = nn.ModuleList(
            Conv(grid, fine, coarse, kernel_size=2, stride=2) for fine, coarse in steps
        )
        self.bottom = _ResidualBlock(grid, widths[-1], widths[-1])
        self.up = nn.ModuleList(
            Conv(grid, coarse, fine, kernel_size=1) for fine, coarse in reversed(steps)
        )
        self.decoder = nn.ModuleList(
            _ResidualBlock(grid, 2 * w, w) for w in reversed(widths[:-1])
        )
        self.norm = _group_norm(width)
        self.project = Conv(grid, width, out_channels)

    def forward(
        self, u: Float[Tensor, "batch in_channels *space"]
    ) -> Float[Tensor, "batch out_channels *space"]:
        """Return the network's answer to ``u``."""
        check_channels(u, self.in_channels, ndim=self.grid.ndim)
        self.grid.check(u, "u")
        h = self.lift(u)
        skips = []
        for block, down in zip(self.encoder, self.down, strict=True):
            h = block(h)
            skips.append(h)
            h = down(h)
        h = self.bottom(h)
        for block, up in zip(self.decoder, self.up, strict=True):
            # mixing channels before the repetition costs a fraction of doing it after
            h = block(torch.cat([_repeat(up(h)), skips.pop()], 1))
        return self.project(silu(self.norm(h)))


class _ResidualBlock(nn.Module):
    """Two normalised, activated convolutions added to a pointwise shortcut."""

    def __init__(self, grid: Grid, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.norm1 = _group_norm(in_channels)
        self.conv1 = Conv(grid, in_channels, out_channels)
        self.norm2 = _group_norm(out_channels)
        self.conv2 = Conv(grid, out_channels, out_channels)
        self.shortcut = (
            nn.Identity()
            if in_channels == out_channels
            else Conv(grid, in_channels, out_channels, kernel_size=1)
        )

    def forward(self, u: Tensor) -> Tensor:
        h = self.conv1(silu(self.norm1(u)))
        return self.shortcut(u) + self.conv2(silu(self.norm2(h)))


def _group_norm(channels: int) -> nn.GroupNorm:
    # two or more channels to a group: alone, a channel would lose its mean
    return nn.GroupNorm(max(1, gcd(channels, 16) // 2), channels)


def _repeat(u: Tensor) -> Tensor:
    """Return ``u`` with every value repeated twice along each space axis."""
    return interpolate(u, scale_factor=2.0, mode="nearest")


def _check_divisible(grid: Grid, levels: int) -> None:
    parts = 2**levels
    for axis, count in enumerate(grid.num_points):
        if count % parts:
            below, above = count - count % parts, count + parts - count % parts
            sizes = f"{below} or {above}" if below else f"{above}"
            raise ArgumentError(
                explain(
                    "grid",
                    found=f"{count} points along {AXIS_NAMES[axis]}",
                    expected=f"a multiple of 2**levels = {parts}",
                    remedy=f"use {sizes} points, or fewer levels",
                )
            )
