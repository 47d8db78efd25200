from itertools import product
from math import pi

import pytest
import torch
from torch import nn

from physbias.errors import (
    ArgumentError,
    ConvergenceError,
    NonFiniteError,
    ShapeError,
)
from physbias.grid import Dirichlet, Grid, Neumann, Periodic, Robin, Symmetry
from physbias.numerics import FiniteDifference
from physbias.pdes import Darcy, Heat, Helmholtz, Poisson
from physbias.strong import EllipticSolver

F64 = torch.float64


def wave(x):
    """A function, its first and its second derivative, of period 2 pi."""
    return torch.sin(x) + 0.5 * torch.cos(2 * x)


def slope(x):
    return torch.cos(x) - torch.sin(2 * x)


def curvature(x):
    return -torch.sin(x) - 2 * torch.cos(2 * x)


def scalar(f, place):
    return float(f(torch.tensor(place, dtype=F64)))


def side(kind, place, outward):
    """The condition that u = wave obeys at a place."""
    value, normal = scalar(wave, place), outward * scalar(slope, place)
    return {
        "D": Dirichlet(value),
        "N": Neumann(normal),
        "R": Robin(2.0, 0.5, 2.0 * value + 0.5 * normal),
    }[kind]


def line(count, pair, *, start=0.3, length=1.7):
    if pair == "PP":
        return Grid((count,), (2 * pi,), boundary=Periodic())
    ends = side(pair[0], start, -1), side(pair[1], start + length, 1)
    return Grid((count,), (length,), boundary=[ends], origin=(start,))


PAIRS = ["PP", *map("".join, product("DNR", repeat=2))]


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("varying", [False, True], ids=["uniform", "varying"])
def test_order_two_between_every_pair_of_walls(pair, varying, observed):
    """-(k p')' = f with p = wave and k = exp(sin x) or 3, f by hand."""
    errors, counts = [], (64, 128)
    for count in counts:
        grid = line(count, pair)
        x = grid.coords(dtype=F64)
        k = x.sin().exp() if varying else torch.full((1,), 3.0, dtype=F64)
        rate = x.cos() if varying else 0.0
        field = k if varying else k[:, None, None]
        source = -field * (curvature(x) + rate * slope(x))
        free = pair in ("PP", "NN")
        solve = EllipticSolver(
            Darcy(k, source), grid, net_source=1e-2 if free else None
        )
        truth = wave(x)
        truth = truth - truth.mean() if free else truth
        errors.append(float((solve() - truth).abs().max()))
    assert -observed(counts, errors)[0] == pytest.approx(2, abs=0.1)


def test_order_two_in_three_dimensions_with_all_kinds_of_walls(observed):
    """p = wave(x) wave(y) wave(z), k = exp(sin x): one axis each of DN, PP and NR."""
    errors, counts = [], (8, 16, 32)
    for count in counts:
        grid = Grid(
            (count, count // 2, count),
            (1.0, 2 * pi, 1.5),
            boundary=[(Dirichlet(0.0), Neumann(0.0)), Periodic(), Neumann(0.0)],
        )
        x, y, z = grid.coords(dtype=F64).split(1, dim=1)
        p, q = torch.sin(pi * x / 2), torch.cos(2 * pi * z / 1.5)
        truth, k = p * y.sin() * q, x.sin().exp()
        square = (pi / 2) ** 2 + 1 + (2 * pi / 1.5) ** 2
        along = x.cos() * (pi / 2) * torch.cos(pi * x / 2) * y.sin() * q
        source = -k * (along - square * truth)
        found = EllipticSolver(Darcy(k, source), grid)()
        errors.append(float((found - truth).abs().max()))
    assert -observed(counts, errors)[1] == pytest.approx(2, abs=0.1)


def corner(counts, right):
    """A box with a plane of symmetry and values that vary along the other edges.

    They are those of u = c cos x exp(y / 2), c = 1 and -2, on [0, 1.3] x [0.2, 1.9].
    """

    def wave(part, x):
        c = torch.tensor([1.0, -2.0], dtype=F64).reshape(2, *[1] * (x.ndim - 1))
        return c * part(x[:, :1]) * torch.exp(x[:, 1:] / 2)

    def value(x):
        return wave(torch.cos, x)

    def outward(x):  # through the right side
        return -wave(torch.sin, x)

    end = {
        "Robin": Robin(2.0, 0.5, lambda x, t: 2 * value(x) + outward(x) / 2),
        "Neumann": Neumann(lambda x, t: outward(x)),
    }[right]
    lower = Dirichlet(lambda x, t: value(x))
    upper = Neumann(lambda x, t: value(x) / 2)
    sides = [(Symmetry(), end), (lower, upper)]
    grid = Grid(counts, (1.3, 1.7), boundary=sides, origin=(0.0, 0.2))
    return grid, value(grid.coords(dtype=F64))


@pytest.mark.parametrize("right", ["Robin", "Neumann"])
@pytest.mark.parametrize("equation", ["Poisson", "Helmholtz", "Darcy"])
def test_order_two_with_values_along_the_edges(equation, right, observed):
    """Lap u = -3/4 u; k = exp(sin x) adds k cos x u_x; the solve chooses its way."""
    errors, counts = [], (32, 64)
    for count in counts:
        grid, truth = corner((count, 3 * count // 4), right)
        x = grid.coords(dtype=F64)[:, :1]
        along = -torch.tan(x) * truth  # u_x
        k = x.sin().exp()
        pde = {
            "Poisson": Poisson(-0.75 * truth),
            "Helmholtz": Helmholtz(-3.0, -3.75 * truth),
            "Darcy": Darcy(k, -k * (x.cos() * along - 0.75 * truth)),
        }[equation]
        errors.append(float((EllipticSolver(pde, grid)() - truth).abs().max()))
    assert -observed(counts, errors)[0] == pytest.approx(2, abs=0.1)


def residual(equation, u, grid):
    d = FiniteDifference(2, mirror=True).bind(grid, dtype=u.dtype)
    return equation.residual(u, d)


@pytest.mark.parametrize("points", [(8, 12), (23, 25)], ids=["multigrid", "transforms"])
def test_the_solution_obeys_the_scheme_for_every_sample(points):
    grid = Grid(
        points, (1.0, 3.0), boundary=[(Dirichlet(1.0), Neumann(-0.5)), Periodic()]
    )
    k = torch.exp(torch.randn(3, 1, *points, dtype=F64))
    equation = Darcy(k, torch.tensor([1.0, -2.0, 0.0], dtype=F64))
    u = EllipticSolver(equation, grid)()
    assert u.shape == (3, 1, *points)
    assert float(residual(equation, u, grid).abs().max()) < 1e-6
    alone = EllipticSolver(Darcy(k[1:2], -2.0), grid)()
    torch.testing.assert_close(u[1:2], alone, atol=1e-8, rtol=0)


@pytest.mark.parametrize("weights", [(1.0, 1.0), (1e-3, 1.0), (0.0, 2.0)])
def test_robin_walls_where_the_numbers_of_points_do_not_halve(weights):
    """Transforms that fit other walls steer the iteration to the same solution."""
    points = (33, 31)
    walls = [(Robin(*weights, 0.7), Dirichlet(0.5)), (Neumann(0.1), Robin(2.0, 0.1))]
    grid = Grid(points, (1.0, 3.0), boundary=walls)
    k = torch.exp(torch.randn(3, 1, *points, dtype=F64))
    for equation in (Poisson(torch.randn(3, 1, *points, dtype=F64)), Darcy(k, 1.0)):
        u = EllipticSolver(equation, grid)()
        scale = float(residual(equation, 0 * u, grid).abs().max())
        assert float(residual(equation, u, grid).abs().max()) < 1e-7 * scale


def test_poisson_and_helmholtz_obey_the_scheme_with_edges_that_vary():
    """A wall whose value changes along it, and per sample."""
    values = torch.randn(2, 1, 6, dtype=F64)
    grid = Grid(
        (5, 6), (1.0, 2.0), boundary=[(Dirichlet(values), Neumann(0.2)), Periodic()]
    )
    source = torch.randn(2, 1, 5, 6, dtype=F64)
    for equation in (
        Poisson(source),
        Helmholtz(torch.tensor([2.0, -1.0], dtype=F64), source),
        Helmholtz(-torch.rand(2, 1, 5, 6, dtype=F64), source),
    ):
        u = EllipticSolver(equation, grid)()
        assert float(residual(equation, u, grid).abs().max()) < 1e-8


def test_a_source_may_be_given_at_the_call_and_be_a_function_in_the_equation():
    grid = Grid((16,), (1.0,), boundary=Dirichlet(0.0))
    by_function = EllipticSolver(Poisson(lambda x: x[:, :1] ** 2), grid)()
    by_tensor = EllipticSolver(Poisson(), grid)(grid.coords() ** 2)
    torch.testing.assert_close(by_function, by_tensor)


def test_coefficients_on_two_scales_do_not_need_their_own_dtype():
    """A number beside a float64 field is not rounded to float32."""
    grid = Grid((8,), (1.0,), boundary=Dirichlet(0.0))
    source = torch.randn(1, 1, 8, dtype=F64)
    found = EllipticSolver(Helmholtz(-0.1, source), grid)()
    exact = EllipticSolver(Helmholtz(torch.tensor([-0.1], dtype=F64), source), grid)()
    torch.testing.assert_close(found, exact, atol=1e-15, rtol=0)


@pytest.mark.parametrize(
    "boundary",
    [
        [(Dirichlet(1.0), Neumann(0.5)), Periodic()],
        [Neumann(0.0), Periodic()],
        [(Robin(1.0, 2.0, 1.0), Dirichlet(0.0)), Neumann(0.3)],
    ],
    ids=repr,
)
def test_gradients_to_the_permeability_are_central_differences(boundary):
    """A loss of the solution, every cell's permeability moved by 1e-5."""
    grid = Grid((4, 3), (1.0, 1.5), boundary=boundary)
    k = (torch.rand(2, 1, 4, 3, dtype=F64) + 0.5).requires_grad_()
    source = torch.randn(2, 1, 4, 3, dtype=F64)
    source = source - source.mean((2, 3), keepdim=True)
    weights = torch.randn(2, 1, 4, 3, dtype=F64)

    def loss(k):
        solve = EllipticSolver(Darcy(k, source), grid, tolerance=1e-13)
        return (weights * solve() ** 2).sum()

    (found,) = torch.autograd.grad(loss(k), k)
    step = 1e-5
    for index in [(0, 0, 0, 0), (1, 0, 2, 1), (0, 0, 3, 2), (1, 0, 0, 1)]:
        shift = torch.zeros_like(k)
        shift[index] = step
        with torch.no_grad():
            wanted = (loss(k + shift) - loss(k - shift)) / (2 * step)
        scale = float(found.abs().max())
        assert float((found[index] - wanted).abs()) < 1e-6 * scale


def test_second_derivatives_of_a_solve():
    grid = Grid((3,), (1.0,), boundary=[(Dirichlet(1.0), Neumann(0.5))])
    k = (torch.rand(1, 1, 3, dtype=F64) + 0.5).requires_grad_()
    f = torch.randn(1, 1, 3, dtype=F64, requires_grad=True)

    def solve(k, f):
        return EllipticSolver(Darcy(k), grid, tolerance=1e-14)(f)

    assert torch.autograd.gradcheck(solve, (k, f))
    assert torch.autograd.gradgradcheck(solve, (k, f), atol=1e-4)


def test_a_permeability_is_recovered_from_a_pressure():
    """A learnt number: p of k = 2.5 is found again from p of k = 1."""
    grid = Grid((16,), (1.0,), boundary=Dirichlet(0.0))
    truth = EllipticSolver(Darcy(torch.tensor([2.5], dtype=F64)), grid)()
    k = nn.Parameter(torch.ones(1, dtype=F64))
    solve = EllipticSolver(Darcy(k), grid)
    optimiser = torch.optim.LBFGS([k], line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        loss = 1e4 * (solve() - truth).square().mean()
        loss.backward()
        return loss

    optimiser.step(closure)
    assert k.item() == pytest.approx(2.5, rel=1e-3)


def saved_by(grid, k, tolerance):
    kept = []

    def pack(tensor):
        kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        EllipticSolver(Darcy(k), grid, tolerance=tolerance)()
    return sum(kept)


def test_memory_does_not_grow_with_the_iterations():
    grid = Grid((16, 16), (1.0, 1.0), boundary=Dirichlet(0.0))
    k = torch.exp(torch.randn(1, 1, 16, 16, dtype=F64)).requires_grad_()
    assert saved_by(grid, k, 1e-1) == saved_by(grid, k, 1e-12)


def test_a_net_source_is_refused_by_both_ways():
    grid = Grid((8,), (1.0,), boundary=Neumann(0.0))
    message = (
        r"source: found a net source of -?1 in sample 0 .*Dirichlet value on one wall"
    )
    for k in (1.0, torch.rand(1, 1, 8) + 0.5):
        with pytest.raises(ArgumentError, match=message):
            EllipticSolver(Darcy(k, 1.0), grid)()
        solve = EllipticSolver(Darcy(k, 1.0), grid, net_source=1.0)
        assert float(solve().abs().max()) < 1e-5


def test_what_it_cannot_solve_is_refused():
    grid = Grid((8,), (1.0,), boundary=Dirichlet(0.0))
    with pytest.raises(ArgumentError, match="pde: found Heat, which has no form"):
        EllipticSolver(Heat(), grid)
    with pytest.raises(ArgumentError, match="grid: found None, expected Grid"):
        EllipticSolver(Poisson(), None)
    with pytest.raises(ArgumentError, match="tolerance: found -1"):
        EllipticSolver(Poisson(), grid, tolerance=-1)
    with pytest.raises(ArgumentError, match="net_source: found -1"):
        EllipticSolver(Poisson(), grid, net_source=-1)
    k, f = torch.ones(3, 1, 8), torch.ones(2)
    with pytest.raises(ShapeError, match=r"pde: found .* for \[2, 3\] samples"):
        EllipticSolver(Darcy(k, f), grid)()
    with pytest.raises(ArgumentError, match="shift: found 3 beside coefficients that"):
        EllipticSolver(Helmholtz(torch.linspace(-1, 3, 8)[None, None]), grid)()
    with pytest.raises(ShapeError, match=r"source: found shape \(1, 1, 9\)"):
        EllipticSolver(Poisson(torch.ones(1, 1, 9)), grid)()
    k = torch.exp(3 * torch.randn(1, 1, 8))
    with pytest.raises(ConvergenceError, match="in sample 0 after 1 iterations"):
        EllipticSolver(Darcy(k), grid, max_iterations=1)()


def test_single_precision_stays_single():
    grid = Grid((16, 16), (1.0, 1.0), boundary=Dirichlet(0.0))
    k = torch.exp(torch.randn(2, 1, 16, 16))
    narrow = EllipticSolver(Darcy(k), grid)()
    wide = EllipticSolver(Darcy(k.double()), grid)()
    assert narrow.dtype == torch.float32
    torch.testing.assert_close(narrow.double(), wide, atol=1e-4, rtol=0)


@pytest.mark.parametrize("source", [1.0, "a", torch.ones(1, 1, 8).numpy(), 1j])
def test_sources_that_are_no_tensors_are_refused(source):
    grid = Grid((8,), (1.0,), boundary=Dirichlet(0.0))
    message = "source: found .*, expected a real floating-point tensor"
    with pytest.raises(ArgumentError, match=message):
        EllipticSolver(Poisson(), grid)(source)


def test_sources_and_equations_without_sense_are_refused():
    grid = Grid((8,), (1.0,), boundary=Dirichlet(0.0))
    f = torch.ones(1, 1, 8)
    with pytest.raises(ArgumentError, match=r"source: found dtype torch.complex64"):
        EllipticSolver(Poisson(), grid)(f + 0j)
    with pytest.raises(NonFiniteError, match="source: found 8 NaN or infinite values"):
        EllipticSolver(Poisson(), grid)(f * torch.nan)
    with pytest.raises(ArgumentError, match=r"the class Poisson.*instance: Poisson\("):
        EllipticSolver(Poisson, grid)
