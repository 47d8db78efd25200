import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from physbias.numerics.linear.tridiagonal import Tridiagonal

F64 = torch.float64


def system(count: int, *, periodic: bool) -> tuple[torch.Tensor, torch.Tensor]:
    below = torch.linspace(0.1, 0.45, count, dtype=F64)
    above = 0.5 - below
    if not periodic:
        below[0] = above[-1] = 0
    return below, above


def matrix(below: torch.Tensor, above: torch.Tensor) -> torch.Tensor:
    rows = torch.arange(len(below))
    result = torch.eye(len(below), dtype=F64)
    result.index_put_((rows, rows - 1), below, accumulate=True)
    result.index_put_((rows, (rows + 1) % len(below)), above, accumulate=True)
    return result


@pytest.mark.parametrize("count", [2, 3, 5, 8, 31, 100])
@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("dim", [2, 3, -1])
def test_it_solves_what_a_dense_solve_does(count, periodic, dim):
    below, above = system(count, periodic=periodic)
    y = torch.randn(2, 3, 4, 5, 6, dtype=F64).transpose(dim, 4)[..., :1]
    y = y.expand(*y.shape[:-1], count).clone() + torch.arange(count, dtype=F64)
    dense = torch.linalg.solve(matrix(below, above), y[..., None])[..., 0]
    found = Tridiagonal(below, above, dtype=F64).solve(y.transpose(dim, 4), dim)
    torch.testing.assert_close(found.transpose(dim, 4), dense, rtol=0, atol=1e-12)


def test_a_banded_solve_of_scipy_gives_the_same():
    linalg = pytest.importorskip("scipy.linalg")
    below, above = system(50, periodic=False)
    bands = torch.stack([above.roll(1), torch.ones_like(above), below.roll(-1)])
    y = torch.randn(50, dtype=F64)
    expected = torch.from_numpy(linalg.solve_banded((1, 1), bands.numpy(), y.numpy()))
    torch.testing.assert_close(
        Tridiagonal(below, above, dtype=F64).solve(y, 0), expected
    )


def test_float32_loses_no_more_than_its_rounding():
    below, above = system(200, periodic=False)
    y = torch.randn(4, 1, 200, dtype=F64)
    exact = Tridiagonal(below, above, dtype=F64).solve(y, 2)
    found = Tridiagonal(below, above).solve(y.float(), 2)
    assert found.dtype == torch.float32
    assert float((found - exact).abs().max()) < 1e-6 * float(exact.abs().max())


def test_few_rounds_whatever_the_length():
    """A ratio of 1/3 falls as 1/7, 1/47, 1/2207: x -> x² / (1 - 2x²)."""
    for count in (10, 10_000):
        third = torch.full((count,), 1 / 3, dtype=F64)
        assert len(Tridiagonal(third, third, dtype=F64).rounds) == 6
        assert len(Tridiagonal(third, third).rounds) == 5


@pytest.mark.parametrize("periodic", [True, False])
def test_gradients_of_every_kind(periodic):
    solver = Tridiagonal(*system(5, periodic=periodic), dtype=F64)
    y = torch.randn(2, 5, dtype=F64, requires_grad=True)
    assert gradcheck(lambda y: solver.solve(y, 1), y, check_forward_ad=True)
    assert gradgradcheck(lambda y: solver.solve(y, 1).pow(3), y)


def test_what_compilers_see_is_the_same():
    solver = Tridiagonal(*system(9, periodic=True), dtype=F64)
    y = torch.randn(2, 9, 3, dtype=F64)
    traced = torch.compile(solver.solve, backend="eager", fullgraph=True)
    torch.testing.assert_close(traced(y, 1), solver.solve(y, 1))
