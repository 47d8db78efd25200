"""Initial states of The Well's shear flow."""

import math
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from physbias.errors import ArgumentError, explain


class ShearFlowState(NamedTuple):
    """What makes one initial state: layers [1], blobs [1] and relative width [1]."""

    num_shear: int
    num_blobs: int
    width: float


SHEAR_FLOW_STATES = tuple(
    ShearFlowState(*values)
    for values in product((2, 4), (2, 3, 4, 5), (0.25, 0.5, 1.0, 2.0, 4.0))
)
"""The 40 initial states of the data set."""


def shear_flow_initial_state(
    num_shear: int,
    num_blobs: int,
    width: float,
    *,
    num_points: Sequence[int],
    dtype: torch.dtype = torch.float32,
    device: torch.device | str | None = None,
) -> Float[Tensor, "1 3 nx ny"]:
    r"""Return velocity and tracer of shear layers with blobs, at time zero.

    On :math:`x \in [0, 1)`, :math:`y \in [-1, 1)`, both periodic, with layers at
    :math:`z_i = -1 + (2 i + 1) / n`, signs :math:`s_i = -1, +1, \dots` and
    :math:`\zeta_i = n (y - z_i) / (2 w)`:

    .. math::
        u_x &= \tfrac12 + \sum_i \tfrac{s_i}{2} \tanh(\zeta_i / 0.1), \\
        u_y &= \sum_i 0.1 \sin(s_i m \pi x) \exp(-\zeta_i^2 / 0.01),

    and the tracer equals :math:`u_x`. The velocity is **not** divergence-free: the
    solver projects it (and the tracer is not touched by that). The sums hold no
    periodic images, as in the program that made the data: a wide layer (``width`` of 2
    or more) leaves a small jump at :math:`y = \pm 1`; an odd ``num_blobs`` leaves a
    kink in :math:`u_y` at :math:`x = 0`.

    Args:
        num_shear: number of layers :math:`n` [1], even; 2 or 4 in the data set.
        num_blobs: number of blobs :math:`m` [1]; 2 to 5 in the data set.
        width: relative width :math:`w` of the layers [1]; 0.25 to 4 in the data set.
        num_points: points along x and y [1].
        dtype: of the result; the formula is evaluated in float64.
        device: where the result lies.

    Returns:
        ``(1, 3, nx, ny)`` with the channels velocity_x, velocity_y, tracer, all
        non-dimensional.

    Raises:
        ArgumentError: a number that makes no such flow.

    Source:
        The Well's generation script ``generate_sf.py`` (the formula printed on the data
        card has :math:`n` in the denominator, which is not what was run).
    """
    _check(num_shear, num_blobs, width, num_points)
    nx, ny = num_points
    x = torch.arange(nx, dtype=torch.float64)[:, None] / nx
    y = -1 + 2 * torch.arange(ny, dtype=torch.float64)[None, :] / ny
    velocity_x = torch.full((nx, ny), 0.5, dtype=torch.float64)
    velocity_y = torch.zeros((nx, ny), dtype=torch.float64)
    for layer in range(num_shear):
        sign = 1 if layer % 2 else -1
        centre = -1 + (2 * layer + 1) / num_shear
        zeta = num_shear * (y - centre) / (2 * width)
        velocity_x += sign / 2 * torch.tanh(zeta / 0.1)
        wave = 0.1 * torch.sin(sign * num_blobs * math.pi * x)
        velocity_y += wave * torch.exp(-(zeta**2) / 0.01)
    u = torch.stack((velocity_x, velocity_y, velocity_x))
    return u[None].to(device=device, dtype=dtype)


def _check(
    num_shear: int, num_blobs: int, width: float, num_points: Sequence[int]
) -> None:
    checks = (
        (
            "num_shear",
            num_shear,
            num_shear >= 2 and num_shear % 2 == 0,
            "an even number of layers, 2 or more",
            "use 2 or 4, since an odd number does not close periodically",
        ),
        ("num_blobs", num_blobs, num_blobs >= 1, "1 or more", "use 2 to 5"),
        ("width", width, width > 0, "a positive width", "use 0.25 to 4"),
        (
            "num_points",
            tuple(num_points),
            len(num_points) == 2 and min(num_points) >= 1,
            "points along x and y",
            "give two positive numbers, as in (64, 128)",
        ),
    )
    for name, found, ok, expected, remedy in checks:
        if not ok:
            raise ArgumentError(
                explain(name, found=found, expected=expected, remedy=remedy)
            )
