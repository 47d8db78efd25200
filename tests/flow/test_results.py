import pytest
import torch
from torch import nn

from physbias.errors import DivergenceError
from physbias.flow import FlowLoss, FlowMatching, RolloutError, Samples


class Fuse(nn.Module):
    """Move by one unit of noise a step; blow up once the reference passes 2.5."""

    def forward(self, x, t):
        z, reference = x[:, :1], x[:, 1:]
        t = t.reshape(-1, 1, 1)
        # carries each sample to z = 1 whatever its noise
        return torch.where(reference > 2.5, torch.inf, (1 - z) / (1 - t).clamp(1e-3))


def test_a_failed_rollout_hands_over_what_came_before():
    head = FlowMatching(Fuse(), channels=1, noise_scale=1.0)
    start = torch.stack((torch.full((1, 4), -50.0), torch.zeros(1, 4)))
    with pytest.raises(RolloutError, match="member 0 at lead step 3") as caught:
        head.rollout(start, 9, members=2, steps=50)
    error = caught.value
    assert isinstance(error, DivergenceError)
    assert (error.lead_step, error.member) == (3, 0)
    assert error.partial.shape == (2, 2, 3, 1, 4)
    torch.testing.assert_close(
        error.partial[:, 1, -1], torch.full((2, 1, 4), 3.0), atol=0.1, rtol=0
    )


def test_records_cannot_be_changed():
    head = FlowMatching(Fuse(), channels=1, noise_scale=1.0)
    samples = head.sample(torch.zeros(2, 1, 4))
    loss = head.loss(torch.ones(2, 1, 4), torch.zeros(2, 1, 4))
    assert isinstance(samples, Samples)
    assert isinstance(loss, FlowLoss)
    assert torch.equal(loss.total, loss.flow)
    with pytest.raises(AttributeError):
        samples.evaluations = 3
    with pytest.raises(AttributeError):
        loss.total = 0
