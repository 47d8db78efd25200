import numpy as np
import pytest
import torch

from physbias.errors import ArgumentError
from physbias.flow import ensemble_noise

SHAPE = (3, 2, 4, 6)


def test_same_names_same_bits():
    a, b = (ensemble_noise(SHAPE, 2, seed=7, lead_step=3) for _ in range(2))
    assert torch.equal(a, b)
    assert a.shape == (2, *SHAPE)


def test_more_members_keep_the_first():
    assert torch.equal(ensemble_noise(SHAPE, 5)[:2], ensemble_noise(SHAPE, 2))


def test_an_ensemble_can_be_split():
    assert torch.equal(
        ensemble_noise(SHAPE, 5)[3:], ensemble_noise(SHAPE, 2, first_member=3)
    )


def test_noise_follows_its_item_through_the_batch():
    ids = [10, "storm", 12]
    order = [2, 0, 1]
    a = ensemble_noise(SHAPE, 2, item_ids=ids)
    b = ensemble_noise(SHAPE, 2, item_ids=[ids[i] for i in order])
    assert torch.equal(a[:, order], b)


def test_default_names_are_positions():
    assert torch.equal(
        ensemble_noise(SHAPE, 1), ensemble_noise(SHAPE, 1, item_ids=[0, 1, 2])
    )


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"seed": -1},
        {"seed": 2**32},
        {"lead_step": 1},
        {"item_ids": ["0", "1", "2"]},
        {"first_member": 2},
    ],
)
def test_another_name_is_other_noise(other):
    a, b = ensemble_noise(SHAPE, 2), ensemble_noise(SHAPE, 2, **other)
    assert not (a == b).any()


def test_members_and_items_are_independent_and_standard_normal():
    noise = ensemble_noise((4, 1, 4096), 4).flatten(0, 1)[:, 0].double()
    correlation = torch.corrcoef(noise) - torch.eye(16)
    assert correlation.abs().max() < 5 / 4096**0.5
    assert abs(noise.mean()) < 4 / noise.numel() ** 0.5
    assert abs(noise.var() - 1) < 4 * (2 / noise.numel()) ** 0.5


def test_global_generators_are_left_alone():
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
    ensemble_noise(SHAPE, 2)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert (np.random.get_state()[1] == numpy_state[1]).all()  # noqa: NPY002


def test_errors():
    with pytest.raises(ArgumentError, match="item_ids: found 2 names, expected 3"):
        ensemble_noise(SHAPE, 1, item_ids=[1, 2])
    with pytest.raises(ArgumentError, match="item_ids: found a float"):
        ensemble_noise(SHAPE, 1, item_ids=[1, 2, 3.5])
    with pytest.raises(
        ArgumentError, match="members: found 0, expected a whole number"
    ):
        ensemble_noise(SHAPE, 0)
