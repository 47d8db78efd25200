"""The references that work is held against."""

from dataclasses import replace

import pytest
import torch

from physbias.numerics import RK4, FiniteDifference, Spectral

F64 = torch.float64


@pytest.fixture(scope="module")
def diagrams(benchmark_script):
    return benchmark_script("work_precision")


def test_the_steepening_sine_is_that_of_the_bessel_series(diagrams):
    """E. R. Benton and G. W. Platzman (1972), Quart. Appl. Math. 30, 195-212."""
    special = pytest.importorskip("scipy.special")
    problem = diagrams.burgers()
    nu, t = 0.1, problem.end
    found = problem.reference(problem)[0, 0]
    x = problem.grid(len(found)).coords(dtype=F64)[0, 0]
    n = torch.arange(1, 40, dtype=F64)
    weights = torch.from_numpy(special.iv(n.numpy(), 1 / (2 * nu)))
    weights = weights * torch.exp(-nu * n**2 * t)
    angle = n[:, None] * x
    above = (n * weights) @ torch.sin(angle)
    below = special.iv(0, 1 / (2 * nu)) + 2 * weights @ torch.cos(angle)
    torch.testing.assert_close(found, 4 * nu * above / below, atol=1e-11, rtol=0)


def test_errors_and_times_are_those_of_the_runs(diagrams):
    runs = [
        diagrams.Run("a", Spectral(), RK4(), 64, 100),
        diagrams.Run("b", FiniteDifference(2), RK4(), 32),
        diagrams.Run("b", FiniteDifference(2), RK4(), 64),
    ]
    points = diagrams.measure(replace(diagrams.burgers(), runs=runs), 1)
    assert points[0].num_steps == 100
    assert all(point.seconds > 0 for point in points)
    errors = [point.error for point in points]
    assert errors[0] < 5e-4
    assert errors[1] / errors[2] == pytest.approx(4, rel=0.2)


def test_a_reference_is_taken_at_the_points_of_a_coarser_grid(diagrams):
    fine = torch.arange(24.0).reshape(1, 1, 4, 6)
    coarse = diagrams.sampled(fine, torch.zeros(1, 1, 2, 3))
    assert coarse.flatten().tolist() == [0, 2, 4, 12, 14, 16]
