"""Random fields whose waves do not depend on the grid's resolution."""

from itertools import product

import torch
from jaxtyping import Float
from torch import Tensor

from physbias.arguments import check_count, check_kind
from physbias.errors import ArgumentError, explain
from physbias.grid import Grid
from physbias.shapes import AXIS_NAMES


def random_field(
    grid: Grid, channels: int, generator: torch.Generator, *, modes: int
) -> Float[Tensor, "1 channel *space"]:
    r"""Return smooth random fields of mean zero and, on average, variance one.

    .. math::
        u(x) = \sum_{0 < \kappa \le K} s_\kappa\,(a_n \cos k_n x - b_n \sin k_n x),
        \qquad s_\kappa^2 \propto \big(1 + (2\kappa/K)^2\big)^{-2}

    with independent standard normal :math:`a_n` and :math:`b_n`. A wave of
    :math:`k_n = 2\pi n_i/L_i` makes :math:`\kappa = |n_i\,L/L_i|` turns over the
    shortest side L of the box, so that the field looks the same in all directions.
    Amplitudes fall to a fifth of those of the longest waves at :math:`\kappa = K`.

    The draws do not depend on the number of points: the same generator gives the same
    function on every grid of the box that can hold it.

    Args:
        grid: where the field is wanted, periodic.
        channels: number of independent fields.
        generator: source of the random numbers, on the CPU.
        modes: :math:`K`, waves over the shortest side at most [1].

    Returns:
        The fields in float64.

    Raises:
        ArgumentError: ``modes`` below 1, a grid with walls or one too coarse.
    """
    check_count(modes, "modes")
    check_count(channels, "channels")
    check_kind(grid, "grid", Grid, remedy="describe the box by a Grid")
    remedy = "make one by torch.Generator().manual_seed(0)"
    check_kind(generator, "generator", torch.Generator, remedy=remedy)
    if not grid.is_periodic:
        raise ArgumentError(
            explain(
                "grid",
                found="an axis with walls",
                expected="a periodic grid",
                remedy="write an initial state of your own that meets the walls",
            )
        )
    shortest = min(grid.lengths)
    most = [int(modes * length / shortest + 1e-9) for length in grid.lengths]
    _check_points(grid, most)
    ratios = [shortest / length for length in grid.lengths]
    numbers = list(product(*(range(-n, n + 1) for n in most)))
    turns = torch.tensor(numbers, dtype=torch.float64) * torch.tensor(ratios).double()
    kappa = turns.norm(dim=1)
    size = torch.where(
        (kappa > 0) & (kappa <= modes + 1e-9),
        1 / (1 + (2 * kappa / modes).square()),
        torch.zeros_like(kappa),
    )
    draws = torch.randn(
        channels, len(numbers), 2, generator=generator, dtype=torch.float64
    )
    waves = torch.view_as_complex(draws) * (size / size.norm())
    spectrum = torch.zeros(channels, *grid.num_points, dtype=torch.complex128)
    places = [torch.tensor(row) for row in zip(*numbers, strict=True)]
    spectrum[:, *places] = waves
    axes = tuple(range(1, grid.ndim + 1))
    return torch.fft.ifftn(spectrum, dim=axes, norm="forward").real[None].contiguous()


def _check_points(grid: Grid, most: list[int]) -> None:
    for axis, (count, needed) in enumerate(zip(grid.num_points, most, strict=True)):
        if count < 2 * needed + 1:
            raise ArgumentError(
                explain(
                    "num_points",
                    found=f"{count} along {AXIS_NAMES[axis]}",
                    expected=f"at least {2 * needed + 1} for initial waves of which "
                    f"{needed} fit along this axis",
                    remedy="use more points",
                )
            )
