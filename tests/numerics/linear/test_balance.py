import pytest
import torch

from physbias.errors import ArgumentError
from physbias.numerics.linear.balance import remove_net

F64 = torch.float64


def test_only_singular_samples_lose_their_mean():
    rhs = torch.tensor([[[1.0, 2.0]], [[1.0, 2.0]]], dtype=F64)
    singular = torch.tensor([True, False])
    found = remove_net(rhs, (rhs,), singular, largest=1.0)
    assert found.tolist() == [[[-0.5, 0.5]], [[1.0, 2.0]]]


def test_the_message_names_sample_number_and_tolerance():
    rhs = torch.tensor([[[1.0, -1.0]], [[3.0, -1.0]]], dtype=F64)
    with pytest.raises(
        ArgumentError,
        match=r"net source of 1 in sample 1 \(0\.5 of its mean size\).*tolerance 0\.1",
    ):
        remove_net(rhs, (rhs,), torch.tensor([True]), largest=0.1)


def test_the_mean_is_judged_by_all_parts_of_the_sum():
    """A small remainder of two large parts is round-off."""
    part = torch.full((1, 1, 4), 1e8)
    rhs = torch.full((1, 1, 4), 8.0)
    assert (
        float(remove_net(rhs, (part, part), torch.tensor([True]), largest=None).sum())
        == 0
    )
