"""Probability paths: where a forecast starts and how it moves to the next state.

Time ``t`` runs from 0 (source) to 1 (target). Noise arrives in the units of the
state, already scaled and, where there is a constraint, already projected.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from physbias.shapes import State

Times = Float[Tensor, "batch"]

NEAREST_TO_END = 1e-3
"""Smallest 1 - t by which a difference is divided."""


def per_sample(t: Times, like: Tensor) -> Tensor:
    """Return ``t`` with as many axes as ``like``, so that it scales each sample."""
    return t.to(like.dtype).reshape(-1, *(1 for _ in range(like.ndim - 1)))


@dataclass(frozen=True, slots=True)
class PathSample:
    """A point of a path and the velocity with which the path passes it.

    Args:
        xt: State at time ``t``, in the units of the state.
        velocity: Time derivative of ``xt`` at fixed target and noise, same units
            (flow time has no unit).
    """

    xt: State
    velocity: State


@runtime_checkable
class Path(Protocol):
    """What :class:`FlowMatching` asks of a path.

    A path is stateless: the same arguments give the same result, and nothing is
    drawn inside.
    """

    def source(self, reference: State, noise: State) -> State:
        """Return the state at ``t = 0``, where sampling starts."""
        ...

    def sample(self, reference: State, x1: State, t: Times, noise: State) -> PathSample:
        """Return the state at ``t`` and the velocity to regress."""
        ...

    def clean(self, reference: State, xt: State, velocity: State, t: Times) -> State:
        """Return the estimate of the target that a velocity at ``xt`` implies."""
        ...

    def velocity(self, xt: State, clean: State, t: Times) -> State:
        """Return the velocity that an estimate of the target implies."""
        ...


@dataclass(frozen=True, slots=True)
class ReferencePath:
    r"""Straight line from a cloud around the reference to the target.

    Mean :math:`(1-t)\,x_r + t\,x_1`, noise :math:`(1-t)\,s_0 e`, so
    :math:`x_t = (1-t)(x_r + s_0 e) + t\,x_1` and the velocity is
    :math:`x_1 - x_r - s_0 e`. With :math:`s_0` as wide as an increment the flow
    neither expands nor shrinks, which is why a few midpoint steps suffice. No
    noise is left at ``t = 1``.

    Source:
        The linear path of Lipman et al. (2022), arXiv 2210.02747, and Liu et al.
        (2022), arXiv 2209.03003, applied to the increment.

    Example:
        >>> import torch
        >>> reference, x1 = torch.zeros(2, 1, 4), torch.ones(2, 1, 4)
        >>> t, noise = torch.tensor([0.0, 1.0]), torch.full((2, 1, 4), 0.5)
        >>> ReferencePath().sample(reference, x1, t, noise).xt[:, 0, 0]
        tensor([0.5000, 1.0000])
    """

    def source(self, reference: State, noise: State) -> State:
        """Return :math:`x_r + s_0 e`."""
        return reference + noise

    def sample(self, reference: State, x1: State, t: Times, noise: State) -> PathSample:
        """Return the point at ``t`` and the constant velocity of the line.

        Args:
            reference: Last known state.
            x1: Target state, in the same units.
            t: Flow times in [0, 1] [1].
            noise: :math:`s_0 e`, in the units of the state.

        Shape:
            ``reference``, ``x1``, ``noise``: ``(batch, channel, *space)``; ``t``:
            ``(batch,)``.

        Returns:
            State and velocity, both of the shape of ``x1``.
        """
        source = self.source(reference, noise)
        time = per_sample(t, x1)
        return PathSample((1 - time) * source + time * x1, x1 - source)

    def clean(
        self,
        reference: State,
        xt: State,
        velocity: State,
        t: Times,
    ) -> State:
        r"""Return :math:`x_t + (1-t)\,v`, finite at every time."""
        return xt + (1 - per_sample(t, xt)) * velocity

    def velocity(self, xt: State, clean: State, t: Times) -> State:
        r"""Return the velocity that an estimate of the target implies.

        This is :math:`(\hat x_1 - x_t) / (1-t)`, with the divisor held at 0.001
        or more: a clean estimate says nothing about the velocity at ``t = 1``.
        """
        return (clean - xt) / (1 - per_sample(t, xt)).clamp_min(NEAREST_TO_END)

    def noise(self, reference: State, xt: State, velocity: State, t: Times) -> State:
        r"""Return the estimate :math:`x_t - x_r - t\,v` of the noise :math:`s_0 e`."""
        return xt - reference - per_sample(t, xt) * velocity
