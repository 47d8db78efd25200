import pytest
import torch
from torch import nn

from physbias.errors import ArgumentError, ShapeError
from physbias.flow import TimeConditioned, stratified_times, time_channels


def test_one_time_falls_into_each_part():
    t = stratified_times(64, generator=torch.Generator().manual_seed(0))
    assert torch.equal((t * 64).long().sort().values, torch.arange(64))


def test_each_time_alone_is_uniform():
    """Kolmogorov-Smirnov at p = 1e-3, on one place of the batch."""
    generator = torch.Generator().manual_seed(0)
    t = torch.stack([stratified_times(5, generator=generator)[2] for _ in range(4000)])
    grid = torch.arange(1, 4001) / 4000
    assert (t.sort().values - grid).abs().max() < 1.95 / 4000**0.5


def test_own_generator_repeats_and_leaves_the_global_one():
    state = torch.get_rng_state()
    a, b = (
        stratified_times(9, dtype=torch.float64, generator=torch.Generator())
        for _ in range(2)
    )
    assert torch.equal(a, b)
    assert a.dtype == torch.float64
    assert torch.equal(torch.get_rng_state(), state)


class Identity(nn.Module):
    def forward(self, x):
        return x


@pytest.mark.parametrize("space", [(), (4,), (4, 6), (2, 3, 5)])
def test_time_arrives_as_constant_channels_of_its_own_sample(space):
    x, t = torch.randn(3, 2, *space), torch.tensor([0.0, 0.5, 1.0])
    y = TimeConditioned(Identity())(x, t)
    assert y.shape == (3, 2 + time_channels(), *space)
    assert torch.equal(y[:, :2], x)
    one = y[:, 2:].reshape(3, 5, -1)
    assert (one == one[:, :, :1]).all()
    expected = torch.tensor([[0, 0, 0, 1, 1], [0.5, 1, 0, 0, -1], [1, 0, 0, -1, 1.0]])
    torch.testing.assert_close(one[:, :, 0], expected, atol=1e-6, rtol=0)


def test_time_alone():
    net = TimeConditioned(Identity(), num_frequencies=0)
    assert net(torch.zeros(2, 1, 3), torch.rand(2)).shape == (2, 1 + 1, 3)


def test_errors():
    with pytest.raises(ShapeError, match=r"t: found shape \(1,\), expected \(2,\)"):
        TimeConditioned(Identity())(torch.zeros(2, 1, 3), torch.rand(1))
    with pytest.raises(ArgumentError, match="batch: found 0, expected a whole number"):
        stratified_times(0)
    with pytest.raises(ArgumentError, match="num_frequencies: found -1"):
        time_channels(-1)
    with pytest.raises(ArgumentError, match=r"num_frequencies: found 1\.5"):
        TimeConditioned(Identity(), num_frequencies=1.5)
