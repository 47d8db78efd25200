import torch

from physbias.grid import Dirichlet, Grid, Periodic, Symmetry
from physbias.grid.edges import Edges
from physbias.numerics.faces import Faces

F64 = torch.float64


def faces(boundary):
    grid = Grid((2, 3), (1.0, 3.0), boundary=boundary, origin=(10.0, 20.0))
    return Faces.of(Edges(grid, {"velocity": "vector"}), torch.device("cpu"))


def test_components_sit_half_a_cell_lower_along_their_own_axis():
    x, y = faces([Periodic(), Dirichlet(0.0)]).along
    assert [a.tolist() for a in x.axes()] == [[9.75, 10.25], [20.5, 21.5, 22.5]]
    assert [a.tolist() for a in y.axes()] == [[10.0, 10.5], [20.0, 21.0, 22.0]]


def test_walls_close_their_axis_and_periodic_axes_repeat():
    u = torch.tensor([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]])
    sides = [
        Periodic(),
        (Dirichlet((7.0, 8.0)), Dirichlet(torch.tensor([[7.0], [9.0]]))),
    ]
    known = faces(sides)
    assert known.closed(u, 0, 0.0)[0, 0].tolist() == [[1, 2, 3], [4, 5, 6], [1, 2, 3]]
    assert known.closed(u, 1, 0.0)[0, 0].tolist() == [[8, 2, 3, 9], [8, 5, 6, 9]]
    assert known.pad(u, 0, 1, 0.0)[0, 0].tolist() == [
        [13, 1, 2, 3, 11],
        [10, 4, 5, 6, 8],
    ]
    still = known.at_rest()
    assert still.closed(u, 1, 0.0)[0, 0].tolist() == [[0, 2, 3, 0], [0, 5, 6, 0]]
    assert (known.are_shut, still.are_shut) == (False, True)


def test_free_slip_mirrors_what_goes_along_the_wall():
    u = torch.tensor([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]])
    known = faces(Symmetry())
    assert known.are_shut
    assert known.pad(u, 0, 1, 0.0)[0, 0].tolist() == [[1, 1, 2, 3, 3], [4, 4, 5, 6, 6]]
    assert known.closed(u, 0, 0.0)[0, 0].tolist() == [[0, 0, 0], [4, 5, 6], [0, 0, 0]]


def test_functions_see_the_places_of_the_component_and_the_time():
    def lid(coords, time):
        return torch.cat([coords[:, :1] * time, 0 * coords[:, :1]], 1)

    known = faces([Periodic(), Dirichlet(lid)])
    u = torch.zeros(1, 1, 2, 3, dtype=F64)
    ghosts = known.pad(u, 0, 1, 2.0)[0, 0, :, 0]
    torch.testing.assert_close(ghosts, torch.tensor([39.0, 41.0], dtype=F64))
