import math

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.flow import EULER, HEUN, MIDPOINT, RK4, Sampler

SAMPLERS = [EULER, MIDPOINT, HEUN, RK4]


def nonlinear(x, t):
    return -(x**3) + torch.sin(3 * t)[:, None]


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda s: s.name)
def test_observed_order(sampler):
    x0 = torch.tensor([[1.0], [-0.5]], dtype=torch.float64)
    truth = RK4.integrate(nonlinear, x0, steps=4096)
    errors = [
        (sampler.integrate(nonlinear, x0, steps=n) - truth).norm() for n in (64, 128)
    ]
    order = math.log2(errors[0] / errors[1])
    assert abs(order - sampler.order) < 0.1


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda s: s.name)
def test_evaluations_and_times(sampler):
    seen = []

    def field(x, t):
        assert t.shape == (3,)
        assert t.dtype == x.dtype
        seen.append(t[0].item())
        return torch.zeros_like(x)

    states = list(sampler.states(field, torch.zeros(3, 1, 4), steps=7))
    times = [t for t, _ in states]
    assert len(seen) == sampler.evaluations(7) == 7 * len(sampler.nodes)
    assert len(times) == 8
    assert times[0] == 0
    assert times[-1] == 1
    assert min(seen) >= 0
    assert max(seen) <= 1


def test_last_stage_of_heun_and_rk4_is_exactly_at_one():
    for sampler in (HEUN, RK4):
        seen = []

        def field(x, t, seen=seen):
            seen.append(t[0].item())
            return x

        sampler.integrate(field, torch.zeros(1, 1), steps=49)
        assert seen[-1] == 1.0


def transport(sampler, steps, *, target, base=1.0):
    """Spread and mean of the exact flow from N(0, base) to N(0.5, target)."""

    def field(x, t):
        t = t[:, None]
        variance = (1 - t) ** 2 * base**2 + t**2 * target**2
        rate = (-(1 - t) * base**2 + t * target**2) / variance
        return 0.5 + rate * (x - 0.5 * t)

    x0 = torch.tensor([[-base], [0.0], [base]], dtype=torch.float64)
    x1 = sampler.integrate(field, x0, steps=steps)[:, 0]
    return ((x1[2] - x1[0]) / 2 / target).item(), x1[1].item()


def test_rk4_integrates_gaussian_transport():
    for target in (0.3, 1.0, 3.0):
        spread, mean = transport(RK4, 64, target=target)
        assert abs(spread - 1) < 1e-6
        assert abs(mean - 0.5) < 1e-6


def test_five_midpoint_steps_keep_the_spread():
    assert abs(transport(MIDPOINT, 5, target=1.0)[0] - 1) < 2e-3
    for target in (0.3, 3.0):
        assert abs(transport(MIDPOINT, 5, target=target)[0] - 1) < 5e-3


def test_ten_euler_steps_lose_an_eighth_of_the_spread():
    assert transport(EULER, 10, target=1.0)[0] == pytest.approx(0.88, abs=0.01)


def test_covariance_of_correlated_channels_arrives():
    mix = torch.tensor([[1.0, 0.0], [0.6, 0.5]], dtype=torch.float64)
    covariance = mix @ mix.T
    eye = torch.eye(2, dtype=torch.float64)

    def field(x, t):
        s = t[0]
        marginal = (1 - s) ** 2 * eye + s**2 * covariance
        rate = -(1 - s) * eye + s * covariance
        return x @ torch.linalg.solve(marginal, rate)

    moved = RK4.integrate(field, eye, steps=64)
    torch.testing.assert_close(moved.T @ moved, covariance, atol=1e-6, rtol=0)


def test_the_start_is_not_changed():
    x0 = torch.ones(2, 1)
    MIDPOINT.integrate(nonlinear, x0, steps=2)
    assert torch.equal(x0, torch.ones(2, 1))


def test_errors():
    for steps in (0, -1, 2.0):
        with pytest.raises(ArgumentError, match=f"steps: found {steps}, expected a"):
            MIDPOINT.integrate(nonlinear, torch.zeros(1, 1), steps=steps)
    with pytest.raises(ArgumentError, match="row i with i weights"):
        Sampler("implicit", 2, (0.5,), ((0.5,),), (1.0,))
