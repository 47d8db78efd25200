"""All uses say the same."""

from typing import ClassVar

import torch

from physbias.grid import Dirichlet, Grid, Periodic
from physbias.pdes import PDE, Burgers, Heat, Poisson, TracerFlow, pde
from physbias.verify import Status, verify
from physbias.verify.uses import NAME


def probe(physics, grid, **options):
    return verify(physics, grid, probes=(NAME,), **options)[NAME]


def driven(u, d):
    return 0.1 * d.laplacian(u) + torch.cos(3 * d.time) + 0 * u


def test_they_agree_for_the_library(line, plane):
    for physics, grid in ((Burgers(0.1), line), (TracerFlow(0.1), plane)):
        finding = probe(physics, grid)
        assert finding.status is Status.PASSED
        assert finding.meaning.count(";") == 2  # all three were compared


def test_a_clock_that_stands_still_is_seen(flawed, line):
    assert probe(pde(driven, "u"), line).status is Status.PASSED
    finding = probe(pde(driven, "u"), line, scheme=flawed["clock_stands_still"])
    assert finding.status is Status.FAILED
    assert "a time" in finding.remedy


def test_a_residual_of_its_own_must_fit_the_right_hand_side(line):
    class Doubled(PDE):
        fields: ClassVar = {"u": 1}

        def rhs(self, u, d):
            return d.laplacian(u)

        def residual(self, u, d, multipliers=None):
            return d.t(u) - 2 * d.laplacian(u)

    finding = probe(Doubled(), line)
    assert finding.status is Status.FAILED
    assert "the residual on the grid and the right-hand side differ" in finding.meaning


def test_a_stencil_of_its_own_cannot_go_to_points(line):
    finding = probe(pde(lambda u, d: u.roll(1, 2) - u, "u"), line)
    assert finding.status is Status.FAILED
    assert "At points it raises IndexError" in finding.meaning
    assert "Write it with d" in finding.remedy


def test_fields_as_coefficients_and_steady_equations(line):
    assert probe(Heat(torch.ones(1, 1, 24)), line).status is Status.PASSED
    box = Grid((12, 12), (1.0, 1.0), boundary=Periodic())
    assert probe(Poisson(), box).status is Status.SKIPPED


def test_between_walls_the_closures_come_first(line):
    def flux(u, d):
        return d.div((1 + d.coords.cos()) * d.grad(u))

    rod = Grid((24,), (1.3,), boundary=Dirichlet(1.0))
    finding = probe(pde(flux, "u"), rod)
    assert finding.status is Status.FAILED
    assert finding.remedy.startswith("Look at 'boundary closures' first: ")
    assert "needs d.derived. Look for a time" in finding.remedy
    finding = probe(pde(lambda u, d: u.roll(1, 2) - u, "u"), line)
    assert "boundary closures" not in finding.remedy


def test_a_residual_of_its_own_that_fails_says_why(line):
    class Broken(PDE):
        fields: ClassVar = {"u": 1}

        def rhs(self, u, d):
            return d.laplacian(u)

        def residual(self, u, d, multipliers=None):
            message = "no such thing"
            raise TypeError(message)

    finding = probe(Broken(), line)
    assert finding.status is Status.FAILED
    assert "no such thing" in finding.meaning
