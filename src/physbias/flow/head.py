"""Conditional flow matching: a network as a distribution over the next state."""

from collections.abc import Sequence
from enum import Enum

import torch
from jaxtyping import Float
from torch import Tensor, nn

from physbias.arguments import check_count
from physbias.errors import ArgumentError, explain
from physbias.flow.checks import check_alike, check_context, check_state
from physbias.flow.noise import ItemId, ensemble_noise
from physbias.flow.path import Path, ReferencePath, Times
from physbias.flow.projection import Projector
from physbias.flow.results import FlowLoss, Samples, check_members
from physbias.flow.sampler import MIDPOINT, Sampler
from physbias.flow.scales import ChannelScales, PerChannel
from physbias.flow.times import stratified_times
from physbias.flow.velocity import VelocityNetwork
from physbias.shapes import Ensemble, State
from physbias.strength import Strength


class Prediction(Enum):
    """What the network gives, in units of the noise scale.

    ``VELOCITY`` is the velocity of the path. ``CLEAN`` is the increment from the
    reference to the target, from which the velocity follows: the network need not
    copy the noise, which little training does badly, and its error is weighted by
    ``(1 - t)**2`` relative to the velocity's.
    """

    VELOCITY = "velocity"
    CLEAN = "clean"


class FlowMatching(nn.Module):
    r"""Turn a network into an ensemble forecast of the next state.

    The network is called as ``net(x, t)`` with ``t`` of shape ``(batch,)``. Its
    input holds, as channels, :math:`(x_t - x_r)/s_0`, the reference :math:`x_r`
    less its mean and in units of its scale, and the context as it was given. Its
    output is the velocity in units of :math:`s_0`. Everything outside the network is
    in the units of the state, float32 or wider also under autocast.

    Args:
        net: Network from ``2 * channels + context_channels`` to ``channels``
            channels; wrap one that knows no time in :class:`TimeConditioned`.
        channels: Number of channels of a state.
        context_channels: Number of channels of the context.
        noise_scale: :math:`s_0` per channel [unit of the channel]; :meth:`fit`
            measures it otherwise.
        reference_mean: Mean of the reference per channel [unit of the channel].
        reference_scale: Scale of the reference per channel [unit of the channel].
        groups: Channels that share one scale, such as the components of a vector.
            Needed for all channels that the projector mixes.
        path: Way from source to target, :class:`ReferencePath` if left out.
        prediction: What the network gives.
        projector: Affine projection ``state -> state`` in the units of the state.
            It is applied to reference, noise and velocity, so that every sample
            obeys its constraint to round-off.

    Raises:
        ArgumentError: A scale, a group or the signature of the network is unusable.

    Source:
        Lipman et al. (2022), arXiv 2210.02747. The noise around the reference is as
        wide as an increment, as in residual models such as arXiv 2412.12971.
    """

    def __init__(
        self,
        net: nn.Module,
        *,
        channels: int,
        context_channels: int = 0,
        noise_scale: PerChannel | None = None,
        reference_mean: PerChannel | None = None,
        reference_scale: PerChannel | None = None,
        groups: Sequence[Sequence[int]] = (),
        path: Path | None = None,
        prediction: Prediction = Prediction.VELOCITY,
        projector: Projector | None = None,
    ) -> None:
        super().__init__()
        check_count(channels, "channels")
        scales = ChannelScales(
            channels,
            noise=noise_scale,
            mean=reference_mean,
            scale=reference_scale,
            groups=groups,
        )
        self.channels = channels
        self.velocity = VelocityNetwork(
            net, scales, context_channels=context_channels, projector=projector
        )
        self.path = ReferencePath() if path is None else path
        self.prediction = prediction

    @property
    def strength(self) -> Strength:
        """``STRONG`` with a projector, otherwise ``NONE``.

        With a projector the samples cannot disobey the one constraint that it
        stands for; of the rest of the equation the head knows nothing. What the
        network inside knows does not count: the flow does not inherit it.
        """
        return self.velocity.strength

    @property
    def noise_scale(self) -> Float[Tensor, " channel"]:
        """Scale of the noise per channel [unit of the channel], NaN until known."""
        return self.velocity.scales.noise

    def fit(self, x1: State, reference: State) -> "FlowMatching":
        """Measure the scales that were not given from pairs of states.

        Args:
            x1: States one step after ``reference``.
            reference: States before.

        Shape:
            Both ``(batch, channel, *space)``.

        Returns:
            This head.

        Raises:
            ArgumentError: The states cannot be used or a channel never changes.
        """
        self._check_pair(x1, reference, finite=True)
        self.velocity.scales.fit(x1, reference)
        if self.velocity.projection is not None:
            self.velocity.projection.forget()
        return self

    def loss(
        self,
        x1: State,
        reference: State,
        context: Tensor | None = None,
        *,
        weight: Tensor | None = None,
        generator: torch.Generator | None = None,
        check: bool = True,
    ) -> FlowLoss:
        """Compare the network's velocity with the path's at one time per sample.

        Args:
            x1: Target states.
            reference: States one step before.
            context: Further channels for the network.
            weight: Factor of the squared error [1], broadcast against the state. It
                may depend on reference and context: on ``x1`` it would bias the mean.
            generator: Source of times and noise; PyTorch's global one if left out.
            check: Look for NaN and infinity in the states.

        Shape:
            ``x1``, ``reference``: ``(batch, channel, *space)``; ``context``:
            ``(batch, context_channels, *space)``.

        Returns:
            The loss and its parts; call ``backward`` on ``total``.

        Raises:
            ArgumentError: The states differ in shape, type or device, are empty,
                hold integers or values that are not finite, or the projector is
                no affine projection.
            RuntimeError: The noise scale is not known yet.
        """
        self._check_pair(x1, reference, finite=check)
        check_context(context, reference, self.velocity.context_channels, finite=check)
        given, reference = _wide(x1), _wide(reference)
        self.velocity.prepare(reference)
        x1, reference = self.velocity.feasible(given), self.velocity.feasible(reference)
        home = x1.device if generator is None else generator.device
        white = torch.randn(
            x1.shape, dtype=x1.dtype, device=home, generator=generator
        ).to(x1.device)
        t = stratified_times(
            len(x1), dtype=x1.dtype, device=x1.device, generator=generator
        )
        point = self.path.sample(reference, x1, t, self.velocity.noise(white))
        output = self.velocity(point.xt, t, reference, context)
        unit = self.velocity.unit(x1)
        if self.prediction is Prediction.CLEAN:
            clean = reference + output
            error = ((clean - x1) / unit).square()
        else:
            clean = self.path.clean(reference, point.xt, output, t)
            error = ((output - point.velocity) / unit).square()
        flow = (error if weight is None else error * weight.to(error)).mean()
        return FlowLoss(
            total=flow,
            flow=flow,
            infeasible=((given - x1) / unit).square().mean().detach(),
            clean=clean,
            t=t,
        )

    def sample(
        self,
        reference: State,
        context: Tensor | None = None,
        *,
        members: int = 1,
        steps: int = 5,
        seed: int = 0,
        item_ids: Sequence[ItemId] | None = None,
        lead_step: int = 0,
        first_member: int = 0,
        sampler: Sampler = MIDPOINT,
        check: bool = True,
    ) -> Samples:
        """Draw an ensemble of next states, without gradients.

        All members of all items go through the network in one batch, in
        evaluation mode whatever mode the head is in.

        Args:
            reference: Last known state.
            context: Further channels for the network.
            members: Number of members.
            steps: Steps of the sampler; midpoint makes two evaluations in each.
            seed: Any integer.
            item_ids: Names of the items, by default their positions in the batch.
            lead_step: Forecast steps already made; another one, other noise.
            first_member: Number of the first member, to split an ensemble.
            sampler: Rule of integration.
            check: Look for NaN and infinity in states and result.

        Shape:
            ``reference``: ``(batch, channel, *space)``; result
            ``(member, batch, channel, *space)``.

        Returns:
            The members and the number of evaluations each took.

        Raises:
            ArgumentError: An argument is out of range or a state unusable.
            RolloutError: A member is not finite.
            RuntimeError: The noise scale is not known yet.
        """
        self._check_call(reference, context, members, finite=check)
        noise = ensemble_noise(
            reference.shape,
            members,
            seed=seed,
            item_ids=item_ids,
            lead_step=lead_step,
            first_member=first_member,
        )
        start = _wide(reference).expand(members, *reference.shape)
        fields = self._transport(start, context, noise, sampler, steps)
        if check:
            check_members(fields, [], lead_step, first_member)
        return Samples(fields, sampler.evaluations(steps))

    def rollout(
        self,
        reference: State,
        lead_steps: int,
        *,
        static_context: Tensor | None = None,
        members: int = 1,
        steps: int = 5,
        seed: int = 0,
        item_ids: Sequence[ItemId] | None = None,
        first_member: int = 0,
        sampler: Sampler = MIDPOINT,
        check: bool = True,
    ) -> Ensemble:
        """Forecast one trajectory per member, without gradients.

        Each member continues from its own last state. Step ``n`` of member ``k``
        is ``sample`` from that state with ``lead_step=n`` and ``first_member=k``.

        Args:
            reference: Last known state.
            lead_steps: Number of forecast steps.
            static_context: Context that holds for all steps, such as a mask or a
                viscosity. A context that moves with the forecast, such as earlier
                states, needs a loop over :meth:`sample`.
            members: As in :meth:`sample`, like all that follow.
            steps: Steps of the sampler within a forecast step.
            seed: Any integer.
            item_ids: Names of the items.
            first_member: Number of the first member.
            sampler: Rule of integration.
            check: Look for NaN and infinity.

        Shape:
            ``reference``: ``(batch, channel, *space)``; result
            ``(member, batch, time, channel, *space)``, the reference not included.

        Returns:
            The trajectories, one per member.

        Raises:
            ArgumentError: An argument is out of range or a state unusable.
            RolloutError: A member is not finite; it says which and when, and
                ``partial`` holds the steps before.
            RuntimeError: The noise scale is not known yet.
        """
        check_count(lead_steps, "lead_steps")
        self._check_call(reference, static_context, members, finite=check)
        state = _wide(reference).expand(members, *reference.shape)
        frames: list[Tensor] = []
        for lead_step in range(lead_steps):
            noise = ensemble_noise(
                reference.shape,
                members,
                seed=seed,
                item_ids=item_ids,
                lead_step=lead_step,
                first_member=first_member,
            )
            state = self._transport(state, static_context, noise, sampler, steps)
            if check:
                check_members(state, frames, lead_step, first_member)
            frames.append(state)
        return torch.stack(frames, dim=2)

    def forward(
        self,
        history: Float[Tensor, "batch history channel *space"],
        lead_steps: int,
        *,
        members: int = 1,
        seed: int = 0,
    ) -> Ensemble:
        """Forecast from a history, of which the last state is used.

        Shape:
            ``history``: ``(batch, history, channel, *space)``; result
            ``(member, batch, lead_steps, channel, *space)``.
        """
        return self.rollout(history[:, -1], lead_steps, members=members, seed=seed)

    @torch.no_grad()
    def _transport(
        self,
        reference: Float[Tensor, "member batch channel *space"],
        context: Tensor | None,
        noise: Float[Tensor, "member batch channel *space"],
        sampler: Sampler,
        steps: int,
    ) -> Float[Tensor, "member batch channel *space"]:
        """Carry every member from its own reference and noise to its next state."""
        if self.prediction is Prediction.CLEAN and max(sampler.nodes) >= 1:
            raise ArgumentError(
                explain(
                    "sampler",
                    found=f"{sampler.name}, which asks for the velocity at t = 1",
                    expected="a rule inside the interval for clean predictions, whose "
                    "velocity is not defined at its end",
                    remedy="use MIDPOINT or EULER, or Prediction.VELOCITY",
                )
            )
        self.velocity.prepare(reference[0])
        folded = self.velocity.feasible(reference.flatten(0, 1))
        if context is not None:
            context = context.expand(len(noise), *context.shape).flatten(0, 1)
        source = self.path.source(
            folded, self.velocity.noise(noise.flatten(0, 1).to(folded))
        )

        def field(x: State, t: Times) -> State:
            output = self.velocity(x, t, folded, context)
            if self.prediction is Prediction.CLEAN:
                return self.path.velocity(x, folded + output, t)
            return output

        with self.velocity.evaluating():
            x1 = sampler.integrate(field, source, steps=steps)
        return x1.unflatten(0, noise.shape[:2])

    def _check_pair(self, x1: Tensor, reference: Tensor, *, finite: bool) -> None:
        """Refuse target and reference that do not fit the head or each other."""
        check_state(reference, "reference", self.channels, finite=finite)
        check_alike(x1, reference, "x1")
        check_state(x1, "x1", self.channels, finite=finite)

    def _check_call(
        self, reference: Tensor, context: Tensor | None, members: int, *, finite: bool
    ) -> None:
        """Refuse what no ensemble can be made of."""
        check_count(members, "members")
        check_state(reference, "reference", self.channels, finite=finite)
        check_context(context, reference, self.velocity.context_channels, finite=finite)


def _wide(u: Tensor) -> Tensor:
    """Return ``u`` in float32 or wider."""
    return u.to(torch.promote_types(u.dtype, torch.float32))
