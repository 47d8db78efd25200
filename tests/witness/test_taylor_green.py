"""The vortex of Taylor and Green in three dimensions, as its benchmark runs it."""

from itertools import product

import pytest
import torch

F64 = torch.float64


@pytest.fixture(scope="module")
def vortex(benchmark_script):
    return benchmark_script("taylor_green")


def series(viscosity, order):
    """Return energy and enstrophy as polynomials in time, by their recurrence.

    With v = sum over k of i a_k exp(i k.x), all a_k real, the equations say that
    (n + 1) a^(n+1) = P sum (a^m . q) a^(n-m) - viscosity k² a^n for the coefficients of
    a power series in time: no grid and no steps.
    """
    start = {}
    for k in product((-1, 1), repeat=3):
        start[k] = (k[0] / 8 * -1, k[1] / 8, 0.0)
    terms = [start]
    for n in range(order):
        total = {}
        for m in range(n + 1):
            pairs = product(terms[m].items(), terms[n - m].items())
            for (p, a), (q, b) in pairs:
                rate = sum(x * y for x, y in zip(a, q, strict=True))
                k = tuple(x + y for x, y in zip(p, q, strict=True))
                old = total.get(k, (0.0, 0.0, 0.0))
                total[k] = tuple(x + rate * y for x, y in zip(old, b, strict=True))
        new = {}
        for k in total.keys() | terms[n].keys():
            square = sum(x * x for x in k)
            f = total.get(k, (0.0, 0.0, 0.0))
            along = sum(x * y for x, y in zip(f, k, strict=True)) / max(square, 1)
            a = terms[n].get(k, (0.0, 0.0, 0.0))
            new[k] = tuple(
                (x - y * along - viscosity * square * z) / (n + 1)
                for x, y, z in zip(f, k, a, strict=True)
            )
        terms.append(new)

    def mean(weight):
        return [
            sum(
                weight(k) * sum(x * y for x, y in zip(a, terms[n - m][k], strict=True))
                for m in range(n + 1)
                for k, a in terms[m].items()
                if k in terms[n - m]
            )
            / 2
            for n in range(order + 1)
        ]

    return mean(lambda k: 1), mean(lambda k: sum(x * x for x in k))


def test_the_first_moments_are_those_of_the_power_series(vortex):
    course = vortex.run(16, 0.1, dt=0.025)
    energy, enstrophy = series(1 / vortex.REYNOLDS, 4)
    assert energy[0] == pytest.approx(1 / 8)
    assert energy[1] == pytest.approx(-2 / vortex.REYNOLDS * 3 / 8)
    for found, polynomial in ((course.energy, energy), (course.enstrophy, enstrophy)):
        powers = course.times[:, None] ** torch.arange(5)
        expected = powers @ torch.tensor(polynomial, dtype=F64)
        torch.testing.assert_close(found, expected, atol=1e-9, rtol=0)
    # the flow has begun to stretch its vortices
    assert float(course.enstrophy[-1] - course.enstrophy[0]) > 2e-4


def test_coarse_runs_follow_the_published_one_at_first(vortex):
    course = vortex.run(16, 1.0, dt=0.05)
    for (t, energy, loss, enstrophy), near in zip(
        vortex.REFERENCE[:3], (1e-6, 1e-6, 1e-4), strict=True
    ):
        here = course.near(t)
        assert float(course.energy[here]) == pytest.approx(energy, rel=1e-6)
        assert float(course.enstrophy[here]) == pytest.approx(enstrophy, rel=near)
        assert float(course.dissipation[here]) == pytest.approx(loss, rel=1e-4)
    assert course.gap < 1e-4


def test_the_published_numbers_keep_the_budget(vortex):
    """-dE/dt = 2 nu W holds among the copied digits themselves."""
    for _, _, loss, enstrophy in vortex.REFERENCE:
        assert loss == pytest.approx(2 * enstrophy / vortex.REYNOLDS, rel=3e-3)


@pytest.mark.slow
def test_the_dissipation_curve_on_64_cubed(vortex):
    """As published until eddies get too small for the grid, then a little more."""
    course = vortex.run(64, 10.0, dt=0.025)
    for t, energy, loss, _ in vortex.REFERENCE:
        here = course.near(t)
        if t <= 3.5:
            assert float(course.energy[here]) == pytest.approx(energy, rel=2e-4)
            assert float(course.dissipation[here]) == pytest.approx(loss, rel=0.01)
    peak = int(course.dissipation.argmax())
    assert float(course.times[peak]) == pytest.approx(8.97, abs=0.3)
    assert float(course.dissipation[peak]) == pytest.approx(0.01286, rel=0.05)
    assert course.gap < 1e-4
