"""A network as a velocity in the units of the state, along the constraint."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from physbias.arguments import check_count
from physbias.errors import explain
from physbias.flow.checks import (
    check_context,
    check_network,
    check_output,
    check_times,
)
from physbias.flow.path import Times
from physbias.flow.projection import AffineProjection, Projector
from physbias.flow.scales import ChannelScales, per_channel
from physbias.shapes import State
from physbias.strength import Strength


class VelocityNetwork(nn.Module):
    r"""Wrap ``net(x, t)``, which works in units of the noise scale.

    The network's input holds, as channels, :math:`(x_t - x_r)/s_0`, the reference
    :math:`x_r` less its mean and in units of its scale, and the context as it was
    given. Its output is the velocity in units of :math:`s_0`.

    Args:
        net: Network from ``2 * channels + context_channels`` to ``channels``.
        scales: Units per channel.
        context_channels: Number of channels of the context.
        projector: Affine projection ``state -> state`` in the units of the state.

    Raises:
        ArgumentError: The network cannot be called as ``net(x, t)``.
    """

    def __init__(
        self,
        net: nn.Module,
        scales: ChannelScales,
        *,
        context_channels: int = 0,
        projector: Projector | None = None,
    ) -> None:
        super().__init__()
        check_network(net)
        check_count(context_channels, "context_channels", minimum=0)
        self.net = net
        self.scales = scales
        self.context_channels = context_channels
        self.projection = None if projector is None else AffineProjection(projector)

    @property
    def strength(self) -> Strength:
        """``STRONG`` with a projector, otherwise ``NONE``."""
        return Strength.NONE if self.projection is None else Strength.STRONG

    def forward(
        self, xt: State, t: Times, reference: State, context: Tensor | None = None
    ) -> State:
        """Return the velocity that the network sees at ``xt``.

        Args:
            xt: State on the way, in the units of the state.
            t: Flow times [1].
            reference: Last known state.
            context: Further channels for the network, passed on as they are.

        Shape:
            ``xt``, ``reference``: ``(batch, channel, *space)``; ``t``: ``(batch,)``;
            ``context``: ``(batch, context_channels, *space)``.

        Returns:
            Velocity in the units of the state, shape of ``xt``.

        Raises:
            ShapeError: Times, context or the network's output do not fit.
        """
        check_times(t, xt.shape[0])
        check_context(context, reference, self.context_channels, finite=False)
        unit = self.unit(xt)
        mean = per_channel(self.scales.mean, xt)
        parts = [(xt - reference) / unit]
        parts.append((reference - mean) / per_channel(self.scales.scale, xt))
        if context is not None:
            parts.append(context.to(xt.dtype))
        output = self.net(torch.cat(parts, dim=1), t)
        check_output(output, xt)
        return self.tangent(output.to(xt.dtype) * unit)

    def prepare(self, like: State) -> None:
        """Refuse to start without a noise scale or with an unfit projector.

        Raises:
            RuntimeError: The noise scale is not known yet.
            ArgumentError: The projector is no affine projection or mixes channels
                of different scales.
        """
        if not self.scales.is_set:
            raise RuntimeError(
                explain(
                    "noise_scale",
                    found="no value",
                    expected="the standard deviation of increments per channel",
                    remedy="call head.fit(x1, reference) once with training pairs, "
                    "or build the head with noise_scale=...",
                )
            )
        if self.projection is not None:
            self.projection.check(like, self.unit(like))

    def unit(self, like: Tensor) -> Tensor:
        """Return the noise scale, ready to multiply a state."""
        return per_channel(self.scales.noise, like)

    def noise(self, white: State) -> State:
        """Return white noise at the width of an increment, along the constraint."""
        return self.tangent(white * self.unit(white))

    def feasible(self, u: State) -> State:
        """Return the state that obeys the constraint."""
        return u if self.projection is None else self.projection.state(u)

    def tangent(self, v: State) -> State:
        """Return the part of an increment that keeps the constraint."""
        return v if self.projection is None else self.projection.increment(v)

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Switch dropout and running statistics off, then back to what each was."""
        training = [module for module in self.modules() if module.training]
        for module in training:
            module.training = False
        try:
            yield
        finally:
            for module in training:
                module.training = True
