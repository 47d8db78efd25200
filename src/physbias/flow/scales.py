"""Units per channel: how wide an increment is, where the reference lies."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from physbias.errors import ArgumentError, explain
from physbias.shapes import State

PerChannel = float | Sequence[float] | Tensor


def per_channel(values: Tensor, like: Tensor) -> Tensor:
    """Return values ``(channel,)`` shaped to scale the channels of ``like``."""
    return values.to(like).reshape(1, -1, *(1 for _ in range(like.ndim - 2)))


class ChannelScales(nn.Module):
    """Noise scale, and mean and scale of the reference, one of each per channel.

    What is given stays; :meth:`fit` measures the rest. The noise scale is also the
    unit in which a network sees and predicts increments.

    Args:
        channels: Number of channels of a state.
        noise: Noise scale [unit of the channel], unset if left out.
        mean: Mean of the reference [unit of the channel], 0 until fitted.
        scale: Scale of the reference [unit of the channel], 1 until fitted.
        groups: Channels that must share one noise scale, such as ``((0, 1),)`` for
            the components of a velocity, so that a projection of the noise is one of
            the state. The reference is only seen: each channel keeps its own scale.

    Raises:
        ArgumentError: A scale is not positive, has another number of channels, or
            differs inside a group; a group names a channel that does not exist.
    """

    noise: Float[Tensor, " channel"]
    mean: Float[Tensor, " channel"]
    scale: Float[Tensor, " channel"]

    def __init__(
        self,
        channels: int,
        *,
        noise: PerChannel | None = None,
        mean: PerChannel | None = None,
        scale: PerChannel | None = None,
        groups: Sequence[Sequence[int]] = (),
    ) -> None:
        super().__init__()
        self.groups = _checked_groups(groups, channels)
        self.given = frozenset(
            name
            for name, value in (("noise", noise), ("mean", mean), ("scale", scale))
            if value is not None
        )
        unset = float("nan")
        for name, value, default in (
            ("noise", noise, unset),
            ("mean", mean, 0.0),
            ("scale", scale, 1.0),
        ):
            values = torch.as_tensor(default if value is None else value)
            values = values.to(
                torch.promote_types(values.dtype, torch.get_default_dtype())
            )
            if name in self.given:
                _check_values(values, name, channels, positive=name != "mean")
            self.register_buffer(name, values.detach().expand(channels).clone())
        self._check_groups_share()

    @property
    def is_set(self) -> bool:
        """Whether the noise scale is known."""
        return bool(torch.isfinite(self.noise).all())

    @torch.no_grad()
    def fit(self, x1: State, reference: State) -> None:
        """Measure what was not given from pairs of states.

        Args:
            x1: States one step after ``reference``.
            reference: States before.

        Shape:
            Both ``(batch, channel, *space)``.

        Raises:
            ArgumentError: A channel never changes.
        """
        noise = _spread(x1 - reference)
        for group in self.groups:
            noise[list(group)] = noise[list(group)].square().mean().sqrt()
        still = noise <= 4 * torch.finfo(x1.dtype).eps * _per_channel_peak(x1)
        if "noise" not in self.given:
            if bool(still.any()):
                raise ArgumentError(
                    explain(
                        "x1 - reference",
                        found=f"no variation in channel {still.nonzero()[0].item()}",
                        expected="increments that vary in every channel",
                        remedy="hand a field that never changes over as context, "
                        "or give noise_scale",
                    )
                )
            self.noise.copy_(noise)
        if "mean" not in self.given:
            self.mean.copy_(reference.transpose(0, 1).flatten(1).mean(1))
        if "scale" not in self.given:
            # a reference that is constant so far is as wide as its increments
            self.scale.copy_(torch.maximum(_spread(reference), self.noise))

    def _check_groups_share(self) -> None:
        """Refuse given noise scales that differ inside a group."""
        for group in self.groups:
            inside = self.noise[list(group)]
            if "noise" in self.given and bool((inside != inside[0]).any()):
                raise ArgumentError(
                    explain(
                        "noise",
                        found=f"{inside.tolist()} for the channels {group}",
                        expected="one common value in a group",
                        remedy="give the group one scale or take it out of groups",
                    )
                )


def _spread(u: State) -> Tensor:
    """Return the standard deviation per channel."""
    return u.transpose(0, 1).flatten(1).std(1, correction=0)


def _per_channel_peak(u: State) -> Tensor:
    """Return the largest magnitude in each channel."""
    return u.abs().transpose(0, 1).flatten(1).amax(1)


def _check_values(values: Tensor, name: str, channels: int, *, positive: bool) -> None:
    """Refuse values that are too many, not finite, or not positive."""
    if values.shape not in {(), (1,), (channels,)}:
        raise ArgumentError(
            explain(
                name,
                found=f"shape {tuple(values.shape)}",
                expected=f"one number or {channels}, one per channel",
                remedy="give one value per channel",
            )
        )
    bad = ~torch.isfinite(values) | ((values <= 0) if positive else False)
    if bool(bad.any()):
        raise ArgumentError(
            explain(
                name,
                found=f"{values.flatten()[bad.flatten()][0].item()} for channel "
                f"{bad.flatten().nonzero()[0].item()}",
                expected="finite numbers" + (" above 0" if positive else ""),
                remedy="give a positive scale in the unit of the channel"
                if positive
                else "give a finite value in the unit of the channel",
            )
        )


def _checked_groups(
    groups: Sequence[Sequence[int]], channels: int
) -> tuple[tuple[int, ...], ...]:
    """Return the groups as tuples of existing, distinct channels."""
    listed = all(isinstance(group, Sequence) for group in groups)
    named = [c for group in groups for c in group] if listed else []
    known = all(c in range(channels) for c in named)
    if not listed or not known or len(set(named)) < len(named):
        raise ArgumentError(
            explain(
                "groups",
                found=groups,
                expected=f"lists of channels 0 to {channels - 1}, each at most once",
                remedy="name the components of each vector once",
            )
        )
    return tuple(tuple(group) for group in groups if group)
