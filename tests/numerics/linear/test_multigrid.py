import pytest
import torch

from physbias.errors import ArgumentError, ConvergenceError
from physbias.grid import Dirichlet, Grid, Neumann, Periodic
from physbias.numerics.linear import (
    Multigrid,
    conjugate_gradient,
    diffuse,
    face_coefficients,
)

F64 = torch.float64
D, N = Dirichlet(0.0), Neumann(0.0)
SIDES = [(D, D), (N, N), (D, N), (N, D), (Periodic(), Periodic())]


def smooth_coefficient(grid):
    x = grid.coords(dtype=F64)
    return torch.exp(torch.sin(3 * x[:, :1]) * torch.cos(4 * x[:, -1:]))


def dense(grid, a, c=0.0):
    cells = a[0].numel()
    unit = torch.eye(cells, dtype=F64).reshape(cells, 1, *grid.num_points)
    image = c * unit - diffuse(unit, face_coefficients(grid, a), grid)
    return image.reshape(cells, cells)


def convergence_factor(grid, a, c=0.0):
    """Residual per cycle, late, by the operator and not by the solver's own word."""
    multigrid = Multigrid(grid, a, c)
    faces = face_coefficients(grid, a)
    b = multigrid.project(torch.randn(1, 1, *grid.num_points, dtype=F64))
    u, norms = torch.zeros_like(b), []
    for _ in range(8):
        r = b - (c * u - diffuse(u, faces, grid))
        norms.append(float(r.norm()))
        u = u + multigrid.cycle(r)
    return (norms[-1] / norms[-4]) ** (1 / 3)


@pytest.mark.parametrize("side", SIDES, ids=repr)
def test_the_convergence_factor_does_not_grow_with_the_grid(side):
    for count in (16, 32, 64):
        grid = Grid((count, count), (1.0, 1.0), boundary=[side, SIDES[2]])
        assert convergence_factor(grid, smooth_coefficient(grid)) < 0.2


@pytest.mark.parametrize("lengths", [(1.0, 10.0), (7.0, 1.0), (1.0, 1.0)])
def test_anisotropic_spacings_converge_as_fast(lengths):
    for points in [(32, 32), (16, 64), (96, 8)]:
        grid = Grid(points, lengths, boundary=[(D, D), (N, N)])
        assert convergence_factor(grid, torch.ones(1, 1, *points, dtype=F64)) < 0.22


def test_lines_and_boxes():
    for points, bound in [((256,), 0.15), ((16, 16, 16), 0.25), ((8, 16, 4), 0.25)]:
        grid = Grid(points, (1.0, 1.5, 0.8)[: len(points)], boundary=D)
        assert convergence_factor(grid, smooth_coefficient(grid), 2.0) < bound


@pytest.mark.parametrize("side", SIDES, ids=repr)
def test_it_solves_as_dense_elimination_does(side):
    grid = Grid((8, 12), (1.0, 2.0), boundary=[side, SIDES[2]])
    a = torch.rand(2, 1, 8, 12, dtype=F64) + 0.5
    c = torch.tensor([0.0, 3.0], dtype=F64).reshape(2, 1, 1, 1)
    f = torch.randn(2, 1, 8, 12, dtype=F64)
    found = Multigrid(grid, a, c).solve(f)
    for n in range(2):
        matrix = dense(grid, a[n : n + 1], c[n])
        truth = torch.linalg.solve(matrix, f[n].flatten())
        torch.testing.assert_close(found[n].flatten(), truth, atol=1e-9, rtol=0)


@pytest.mark.parametrize("side", SIDES, ids=repr)
@pytest.mark.parametrize("points", [(8,), (4, 6), (5, 4), (2, 4, 6)], ids=repr)
def test_a_cycle_is_symmetric_and_positive(side, points):
    """Also across the seam of a periodic axis of odd length, where colours meet."""
    grid = Grid(points, (1.0, 2.0, 0.7)[: len(points)], boundary=[side] * len(points))
    a = torch.rand(1, 1, *points, dtype=F64) + 0.2
    multigrid, cells = Multigrid(grid, a, 0.5), a.numel()
    unit = torch.eye(cells, dtype=F64).reshape(cells, 1, *points)
    matrix = multigrid.cycle(unit).reshape(cells, cells)
    torch.testing.assert_close(matrix, matrix.mT, atol=1e-12, rtol=0)
    assert float(torch.linalg.eigvalsh(matrix).min()) > 0


def test_samples_do_not_see_each_other():
    grid = Grid((8, 8), (1.0, 1.0), boundary=[(D, N), Periodic()])
    a = torch.rand(3, 1, 8, 8, dtype=F64) + 0.5
    f = torch.randn(3, 1, 8, 8, dtype=F64)
    one = Multigrid(grid, a).solve(f)
    a[1:], f[1] = 30 * a[1:] ** 5, 0
    two = Multigrid(grid, a).solve(f)
    assert torch.equal(one[0], two[0])
    assert not torch.equal(one[2], two[2])


def test_a_singular_sample_has_mean_zero_and_the_other_its_own():
    grid = Grid((8, 4), (1.0, 1.0), boundary=[N, Periodic()])
    a = torch.rand(2, 1, 8, 4, dtype=F64) + 0.5
    c = torch.tensor([0.0, 2.0], dtype=F64).reshape(2, 1, 1, 1)
    f = torch.randn(2, 1, 8, 4, dtype=F64) + 1
    u = Multigrid(grid, a, c).solve(f)
    found = c * u - diffuse(u, face_coefficients(grid, a), grid)
    wanted = torch.stack([f[0] - f[0].mean(), f[1]])
    torch.testing.assert_close(found, wanted, atol=1e-8, rtol=0)
    assert float(u[0].mean().abs()) < 1e-14
    assert float((2 * u[1].mean() - f[1].mean()).abs()) < 1e-9


def test_jumps_of_a_thousand_converge_through_conjugate_gradients():
    """Blocks of two cells, at random high or low."""
    for count in (16, 32):
        grid = Grid((count, count), (1.0, 1.0), boundary=[(D, D), (N, N)])
        blocks = torch.rand(2, 1, count // 2, count // 2, dtype=F64) > 0.5
        a = 1000.0 ** blocks.repeat_interleave(2, 2).repeat_interleave(2, 3).double()
        faces = face_coefficients(grid, a)
        b = torch.randn(2, 1, count, count, dtype=F64)
        u = conjugate_gradient(
            lambda u, *faces: -diffuse(u, faces, grid),  # noqa: B023 (used at once)
            b,
            faces,
            preconditioner=Multigrid(grid, a).cycle,
            max_iterations=60,
        )
        residual = b + diffuse(u, faces, grid)
        assert float(residual.norm() / b.norm()) < 1e-9


def test_gradients_to_source_coefficient_and_reaction():
    grid = Grid((2, 4), (1.0, 1.5), boundary=[(D, N), Periodic()])
    a = (torch.rand(2, 1, 2, 4, dtype=F64) + 0.5).requires_grad_()
    c = torch.rand(2, 1, 2, 4, dtype=F64).requires_grad_()
    f = torch.randn(2, 1, 2, 4, dtype=F64, requires_grad=True)

    def solve(f, a, c):
        return Multigrid(grid, a, c).solve(f, tolerance=1e-14)

    assert torch.autograd.gradcheck(solve, (f, a, c), fast_mode=True)


def test_single_precision_reaches_its_round_off():
    grid = Grid((64, 64), (1.0, 1.0), boundary=D)
    a, f = smooth_coefficient(grid), torch.randn(1, 1, 64, 64, dtype=F64)
    wide = Multigrid(grid, a).solve(f)
    narrow = Multigrid(grid, a.float()).solve(f.float())
    assert narrow.dtype == torch.float32
    error = (narrow.double() - wide).norm() / wide.norm()
    assert float(error) < 1e-3  # of a condition number of some 1e4 times 6e-8


def test_the_error_names_the_worst_sample():
    grid = Grid((16, 16), (1.0, 1.0), boundary=D)
    a = torch.ones(2, 1, 16, 16, dtype=F64)
    a[1, :, :, ::2] = 1e-6
    message = r"relative residual of .* in sample 1 after 3 iterations.*at most 1e-05"
    with pytest.raises(ConvergenceError, match=message):
        Multigrid(grid, a).solve(torch.ones_like(a), tolerance=1e-5, max_cycles=3)


def test_what_cannot_be_solved_is_refused():
    with pytest.raises(ArgumentError, match=r"halves down to \(33, 33\) only, 1089"):
        Multigrid(Grid((66, 33), (1.0, 1.0), boundary=D), torch.ones(1, 1, 66, 33))
    grid = Grid((4,), (1.0,), boundary=D)
    with pytest.raises(ArgumentError, match="a: found 0, expected positive"):
        Multigrid(grid, torch.tensor([[[1.0, 1.0, 0.0, 1.0]]]))
    with pytest.raises(ArgumentError, match="c: found -1, expected not negative"):
        Multigrid(grid, torch.ones(1, 1, 4), -1.0)


def test_limits_without_sense_are_refused():
    solve = Multigrid(Grid((4,), (1.0,), boundary=D), torch.ones(1, 1, 4)).solve
    with pytest.raises(ArgumentError, match=r"tolerance: found -1\.0, expected"):
        solve(torch.ones(1, 1, 4), tolerance=-1.0)
