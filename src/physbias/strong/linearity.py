"""Whether a step may be transposed without knowing the state."""

import torch
from torch import Tensor

from physbias.errors import ArgumentError, explain
from physbias.strong.captures import Captures
from physbias.strong.march import StepFunction
from physbias.strong.replay import pull_back_step


def check_linear(
    step: StepFunction, u: Tensor, *, time: float, dt: float, captures: Captures
) -> None:
    """Raise where the derivative of a step depends on the state.

    The same cotangent is pulled back at the state, at a random one and at zero, and
    the results must agree to round-off.

    Args:
        step: takes a step.
        u: the state that a solve begins at.
        time: its time [s].
        dt: length of the step [s].
        captures: what else the step depends on.

    Raises:
        ArgumentError: the step is not linear in the state, or the gradient by a
            coefficient depends on the state.
    """
    generator = torch.Generator().manual_seed(0)

    def draw() -> Tensor:
        return torch.randn(u.shape, generator=generator, dtype=torch.float64).to(u)

    size = u.detach().abs().amax()
    other = draw() * torch.where(size > 0, size, 1.0)
    cotangent = draw()
    found = [
        pull_back_step(step, state, cotangent, time=time, dt=dt, captures=captures)
        for state in (u, other, torch.zeros_like(other))
    ]
    tolerance = torch.finfo(u.dtype).eps ** (2 / 3)
    first, *rest = found
    for place, parts in enumerate(zip(first, *rest, strict=True)):
        known = [part for part in parts if part is not None]
        largest = max(float(part.norm()) for part in known) if known else 0.0
        change = max(
            (float((part - known[0]).norm()) for part in known[1:]), default=0.0
        )
        if not change <= tolerance * largest or 0 < len(known) < len(parts):
            raise ArgumentError(_message(by_state=place == 0))


def _message(*, by_state: bool) -> str:
    if by_state:
        return explain(
            "gradient",
            found="LinearAdjoint() and a step that is not linear in the state",
            expected="an equation and a scheme that are linear",
            remedy="use Checkpoint(), which keeps a few states",
        )
    return explain(
        "gradient",
        found="LinearAdjoint() and a coefficient whose gradient needs the states",
        expected="gradients by the initial state or by a source only",
        remedy="use Checkpoint(), or call requires_grad_(False) on the coefficient",
    )
