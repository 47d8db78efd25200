"""Orders in space are those of the schemes."""

import pytest
import torch

from physbias.grid import Dirichlet, Grid, Periodic
from physbias.numerics import FiniteDifference, Spectral
from physbias.pdes import Burgers, Heat, VorticityFlow, pde
from physbias.verify import Status, verify
from physbias.verify.order_space import NAME, interior


def probe(physics, grid, **options):
    return verify(physics, grid, probes=(NAME,), **options)[NAME]


@pytest.mark.parametrize("order", [2, 4, 6, 8])
def test_central_differences_have_their_order(order, line, plane):
    for grid in (line, plane):
        finding = probe(Burgers(0.1), grid, scheme=FiniteDifference(order))
        assert finding.status is Status.PASSED
        assert finding.value == pytest.approx(order, abs=0.15)


def test_an_order_that_is_promised_must_be_kept(line):
    finding = probe(Heat(0.1), line, scheme=FiniteDifference(2), order=4)
    assert finding.status is Status.FAILED
    assert finding.value == pytest.approx(2, abs=0.1)
    assert "spacing" in finding.remedy


def test_fourier_derivatives_are_exact(line):
    finding = probe(Burgers(0.1), line, scheme=Spectral())
    assert finding.status is Status.PASSED
    assert finding.value < 1e-11


def test_without_derivatives_nothing_errs(line):
    finding = probe(pde(lambda u, d: u - u**3, "u"), line)
    assert finding.status is Status.PASSED
    assert "exact to rounding" in finding.meaning


def test_what_needs_a_poisson_solve_is_held_against_a_finer_grid(plane):
    finding = probe(VorticityFlow(0.1), plane)
    assert finding.status is Status.PASSED
    assert finding.value == pytest.approx(4, abs=0.2)
    assert "Fourier evaluation" in finding.meaning


@pytest.mark.parametrize(
    ("flaw", "order"), [("end_point_counted_twice", 1), ("half", 0), ("one_sided", 1)]
)
def test_flaws_show_as_the_order_that_they_leave(flaw, order, flawed, line):
    finding = probe(Burgers(0.1), line, scheme=flawed[flaw])
    assert finding.status is Status.FAILED
    assert finding.value == pytest.approx(order, abs=0.2)


def test_a_coefficient_that_is_a_field_cannot_be_refined(line):
    finding = probe(Heat(torch.ones(1, 1, 24)), line)
    assert finding.status is Status.SKIPPED
    assert finding.remedy.startswith("In an equation of your own make the coeff")


def test_the_interior_is_far_from_walls():
    grid = Grid((8, 4), (1.0, 1.0), boundary=[Dirichlet(0.0), Periodic()])
    assert interior(grid)[:, 0].tolist() == [False] * 2 + [True] * 4 + [False] * 2
    assert bool((interior(grid) == interior(grid)[:, :1]).all())
