"""Known solutions against the walls and the periods of a grid."""

from math import pi

import pytest
import torch

from physbias.grid import (
    Dirichlet,
    Grid,
    Neumann,
    Periodic,
    Symmetry,
)
from physbias.pdes import Heat
from physbias.verify import verify
from physbias.verify.witness_boundary import BOUNDARY
from physbias.verify.witness_residual import RESIDUAL
from physbias.verify.witness_solver import SOLVER

NU = 0.3


def rod(*pair) -> Grid:
    return Grid((24,), (1.0,), boundary=[pair])


@pytest.mark.parametrize(
    ("shape", "grid", "where"),
    [
        (torch.sin, rod(Dirichlet(0.0), Dirichlet(0.1)), "upper wall of x by 1"),
        (torch.sin, rod(Neumann(0.0), Dirichlet(0.0)), "lower wall of x"),
        (torch.cos, rod(Dirichlet(0.0), Neumann(0.0)), "lower wall of x"),
        (torch.sin, rod(Symmetry(), Dirichlet(0.0)), "lower wall of x"),
        (torch.sin, Grid((24,), (1.0,), boundary=Periodic()), "period along x"),
    ],
)
def test_a_grid_with_another_boundary_is_named(shape, grid, where, judge, cooling):
    report = judge(Heat(NU), grid, cooling(shape, NU), duration=0.01)
    assert BOUNDARY in report.failed
    assert where in report[BOUNDARY].meaning
    assert RESIDUAL not in report.failed


def test_the_sign_of_the_outward_slope_counts(judge):
    """u = x has the outward slopes -1 and 1."""

    def steady(coords, time):
        return coords[:, :1] + 0 * torch.as_tensor(time)

    assert judge(Heat(NU), rod(Neumann(-1.0), Neumann(1.0)), steady).ok
    report = judge(Heat(NU), rod(Neumann(1.0), Neumann(1.0)), steady)
    assert "lower wall" in report[BOUNDARY].meaning


def fading(coords, time):
    """Heat in one dimension, not at rest at any wall: exp(-NU t) cos(x)."""
    return torch.exp(-NU * torch.as_tensor(time)) * torch.cos(coords[:, :1])


def leaning(coords, time):
    """Heat in two: exp(NU (1 - 9) t) exp(x) sin(3 y)."""
    rate = torch.exp(-8 * NU * torch.as_tensor(time))
    return rate * torch.exp(coords[:, :1]) * torch.sin(3 * coords[:, 1:2])


def slope_of_leaning(coords, time):
    """Its derivative along y."""
    rate = torch.exp(-8 * NU * torch.as_tensor(time))
    return 3 * rate * torch.exp(coords[:, :1]) * torch.cos(3 * coords[:, 1:2])


def moving_rod(lower=fading, upper=fading) -> Grid:
    pair = (Dirichlet(lower), Dirichlet(upper))
    return Grid((24,), (1.0,), boundary=[pair], origin=(0.2,))


def moving_plate(lower=leaning, upper=slope_of_leaning) -> Grid:
    """Values along x and at the lower wall of y, a slope at the upper one."""
    pair = (Dirichlet(lower), Neumann(upper))
    values = Dirichlet(leaning)
    return Grid((14, 18), (1.0, 1.7), boundary=[values, pair], origin=(0.1, 0.3))


@pytest.mark.parametrize(
    ("grid", "witness", "start"),
    [(moving_rod(), fading, 0.0), (moving_plate(), leaning, 0.7)],
)
def test_walls_that_vary_along_them_and_in_time_pass(grid, witness, start, judge):
    report = judge(Heat(NU), grid, witness, start=start)
    report.raise_if_failed()
    assert report[RESIDUAL].value < 1e-13
    assert report[BOUNDARY].value < 1e-13
    assert report[SOLVER].value < 1e-6


def rated(function):
    """The data at a rate of change 5 % too fast."""
    return lambda coords, time: function(coords, 1.05 * time)


def frozen(function):
    """The data of the start for ever."""
    return lambda coords, time: function(coords, 0.0)


def growing(function):
    """The data times 1 + 3 t."""
    return lambda coords, time: function(coords, time) * (1 + 3 * time)


@pytest.mark.parametrize("wrong", [rated, frozen, growing])
@pytest.mark.parametrize(
    ("grid", "witness", "where"),
    [
        (lambda w: moving_rod(lower=w(fading)), fading, "lower wall of x"),
        (lambda w: moving_rod(upper=w(fading)), fading, "upper wall of x"),
        (lambda w: moving_plate(lower=w(leaning)), leaning, "lower wall of y"),
        (lambda w: moving_plate(upper=w(slope_of_leaning)), leaning, "upper wall of y"),
    ],
)
def test_walls_right_at_the_start_alone_are_named(grid, witness, where, wrong):
    report = verify(Heat(NU), grid(wrong), witness=witness, probes=(BOUNDARY,))
    assert report.failed == (BOUNDARY,)
    assert where in report[BOUNDARY].meaning


def test_the_solver_sees_walls_that_stand_still(judge):
    grid = moving_plate(upper=frozen(slope_of_leaning))
    assert judge(Heat(NU), grid, leaning).failed == (BOUNDARY, SOLVER)


def test_data_wrong_along_an_edge_are_named():
    def turned(coords, time):
        return leaning(coords.flip(1), time)

    grid = moving_plate(lower=turned)
    report = verify(Heat(NU), grid, witness=leaning, probes=(BOUNDARY,))
    assert report.failed == (BOUNDARY,)
    assert "lower wall of y" in report[BOUNDARY].meaning


def test_a_period_that_is_lost_later_is_named(judge):
    def tilting(coords, time):
        return torch.sin(pi * coords[:, :1]) + torch.as_tensor(time) * coords[:, :1]

    grid = Grid((24,), (2.0,), boundary=Periodic())
    report = judge(Heat(NU), grid, tilting)
    assert BOUNDARY in report.failed
    assert "period along x" in report[BOUNDARY].meaning


def test_what_is_not_finite_misses_its_walls(judge):
    def broken(coords, time):
        return torch.sqrt(-1 - torch.as_tensor(time)) * fading(coords, time)

    report = judge(Heat(NU), moving_rod(), broken)
    assert {RESIDUAL, BOUNDARY} <= set(report.failed)
