"""Conditions as numbers."""

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
from physbias.pdes import Heat, TracerFlow
from physbias.verify.sides import (
    DataError,
    Side,
    channel_sides,
    homogeneous,
    lowest_outflow,
    smooth_grid,
    walls,
)

FREE = Side(0.0, 0.0, 0.0)


def line(*pair) -> Grid:
    return Grid((8,), (1.0,), boundary=[pair])


def test_conditions_become_weights():
    grid = line(Dirichlet(2.0), Robin(2.0, 0.5, 3.0))
    assert channel_sides(Heat(), grid) == [[(Side(1, 0, 2.0), Side(2.0, 0.5, 3.0))]]
    grid = line(Neumann(-1.0), Outflow(1))
    assert channel_sides(Heat(), grid) == [[(Side(0, 1, -1.0), FREE)]]
    assert lowest_outflow(grid) == 1
    assert lowest_outflow(line(Neumann(), Dirichlet())) is None


def test_fields_have_their_own():
    wall = {"velocity": Dirichlet(0.0), "tracer": Neumann(2.0)}
    grid = Grid((8, 8), (1.0, 1.0), boundary=[Periodic(), (wall, Symmetry())])
    along, across, tracer = channel_sides(TracerFlow(), grid)
    even, odd = Side(0, 1, 0.0, exact=True), Side(1, 0, 0.0, exact=True)
    assert along == [None, (Side(1, 0, 0.0), even)]
    assert across == [None, (Side(1, 0, 0.0), odd)]
    assert tracer == [None, (Side(0, 1, 2.0), even)]
    assert walls(grid) == [1]


def test_one_value_per_channel():
    grid = Grid((8, 8), (1.0, 1.0), boundary=[Periodic(), Dirichlet((1.0, 2.0, 3.0))])
    found = [sides[1][0].gamma for sides in channel_sides(TracerFlow(), grid)]
    assert found == [1.0, 2.0, 3.0]


def test_data_that_vary_are_emptied():
    varying = Dirichlet(lambda coords, time: torch.sin(time) + coords[:, :1])
    grid = line(varying, Inflow(torch.tensor(1.0)))
    with pytest.raises(DataError):
        channel_sides(Heat(), grid)
    assert (
        smooth_grid(Heat(), grid).boundary == line(Dirichlet(0.0), Inflow(0.0)).boundary
    )


def test_data_that_clash_in_a_corner_are_emptied():
    def box(x, y) -> Grid:
        return Grid((8, 8), (1.0, 1.0), boundary=[x, y])

    clash = box(Dirichlet(1.0), Dirichlet(0.0))
    assert smooth_grid(Heat(), clash) == homogeneous(clash)
    assert homogeneous(clash) == box(Dirichlet(0.0), Dirichlet(0.0))
    clash = box(Neumann(1.0), Dirichlet(0.0))
    assert smooth_grid(Heat(), clash) != clash
    for fine in (
        box(Dirichlet(1.0), Dirichlet(1.0)),
        box(Neumann(1.0), Neumann(-2.0)),
        box((Dirichlet(1.0), Dirichlet(2.0)), Neumann(0.0)),
    ):
        assert smooth_grid(Heat(), fine) == fine


def test_a_mix_keeps_its_weights():
    grid = line(Robin(2.0, torch.tensor(0.5), 3.0), {"u": Neumann(2.0)})
    empty = homogeneous(grid).boundary[0]
    assert empty[0] == Robin(2.0, 0.5, 0.0)
    assert empty[1].conditions == {"u": Neumann(0.0)}
