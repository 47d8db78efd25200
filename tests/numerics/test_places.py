import pytest
import torch

from physbias.grid import Grid, Neumann, Periodic
from physbias.numerics import MUSCL, WENO5, Upwind
from physbias.numerics.places import shifts

F64 = torch.float64
SCHEMES = [Upwind(3), WENO5(), MUSCL()]


def test_shifts_are_the_cells_around_each_face():
    u = torch.arange(10.0)[None, None]
    around = shifts(u, 2, 2)
    assert [int(w[0, 0, 0]) for w in around] == [0, 1, 2, 3]
    assert all(w.shape[2] == 7 for w in around)  # 6 cells have 7 faces


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
def test_coefficients_that_vary_reach_cells_with_ghosts_and_faces(scheme):
    field = torch.arange(6.0, dtype=F64).reshape(1, 1, 1, 6).expand(1, 1, 4, 6)
    for boundary, ghosts in ((Periodic(), (5.0, 0.0)), (Neumann(), (0.0, 5.0))):
        grid = Grid((4, 6), (1.0, 1.0), boundary=boundary)
        d = scheme.bind(grid, dtype=F64)
        cells = d.cells(1).coefficient(field)
        assert cells.shape == (1, 1, 4, 6 + 2 * d.width)
        assert float(cells[0, 0, 0, d.width - 1]) == ghosts[0]
        assert float(cells[0, 0, 0, -d.width]) == ghosts[1]
        faces = d.between(1).coefficient(field)
        assert faces[0, 0, 0, 1:-1].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
        assert float(faces[0, 0, 0, 0]) == ghosts[0] / 2
        assert d.between(1).coefficient(2.0) == 2.0
        assert d.cells(1).ndim == 2
        per_sample = torch.tensor([1.0, 2.0], dtype=F64)
        assert d.between(0).coefficient(per_sample).shape == (2, 1, 1, 1)
