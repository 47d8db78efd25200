"""Known solutions against the solver."""

from math import pi

import pytest
import torch

from physbias.grid import (
    Dirichlet,
    Grid,
    Inflow,
    Outflow,
    Periodic,
)
from physbias.numerics import DormandPrince, FiniteDifference, Upwind
from physbias.pdes import Heat, pde
from physbias.verify import Status, verify
from physbias.verify.witness_boundary import BOUNDARY
from physbias.verify.witness_residual import RESIDUAL
from physbias.verify.witness_solver import SOLVER

ALL = (RESIDUAL, BOUNDARY, SOLVER)
NU = 0.3


def probe(physics, grid, witness=None, **options):
    return verify(physics, grid, witness=witness, probes=ALL, **options)


def decaying(shape):
    """Return exp(-NU pi^2 t) times a function of x of wavenumber pi."""

    def mode(coords, time):
        decay = torch.exp(-NU * pi**2 * torch.as_tensor(time))
        return decay * shape(pi * coords[:, :1])

    return mode


def rod(*pair) -> Grid:
    return Grid((24,), (1.0,), boundary=[pair])


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        (
            Grid((8, 9), (1.0, 2.0), boundary=[Dirichlet(torch.ones(9)), Periodic()]),
            "expected one that broadcasts against (batch, channel, 28)",
        ),
        (rod(*[Dirichlet(torch.ones(2, 1))] * 2), "(batch, channel) = (2, 1)"),
    ],
    ids=["on points", "per sample"],
)
def test_data_that_cannot_be_refined_are_no_fault(grid, words):
    def level(coords, time):
        return 1 + 0 * coords[:, :1] + 0 * torch.as_tensor(time)

    report = probe(Heat(NU), grid, level)
    assert report.ok
    assert report[BOUNDARY].status is Status.PASSED
    assert report[SOLVER].status is Status.SKIPPED
    assert words in report[SOLVER].meaning
    assert "functions" in report[SOLVER].remedy


@pytest.mark.parametrize(
    ("scheme", "degree"),
    [(FiniteDifference(4), 0), (FiniteDifference(4), 3), (Upwind(3), 3)],
)
def test_a_wave_that_enters_and_leaves_passes(scheme, degree):
    """Order 2 at the inflow, degree + 1 at the outflow: no fault of the equation."""

    def wave(coords, time):
        return torch.sin(3 * (coords[:, :1] - torch.as_tensor(time)))

    grid = Grid((24,), (1.0,), boundary=[(Inflow(wave), Outflow(degree))])
    carried = pde(lambda u, d: -d.x(u), "u")
    probe(carried, grid, wave, scheme=scheme).raise_if_failed()
    slow = pde(lambda u, d: -0.8 * d.x(u), "u")
    assert probe(slow, grid, wave, scheme=scheme).failed == (RESIDUAL, SOLVER)


def test_one_grid_tells_no_order():
    """A coefficient on the grid's points, here the same at each."""
    grid = Grid((24,), (2.0,), boundary=Periodic())
    layered = Heat(torch.full((1, 1, 24), NU))
    report = probe(layered, grid, decaying(torch.sin))
    assert report[RESIDUAL].status is Status.SKIPPED
    assert report[SOLVER].status is Status.SKIPPED
    assert "one grid tells no order" in report[SOLVER].meaning
    report = probe(layered, grid, decaying(torch.sin), scheme=FiniteDifference(8))
    assert report[SOLVER].status is Status.PASSED


def test_a_source_of_growth_stops_the_solver():
    grid = Grid((24,), (2.0,), boundary=Periodic())
    wrong = pde(lambda u, d: -NU * d.laplacian(u), "u")
    report = probe(wrong, grid, decaying(torch.sin))
    assert set(report.failed) == {RESIDUAL, SOLVER}
    assert report[RESIDUAL].value > 0.5


def test_adaptive_steps_are_taken_too():
    grid = Grid((24,), (2.0,), boundary=Periodic())
    stepper = DormandPrince(1e-9, 1e-9)
    report = probe(Heat(NU), grid, decaying(torch.sin), stepper=stepper)
    report.raise_if_failed()
