from math import exp

import pytest
import torch

from physbias.grid import Dirichlet, Grid, Neumann, Periodic
from physbias.numerics import FiniteDifference
from physbias.numerics.linear import diffuse, face_coefficients
from physbias.numerics.linear.diffusion import diagonal
from physbias.numerics.linear.walls import homogeneous

F64 = torch.float64
SIDES = [Periodic(), (Dirichlet(0.4), Neumann(-1.0)), (Neumann(0.3), Dirichlet(1.0))]


def test_faces_by_hand():
    """Harmonic means between cells; ln a = 0, 1, 3 goes on by half of 1 below."""
    a = torch.tensor([0.0, 1.0, 3.0], dtype=F64).exp()[None, None]
    wall, first, second, end = face_coefficients(
        Grid((3,), (1.0,), boundary=Neumann(0.0)), a
    )[0][0, 0].tolist()
    assert wall == pytest.approx(exp(-0.5))
    assert first == pytest.approx(2 / (1 + exp(-1)))
    assert second == pytest.approx(2 / (exp(-1) + exp(-3)))
    assert end == pytest.approx(exp(3.5))
    seam = face_coefficients(Grid((3,), (1.0,), boundary=Periodic()), a)[0][0, 0]
    assert seam[0] == seam[-1] == pytest.approx(2 / (1 + exp(-3)))


def test_a_jump_beside_the_wall_does_not_reach_it():
    a = torch.tensor([1.0, 1000.0, 1000.0, 1.0, 2.0], dtype=F64)[None, None]
    faces = face_coefficients(Grid((5,), (1.0,), boundary=Neumann(0.0)), a)[0]
    assert faces[0, 0, 0] == 1
    assert faces[0, 0, -1] == 2


@pytest.mark.parametrize("x_side", SIDES, ids=repr)
@pytest.mark.parametrize("y_side", SIDES, ids=repr)
def test_with_a_constant_coefficient_it_is_the_mirrored_laplacian(x_side, y_side):
    grid = Grid((5, 4), (1.0, 3.0), boundary=[x_side, y_side])
    u = torch.randn(2, 3, 5, 4, dtype=F64)
    faces = face_coefficients(grid, torch.full((1, 1, 5, 4), 2.0, dtype=F64))
    scheme = FiniteDifference(2, mirror=True).bind(grid, dtype=F64)
    torch.testing.assert_close(diffuse(u, faces, grid), 2 * scheme.laplacian(u))


@pytest.mark.parametrize("side", SIDES, ids=repr)
@pytest.mark.parametrize("points", [(5,), (3, 4), (2, 3, 4), (1,)], ids=repr)
def test_homogeneous_it_is_symmetric_negative_and_has_its_diagonal(side, points):
    grid = Grid(points, (1.0, 2.0, 0.7)[: len(points)], boundary=[side] * len(points))
    a = torch.rand(1, 1, *points, dtype=F64) + 0.1
    still, faces = homogeneous(grid), face_coefficients(grid, a)
    cells = a.numel()
    unit = torch.eye(cells, dtype=F64).reshape(cells, 1, *points)
    matrix = -diffuse(unit, faces, still).reshape(cells, cells)
    torch.testing.assert_close(matrix, matrix.mT, atol=1e-13, rtol=0)
    assert float(torch.linalg.eigvalsh(matrix).min()) > -1e-12
    if points != (1,) or side != Periodic():
        own = diagonal(faces, still).flatten()
        torch.testing.assert_close(own, matrix.diagonal())


def test_the_flux_through_a_jump_is_exact():
    """Two layers in series: the flux is 1 / (h1 / a1 + h2 / a2)."""
    grid = Grid((4,), (1.0,), boundary=[(Dirichlet(0.0), Dirichlet(1.0))])
    a = torch.tensor([1.0, 1.0, 10.0, 10.0], dtype=F64)[None, None]
    flux = 1 / (0.5 / 1 + 0.5 / 10)
    u = torch.tensor([0.125, 0.375, 0, 0], dtype=F64) * flux
    u[2:] = 1 - torch.tensor([0.375, 0.125], dtype=F64) * flux / 10
    rate = diffuse(u[None, None], face_coefficients(grid, a), grid)
    assert float(rate.abs().max()) < 1e-13


def test_order_two_inside_for_a_smooth_coefficient(observed):
    """a = exp(sin x), u = cos x: (a u_x)_x = -a (cos x sin x + cos x)."""
    errors, counts = [], (32, 64)
    for count in counts:
        grid = Grid((count,), (2 * torch.pi,), boundary=Periodic())
        x = grid.coords(dtype=F64)
        a = x.sin().exp()
        truth = -a * (x.cos() * x.sin() + x.cos())
        found = diffuse(x.cos(), face_coefficients(grid, a), grid)
        errors.append(float((found - truth).abs().max()))
    assert -observed(counts, errors)[0] == pytest.approx(2, abs=0.1)
