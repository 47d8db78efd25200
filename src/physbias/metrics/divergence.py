"""How far a velocity is from being free of divergence."""

import torch
from jaxtyping import Float
from torch import Tensor

from physbias.arguments import check_kind
from physbias.grid import Grid
from physbias.numerics import Scheme, Spectral
from physbias.shapes import check_float


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
    check_kind(grid, "grid", Grid, remedy="describe the points by a Grid")
    check_float(v, "v")
    grid.check(v, "v")
    chosen = Spectral(dealias=None) if scheme is None else scheme
    check_kind(chosen, "scheme", Scheme, remedy="use Spectral() or FiniteDifference(4)")
    d = chosen.bind(grid, dtype=v.dtype, device=v.device)
    gradient = torch.cat([d.partial(v, axis) for axis in range(grid.ndim)], dim=1)
    axes = tuple(range(2, v.ndim))
    total = gradient.square().mean(dim=axes).sum(dim=1)
    return (d.div(v).square().mean(dim=(1, *axes)) / total).sqrt()
