"""How far a velocity is from being free of divergence."""

import torch
from jaxtyping import Float
from torch import Tensor

from physbias.grid import Grid
from physbias.numerics import Scheme, Spectral


def relative_divergence(
    v: Float[Tensor, "batch axis *space"], grid: Grid, *, scheme: Scheme | None = None
) -> Float[Tensor, " batch"]:
    """Return the rms divergence over the rms of all velocity derivatives [1].

    Args:
        v: velocity.
        grid: where it lives.
        scheme: whose divergence; the spectral one without de-aliasing if not given.

    Shape:
        ``v``: ``(batch, ndim, *space)``; result: ``(batch,)``.

    Raises:
        ShapeError: ``v`` does not fit the grid.
        ArgumentError: the grid does not suit the scheme.
    """
    grid.check(v, "v")
    chosen = Spectral(dealias=None) if scheme is None else scheme
    d = chosen.bind(grid, dtype=v.dtype, device=v.device)
    gradient = torch.cat([d.partial(v, axis) for axis in range(grid.ndim)], dim=1)
    axes = tuple(range(2, v.ndim))
    total = gradient.square().mean(dim=axes).sum(dim=1)
    return (d.div(v).square().mean(dim=(1, *axes)) / total).sqrt()
