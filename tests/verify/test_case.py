"""What the probes share."""

import pytest
import torch

from physbias.errors import ShapeError
from physbias.grid import Dirichlet, Grid, Neumann, Periodic
from physbias.numerics import SSPRK3, FiniteDifference, Spectral
from physbias.pdes import Burgers, Heat, TracerFlow
from physbias.verify.case import Case, as_grid


def case(pde=None, grid=None, scheme=None, **options) -> Case:
    grid = grid or Grid((24,), (2.0,), boundary=Periodic())
    scheme = scheme or FiniteDifference(4)
    pde = (pde or Burgers(0.1)).double()
    return Case(pde=pde, grid=grid, scheme=scheme, stepper=SSPRK3(), **options)


def test_the_scheme_says_its_order():
    assert case().nominal_order == 4
    assert case(scheme=Spectral()).nominal_order == float("inf")
    assert case(order=2.5).nominal_order == 2.5


def test_levels_are_grids_of_the_same_box_with_one_ratio():
    grid = Grid((9, 9), (2.0, 5.0), boundary=[Neumann(1.0), Periodic()], origin=(1, 2))
    coarse, fine = (case(Heat(), grid).level(k) for k in (2, 4))
    assert coarse.num_points == (24, 28)
    assert fine.num_points == (48, 56)
    assert (fine.lengths, fine.origin) == (grid.lengths, grid.origin)
    assert fine.boundary == grid.boundary


def test_levels_keep_data_that_vary_on_demand():
    wall = Dirichlet(lambda coords, time: coords[:, 1:] * time)
    grid = Grid((9, 9), (2.0, 5.0), boundary=[wall, Periodic()], origin=(1, 2))
    one = case(Heat(), grid)
    own = one.level(2, own_data=True)
    assert (own.num_points, own.origin) == ((24, 28), (1.0, 2.0))
    assert own.boundary == grid.boundary
    assert one.level(2).boundary[0][0] == Dirichlet(0.0)


def test_data_on_the_points_of_an_edge_have_no_other_levels():
    wall = Dirichlet(torch.ones(9))
    grid = Grid((8, 9), (2.0, 5.0), boundary=[wall, Periodic()])
    with pytest.raises(ShapeError, match="on the lower side of x"):
        case(Heat(), grid).level(2, own_data=True)


def test_a_large_grid_is_not_run_as_it_is():
    small = Grid((60, 60), (1.0, 1.0), boundary=Periodic())
    large = Grid((600, 600), (1.0, 1.0), boundary=Periodic())
    assert case(grid=small).base is small
    assert case(grid=large).base.num_points == (48, 56)


def test_coefficients_that_are_fields_are_noticed():
    assert not case(Heat(torch.tensor([0.1, 0.2, 0.3]))).holds_fields
    assert case(Heat(torch.rand(1, 1, 24))).holds_fields


def test_states_are_distinct_and_free_of_divergence():
    grid = Grid((14, 16), (2.0, 3.0), boundary=Periodic())
    one = case(TracerFlow(0.1), grid)
    u = one.states(grid)
    assert u.shape == (3, 3, 14, 16)
    assert not torch.equal(u[0], u[1])
    assert one.bind(grid).div(u[:, :2]).abs().max() < 1e-12


def test_the_same_equation_on_a_grid_and_at_its_points():
    """Fourier derivatives of a few modes are exact."""
    grid = Grid((24, 20), (2.0, 3.0), boundary=Periodic())
    one = case(TracerFlow(0.1), grid, Spectral(None))
    at_points = one.on_grid_by_points(grid, one.field())
    torch.testing.assert_close(
        one.on_grid(grid, one.field()), as_grid(at_points.tendency, grid)
    )


def test_the_radius_is_that_of_the_spectrum():
    """Second differences of spacing h: 4 D / h^2."""
    grid = Grid((20,), (1.0,), boundary=Periodic())
    found = case(Heat(0.1), grid, FiniteDifference(2)).spectral_radius(grid)
    assert abs(found / (4 * 0.1 * 400) - 1) < 0.02
    still = case(Heat(0.0), Grid((20,), (1.0,), boundary=Dirichlet(0.0)))
    assert still.spectral_radius(still.grid) == 1
