from fractions import Fraction
from math import pi

import pytest
import torch

from physbias.numerics.reconstruction import LINEAR, linear, weno_z

F64 = torch.float64


def means(count: int, derivative: int = 0):
    """Means of sin over cells of a period, and its values on their upper faces."""
    faces = torch.arange(count + 1, dtype=F64) * (2 * pi / count) + 0.3
    return (-torch.cos(faces)).diff() * count / (2 * pi), torch.sin(faces)[1:]


def stencil(u, size: int):
    return [u.roll(size // 2 - k, -1) for k in range(size)]


@pytest.mark.parametrize("order", [1, 3, 5])
def test_linear_is_exact_for_polynomials(order):
    """The mean of x^p over (j - 1/2, j + 1/2), by its antiderivative, in fractions."""
    half = Fraction(1, 2)
    weights = [Fraction(w).limit_denominator(60) for w in LINEAR[order]]
    for power in range(order):
        value = Fraction(0)
        for k, weight in enumerate(weights):
            j = k - order // 2
            mean = ((j + half) ** (power + 1) - (j - half) ** (power + 1)) / (power + 1)
            value += weight * mean
        assert value == half**power


@pytest.mark.parametrize(
    ("reconstruct", "order"), [(linear, 1), (linear, 3), (linear, 5), (weno_z, 5)]
)
def test_order_on_smooth_means_also_at_extrema(reconstruct, order, observed):
    counts, errors = (40, 80), []
    for count in counts:
        u, exact = means(count)
        size = order if reconstruct is linear else 5
        errors.append(float((reconstruct(stencil(u, size)) - exact).abs().max()))
    assert -observed(counts, errors)[0] == pytest.approx(order, abs=0.2)


def test_weno_takes_the_smooth_side_of_a_jump():
    """One parabola of three sees no jump: its value, not one that oscillates."""
    cells = [torch.tensor([v], dtype=F64) for v in (1.0, 1.0, 1.0, 0.0, 0.0)]
    assert float(weno_z(cells)) == pytest.approx(1.0, abs=1e-12)
    plain = float(linear(cells))
    assert plain == pytest.approx((2 - 13 + 47) / 60)


def test_weno_does_not_depend_on_units():
    cells = torch.rand(5, 7, dtype=F64)
    small = weno_z(list(1e-6 * cells))
    torch.testing.assert_close(small, 1e-6 * weno_z(list(cells)))


def test_weno_is_differentiable_and_finite_where_nothing_varies():
    cells = torch.rand(5, 4, dtype=F64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda c: weno_z(c.unbind(0)), cells)
    for value in (0.0, 1.0, 3e8):
        flat = torch.full((5, 3), value, requires_grad=True)
        result = weno_z(flat.unbind(0))
        result.sum().backward()
        torch.testing.assert_close(result, flat[0])
        assert bool(torch.isfinite(flat.grad).all())


def test_weno_of_a_huge_jump_is_finite_in_single_precision():
    cells = [torch.tensor([v]) for v in (1e8, 1e8, 0.0, 0.0, 0.0)]
    assert bool(torch.isfinite(weno_z(cells)).all())
