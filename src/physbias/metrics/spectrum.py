"""Energy by length scale."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from physbias.arguments import check_kind, is_number
from physbias.errors import ArgumentError, explain
from physbias.metrics.checks import check_ndim, widen
from physbias.shapes import check_float


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    r"""Energy density by wavenumber.

    Attributes:
        wavenumber: centres of the shells [rad/m], evenly spaced from 0 on.
        density: energy per wavenumber, ``(..., channel, shell)``; for a velocity
            [m³/s²].
        width: width of a shell [rad/m].
    """

    wavenumber: Float[Tensor, " shell"]
    density: Tensor
    width: float

    @property
    def total(self) -> Float[Tensor, "..."]:
        """Energy summed over the shells, half the mean square of the field."""
        return self.density.sum(dim=-1) * self.width


def energy_spectrum(u: Tensor, lengths: Sequence[float]) -> Spectrum:
    """Return the isotropic energy spectrum of periodic fields.

    Each wave goes to the shell nearest to its wavenumber. Shells are as wide as the
    smallest wavenumber of the box, that of its longest side, and reach into the corners
    of wavenumber space, so that no energy is lost: shells times width sum to half the
    mean square of the field, the square of its mean included (shell 0). In a box with
    unequal sides the first shells hold waves along the long side only. The kinetic
    energy is the sum over the velocity's channels.

    Args:
        u: real fields on periodic axes, the end point not repeated.
        lengths: extent per axis [m]; its length is the number of space axes.

    Shape:
        ``u``: ``(..., channel, *space)``.

    Returns:
        The spectrum, in float32 or wider, one row per leading index and channel.

    Raises:
        ArgumentError: ``u`` is not floating point, or a length is not positive.
        ShapeError: ``u`` has too few axes.
    """
    check_float(u, "u")
    remedy = "give the extent of the box along each axis"
    check_kind(lengths, "lengths", Sequence, remedy=remedy)
    ndim = len(lengths)
    check_ndim(u, "u", ndim=ndim)
    if not all(is_number(n) and math.isfinite(n) and n > 0 for n in lengths):
        raise ArgumentError(
            explain(
                "lengths",
                found=f"{tuple(lengths)}",
                expected="positive lengths",
                remedy=remedy,
            )
        )
    u = widen(u)
    axes = tuple(range(-ndim, 0))
    energy = 0.5 * torch.fft.rfftn(u, dim=axes, norm="forward").abs().square()
    # rfftn keeps one of the two waves +k and -k along the last axis
    last = u.shape[-1]
    count = torch.full((last // 2 + 1,), 2.0, dtype=u.dtype, device=u.device)
    count[0] = 1.0
    if last % 2 == 0:
        count[-1] = 1.0
    energy = (energy * count).flatten(-ndim)
    width = 2 * math.pi / max(lengths)
    shell = _shells(u.shape[-ndim:], lengths).to(u.device)
    num_shells = int(shell.max()) + 1
    density = energy.new_zeros((*energy.shape[:-1], num_shells))
    density = density.index_add(-1, shell, energy) / width
    wavenumber = width * torch.arange(num_shells, dtype=u.dtype, device=u.device)
    return Spectrum(wavenumber, density, width)


def _shells(
    num_points: Sequence[int], lengths: Sequence[float]
) -> Int[Tensor, " wave"]:
    """Return the shell of each wave of ``rfftn``, in its order."""
    longest = max(lengths)
    squares = torch.zeros((), dtype=torch.float64)
    for axis, (n, length) in enumerate(zip(num_points, lengths, strict=True)):
        frequencies = (
            torch.fft.rfftfreq if axis == len(lengths) - 1 else torch.fft.fftfreq
        )
        k = frequencies(n, d=1 / n, dtype=torch.float64) * (longest / length)
        squares = squares[..., None] + k.square()
    return squares.sqrt().round().long().flatten()
