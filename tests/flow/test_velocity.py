import pytest
import torch
from torch import nn

from physbias.errors import ArgumentError, ShapeError
from physbias.flow import ChannelScales, VelocityNetwork
from physbias.strength import Strength


class Recorder(nn.Module):
    """Return the first channels of the input, and keep what came in."""

    def __init__(self, channels):
        super().__init__()
        self.channels = channels
        self.x = self.t = None

    def forward(self, x, t):
        self.x, self.t = x, t
        return x[:, : self.channels]


def scales():
    return ChannelScales(2, noise=[0.1, 20.0], mean=[1.0, -300.0], scale=[2.0, 500.0])


def test_network_sees_units_of_the_increment_and_a_normalised_reference():
    net = Recorder(2)
    model = VelocityNetwork(net, scales(), context_channels=1)
    reference = torch.tensor([5.0, 700.0]).reshape(1, 2, 1, 1).expand(3, 2, 4, 6)
    step = torch.tensor([0.05, -40.0]).reshape(1, 2, 1, 1)
    context, t = torch.full((3, 1, 4, 6), 9.0), torch.tensor([0.0, 0.5, 1.0])
    velocity = model(reference + step, t, reference, context)
    expected = torch.tensor([0.5, -2.0, 2.0, 2.0, 9.0])
    torch.testing.assert_close(net.x[1, :, 2, 3], expected, rtol=1e-4, atol=0)
    assert torch.equal(net.t, t)
    torch.testing.assert_close(velocity, step.expand_as(velocity), rtol=1e-4, atol=0)


def test_output_and_noise_lie_along_the_constraint(leray):
    model = VelocityNetwork(Recorder(2), ChannelScales(2, noise=0.3), projector=leray)
    u = torch.randn(2, 2, 8, 12, generator=torch.Generator().manual_seed(0)).double()
    velocity = model(u, torch.rand(2).double(), torch.zeros_like(u))
    torch.testing.assert_close(velocity, leray(u))
    torch.testing.assert_close(model.noise(u), leray(0.3 * u))
    torch.testing.assert_close(model.feasible(u), leray(u))


def test_strength(leray):
    assert VelocityNetwork(Recorder(2), scales()).strength is Strength.NONE
    bound = VelocityNetwork(Recorder(2), scales(), projector=leray)
    assert bound.strength is Strength.STRONG


def test_evaluating_restores_every_module():
    net = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(1))
    net[1].eval()
    net.forward = lambda x, t: x  # a signature that fits
    model = VelocityNetwork(net, scales())
    with model.evaluating():
        assert not any(module.training for module in model.modules())
    assert net[0].training
    assert not net[1].training


def test_errors():
    u, t = torch.zeros(3, 2, 4), torch.zeros(3)
    with pytest.raises(ArgumentError, match=r"wrap it in TimeConditioned\(net\)"):
        VelocityNetwork(nn.Conv1d(4, 2, 1), scales())
    with pytest.raises(ShapeError, match=r"net: found an output of shape \(3, 1, 4\)"):
        VelocityNetwork(Recorder(1), scales())(u, t, u)
    with pytest.raises(ShapeError, match=r"t: found shape \(1,\), expected \(3,\)"):
        VelocityNetwork(Recorder(2), scales())(u, t[:1], u)
    with pytest.raises(ShapeError, match="context: found nothing, expected"):
        VelocityNetwork(Recorder(2), scales(), context_channels=1)(u, t, u)
    with pytest.raises(RuntimeError, match=r"noise_scale: found no value.*head\.fit"):
        VelocityNetwork(Recorder(2), ChannelScales(2)).prepare(u)
    with pytest.raises(ArgumentError, match="context_channels: found -1"):
        VelocityNetwork(Recorder(2), scales(), context_channels=-1)
