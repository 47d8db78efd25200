from math import pi, sqrt

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from physbias.errors import ArgumentError, ShapeError
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
from physbias.numerics import RK4, Compact, FiniteDifference
from physbias.pdes import Advection, Heat
from physbias.strong import Solver
from physbias.verify import verify

F64 = torch.float64
ORDERS = (4, 6)
PERIODIC = {4: (64, 96), 6: (32, 48)}
# a third of the spacing: the middle cell stays where it is
WALLED = {4: (45, 135), 6: (19, 57)}
# alpha, a, b of Lele's sections 2.1 to 2.4
LELE = {
    (1, 4): (1 / 4, 3 / 2, 0),
    (1, 6): (1 / 3, 14 / 9, 1 / 9),
    (2, 4): (1 / 10, 6 / 5, 0),
    (2, 6): (2 / 11, 12 / 11, 3 / 11),
    (3, 4): (7 / 16, 2, -1 / 8),
    (3, 6): (7 / 16, 2, -1 / 8),
    (4, 4): (1 / 4, 3 / 2, 0),
    (4, 6): (7 / 26, 19 / 13, 1 / 13),
}


def wave(x: Tensor, derivative: int) -> Tensor:
    """Derivatives of sin x + 0.3 cos 2x, by the quarter-turn rule."""
    turn = derivative * pi / 2
    return torch.sin(x + turn) + 0.3 * 2**derivative * torch.cos(2 * x + turn)


def spiral(x: Tensor, derivative: int) -> Tensor:
    """Derivatives of e^x sin(3x + 0.4) = Im e^((1 + 3i)x + 0.4i)."""
    factor = (1 + 3j) ** derivative
    return (factor * torch.exp(torch.complex(x, 3 * x + 0.4))).imag


def walled(count: int, kind: type) -> Grid:
    ends = torch.tensor([0.0, 1.0], dtype=F64)
    low, high = spiral(ends, 0).tolist()
    # outward: minus the derivative at the lower end
    down, up = (spiral(ends, 1) * torch.tensor([-1.0, 1.0])).tolist()
    sides = {
        Dirichlet: (Dirichlet(low), Dirichlet(high)),
        Inflow: (Inflow(low), Dirichlet(high)),
        Neumann: (Neumann(down), Neumann(up)),
        Robin: (
            Robin(2.0, 0.5, 2 * low + 0.5 * down),
            Robin(1.0, 1.5, high + 1.5 * up),
        ),
        Periodic: (Dirichlet(low), Neumann(up)),  # mixed
    }
    return Grid((count,), (1.0,), boundary=[sides[kind]])


def matrix(grid: Grid, order: int, derivative: int) -> Tensor:
    d = Compact(order).bind(grid, dtype=F64)
    unit = torch.eye(grid.num_points[0], dtype=F64)[:, None]
    return d.partial(unit, 0, derivative)[:, 0].T


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("derivative", [1, 2, 3, 4])
def test_periodic_order(order, derivative, observed):
    errors = []
    for count in PERIODIC[order]:
        grid = Grid((count, 3), (2 * pi, 1.0), boundary=Periodic())
        x = grid.coords(dtype=F64)[:, :1]
        d = Compact(order).bind(grid, dtype=F64)
        found = d.partial(wave(x, 0), 0, derivative)
        errors.append(float((found - wave(x, derivative)).abs().max()))
    nominal = 6 if derivative == 3 else order
    assert observed(PERIODIC[order], errors)[0] == pytest.approx(-nominal, abs=0.1)


@pytest.mark.parametrize("kind", [Dirichlet, Neumann, Robin, Inflow, Periodic])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("derivative", [1, 2, 3, 4])
def test_order_inside_and_beside_walls(order, derivative, kind, observed):
    """Derivatives 1 and 2 keep the order up to the wall, the m-th has order + 2 - m."""
    inside, edge = [], []
    for count in WALLED[order]:
        grid = walled(count, kind)
        x = grid.coords(dtype=F64)
        d = Compact(order).bind(grid, dtype=F64)
        gap = (d.partial(spiral(x, 0), 0, derivative) - spiral(x, derivative)).abs()
        inside.append(float(gap[0, 0, count // 2]))
        edge.append(float(gap.max()))
    if derivative <= 2:  # a less exact edge decays into the interior of the others
        assert -observed(WALLED[order], inside)[0] > order - 0.1
    claimed = min(order, order + 2 - derivative)
    # two terms of opposite sign hide the order on coarse grids, round-off on fine ones
    assert -observed(WALLED[order], edge)[0] > claimed - 0.55


def test_order_4_of_the_slope_beside_walls_on_finer_grids(observed):
    for kind in (Dirichlet, Neumann, Robin):
        errors = []
        for count in (243, 729):
            grid = walled(count, kind)
            x = grid.coords(dtype=F64)
            gap = Compact(4).bind(grid, dtype=F64).x(spiral(x, 0)) - spiral(x, 1)
            errors.append(float(gap.abs().max()))
        assert observed((243, 729), errors)[0] == pytest.approx(-4, abs=0.1)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("derivative", [1, 2, 3, 4])
def test_modified_wavenumber(order, derivative):
    """Lele (1992), section 3, in closed form for each derivative."""
    alpha, a, b = LELE[derivative, order]
    count, spacing = 24, 0.3
    grid = Grid((count,), (count * spacing,), boundary=Periodic())
    d = Compact(order).bind(grid, dtype=F64)
    mode = torch.arange(1, count // 2, dtype=F64)[:, None, None]
    x = grid.coords(dtype=F64) / spacing
    w = 2 * pi * mode / count
    closed = {
        1: a * torch.sin(w) + b / 2 * torch.sin(2 * w),
        2: 2 * a * (1 - torch.cos(w)) + b / 2 * (1 - torch.cos(2 * w)),
        3: 2 * a * torch.sin(w) * (1 - torch.cos(w))
        + b / 4 * (3 * torch.sin(w) - torch.sin(3 * w)),
        4: 4 * a * (1 - torch.cos(w)) ** 2
        + b / 3 * (torch.cos(3 * w) - 9 * torch.cos(w) + 8),
    }[derivative] / (1 + 2 * alpha * torch.cos(w))
    turn = derivative * pi / 2
    expected = closed / spacing**derivative * torch.sin(w * x + turn)
    found = d.partial(torch.sin(w * x), 0, derivative)
    torch.testing.assert_close(
        found, expected, rtol=0, atol=1e-10 / spacing**derivative
    )
    symbol = d.symbol(0, derivative).flatten()[1 : count // 2]
    size = symbol.imag if derivative % 2 else symbol
    sign = (1, -1, -1, 1)[derivative - 1]
    wanted = sign * closed.flatten() / spacing**derivative
    torch.testing.assert_close(size, wanted)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("derivative", [1, 2])
def test_a_solve_with_scipy_gives_the_same(order, derivative):
    """The system written out by hand, its edges by polynomials of numpy."""
    linalg = pytest.importorskip("scipy.linalg")
    np = pytest.importorskip("numpy")
    count, length, value, slope = 14, 2.1, 0.7, -0.4
    h = length / count
    degree = order if derivative == 1 else order + 1
    grid = Grid((count,), (length,), boundary=[(Dirichlet(value), Neumann(slope))])
    u = torch.randn(2, 3, count, dtype=F64)
    found = Compact(order).bind(grid, dtype=F64).partial(u, 0, derivative)
    alpha, a, b = LELE[derivative, order]
    ghosts = order // 2
    central = {(4, 1): [-2 / 3, 1 / 12], (4, 2): [4 / 3, -1 / 12]}
    central |= {(6, 1): [-3 / 4, 3 / 20, -1 / 60], (6, 2): [3 / 2, -3 / 20, 1 / 90]}
    weights = central[order, derivative]
    flip = -1 if derivative == 1 else 1
    weights = [abs(w) * np.sign(w) * flip for w in weights]
    for line, out in zip(u.reshape(-1, count), found.reshape(-1, count), strict=True):
        f, s = line.numpy(), np.arange(degree) + 0.5
        low = np.vander(np.r_[0, s], degree + 1)
        lower = np.polyval(
            np.linalg.solve(low, np.r_[value, f[:degree]]), -np.arange(ghosts) - 0.5
        )
        high = np.vander(s, degree + 1)
        high = np.vstack([np.eye(degree + 1)[degree - 1], high])
        right = np.r_[-slope * h, f[::-1][:degree]]
        upper = np.polyval(np.linalg.solve(high, right), -np.arange(ghosts) - 0.5)
        g = np.r_[lower[::-1], f, upper]

        def at(k, g=g):
            return g[ghosts + k : ghosts + k + count]

        sign = -1 if derivative == 1 else 1
        rows = a / (2 if derivative == 1 else 1) * (at(1) + sign * at(-1))
        rows = rows + b / 4 * (at(2) + sign * at(-2))
        own = -2 * a - b / 2 if derivative == 2 else 0.0
        rows = rows + own * at(0)
        edge = sum(w * (at(k) + sign * at(-k)) for k, w in enumerate(weights, start=1))
        edge = edge - (2 * sum(weights) * at(0) if derivative == 2 else 0)
        rows[[0, -1]] = edge[[0, -1]]
        bands = np.full((3, count), alpha)
        bands[1] = 1
        bands[0, 1] = bands[2, -2] = 0
        expected = linalg.solve_banded((1, 1), bands, rows / h**derivative)
        torch.testing.assert_close(out, torch.from_numpy(expected), rtol=0, atol=1e-11)


@pytest.mark.parametrize("order", ORDERS)
def test_polynomials_are_exact_up_to_the_walls(order):
    """u = x^p + y² on [0, 1] x [0, 2] with its own data on all four sides."""
    power = order
    sides = [(Dirichlet(lambda x, t: x[:, 1:] ** 2), Neumann(float(power)))]
    sides.append((Neumann(0.0), Neumann(4.0)))
    grid = Grid((11, 14), (1.0, 2.0), boundary=sides)
    x, y = grid.coords(dtype=F64).split(1, dim=1)
    d = Compact(order).bind(grid, dtype=F64)
    u = x**power + y**2
    torch.testing.assert_close(d.x(u), power * x ** (power - 1) + 0 * y)
    torch.testing.assert_close(d.y(u), 2 * y + 0 * x)
    second = power * (power - 1) * x ** (power - 2)
    torch.testing.assert_close(d.laplacian(u), second + 2 + 0 * y)


@pytest.mark.parametrize("order", ORDERS)
def test_diffusion_between_walls_never_grows(order):
    sides = (Dirichlet(), Neumann(), Robin(1.0, 0.01), Robin(0.01, 1.0), Outflow(0))
    for lower in (*sides, Symmetry()):
        for upper in sides:
            for count in (order + 2, 17, 40):
                grid = Grid((count,), (float(count),), boundary=[(lower, upper)])
                growth = torch.linalg.eigvals(matrix(grid, order, 2)).real.max()
                assert float(growth) < 1e-12


@pytest.mark.parametrize(("order", "peclet"), [(4, 1e4), (6, 30.0)])
def test_advection_between_walls_is_stable_below_the_stated_peclet(order, peclet):
    uppers = (Dirichlet(), Neumann(), Outflow(1), Outflow(2))
    pairs = [(Dirichlet(), upper) for upper in uppers]
    for pair in [*pairs, (Neumann(), Neumann())]:
        for count in (12, 48):
            grid = Grid((count,), (float(count),), boundary=[pair])
            second, first = matrix(grid, order, 2), matrix(grid, order, 1)
            for speed in (peclet, 10.0):
                growth = torch.linalg.eigvals(second - speed * first).real.max()
                assert float(growth) < 1e-9 * speed


def test_pure_transport_of_order_4_leaves_without_growing():
    for degree in (1, 2, 3):
        for count in (12, 48):
            sides = [(Inflow(0.0), Outflow(degree))]
            grid = Grid((count,), (float(count),), boundary=sides)
            growth = torch.linalg.eigvals(-matrix(grid, 4, 1)).real.max()
            assert float(growth) < 0


@pytest.mark.parametrize("order", ORDERS)
def test_an_outflow_has_the_order_of_its_polynomial(order, observed):
    for degree in (1, 2, 3):
        for derivative in (1, 2):
            claimed = degree + 1 - derivative
            if claimed < 1:
                continue
            errors = []
            for count in (240, 480):
                grid = Grid((count,), (1.0,), boundary=Outflow(degree))
                x = grid.coords(dtype=F64)
                d = Compact(order).bind(grid, dtype=F64)
                gap = d.partial(spiral(x, 0), 0, derivative) - spiral(x, derivative)
                errors.append(float(gap.abs()[0, 0, [0, -1]].max()))
            assert -observed((240, 480), errors)[0] > claimed - 0.1


def test_waves_go_further_than_with_explicit_differences():
    """Lele (1992), table III: the part of k h < pi with an error below 1 %."""
    theta = torch.linspace(0.01, pi, 2000, dtype=F64)
    resolved = {}
    for scheme in (FiniteDifference(4), FiniteDifference(6), Compact(4), Compact(6)):
        gap = (scheme._symbol(1, theta) / theta - 1).abs()
        resolved[scheme] = float(theta[gap <= 0.01].max()) / pi
    assert resolved[FiniteDifference(4)] == pytest.approx(0.23, abs=0.01)
    assert resolved[FiniteDifference(6)] == pytest.approx(0.35, abs=0.01)
    assert resolved[Compact(4)] == pytest.approx(0.35, abs=0.01)
    assert resolved[Compact(6)] == pytest.approx(0.50, abs=0.01)


@pytest.mark.parametrize(("order", "fastest"), [(4, sqrt(3)), (6, 1.989)])
def test_the_stable_step_follows_from_the_modified_wavenumber(order, fastest):
    """RK4 reaches 2 sqrt 2 on the imaginary axis; Lele (1992), section 4.2."""
    grid = Grid((96,), (3.0,), boundary=Periodic())
    solver = Solver(Advection((2.0,)), grid, scheme=Compact(order), stepper=RK4())
    u = torch.randn(1, 1, 96, dtype=F64)
    limit = 2 * sqrt(2) / (2.0 * fastest / grid.spacing[0])
    assert 0.9 * limit < solver.double().stable_step(u) < 1.001 * limit


@pytest.mark.parametrize("order", ORDERS)
def test_heat_between_walls_decays_as_it_should(order):
    """sin x cos 3y/2 between a value and a slope, by exp(-nu (1 + 9/4) t)."""
    grid = Grid((20, 24), (pi / 2, pi), boundary=[(Dirichlet(), Neumann())] * 2)
    x, y = grid.coords(dtype=F64).split(1, dim=1)
    u = torch.sin(x) * torch.sin(1.5 * y)
    u = torch.cat([u, 2 * u])
    rate = torch.tensor([0.1, 0.3], dtype=F64)
    solver = Solver(Heat(rate), grid, scheme=Compact(order), stepper=RK4()).double()
    found = solver(u, torch.tensor([0.0, 0.2], dtype=F64))[:, -1]
    exact = u * torch.exp(-0.65 * rate)[:, None, None, None]
    bound = {4: 2e-5, 6: 5e-7}[order]
    assert float((found - exact).abs().max()) < bound


def test_batch_and_channels_do_not_meet_and_axes_are_told_apart():
    grid = Grid((12, 18, 10), (2 * pi, pi, 4 * pi), boundary=Periodic())
    x, y, z = grid.coords(dtype=F64).split(1, dim=1)
    d = Compact(6).bind(grid, dtype=F64)
    zero = 0 * x * y * z
    u = torch.cat(
        [torch.sin(x) + zero, torch.sin(2 * y) + zero, torch.sin(z / 2) + zero]
    )
    u = u.repeat(1, 2, 1, 1, 1)
    u[:, 1] *= 3
    exact = [
        torch.cos(x) + zero,
        2 * torch.cos(2 * y) + zero,
        torch.cos(z / 2) / 2 + zero,
    ]
    for axis in range(3):
        found = d.partial(u, axis)
        for sample in range(3):
            wanted = exact[axis] if sample == axis else zero
            torch.testing.assert_close(found[sample, :1], wanted[0], atol=3e-3, rtol=0)
            torch.testing.assert_close(
                found[sample, 1:], 3 * wanted[0], atol=9e-3, rtol=0
            )


def test_float32_stays_at_its_rounding():
    grid = Grid((64,), (1.0,), boundary=[(Dirichlet(), Neumann())])
    u = torch.randn(2, 1, 64, dtype=F64)
    for derivative in (1, 2, 3, 4):
        exact = Compact(6).bind(grid, dtype=F64).partial(u, 0, derivative)
        found = Compact(6).bind(grid).partial(u.float(), 0, derivative)
        assert found.dtype == torch.float32
        gap = (found - exact).abs().max() / exact.abs().max()
        assert float(gap) < 2e-6


def function(u: Tensor) -> Tensor:
    sides = [(Dirichlet(1.0), Neumann(0.5)), Periodic()]
    grid = Grid((u.shape[2], u.shape[3]), (1.0, 2.0), boundary=sides)
    d = Compact(4).bind(grid, dtype=F64)
    return d.laplacian(u) * d.x(u) + d.y(u)


def test_gradients():
    u = torch.randn(1, 1, 6, 3, dtype=F64, requires_grad=True)
    assert gradcheck(function, u)


@pytest.mark.slow
def test_a_compiled_step_is_the_same():
    grid = Grid(
        (16, 18), (1.0, 2.0), boundary=[(Dirichlet(1.0), Neumann()), Periodic()]
    )
    u = torch.randn(2, 1, 16, 18, dtype=F64)
    results = []
    for compiled in (False, True):
        solver = Solver(Heat(0.1), grid, scheme=Compact(6), compile=compiled, dt=1e-4)
        results.append(solver.double()(u, torch.tensor([0.0, 1e-3], dtype=F64)))
    torch.testing.assert_close(*results)


def test_a_plane_of_symmetry_keeps_even_and_odd_apart(observed):
    """cos x is even and sin x odd about both planes of [0, pi]."""
    errors = []
    for count in (16, 32):
        grid = Grid((count,), (pi,), boundary=Symmetry())
        x = grid.coords(dtype=F64)
        for fields, even in (({"u": 1}, True), ({"u": "vector"}, False)):
            d = Compact(6).bind(grid, dtype=F64).bound_to(fields)
            u, u_x = (
                (torch.cos(x), -torch.sin(x)) if even else (torch.sin(x), torch.cos(x))
            )
            errors.append(float((d.x(u) - u_x).abs().max()))
    assert -observed((16, 32), errors[::2])[0] > 5.9
    assert -observed((16, 32), errors[1::2])[0] > 5.9


@pytest.mark.parametrize("order", ORDERS)
def test_verify_accepts_it(order):
    grid = Grid((24,), (1.3,), boundary=[(Dirichlet(1.0), Neumann(0.5))])
    probes = ("order in space", "boundary closures", "agreement of uses")
    report = verify(Heat(0.3), grid, scheme=Compact(order), probes=probes)
    assert report.ok, str(report)
    assert report[probes[0]].value > order - 0.1
    assert report[probes[1]].value > order - 0.5


@pytest.mark.parametrize("order", [2, 5, 8, "4"])
def test_other_orders_are_refused(order):
    with pytest.raises(ArgumentError, match=r"order: found .*4 or 6; use Finite"):
        Compact(order)


def test_higher_derivatives_and_too_few_points_are_refused():
    grid = Grid((6,), (1.0,), boundary=Dirichlet())
    d = Compact(6).bind(grid)
    with pytest.raises(
        ArgumentError, match=r"order: found 5, expected a deriv.*1 to 4"
    ):
        d.partial(torch.ones(1, 1, 6), 0, 5)
    with pytest.raises(ShapeError, match=r"num_points: found 6 points along x.*7"):
        d.partial(torch.ones(1, 1, 6), 0, 2)


@pytest.mark.parametrize("order", ["4", 4.0, torch.tensor([4]), torch.empty(0), None])
def test_orders_that_are_no_whole_numbers_are_refused(order):
    with pytest.raises(ArgumentError, match=r"order: found .*, expected 4 or 6"):
        Compact(order)
