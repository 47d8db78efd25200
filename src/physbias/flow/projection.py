"""A linear constraint as a projection, and the checks that it really is one."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from physbias.errors import ArgumentError, ShapeError, explain
from physbias.shapes import State
from physbias.strength import Strength

Projector = Callable[[State], State]

TOLERANCE = 1e-4
"""Largest relative defect in which an iterative projector may still come."""


class AffineProjection(nn.Module):
    r"""Keep states on a plane :math:`A u = b` and increments parallel to it.

    For an affine projector :math:`P`, a state is moved by :math:`P(u)` and an
    increment by :math:`P(v) - P(0)`. Every Runge-Kutta rule adds multiples of
    increments to a state, so all that it visits stays on the plane.

    Args:
        projector: Plain callable from a batch of states in physical units to the
            nearest states that obey the constraint. Each sample on its own.

    Source:
        The subspace argument of arXiv 2603.24500 for divergence-free flows.
    """

    strength = Strength.STRONG

    def __init__(self, projector: Projector) -> None:
        super().__init__()
        self.projector = projector
        self._offsets: dict[object, Tensor | None] = {}

    def state(self, u: State) -> State:
        """Return the state on the plane, at float32 or wider under autocast."""
        with torch.autocast(u.device.type, enabled=False):
            projected = self.projector(u)
        if projected.shape != u.shape or projected.dtype != u.dtype:
            raise ShapeError(
                explain(
                    "projector",
                    found=f"a result of shape {tuple(projected.shape)} and dtype "
                    f"{projected.dtype}",
                    expected=f"{tuple(u.shape)} and {u.dtype}, those of the state",
                    remedy="return a state like the one handed in",
                )
            )
        return projected

    def increment(self, v: State) -> State:
        """Return the part of ``v`` along the plane."""
        key = _key(v)
        if key not in self._offsets:
            zero = self.state(torch.zeros_like(v[:1]))
            self._offsets[key] = zero.detach() if bool(zero.any()) else None
        offset = self._offsets[key]
        return self.state(v) if offset is None else self.state(v) - offset

    @torch.no_grad()
    def check(self, like: State, unit: Tensor) -> None:
        """Probe the projector once for each shape of a state.

        Args:
            like: A state, for shape, type and device.
            unit: Scale of each channel, ready to multiply a state.

        Raises:
            ArgumentError: The projector is not idempotent, not affine, or mixes
                channels whose scales differ.
        """
        if _key(like) in self._offsets:
            return
        generator = torch.Generator().manual_seed(0)
        shape = (2, *like.shape[1:])
        a, b = (
            torch.randn(shape, generator=generator).to(like) * unit for _ in range(2)
        )
        pa, pb = self.increment(a), self.increment(b)
        cases = (
            (
                "idempotent",
                self.increment(pa) - pa,
                "a projection, which changes nothing when applied twice",
            ),
            (
                "affine",
                self.increment(a - 3 * b) - (pa - 3 * pb),
                "an affine map; put a nonlinear constraint into the loss",
            ),
            (
                "indifferent to the noise scales",
                self.increment(a / unit) * unit - pa,
                "one noise scale for all channels that it mixes; name these "
                "channels in groups and fit again",
            ),
        )
        for quality, defect, remedy in cases:
            size = float((defect / unit).norm() / (a / unit).norm())
            if not size <= TOLERANCE:
                self.forget()
                raise ArgumentError(
                    explain(
                        "projector",
                        found=f"a relative defect of {size:.1e} on random states",
                        expected=f"one that is {quality} within {TOLERANCE:.0e}",
                        remedy=f"give {remedy}",
                    )
                )

    def forget(self) -> None:
        """Drop what the probe found, so that the next state is probed again."""
        self._offsets.clear()


def _key(u: State) -> object:
    """Return what decides whether two states can share an offset."""
    return (tuple(u.shape[1:]), u.dtype, u.device)
