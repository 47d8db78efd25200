"""Known solutions against equation, grid and solver together."""

from math import inf, nan, pi

import pytest
import torch

from physbias.grid import (
    Dirichlet,
    Grid,
    Inflow,
    Neumann,
    Outflow,
    Periodic,
    Robin,
    Symmetry,
)
from physbias.numerics import RK4, FiniteDifference
from physbias.pdes import Heat, pde
from physbias.verify import Status
from physbias.verify.case import Case
from physbias.verify.witness import known_state, random_points, worst_mismatch
from physbias.verify.witness_boundary import BOUNDARY
from physbias.verify.witness_residual import RESIDUAL
from physbias.verify.witness_solver import SOLVER

NU = 0.3


def rod(*pair) -> Grid:
    return Grid((24,), (1.0,), boundary=[pair])


@pytest.mark.parametrize(
    ("shape", "grid"),
    [
        (torch.sin, rod(Dirichlet(0.0), Dirichlet(0.0))),
        (torch.cos, rod(Neumann(0.0), Neumann(0.0))),
        (torch.cos, rod(Symmetry(), Symmetry())),
        (torch.sin, Grid((24,), (2.0,), boundary=Periodic())),
        (
            torch.sin,
            rod(
                Dirichlet(lambda coords, time: 0 * coords[:, :1]),
                Robin(torch.tensor(3.0), 0.0, 0.0),
            ),
        ),
    ],
    ids=["values", "slopes", "mirrors", "periodic", "functions"],
)
def test_a_solution_passes_on_its_own_grid(shape, grid, judge, cooling):
    report = judge(Heat(NU), grid, cooling(shape, NU), duration=0.01)
    report.raise_if_failed()
    assert report[RESIDUAL].value < 1e-13
    assert report[BOUNDARY].value < 1e-13
    assert report[SOLVER].value < 1e-5


def oblique(coords, time):
    """A wave of numbers 3 and 2, carried at the speeds 1 and 0.5."""
    time = torch.as_tensor(time)
    return torch.sin(3 * (coords[:, :1] - time) + 2 * (coords[:, 1:2] - 0.5 * time))


@pytest.mark.parametrize(
    "boundary", [Periodic(), (Inflow(oblique), Outflow(3))], ids=["periodic", "inflow"]
)
def test_axes_that_are_mixed_up_are_seen(boundary, judge):
    """The speeds 1 along x and 0.5 along y, and the other way round."""
    lengths = (2 * pi / 3, pi)
    grid = Grid((24, 20), lengths, boundary=[boundary, boundary])
    right = pde(lambda u, d: -d.x(u) - 0.5 * d.y(u), "u")
    swapped = pde(lambda u, d: -d.y(u) - 0.5 * d.x(u), "u")
    judge(right, grid, oblique).raise_if_failed()
    assert judge(swapped, grid, oblique).failed == (RESIDUAL, SOLVER)


def test_without_a_witness_it_says_what_cannot_be_seen(line, judge):
    report = judge(pde(lambda u, d: d.laplacian(u), "u"), line)
    assert "wrong sign or factor" in report[RESIDUAL].meaning
    assert all(f.status is Status.SKIPPED for f in report)


def case_of(grid):
    def pair(coords, time):
        return torch.stack([0 * coords[:, 0] + time, coords[:, 0]], 1)

    return Case(
        pde=Heat(NU),
        grid=grid,
        scheme=FiniteDifference(2),
        stepper=RK4(),
        witness=pair,
        duration=1.0,
    )


def test_mismatches_are_relative_to_the_largest_size_of_all_times():
    """At 0, 0.1, 0.43 and 1 of the span: |t - 0.1| of a size 1 + t, 0.9 / 2 at most."""
    grid = Grid((8,), (2.0,), boundary=Periodic(), origin=(5.0,))
    case = case_of(grid)
    value, time = worst_mismatch(case, lambda t: (abs(t - 0.1), 1 + t))
    assert value == pytest.approx(0.45)
    assert time == 1.0
    assert worst_mismatch(case, lambda t: (nan if t == 0 else 0.0, 1.0)) == (inf, 0.0)
    points = random_points(case)
    assert points.shape == (200, 1)
    assert 5.0 <= float(points.min()) < 5.1 < 6.9 < float(points.max()) <= 7.0


def test_a_state_has_no_multipliers():
    """A witness of two channels, of an equation with one field."""
    case = case_of(Grid((8,), (2.0,), boundary=Periodic()))
    coords = torch.zeros(3, 1, dtype=torch.float64)
    assert known_state(case, coords, 0.5).tolist() == [[0.5]] * 3
