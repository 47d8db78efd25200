import math

import pytest
import torch

from physbias.flow import Path, ReferencePath

PATHS = [ReferencePath()]


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


@pytest.fixture
def fields():
    shape = (3, 2, 5, 7)
    return draw(*shape, seed=1), draw(*shape, seed=2), 0.3 * draw(*shape, seed=3)


@pytest.mark.parametrize("path", PATHS)
def test_is_a_path(path):
    assert isinstance(path, Path)


@pytest.mark.parametrize("path", PATHS)
def test_starts_at_the_source_and_ends_at_the_target(path, fields):
    reference, x1, noise = fields
    start = path.sample(reference, x1, torch.zeros(3), noise)
    end = path.sample(reference, x1, torch.ones(3), noise)
    source = path.source(reference, noise)
    torch.testing.assert_close(start.xt, source, atol=1e-12, rtol=0)
    torch.testing.assert_close(end.xt, x1, atol=1e-12, rtol=0)
    torch.testing.assert_close(source, reference + noise, atol=1e-12, rtol=0)


@pytest.mark.parametrize("path", PATHS)
def test_velocity_is_the_time_derivative_of_the_path(path, fields):
    reference, x1, noise = fields
    t = 0.01 + 0.98 * torch.rand(
        3, dtype=torch.float64, generator=torch.Generator().manual_seed(4)
    )
    derivative = torch.func.jvp(
        lambda s: path.sample(reference, x1, s, noise).xt, (t,), (torch.ones_like(t),)
    )[1]
    velocity = path.sample(reference, x1, t, noise).velocity
    torch.testing.assert_close(velocity, derivative, atol=0, rtol=1e-10)


def gaussian(t, *, n=200_000, seed=5):
    """Reference 1.5; target normal with mean 1.5 + 0.7 and deviation 0.4."""
    e, z = draw(n, 1, seed=seed), draw(n, 1, seed=seed + 1)
    reference = torch.full_like(e, 1.5)
    return ReferencePath().sample(
        reference, 2.2 + 0.4 * z, torch.full((n,), t, dtype=torch.float64), 0.6 * e
    )


@pytest.mark.parametrize("t", [0.0, 0.3, 0.8, 1.0])
def test_moments_of_the_marginal(t):
    xt = gaussian(t).xt[:, 0]
    mean, variance = 1.5 + t * 0.7, (1 - t) ** 2 * 0.36 + t**2 * 0.16
    n = len(xt)
    assert abs(xt.mean() - mean) < 4 * math.sqrt(variance / n)
    assert abs(xt.var() - variance) < 4 * variance * math.sqrt(2 / n)


@pytest.mark.parametrize("t", [0.1, 0.5, 0.9])
def test_regression_recovers_the_marginal_velocity(t):
    """Of a Gaussian target: M' + V'/(2V) (x - M), worked out by hand."""
    sample = gaussian(t)
    x, v = sample.xt[:, 0], sample.velocity[:, 0]
    variance = (1 - t) ** 2 * 0.36 + t**2 * 0.16
    slope = (-(1 - t) * 0.36 + t * 0.16) / variance
    centred = x - (1.5 + t * 0.7)
    design = torch.stack((torch.ones_like(x), centred), dim=1)
    fit = torch.linalg.lstsq(design, v[:, None]).solution[:, 0]
    residual = (v - design @ fit).std()
    errors = residual / math.sqrt(len(x)) / torch.tensor([1.0, variance**0.5])
    assert (fit - torch.tensor([0.7, slope])).abs().le(4 * errors).all()


def test_regression_recovers_the_velocity_of_correlated_channels():
    n, t = 200_000, 0.6
    mix = torch.tensor([[0.5, 0, 0], [0.3, 0.4, 0], [-0.2, 0.1, 0.6]]).double()
    s0, d = torch.tensor([0.5, 0.2, 0.9]).double(), torch.tensor([1.0, -2, 0.5])
    e, z = draw(n, 3, seed=8), draw(n, 3, seed=9)
    sample = ReferencePath().sample(
        torch.zeros(n, 3).double(), d + z @ mix.T, torch.full((n,), t), s0 * e
    )
    covariance = mix @ mix.T
    marginal = (1 - t) ** 2 * torch.diag(s0**2) + t**2 * covariance
    rate = -(1 - t) * torch.diag(s0**2) + t * covariance
    matrix = torch.linalg.solve(marginal, rate, left=False)
    centred = sample.xt - t * d
    fit = torch.linalg.lstsq(centred, sample.velocity - d).solution.T
    residual = (sample.velocity - d - centred @ fit.T).std(0)
    spread = torch.linalg.inv(marginal).diagonal().sqrt()
    errors = residual[:, None] * spread / math.sqrt(n)
    assert (fit - matrix).abs().le(4 * errors).all()


def test_conversions_round_trip_and_stay_finite(fields):
    path, (reference, x1, noise) = ReferencePath(), fields
    for time in (0.0, 1e-3, 0.4, 1 - 1e-3, 1.0):
        t = torch.full((3,), time, dtype=torch.float64)
        sample = path.sample(reference, x1, t, noise)
        clean = path.clean(reference, sample.xt, sample.velocity, t)
        back = path.velocity(sample.xt, clean, t)
        again = path.noise(reference, sample.xt, sample.velocity, t)
        torch.testing.assert_close(clean, x1, atol=1e-12, rtol=0)
        torch.testing.assert_close(again, noise, atol=1e-12, rtol=0)
        assert back.isfinite().all()
        if time < 1:
            torch.testing.assert_close(back, sample.velocity, atol=1e-10, rtol=0)


def test_changes_nothing_in_place(fields):
    copies = [f.clone() for f in fields]
    reference, x1, noise = fields
    ReferencePath().sample(reference, x1, torch.rand(3), noise)
    assert all(torch.equal(f, c) for f, c in zip(fields, copies, strict=True))
