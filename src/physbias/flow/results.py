"""What a flow head hands back."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from physbias.errors import DivergenceError, explain
from physbias.flow.path import Times
from physbias.shapes import State


@dataclass(frozen=True, slots=True)
class FlowLoss:
    """The loss of one batch, part by part.

    Args:
        total: What to call ``backward`` on [1].
        flow: Mean square error of the velocity in units of the noise scale [1].
        infeasible: Mean square of what the projector took out of the data, in
            units of the noise scale [1]; 0 without a projector. It should be
            near round-off: otherwise data and projector disagree.
        clean: Estimate of the target that the velocity implies, with its graph and
            in the units of the state, for a residual or another penalty.
        t: Flow times at which the estimate was made [1].

    Shape:
        ``total``, ``flow``, ``infeasible``: scalars; ``clean``:
        ``(batch, channel, *space)``; ``t``: ``(batch,)``.
    """

    total: Float[Tensor, ""]
    flow: Float[Tensor, ""]
    infeasible: Float[Tensor, ""]
    clean: State
    t: Times


@dataclass(frozen=True, slots=True)
class Samples:
    """An ensemble one step ahead.

    Args:
        fields: The members, in the units of the state.
        evaluations: Network evaluations that each member took.

    Shape:
        ``fields``: ``(member, batch, channel, *space)``.
    """

    fields: Float[Tensor, "member batch channel *space"]
    evaluations: int


class RolloutError(DivergenceError):
    """A forecast that became NaN or infinite.

    Args:
        message: Text of the error.
        lead_step: Forecast step, from 0, whose result is not finite.
        member: First member that is not finite.
        partial: The finite forecast before, ``(member, batch, time, channel,
            *space)``; nothing if it fails at once.
    """

    def __init__(
        self, message: str, *, lead_step: int, member: int, partial: Tensor | None
    ) -> None:
        super().__init__(message)
        self.lead_step = lead_step
        self.member = member
        self.partial = partial


def check_members(
    fields: Tensor, before: list[Tensor], lead_step: int, first_member: int
) -> None:
    """Raise on the first member that is not finite."""
    finite = torch.isfinite(fields).flatten(1).all(1)
    if bool(finite.all()):
        return
    member = first_member + int((~finite).nonzero()[0])
    raise RolloutError(
        explain(
            "forecast",
            found=f"NaN or infinity in member {member} at lead step {lead_step}",
            expected="finite values",
            remedy="look at the states before, or forecast fewer steps",
        ),
        lead_step=lead_step,
        member=member,
        partial=torch.stack(before, dim=2) if before else None,
    )
