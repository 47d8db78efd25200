"""Resampling of periodic fields by their Fourier series."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from physbias.errors import ArgumentError, ShapeError, explain
from physbias.shapes import check_float


def band_limit(u: Tensor, num_points: tuple[int, ...]) -> Float[Tensor, "..."]:
    """Resample periodic fields to fewer or more points by their Fourier series.

    Waves that the new grid cannot hold are left out (so nothing is aliased); all
    others keep amplitude and phase, and the mean is kept exactly. The first point
    stays where it is. The one wave that an even number of points holds by half, with
    two points per wave, is split evenly between its two signs when points are added,
    and left out when points are removed: its phase cannot be kept. A velocity free of
    divergence therefore stays so.

    Args:
        u: real fields on periodic axes, the end point not repeated.
        num_points: points per axis wanted [1], for the last axes of ``u``.

    Shape:
        ``u``: ``(..., *space)``; result: ``(..., *num_points)``.

    Returns:
        The resampled fields in the dtype of ``u``; half precision is widened to
        float32 on the way.

    Raises:
        ArgumentError: ``u`` is not real floating point, or a number is below 1.
        ShapeError: ``u`` has fewer axes than ``num_points``.
    """
    check_float(u, "u")
    listed = isinstance(num_points, Sequence) and len(num_points) > 0
    if not listed or not all(isinstance(n, int) and n > 0 for n in num_points):
        raise ArgumentError(
            explain(
                "num_points",
                found=f"{num_points!r}",
                expected="1 or more points per axis",
                remedy="give one positive number for each space axis",
            )
        )
    if u.ndim < len(num_points):
        raise ShapeError(
            explain(
                "u",
                found=f"shape {tuple(u.shape)}",
                expected=f"at least {len(num_points)} space axes",
                remedy="give one number of points per space axis of u",
            )
        )
    wide = u if u.dtype == torch.float64 else u.float()
    for axis, n in enumerate(num_points):
        wide = _resample(wide, n, dim=axis - len(num_points))
    return wide.to(u.dtype)


def _resample(u: Tensor, n: int, *, dim: int) -> Tensor:
    old = u.shape[dim]
    if old == n:
        return u
    # with norm="forward" a coefficient is an amplitude, whatever the number of points
    waves = torch.fft.rfft(u, dim=dim, norm="forward").movedim(dim, -1)
    smaller = min(old, n)
    waves = waves[..., : smaller // 2 + 1]
    if smaller % 2 == 0:
        # the wave of two points: half of it on each side of the finer spectrum
        factor = torch.ones(waves.shape[-1], dtype=u.dtype, device=u.device)
        factor[-1] = 0.0 if n < old else 0.5
        waves = waves * factor
    u = torch.fft.irfft(waves, n=n, dim=-1, norm="forward")
    return u.movedim(-1, dim)
