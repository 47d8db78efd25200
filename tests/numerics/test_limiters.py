import pytest
import torch

from physbias.numerics import minmod, monotonized_central, superbee, van_leer

F64 = torch.float64
LIMITERS = [minmod, van_leer, monotonized_central, superbee]


@pytest.mark.parametrize(
    ("limiter", "expected"),
    [
        (minmod, [1.0, 1.0, 0.0, -1.0, 0.0]),
        (van_leer, [1.0, 1.5, 0.0, -1.6, 0.0]),
        (monotonized_central, [1.0, 2.0, 0.0, -2.0, 0.0]),
        (superbee, [1.0, 2.0, 0.0, -2.0, 0.0]),
    ],
)
def test_slopes_by_hand(limiter, expected):
    a = torch.tensor([1.0, 3.0, 1.0, -1.0, 0.0], dtype=F64)
    b = torch.tensor([1.0, 1.0, -1.0, -4.0, 2.0], dtype=F64)
    assert limiter(a, b).tolist() == pytest.approx(expected)
    assert limiter(b, a).tolist() == pytest.approx(expected)


def test_superbee_and_the_mean_differ_where_the_field_does():
    a, b = torch.tensor([1.0]), torch.tensor([1.5])
    assert monotonized_central(a, b).item() == pytest.approx(1.25)
    assert superbee(a, b).item() == pytest.approx(1.5)


@pytest.mark.parametrize("limiter", LIMITERS)
def test_every_slope_lies_in_the_region_of_sweby(limiter):
    """P. K. Sweby (1984): 0 <= slope <= 2 min(a, b), and linear data are kept."""
    a = 10 ** (4 * torch.rand(1000, dtype=F64) - 2)
    b = 10 ** (4 * torch.rand(1000, dtype=F64) - 2)
    slope = limiter(a, b)
    assert bool((slope >= 0).all())
    assert bool((slope <= 2 * torch.minimum(a, b) * (1 + 1e-12)).all())
    torch.testing.assert_close(limiter(a, a), a)
    torch.testing.assert_close(limiter(-a, -b), -slope)
    assert not bool(limiter(a, -b).any())


@pytest.mark.parametrize("limiter", LIMITERS)
def test_gradients(limiter):
    a = torch.rand(20, dtype=F64, requires_grad=True)
    b = torch.rand(20, dtype=F64, requires_grad=True)
    assert torch.autograd.gradcheck(limiter, (a, b))
    flat = torch.zeros(3, requires_grad=True)
    limiter(flat, flat).sum().backward()
    assert bool(torch.isfinite(flat.grad).all())
