from math import pi

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Neumann, Periodic
from physbias.numerics import MUSCL, RK4, WENO5, Scheme, Upwind
from physbias.pdes import Advection, Burgers, InviscidBurgers, TracerFlow
from physbias.strong import Solver

F64 = torch.float64
SCHEMES = [Upwind(1), Upwind(3), Upwind(5), WENO5()]
ORDERS = [(Upwind(1), 1), (Upwind(3), 3), (Upwind(5), 5), (WENO5(), 5)]


def wave(x, turn: float = 0.0):
    return torch.sin(2 * pi * x + turn)


@pytest.mark.parametrize(("scheme", "order"), ORDERS, ids=repr)
@pytest.mark.parametrize("speed", [1.0, -0.7])
def test_order_of_advection_with_steps_that_do_not_count(
    scheme, order, speed, observed
):
    counts = (160, 320) if order == 1 else (32, 64)
    errors = []
    for count in counts:
        grid = Grid((count,), (1.0,), boundary=Periodic())
        x = grid.coords(dtype=F64)
        dt = 0.4 * (1 / count) if order == 1 else 2.5 * (1 / count) ** 1.5
        solve = Solver(
            Advection((speed,)),
            grid,
            scheme=scheme,
            stepper=RK4(),
            dt=dt,
            allow_unstable=True,
        )
        u = solve(wave(x), [0.0, 0.3])[:, -1]
        errors.append(float((u - wave(x - 0.3 * speed)).abs().max()))
    found = -observed(counts, errors)[0]
    assert found == pytest.approx(order, abs=0.2 if scheme == WENO5() else 0.1)


@pytest.mark.parametrize(
    ("scheme", "order", "counts"),
    [(Upwind(3), 3, (64, 128)), (Upwind(5), 5, (256, 512)), (WENO5(), 5, (256, 512))],
    ids=repr,
)
def test_order_of_a_nonlinear_flux_on_an_anisotropic_plane(
    scheme, order, counts, observed
):
    """div(u²/2, u²/2) = u (u_x + u_y): point values, also in two dimensions."""
    errors = []
    for count in counts:
        grid = Grid((count, count // 2), (1.0, 1.0), boundary=Periodic())
        x, y = grid.coords(dtype=F64).split(1, 1)
        phase = 2 * pi * (x + y)
        u, slope = 0.3 + torch.sin(phase), torch.cos(phase)
        d = scheme.bind(grid, dtype=F64)
        exact = u * slope * 4 * pi
        gap = d.flux_divergence(u, InviscidBurgers()) - exact
        errors.append(float(gap.abs().mean()))
    assert -observed(counts, errors)[0] == pytest.approx(order, abs=0.2)


@pytest.mark.parametrize(("scheme", "order"), ORDERS, ids=repr)
def test_advect_looks_to_where_the_wind_comes_from(scheme, order, observed):
    counts = (200, 400) if order == 1 else (32, 64)
    errors = []
    for count in counts:
        grid = Grid((count,), (1.0,), boundary=Periodic())
        x = grid.coords(dtype=F64)
        d = scheme.bind(grid, dtype=F64)
        v = torch.cos(2 * pi * x)
        gap = d.advect(v, wave(x)) - v * 2 * pi * torch.cos(2 * pi * x)
        errors.append(float(gap.abs().max()))
    assert -observed(counts, errors)[0] == pytest.approx(order, abs=0.2)


def test_order_one_is_the_textbook_difference():
    grid = Grid((6,), (3.0,), boundary=Periodic())
    u = torch.rand(2, 1, 6, dtype=F64)
    d = Upwind(1).bind(grid, dtype=F64)
    backward = (u - u.roll(1, 2)) / 0.5
    forward = (u.roll(-1, 2) - u) / 0.5
    torch.testing.assert_close(d.flux_divergence(u, Advection((2.0,))), 2 * backward)
    torch.testing.assert_close(d.flux_divergence(u, Advection((-2.0,))), -2 * forward)
    both = torch.tensor([[[1.0, -1, 1, -1, 1, -1]]], dtype=F64)
    expected = torch.where(both > 0, backward, -forward)
    torch.testing.assert_close(d.advect(both, u), expected)


@pytest.mark.parametrize("order", [1, 3, 5])
def test_no_wave_grows_and_the_shortest_is_damped(order):
    grid = Grid((32,), (32.0,), boundary=Periodic())
    d = Upwind(order).bind(grid, dtype=F64)
    unit = torch.eye(32, dtype=F64)[:, None]
    matrix = -d.flux_divergence(unit, Advection((1.0,)))[:, 0].T
    spectrum = torch.linalg.eigvals(matrix)
    assert float(spectrum.real.max()) < 1e-12
    sawtooth = torch.tensor([1.0, -1.0] * 16, dtype=F64)
    rate = float(sawtooth @ matrix @ sawtooth) / 32
    assert rate == pytest.approx({1: -2, 3: -4 / 3, 5: -16 / 15}[order])


def test_weno_carries_a_square_almost_without_new_extrema():
    grid = Grid((60,), (1.0,), boundary=Periodic())
    x = grid.coords(dtype=F64)
    u0 = ((x - 0.3).abs() < 0.15).to(F64)
    for scheme, bound in ((WENO5(), 1e-2), (Upwind(1), 1e-14)):
        solve = Solver(Advection((1.0,)), grid, scheme=scheme, dt=0.008)
        u = solve(u0, [0.0, 0.5])[:, -1]
        assert float(u.max()) < 1 + bound
        assert float(u.min()) > -bound
    linear = Solver(Advection((1.0,)), grid, scheme=Upwind(5), dt=0.008)
    assert float(linear(u0, [0.0, 0.5]).max()) > 1.03


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
def test_space_of_three_axes_and_samples_with_winds_of_their_own(scheme):
    grid = Grid((8, 9, 10), (1.0, 2.0, 3.0), boundary=Periodic())
    winds = torch.tensor([[1.0, -2.0, 0.5], [0.0, 1.0, -1.0]], dtype=F64)
    u = torch.rand(2, 1, 8, 9, 10, dtype=F64)
    d = scheme.bind(grid, dtype=F64)
    together = d.flux_divergence(u, Advection(winds))
    for n in range(2):
        alone = d.flux_divergence(u[n : n + 1], Advection(tuple(winds[n].tolist())))
        torch.testing.assert_close(together[n : n + 1], alone)
    order = (2, 0, 1)
    turned = Grid((10, 8, 9), (3.0, 1.0, 2.0), boundary=Periodic())
    moved = u.permute(0, 1, *(2 + a for a in order))
    found = scheme.bind(turned, dtype=F64).flux_divergence(
        moved, Advection(winds[:, order])
    )
    torch.testing.assert_close(
        found, together.permute(0, 1, *(2 + a for a in order)), atol=1e-11, rtol=0
    )


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
def test_equations_written_with_derivatives_run_too(scheme, box, smooth):
    """``advect`` is upwind, ``laplacian`` central: a viscous flow near the spectral."""
    assert isinstance(scheme, Scheme)
    u = smooth(box, 2)
    solve = Solver(Burgers(0.1), box, scheme=scheme, dt=0.01)
    sharp = Solver(Burgers(0.1), box, dt=0.01)
    gap = solve(u, [0.0, 0.1])[:, -1] - sharp(u, [0.0, 0.1])[:, -1]
    assert float(gap.abs().max()) < 0.08
    flow = Solver(TracerFlow(0.1, 0.1), box, scheme=scheme, dt=0.01)
    v = flow(smooth(box, 3), [0.0, 0.1])[:, -1]
    d = scheme.bind(box, dtype=F64)
    assert float(d.div(v[:, :2]).abs().max()) < 1e-12


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
def test_through_open_walls_a_wave_leaves(scheme):
    grid = Grid((64,), (1.0,), boundary=Neumann(0.0))
    x = grid.coords(dtype=F64)
    solve = Solver(Advection((1.0,)), grid, scheme=scheme, dt=0.01)
    u = solve(torch.exp(-200 * (x - 0.5) ** 2), [0.0, 1.5])[:, -1]
    assert float(u.abs().max()) < 1e-3


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
def test_gradients_single_precision_and_compilation(scheme):
    grid = Grid((8,), (1.0,), boundary=Periodic())
    u = torch.rand(2, 1, 8, dtype=F64, requires_grad=True)
    d = scheme.bind(grid, dtype=F64)
    law = InviscidBurgers()
    assert torch.autograd.gradcheck(lambda v: d.flux_divergence(v, law), u)
    narrow = scheme.bind(grid).flux_divergence(u.float(), law)
    assert narrow.dtype == torch.float32
    torch.testing.assert_close(
        narrow.double(), d.flux_divergence(u, law), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize("scheme", [*SCHEMES, MUSCL()], ids=repr)
def test_the_step_is_one_program(scheme):
    """Traced as a whole, without the cost of a compiler."""
    grid = Grid((16,), (1.0,), boundary=Periodic())
    u = torch.rand(1, 1, 16, dtype=F64)
    d, law = scheme.bind(grid, dtype=F64), InviscidBurgers()
    traced = torch.compile(
        lambda v: law.tendency(v, d.at(0.5)), fullgraph=True, backend="eager"
    )
    torch.testing.assert_close(traced(u), law.tendency(u, d))


def test_even_orders_are_refused():
    with pytest.raises(ArgumentError, match=r"order: found 2, expected 1, 3 or 5"):
        Upwind(2)


@pytest.mark.parametrize("order", [True, 3.0, torch.tensor([1]), torch.empty(0), None])
def test_orders_that_are_no_whole_numbers_are_refused(order):
    with pytest.raises(ArgumentError, match=r"order: found .*, expected 1, 3 or 5"):
        Upwind(order)
