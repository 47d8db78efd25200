import pytest
import torch

from physbias.errors import ArgumentError
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
from physbias.numerics.linear.walls import (
    homogeneous,
    keeps_constants,
    nearly,
    of_field,
    transformable,
)


def line(lower, upper):
    return Grid((3,), (1.0,), boundary=[(lower, upper)])


def test_constants_are_kept_only_without_values():
    assert keeps_constants(line(Neumann(2.0), Robin(0.0, 2.0, 1.0)))
    assert keeps_constants(line(Periodic(), Periodic()))
    assert not keeps_constants(line(Neumann(0.0), Dirichlet(0.0)))
    assert not keeps_constants(line(Neumann(0.0), Robin(1.0, 1.0)))


def test_data_go_and_kinds_stay():
    grid = Grid(
        (3, 2),
        (1.0, 2.0),
        boundary=[(Neumann(2.0), Robin(1.0, 0.5, 3.0)), Dirichlet(torch.ones(1, 1, 3))],
        origin=(1.0, -1.0),
    )
    still = homogeneous(grid)
    assert still.boundary[0] == (Neumann(0.0), Robin(1.0, 0.5, 0.0))
    assert still.boundary[1] == (Dirichlet(0.0), Dirichlet(0.0))
    assert still.origin == grid.origin
    assert not transformable(grid)
    assert transformable(line(Neumann(2.0), Dirichlet(1.0)))


def test_what_a_scalar_field_meets():
    side = {"u": Dirichlet(1.0), "v": Neumann(0.0)}
    found = of_field(line(side, Symmetry()), "u")
    assert found.boundary == ((Dirichlet(1.0), Neumann(0.0)),)
    found = of_field(line(Inflow(2.0), Outflow(0)), "u")
    assert found.boundary == ((Dirichlet(2.0), Neumann(0.0)),)
    found = of_field(line(Inflow({"u": 2.0}), Inflow({"v": 1.0})), "u")
    assert found.boundary == ((Dirichlet(2.0), Neumann(0.0)),)
    with pytest.raises(
        ArgumentError, match="conditions of u, v, expected one of the f"
    ):
        of_field(line(side, side), "pressure")


@pytest.mark.parametrize(
    "side", [Outflow(1), Robin(1.0, -1.0), Robin(torch.ones(1, 1), 1.0)], ids=repr
)
def test_walls_without_a_symmetric_positive_operator_are_refused(side):
    with pytest.raises(ArgumentError, match="two numbers of one sign as weights"):
        homogeneous(line(side, Neumann(0.0)))


def test_robin_walls_give_way_to_what_transforms_fit():
    found = nearly(line(Robin(1.0, 0.5, 3.0), Robin(0.0, 2.0, 1.0)))
    assert found.boundary == ((Dirichlet(0.0), Neumann(0.0)),)
    assert transformable(found)
    assert nearly(line(Dirichlet(2.0), Neumann(1.0))).boundary == (
        (Dirichlet(0.0), Neumann(0.0)),
    )
