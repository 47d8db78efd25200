from itertools import product
from math import pi, sin

import numpy as np
import pytest
import scipy.fft
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Dirichlet, Grid, Neumann, Periodic, Robin
from physbias.numerics import FiniteDifference
from physbias.numerics.linear import HelmholtzTransforms

F64 = torch.float64
D, N = Dirichlet, Neumann
PAIRS = [
    (Periodic(), Periodic()),
    (D(0.3), D(-1.1)),
    (N(0.7), N(0.2)),
    (D(0.5), N(-2.0)),
    (N(1.5), D(0.25)),
]


def laplacian(u, grid):
    """The scheme that the solve inverts."""
    scheme = FiniteDifference(2, mirror=True)
    return scheme.bind(grid, dtype=u.dtype).laplacian(u)


@pytest.mark.parametrize("pairs", list(product(PAIRS, PAIRS)), ids=repr)
@pytest.mark.parametrize("points", [(6, 9), (7, 4)], ids=repr)
def test_the_solution_obeys_the_scheme_between_every_pair_of_walls(pairs, points):
    """Anisotropic, odd and even, a shift per sample, two channels."""
    grid = Grid(points, (1.3, 0.7), boundary=list(pairs))
    f = torch.randn(3, 2, *points, dtype=F64)
    shift = torch.tensor([-0.5, -3.0, 1.7], dtype=F64)
    solve = HelmholtzTransforms(grid, dtype=F64)
    u = solve.solve(f, shift)
    residual = laplacian(u, grid) + shift[:, None, None, None] * u - f
    assert float(residual.abs().max()) < 1e-11 * float(u.abs().max()) / 0.04


@pytest.mark.parametrize("pair", PAIRS, ids=repr)
def test_three_axes_and_one(pair):
    for points in [(8,), (4, 5, 6), (1, 2, 3)]:
        grid = Grid(
            points, (1.0, 2.0, 0.5)[: len(points)], boundary=[pair] * len(points)
        )
        f = torch.randn(2, 1, *points, dtype=F64)
        u = HelmholtzTransforms(grid, dtype=F64).solve(f, -2.0)
        torch.testing.assert_close(laplacian(u, grid) - 2 * u, f, atol=1e-10, rtol=0)


def wave(pair, k, x, length):
    """The k-th eigenfunction of the box and half its phase per unit of length."""
    lower, upper = (type(side) for side in pair)
    if lower is Periodic:
        return torch.cos(2 * pi * k * x / length), 2 * pi * k / length
    offset = {(D, D): 1, (N, N): 0}.get((lower, upper), 0.5)
    number = (k + offset) * pi / length
    return (torch.sin if lower is D else torch.cos)(number * x), number


@pytest.mark.parametrize("pairs", list(product(PAIRS, PAIRS)), ids=repr)
def test_eigenmodes_by_hand(pairs):
    """A product of waves is divided by lambda - sum (2/h sin(k h / 2))^2."""
    zeros = {Periodic: Periodic(), D: D(0.0), N: N(0.0)}
    still = [tuple(zeros[type(side)] for side in pair) for pair in pairs]
    grid = Grid((8, 6), (2.0, 3.0), boundary=still)
    axes = grid.axes(dtype=F64)
    for k, m in [(0, 1), (2, 0), (3, 2)]:
        along_x, p = wave(pairs[0], k, axes[0], 2.0)
        along_y, q = wave(pairs[1], m, axes[1], 3.0)
        mode = (along_x[:, None] * along_y)[None, None]
        h, g = grid.spacing
        value = -((2 / h * sin(p * h / 2)) ** 2) - (2 / g * sin(q * g / 2)) ** 2
        found = HelmholtzTransforms(grid, dtype=F64).solve(mode, -0.3)
        torch.testing.assert_close(found, mode / (value - 0.3), atol=1e-14, rtol=0)


def test_scipys_transforms_give_the_same():
    """DST-II along x, DCT-II along y, DCT-IV along z, orthonormal."""
    points, lengths = (5, 6, 7), (1.0, 1.5, 2.0)
    grid = Grid(points, lengths, boundary=[D(0.0), N(0.0), (N(0.0), D(0.0))])
    f = np.random.default_rng(0).normal(size=points)
    modes = scipy.fft.dst(f, type=2, axis=0, norm="ortho")
    modes = scipy.fft.dct(modes, type=2, axis=1, norm="ortho")
    modes = scipy.fft.dct(modes, type=4, axis=2, norm="ortho")
    total = -0.7
    for axis, offset in enumerate([1, 0, 0.5]):
        n = points[axis]
        theta = (np.arange(n) + offset) * np.pi / n
        own = -((2 * n / lengths[axis] * np.sin(theta / 2)) ** 2)
        total = total + own.reshape(-1, *[1] * (2 - axis))
    modes = modes / total
    u = scipy.fft.idct(modes, type=4, axis=2, norm="ortho")
    u = scipy.fft.idct(u, type=2, axis=1, norm="ortho")
    u = scipy.fft.idst(u, type=2, axis=0, norm="ortho")
    found = HelmholtzTransforms(grid, dtype=F64).solve(
        torch.from_numpy(f)[None, None], -0.7
    )
    np.testing.assert_allclose(found[0, 0].numpy(), u, atol=1e-14, rtol=0)


def test_single_precision_stays_single_and_is_accurate():
    grid = Grid((32, 24), (1.0, 1.0), boundary=[D(1.0), (D(0.0), N(1.0))])
    f = torch.randn(2, 1, 32, 24)
    u = HelmholtzTransforms(grid).solve(f)
    wide = HelmholtzTransforms(grid, dtype=F64).solve(f.double())
    assert u.dtype == torch.float32
    torch.testing.assert_close(u.double(), wide, atol=2e-6, rtol=0)


def test_the_singular_problem_has_mean_zero():
    grid = Grid((8, 10), (1.0, 2.0), boundary=[N(0.0), Periodic()])
    f = torch.randn(2, 1, 8, 10, dtype=F64)
    f = f - f.mean((2, 3), keepdim=True)
    u = HelmholtzTransforms(grid, dtype=F64).solve(f)
    torch.testing.assert_close(laplacian(u, grid), f, atol=1e-12, rtol=0)
    assert float(u.mean((2, 3)).abs().max()) < 1e-15


def test_slopes_that_balance_the_source_are_accepted():
    """u = x^2: f = 2 flows out through the upper wall, where the slope is 2."""
    grid = Grid((16,), (1.0,), boundary=[(N(0.0), N(2.0))])
    u = HelmholtzTransforms(grid, dtype=F64).solve(
        torch.full((1, 1, 16), 2.0, dtype=F64)
    )
    (x,) = grid.axes(dtype=F64)
    torch.testing.assert_close(u[0, 0], x**2 - (x**2).mean(), atol=1e-13, rtol=0)


def test_a_net_source_is_refused_and_may_be_allowed():
    grid = Grid((8,), (1.0,), boundary=N(0.0))
    f = torch.zeros(2, 1, 8, dtype=F64)
    f[1] = 0.5
    solve = HelmholtzTransforms(grid, dtype=F64).solve
    message = (
        r"source: found a net source of 0\.5 in sample 1 \(1 of its mean size\).*"
        r"tolerance 2\.22e-13 .*subtract the mean"
    )
    with pytest.raises(ArgumentError, match=message):
        solve(f)
    assert float(solve(f, net_source=1.0).abs().max()) < 1e-15
    shift = torch.tensor([0.0, -1.0], dtype=F64)  # only sample 0 fixes no mean
    torch.testing.assert_close(solve(f, shift)[1], -f[1])


def test_a_resonance_is_refused():
    grid = Grid((8,), (1.0,), boundary=D(0.0))
    lowest = (2 * 8 * sin(pi / 16)) ** 2
    f = torch.ones(2, 1, 8, dtype=F64)
    shift = torch.tensor([1.0, lowest], dtype=F64)
    with pytest.raises(
        ArgumentError, match=r"shift: found 9\.74.* for sample 1.*resonan"
    ):
        HelmholtzTransforms(grid, dtype=F64).solve(f, shift)


def test_walls_without_waves_are_refused():
    grid = Grid((8,), (1.0,), boundary=[(D(0.0), Robin(1.0, 1.0))])
    message = r"grid: found Dirichlet.* and Robin.* along x, .*conjugate_gradient"
    with pytest.raises(ArgumentError, match=message):
        HelmholtzTransforms(grid)


def test_shapes_are_refused():
    grid = Grid((8,), (1.0,), boundary=D(0.0))
    solve = HelmholtzTransforms(grid).solve
    with pytest.raises(ShapeError, match="spatial shape"):
        solve(torch.ones(1, 1, 9))
    with pytest.raises(ArgumentError, match=r"shift: found shape \(3,\)"):
        solve(torch.ones(2, 1, 8), torch.ones(3))


def test_gradients_to_source_and_shift_to_second_order():
    grid = Grid((3, 4), (1.0, 2.0), boundary=[(D(0.2), N(0.1)), Periodic()])
    solve = HelmholtzTransforms(grid, dtype=F64).solve
    f = torch.randn(2, 1, 3, 4, dtype=F64, requires_grad=True)
    shift = torch.tensor([-1.0, 0.4], dtype=F64, requires_grad=True)
    assert torch.autograd.gradcheck(solve, (f, shift))
    assert torch.autograd.gradgradcheck(solve, (f, shift))


def test_samples_do_not_see_each_other():
    grid = Grid((6, 5), (1.0, 1.0), boundary=[Periodic(), D(1.0)])
    f = torch.randn(3, 1, 6, 5, dtype=F64)
    other = torch.cat([f[:1], 2 * f[1:] + 1])
    solve = HelmholtzTransforms(grid, dtype=F64).solve
    assert torch.equal(solve(other)[0], solve(f)[0])


@pytest.mark.slow
def test_a_compiled_solve_is_the_same():
    grid = Grid((6,), (1.0,), boundary=D(1.0))
    f, solve = torch.randn(2, 1, 6, dtype=F64), HelmholtzTransforms(grid, dtype=F64)
    compiled = torch.compile(lambda f: solve.solve(f, -1.0), backend="eager")
    torch.testing.assert_close(compiled(f), solve.solve(f, -1.0))
