"""Exact solutions of the shallow-water equations: dams that vanish."""

from math import sqrt

import torch
from torch import Tensor

from physbias.errors import ArgumentError, explain

BISECTIONS = 200


def ritter(x: Tensor, t: float, *, depth: float, gravity: float = 9.81) -> Tensor:
    r"""Return depth and discharge after a dam breaks onto a dry bed.

    Between :math:`x = -ct` and :math:`x = 2ct`, with :math:`c = \sqrt{g h_0}`,
    :math:`h = (2c - x/t)^2 / 9g` and :math:`v = 2(c + x/t)/3`.

    Args:
        x: distance from the dam, shape ``(points,)`` [m]; it held water at ``x < 0``.
        t: time since it broke, positive [s].
        depth: :math:`h_0` [m].
        gravity: :math:`g` [m/s²].

    Returns:
        ``(2, points)``: depth [m] and discharge [m²/s].

    Source:
        A. Ritter (1892), Zeitschrift des Vereines Deutscher Ingenieure 36, 947-954.
    """
    wave = sqrt(gravity * depth)
    ray = (x / t).clamp(-wave, 2 * wave)
    h = (2 * wave - ray).square() / (9 * gravity)
    return torch.stack([h, h * 2 / 3 * (wave + ray)])


def stoker(
    x: Tensor, t: float, *, depths: tuple[float, float], gravity: float = 9.81
) -> Tensor:
    """Return depth and discharge after a dam breaks onto shallower water.

    A fan runs up, a bore runs down, and between them the water is level.

    Args:
        x: distance from the dam, shape ``(points,)`` [m].
        t: time since it broke, positive [s].
        depths: depth above and below the dam, the first the larger [m].
        gravity: acceleration [m/s²].

    Returns:
        ``(2, points)``: depth [m] and discharge [m²/s].

    Raises:
        ArgumentError: depths that do not fall, or are not positive.

    Source:
        J. J. Stoker (1957), Water Waves, Interscience, section 10.8.
    """
    above, below = depths
    if not above > below > 0:
        raise ArgumentError(
            explain(
                "depths",
                found=f"{depths}",
                expected="the deeper water first, both positive",
                remedy="mirror x for a dam that holds from above, use ritter for a "
                "dry bed",
            )
        )

    def fan(h: float) -> float:
        return 2 * (sqrt(gravity * above) - sqrt(gravity * h))

    def bore(h: float) -> float:
        return (h - below) * sqrt(gravity * (h + below) / (2 * h * below))

    low, high = below, above
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if fan(middle) > bore(middle) else (low, middle)
    level = (low + high) / 2
    speed = fan(level)
    front = level * speed / (level - below)
    wave = sqrt(gravity * above)
    ray = (x / t).clamp(-wave, speed - sqrt(gravity * level))
    h = (2 * wave - ray).square() / (9 * gravity)
    v = 2 / 3 * (wave + ray)
    ahead = x > front * t
    h = torch.where(ahead, torch.full_like(h, below), h)
    return torch.stack([h, h * torch.where(ahead, torch.zeros_like(v), v)])
