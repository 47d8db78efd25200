import math

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.metrics import crps, spread_skill_ratio

PERFECT = 1 / math.sqrt(math.pi)  # 0.5642


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


@pytest.mark.parametrize("fairness", [0.0, 0.95, 1.0])
def test_against_the_double_sum(fairness):
    members, truth = draw(5, 2, 3, 4), draw(2, 3, 4, seed=1)
    result = crps(members, truth, fairness=fairness)
    assert result.shape == (2, 3, 4)
    skill = sum((x - truth).abs() for x in members) / 5
    pairs = sum((x - z).abs() for x in members for z in members)
    fair, plain = skill - pairs / (2 * 5 * 4), skill - pairs / (2 * 25)
    torch.testing.assert_close(result, fairness * fair + (1 - fairness) * plain)


@pytest.mark.parametrize(("size", "plain"), [(2, 0.849), (5, 0.678), (20, 0.593)])
def test_a_perfect_normal_ensemble(size, plain):
    """Fair: 1/sqrt(pi) for any size; plain: too large by 1/(M sqrt(pi)) or so."""
    members, truth = draw(size, 100_000), draw(100_000, seed=1)
    assert crps(members, truth).mean().item() == pytest.approx(PERFECT, abs=0.006)
    biased = crps(members, truth, fairness=0.0).mean().item()
    assert biased == pytest.approx(plain, abs=0.006)


def test_the_closed_form_of_a_normal_forecast():
    """Gneiting and Raftery (2007), eq. 21, at three truths."""
    members = draw(200_000, 1).expand(-1, 3)
    y = torch.tensor([-1.0, 0.0, 2.5]).double()
    cdf = 0.5 * (1 + torch.erf(y / math.sqrt(2)))
    pdf = (-(y**2) / 2).exp() / math.sqrt(2 * math.pi)
    expected = y * (2 * cdf - 1) + 2 * pdf - PERFECT
    torch.testing.assert_close(crps(members, y), expected, rtol=0, atol=5e-3)


def test_one_member_is_the_absolute_error():
    members, truth = draw(1, 4, 3), draw(4, 3, seed=1)
    result = crps(members, truth, fairness=0.0)
    torch.testing.assert_close(result, (members[0] - truth).abs())


def test_gradient_through_the_sorting():
    members = draw(4, 3).requires_grad_()
    truth = draw(3, seed=1)
    assert torch.autograd.gradcheck(lambda x: crps(x, truth), members)


@pytest.mark.parametrize("size", [2, 5, 20])
def test_a_reliable_ensemble_has_ratio_one(size):
    members, truth = draw(size, 500, 20, 30), draw(500, 20, 30, seed=1)
    assert spread_skill_ratio(members, truth).item() == pytest.approx(1, abs=0.01)
    by_column = spread_skill_ratio(members, truth, dim=(0, -1))
    assert by_column.shape == (20,)
    torch.testing.assert_close(by_column, torch.ones(20).double(), rtol=0, atol=0.05)
    half = spread_skill_ratio(0.5 * members, truth).item()
    assert half == pytest.approx(
        0.5 * math.sqrt((size + 1) / size / (1 + 0.25 / size)), abs=0.01
    )


def test_half_precision_is_widened():
    members = draw(3, 4).half()
    assert crps(members, members[0]).dtype == torch.float32
    assert spread_skill_ratio(members, members[0]).dtype == torch.float32


def test_errors():
    members = draw(3, 2, 4)
    with pytest.raises(ShapeError, match="put the member axis first"):
        crps(members, members)
    with pytest.raises(ShapeError, match="found 1 members, expected at least 2"):
        crps(members[:1], members[0])
    with pytest.raises(ShapeError, match="found 1 members, expected at least 2"):
        spread_skill_ratio(members[:1], members[0])
    with pytest.raises(ShapeError, match="at least 1"):
        crps(members[:0], members[0], fairness=0.0)
    with pytest.raises(ArgumentError, match=r"fairness: found 1\.5"):
        crps(members, members[0], fairness=1.5)
    with pytest.raises(ArgumentError, match="ensemble: found dtype"):
        crps(members.int(), members[0])


@pytest.mark.parametrize("fairness", ["a", None, True, torch.tensor(0.5), torch.nan])
def test_fairness_that_is_no_number_is_refused(fairness):
    u = torch.ones(3, 4)
    with pytest.raises(ArgumentError, match=r"fairness: found .* number from 0 to 1"):
        crps(u, u[0], fairness=fairness)


@pytest.mark.parametrize("dim", ["a", 1, (0, 1), -2, True, 0.0])
def test_axes_that_are_not_there_are_refused(dim):
    u = torch.ones(3, 4)
    with pytest.raises(ArgumentError, match=r"dim: found .*, expected axes of truth,"):
        spread_skill_ratio(u, u[0], dim=dim)
