"""Samples apart, and coefficients of their own."""

from typing import ClassVar

import pytest

from physbias.grid import Grid, Periodic
from physbias.pdes import PDE, Heat, Poisson, TracerFlow, pde
from physbias.verify import Status, verify
from physbias.verify.batch import COEFFICIENTS, NAME


def probe(physics, grid, **options):
    return verify(physics, grid, probes=(NAME, COEFFICIENTS), **options)


def test_samples_of_the_library_are_apart(line, plane):
    for physics, grid in ((Heat(0.1), line), (TracerFlow(0.1, 0.2), plane)):
        report = probe(physics, grid)
        assert [f.status for f in report] == [Status.PASSED] * 2
        assert report[NAME].value == 0
    assert "viscosity, diffusivity" in report[COEFFICIENTS].meaning


@pytest.mark.parametrize(
    "leak",
    [
        lambda u, d: -u.mean() * d.x(u),
        lambda u, d: -u[:1] * d.x(u),
        lambda u, d: -u.flip(0) * d.x(u),
        lambda u, d: -u / u.abs().max(),
        lambda u, d: d.x(u) - 1e-10 * u.cumsum(0),
    ],
    ids=["mean", "sample zero", "flip", "maximum", "a little"],
)
def test_leaks_are_seen(leak, line):
    report = probe(pde(leak, "u"), line)
    assert report.failed == (NAME,)


def test_a_state_kept_between_calls_is_seen(line):
    class Remembers(PDE):
        fields: ClassVar = {"u": 1}
        last = None

        def rhs(self, u, d):
            last = u if self.last is None else self.last
            object.__setattr__(self, "last", u.detach())
            return -u - 0.1 * last.mean()

    assert NAME in probe(Remembers(), line).failed


def test_the_right_hand_side_says_where(line):
    report = probe(pde(lambda u, d: -u.mean() * d.x(u), "u"), line)
    assert "in the right-hand side" in report[NAME].meaning
    assert report[NAME].value > 1e-3


def test_coefficients_that_broadcast_along_space_are_refused_or_seen(line):
    class Bare(PDE):
        fields: ClassVar = {"u": 1}

        def __init__(self):
            super().__init__()
            self.speed = 0.7

        def rhs(self, u, d):
            return -self.speed * d.x(u)

    report = probe(Bare(), line)
    assert report[COEFFICIENTS].status is Status.SKIPPED
    assert "d.coefficient" in report[COEFFICIENTS].remedy
    three = Grid((3,), (1.0,), boundary=Periodic())  # as many points as samples

    class OnThree(Bare):
        def rhs(self, u, d):
            return -self.speed * u

    assert probe(OnThree(), three).failed == (COEFFICIENTS,)


def test_steady_equations_have_samples_too(plane):
    report = probe(Poisson(), plane)
    assert report[NAME].status is Status.PASSED
