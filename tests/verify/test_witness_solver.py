"""Known solutions against the solver."""

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
from physbias.verify import Status
from physbias.verify.witness_boundary import BOUNDARY
from physbias.verify.witness_residual import RESIDUAL
from physbias.verify.witness_solver import SOLVER

NU = 0.3


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        (
            Grid((8, 9), (1.0, 2.0), boundary=[Dirichlet(torch.ones(9)), Periodic()]),
            "expected one that broadcasts against (batch, channel, 28)",
        ),
        (
            Grid((24,), (1.0,), boundary=Dirichlet(torch.ones(2, 1))),
            "(batch, channel) = (2, 1)",
        ),
    ],
    ids=["on points", "per sample"],
)
def test_data_that_cannot_be_refined_are_no_fault(grid, words, judge):
    def level(coords, time):
        return 1 + 0 * coords[:, :1] + 0 * torch.as_tensor(time)

    report = judge(Heat(NU), grid, level)
    assert report.ok
    assert report[BOUNDARY].status is Status.PASSED
    assert report[SOLVER].status is Status.SKIPPED
    assert words in report[SOLVER].meaning
    assert "functions" in report[SOLVER].remedy


@pytest.mark.parametrize(
    ("scheme", "degree"),
    [(FiniteDifference(4), 0), (FiniteDifference(4), 3), (Upwind(3), 3)],
)
def test_a_wave_that_enters_and_leaves_passes(scheme, degree, judge):
    """Order 2 at the inflow, degree + 1 at the outflow: no fault of the equation."""

    def wave(coords, time):
        return torch.sin(3 * (coords[:, :1] - torch.as_tensor(time)))

    grid = Grid((24,), (1.0,), boundary=[(Inflow(wave), Outflow(degree))])
    carried = pde(lambda u, d: -d.x(u), "u")
    judge(carried, grid, wave, scheme=scheme).raise_if_failed()
    slow = pde(lambda u, d: -0.8 * d.x(u), "u")
    assert judge(slow, grid, wave, scheme=scheme).failed == (RESIDUAL, SOLVER)


def test_one_grid_tells_no_order(judge, cooling):
    """A coefficient on the grid's points, here the same at each."""
    grid = Grid((24,), (2.0,), boundary=Periodic())
    layered = Heat(torch.full((1, 1, 24), NU))
    report = judge(layered, grid, cooling(torch.sin, NU))
    assert report[RESIDUAL].status is Status.SKIPPED
    assert report[SOLVER].status is Status.SKIPPED
    assert "one grid tells no order" in report[SOLVER].meaning
    report = judge(layered, grid, cooling(torch.sin, NU), scheme=FiniteDifference(8))
    assert report[SOLVER].status is Status.PASSED


def test_a_source_of_growth_stops_the_solver(judge, cooling):
    grid = Grid((24,), (2.0,), boundary=Periodic())
    wrong = pde(lambda u, d: -NU * d.laplacian(u), "u")
    report = judge(wrong, grid, cooling(torch.sin, NU))
    assert set(report.failed) == {RESIDUAL, SOLVER}
    assert report[RESIDUAL].value > 0.5


def test_adaptive_steps_are_taken_too(judge, cooling):
    grid = Grid((24,), (2.0,), boundary=Periodic())
    stepper = DormandPrince(1e-9, 1e-9)
    report = judge(Heat(NU), grid, cooling(torch.sin, NU), stepper=stepper)
    report.raise_if_failed()
