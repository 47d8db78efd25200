"""Learnt multiplier of the lowest frequencies of a periodic field."""

from collections.abc import Sequence
from math import pi, prod, sqrt
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from physbias.arguments import check_count, check_kind
from physbias.errors import ArgumentError, explain
from physbias.grid import Grid, Periodic
from physbias.none.inputs import check_channels
from physbias.shapes import AXIS_NAMES
from physbias.strength import Strength


class FourierLayer(nn.Module):
    r"""Truncated Fourier multiplier, :math:`\hat v(k) = W(k)\,\hat u(k)`.

    Every frequency with :math:`|k_a| <` ``num_modes[a]`` along each axis has its own
    complex matrix that mixes the channels; all others are removed. The last axis stores
    frequencies from zero up, the others both signs; the set is symmetric and never
    holds the Nyquist frequency of an even number of points. So the layer is a circular
    convolution, commutes with every shift, and does the same to a band-limited field at
    every resolution: weights may be loaded into a layer on a finer grid.

    The transforms are products with the few rows of the discrete Fourier matrix that
    are kept, in real arithmetic and float32 or wider, also under autocast. On a CPU and
    for tens of modes this is as fast as the FFT or several times faster, and it can be
    compiled. ``torch.set_float32_matmul_precision`` applies to it: leave it at
    "highest" where digits count.

    Args:
        grid: grid of the fields; every axis periodic.
        in_channels: channels of the input.
        out_channels: channels of the result.
        num_modes: frequencies kept along each axis, the constant included; one number
            stands for every axis.

    Shape:
        ``u``: ``(batch, in_channels, *space)``; result: ``(batch, out_channels,
        *space)``. ``weight``: ``(*frequencies, in_channels, 2, out_channels)`` with
        real and imaginary parts, ``2 * num_modes[a] - 1`` frequencies in rising order
        along every axis but the last, which has ``num_modes[-1]``.

    Raises:
        ArgumentError: an edge that is not periodic, or more modes than the grid
            resolves.
        ShapeError: ``u`` does not fit the grid or has other channels.

    Source:
        Z. Li et al. (2021), arXiv 2010.08895, equation 4.
    """

    strength: ClassVar[Strength] = Strength.NONE

    def __init__(
        self,
        grid: Grid,
        in_channels: int,
        out_channels: int,
        *,
        num_modes: int | Sequence[int] = 12,
    ) -> None:
        super().__init__()
        check_count(in_channels, "in_channels")
        check_count(out_channels, "out_channels")
        self.grid = grid
        self.in_channels = in_channels
        self.num_modes = _checked_modes(grid, num_modes)
        shape = (*(2 * m - 1 for m in self.num_modes[:-1]), self.num_modes[-1])
        # E|W|^2 = 1 / in_channels keeps the variance of the frequencies that are kept
        scale = 1 / sqrt(2 * in_channels)
        self.weight = nn.Parameter(
            scale * torch.randn(*shape, in_channels, 2, out_channels)
        )

    def forward(
        self, u: Float[Tensor, "batch in_channels *space"]
    ) -> Float[Tensor, "batch out_channels *space"]:
        """Return the filtered field."""
        check_channels(u, self.in_channels, ndim=self.grid.ndim)
        self.grid.check(u, "u")
        dtype = torch.promote_types(u.dtype, self.weight.dtype)
        dtype = torch.promote_types(dtype, torch.float32)
        with torch.autocast(u.device.type, enabled=False):
            spectrum = self._analyse(u.to(dtype))
            return self._synthesise(self._multiply(spectrum)).to(u.dtype)

    def _analyse(self, u: Tensor) -> Tensor:
        """Return the kept frequencies, ``(*frequencies, re_im, batch, channel)``."""
        points, ndim = self.grid.num_points, self.grid.ndim
        kernel = _analysis(points[-1], self.num_modes[-1], half=True, like=u)
        v = torch.tensordot(u, kernel[0], dims=1)
        for axis in reversed(range(ndim - 1)):
            kernel = _analysis(points[axis], self.num_modes[axis], half=False, like=u)
            v = torch.tensordot(v.movedim(2 + axis, -1), kernel, dims=2)
        # each product appended its frequencies: the last axis now comes first
        return v.permute(*reversed(range(2, 2 + ndim)), -1, 0, 1)

    def _multiply(self, v: Tensor) -> Tensor:
        """Return ``W(k) v(k)``, ``(*frequencies, batch, channel, re_im)``."""
        batch, channels = v.shape[-2:]
        weight = self.weight.to(v.dtype).reshape(prod(v.shape[:-3]), channels, -1)
        product = torch.bmm(v.reshape(len(weight), 2 * batch, channels), weight)
        # axes: frequency, part of v, batch, part of W, channel
        of_real, of_imag = product.reshape(len(weight), 2, batch, 2, -1).unbind(1)
        (rr, ri), (ir, ii) = of_real.unbind(2), of_imag.unbind(2)
        return torch.stack([rr - ii, ri + ir], -1).reshape(*v.shape[:-3], batch, -1, 2)

    def _synthesise(self, v: Tensor) -> Tensor:
        """Return the real field that has the kept frequencies."""
        points, ndim = self.grid.num_points, self.grid.ndim
        for axis in range(ndim - 1):
            kernel = _synthesis(points[axis], self.num_modes[axis], half=False, like=v)
            v = torch.tensordot(v.movedim(0, -1), kernel, dims=2)
        kernel = _synthesis(points[-1], self.num_modes[-1], half=True, like=v)
        return torch.tensordot(v.movedim(0, -1), kernel[..., 0], dims=2)

    def extra_repr(self) -> str:
        """Return the modes, for ``print``."""
        return f"num_modes={self.num_modes}"


def _phases(
    num_points: int, num_modes: int, *, half: bool, like: Tensor
) -> tuple[Tensor, Tensor]:
    r"""Return cos and sin of :math:`2\pi j k / n`, ``(points, frequencies)``."""
    j = torch.arange(num_points, device=like.device)
    k = torch.arange(0 if half else 1 - num_modes, num_modes, device=like.device)
    # the remainder is exact in whole numbers and keeps the angle small
    turns = (j[:, None] * k % num_points).to(like.dtype)
    angle = turns * (2 * pi / num_points)
    return angle.cos(), angle.sin()


def _analysis(num_points: int, num_modes: int, *, half: bool, like: Tensor) -> Tensor:
    """Return exp(-i angle) as ``(re_im, points, frequencies, re_im)``."""
    cos, sin = _phases(num_points, num_modes, half=half, like=like)
    return torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)])


def _synthesis(num_points: int, num_modes: int, *, half: bool, like: Tensor) -> Tensor:
    """Return exp(i angle) / points as ``(re_im, frequencies, points, re_im)``.

    With ``half`` the frequencies above zero also stand for their mirror images, which
    in the real part doubles them.
    """
    cos, sin = _phases(num_points, num_modes, half=half, like=like)
    parts = [torch.stack([cos, sin], -1), torch.stack([-sin, cos], -1)]
    kernel = torch.stack(parts).transpose(1, 2) / num_points
    return torch.cat([kernel[:, :1], 2 * kernel[:, 1:]], 1) if half else kernel


def _checked_modes(grid: Grid, num_modes: int | Sequence[int]) -> tuple[int, ...]:
    """Return one number of modes per axis, all of which the grid resolves."""
    check_kind(grid, "grid", Grid, remedy="describe the points by a Grid")
    same = not isinstance(num_modes, Sequence)
    modes = (num_modes,) * grid.ndim if same else tuple(num_modes)
    if len(modes) != grid.ndim:
        raise ArgumentError(
            explain(
                "num_modes",
                found=f"{len(modes)} entries",
                expected=f"one per axis ({grid.ndim})",
                remedy="give one number for all axes or one for each",
            )
        )
    for axis, (count, kept) in enumerate(zip(grid.num_points, modes, strict=True)):
        if not isinstance(grid.boundary[axis][0], Periodic):
            raise ArgumentError(
                explain(
                    "grid",
                    found=f"{grid.boundary[axis][0]!r} along {AXIS_NAMES[axis]}",
                    expected="a periodic grid, which a spectral layer needs",
                    remedy="use UNet, which pads by the boundary",
                )
            )
        check_count(kept, "num_modes")
        limit = (count + 1) // 2
        if kept > limit:
            raise ArgumentError(
                explain(
                    "num_modes",
                    found=f"{kept} along {AXIS_NAMES[axis]}",
                    expected=f"at most {limit}, the frequencies below Nyquist that "
                    f"{count} points hold",
                    remedy="keep fewer modes or use a finer grid",
                )
            )
    return modes
