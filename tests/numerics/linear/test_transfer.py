import pytest
import torch

from physbias.grid import Dirichlet, Grid, Neumann, Periodic
from physbias.numerics.linear import face_coefficients
from physbias.numerics.linear.transfer import half_grid, make_transfers, pair_means

F64 = torch.float64
D, N = Dirichlet(0.0), Neumann(0.0)
SIDES = [(D, N), (N, D), Periodic()]


def up(transfers, u):
    for transfer in transfers:
        u = transfer.interpolate(u)
    return u


def down(transfers, r):
    for transfer in reversed(transfers):
        r = transfer.restrict(r)
    return r


@pytest.mark.parametrize("side", SIDES, ids=repr)
@pytest.mark.parametrize("axes", [[0], [1], [0, 1]], ids=repr)
def test_restriction_is_the_scaled_transpose(side, axes):
    grid = Grid((4, 6), (1.0, 1.0), boundary=[side, SIDES[0]])
    a = torch.rand(1, 1, 4, 6, dtype=F64) + 0.1
    transfers = make_transfers(grid, face_coefficients(grid, a), axes)
    coarse = half_grid(grid, axes)
    u = torch.randn(1, 1, *coarse.num_points, dtype=F64)
    r = torch.randn(1, 1, 4, 6, dtype=F64)
    one = (up(transfers, u) * r).sum() / 2 ** len(axes)
    torch.testing.assert_close((u * down(transfers, r)).sum(), one)


def test_without_jumps_it_is_linear_interpolation():
    grid = Grid((8,), (8.0,), boundary=N)
    faces = face_coefficients(grid, torch.ones(1, 1, 8, dtype=F64))
    (transfer,) = make_transfers(grid, faces, [0])
    found = transfer.interpolate(torch.tensor([[[1.0, 3.0, 5.0, 7.0]]], dtype=F64))
    assert found[0, 0].tolist() == [1.0, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.0]


def test_across_a_bad_face_each_side_keeps_to_itself():
    grid = Grid((4,), (1.0,), boundary=N)
    faces = (torch.tensor([1.0, 1.0, 1e-12, 1.0, 1.0], dtype=F64)[None, None],)
    (transfer,) = make_transfers(grid, faces, [0])
    found = transfer.interpolate(torch.tensor([[[1.0, 3.0]]], dtype=F64))
    torch.testing.assert_close(
        found[0, 0], torch.tensor([1.0, 1.0, 3.0, 3.0], dtype=F64)
    )


def test_pair_means():
    u = torch.tensor([[1.0, 3.0], [5.0, 9.0]])
    assert pair_means(u, 2, [0]).tolist() == [[3.0, 6.0]]
    assert pair_means(u, 2, [0, 1]).tolist() == [[4.5]]
