import pytest
import torch

from physbias.errors import ArgumentError
from physbias.flow import ChannelScales


@pytest.fixture
def pairs():
    generator = torch.Generator().manual_seed(0)
    unit = torch.tensor([1.0, 2.0, 300.0]).reshape(1, 3, 1, 1)
    reference = 5 + 10 * unit * torch.randn(64, 3, 6, 9, generator=generator)
    return reference + unit * torch.randn(64, 3, 6, 9, generator=generator), reference


def test_fit_measures_increments_and_reference(pairs):
    scales = ChannelScales(3)
    assert not scales.is_set
    scales.fit(*pairs)
    assert scales.is_set
    torch.testing.assert_close(
        scales.noise, torch.tensor([1.0, 2.0, 300.0]), rtol=0.03, atol=0
    )
    torch.testing.assert_close(
        scales.scale, torch.tensor([10.0, 20.0, 3000.0]), rtol=0.03, atol=0
    )
    torch.testing.assert_close(scales.mean, pairs[1].mean((0, 2, 3)))


def test_a_group_shares_one_scale(pairs):
    scales = ChannelScales(3, groups=((0, 1),))
    scales.fit(*pairs)
    assert scales.noise[0] == scales.noise[1]
    assert scales.noise[0].item() == pytest.approx(2.5**0.5, rel=0.03)
    # the reference is only seen: its channels keep their own scales
    assert scales.scale[0].item() == pytest.approx(10.0, rel=0.03)
    assert scales.scale[1].item() == pytest.approx(20.0, rel=0.03)
    assert scales.noise[2] > 200


def test_what_was_given_stays(pairs):
    scales = ChannelScales(3, noise=7.0, mean=[1.0, 2.0, 3.0])
    scales.fit(*pairs)
    assert torch.equal(scales.noise, torch.full((3,), 7.0))
    assert torch.equal(scales.mean, torch.tensor([1.0, 2.0, 3.0]))
    assert scales.scale[2] > 2000


def test_a_constant_reference_is_as_wide_as_its_increments(pairs):
    increment = pairs[0] - pairs[1]
    scales = ChannelScales(3)
    scales.fit(increment, torch.zeros_like(increment))
    assert torch.equal(scales.scale, scales.noise)


def test_fitted_scales_travel_in_the_state_dict(pairs):
    scales, other = ChannelScales(3), ChannelScales(3)
    scales.fit(*pairs)
    other.load_state_dict(scales.state_dict())
    assert torch.equal(other.noise, scales.noise)
    assert other.is_set


def test_constant_channel_is_named(pairs):
    x1, reference = pairs[0].clone(), pairs[1]
    x1[:, 1] = reference[:, 1]
    with pytest.raises(ArgumentError, match="no variation in channel 1"):
        ChannelScales(3).fit(x1, reference)


def test_errors():
    with pytest.raises(ArgumentError, match=r"noise: found -2\.0 for channel 1"):
        ChannelScales(2, noise=[1.0, -2.0])
    with pytest.raises(ArgumentError, match=r"noise: found 0\.0 for channel 0"):
        ChannelScales(2, noise=0.0)
    with pytest.raises(ArgumentError, match=r"mean: found nan"):
        ChannelScales(2, mean=[float("nan"), 0.0])
    with pytest.raises(ArgumentError, match=r"scale: found shape \(3,\)"):
        ChannelScales(2, scale=torch.ones(3))
    with pytest.raises(ArgumentError, match=r"groups: found .* lists of channels"):
        ChannelScales(2, groups=((0, 2),))
    with pytest.raises(ArgumentError, match=r"groups: found .* at most once"):
        ChannelScales(2, groups=((0, 1), (1,)))
    with pytest.raises(ArgumentError, match="one common value in a group"):
        ChannelScales(2, noise=[1.0, 2.0], groups=((0, 1),))
