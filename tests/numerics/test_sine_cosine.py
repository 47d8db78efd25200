"""Sines and cosines between walls, against closed forms and numpy sums."""

from math import pi

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from physbias.errors import ArgumentError
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
from physbias.numerics import RK4, Spectral
from physbias.pdes import Advection, Burgers, Heat, ShallowWater, pde
from physbias.strong import Solver
from physbias.verify import verify

F64 = torch.float64
LENGTH, ORIGIN = 1.3, 0.4
D, N, S = Dirichlet, Neumann, Symmetry
# the walls, half-waves in the box of a smooth field, whether it is a sine, its lift
PAIRS = {
    "DD": ((D(1.0), D(-0.5)), 2.0, True, lambda s: 1 - 1.5 * s / LENGTH),
    "NN": ((N(0.7), N(-1.0)), 3.0, False, lambda s: 3 - 0.7 * s - 0.15 * s**2 / LENGTH),
    "DN": ((D(2.0), N(1.0)), 2.5, True, lambda s: 2 + s),
    "ND": ((N(1.0), D(2.0)), 1.5, False, lambda s: 2 + LENGTH - s),
    "SS": ((S(), S()), 2.0, False, lambda s: 0 * s),
    "SD": ((S(), D(0.3)), 0.5, False, lambda s: 0.3 + 0 * s),
}


def smooth(name: str, s: Tensor) -> Tensor:
    """Return exp of an even wave times the wave itself, on top of the lift."""
    _, waves, sine, lift = PAIRS[name]
    angle = waves * pi * s / LENGTH
    wave = torch.sin(angle) if sine else torch.cos(angle)
    return lift(s) + wave * torch.exp(0.4 * wave**2)


def slopes(name: str, s: Tensor, order: int) -> Tensor:
    u = smooth(name, s)
    for _ in range(order):
        (u,) = torch.autograd.grad(u.sum(), s, create_graph=True)
    return u.detach()


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("count", [48, 51])
def test_derivatives_of_smooth_fields_are_exact(name, count):
    """Along the middle axis of an uneven box, with lifts, to 1e-10 of their size."""
    boundary = [Periodic(), PAIRS[name][0], N(0.0)]
    lengths, origin = (2.0, LENGTH, 3.0), (0.0, ORIGIN, 0.0)
    grid = Grid((3, count, 4), lengths, boundary=boundary, origin=origin)
    d = Spectral(dealias=None).bind(grid, dtype=F64)
    s = (grid.coords(dtype=F64)[:, 1:2] - ORIGIN).requires_grad_()
    u = smooth(name, s).detach()
    for order in (1, 2, 3, 4):
        exact = slopes(name, s, order)
        gap = (d.partial(u, 1, order) - exact).abs().max()
        assert float(gap) < 1e-10 * float(exact.abs().max()) * 4**order


@pytest.mark.parametrize("name", ["DD", "NN", "DN", "ND"])
def test_matrix_of_sines_and_cosines_in_numpy(name):
    """Random fields on few points: interpolate by the waves, differentiate those."""
    count = 7
    kinds = {"D": D(0.0), "N": N(0.0)}
    pair = (kinds[name[0]], kinds[name[1]])
    grid = Grid((count,), (LENGTH,), boundary=[pair])
    x = (np.arange(count) + 0.5) * LENGTH / count
    first = {"DD": 1, "NN": 0, "DN": 0.5, "ND": 0.5}[name]
    k = (np.arange(count) + first) * pi / LENGTH
    angle = k * x[:, None] - (pi / 2 if name[0] == "D" else 0)  # sines as cosines
    waves = np.cos(angle)
    d = Spectral(dealias=None).bind(grid, dtype=F64)
    u = torch.randn(2, 3, count, dtype=F64)
    for order in (1, 2, 3):
        turned = k**order * np.cos(angle + order * pi / 2)
        matrix = torch.from_numpy(turned @ np.linalg.inv(waves))
        expected = u @ matrix.T
        scale = float(expected.abs().max())
        torch.testing.assert_close(
            d.partial(u, 0, order), expected, rtol=0, atol=1e-12 * scale
        )


def test_channels_have_their_own_parity():
    """A velocity beside slip walls: odd across, even along; a tracer with a value."""
    side = {"velocity": S(), "tracer": D(1.0)}
    grid = Grid((16, 12), (pi, 2 * pi), boundary=[side, Periodic()])
    fields = {"velocity": "vector", "tracer": 1}
    d = Spectral().bind(grid, dtype=F64).bound_to(fields)
    x, y = grid.coords(dtype=F64).split(1, dim=1)
    wave = torch.cos(y)
    parts = [torch.sin(2 * x), torch.cos(3 * x), 1 + torch.sin(x)]
    rises = [2 * torch.cos(2 * x), -3 * torch.sin(3 * x), torch.cos(x)]
    u = torch.cat([parts[0] * wave, parts[1] * wave, parts[2] + 0 * y], 1)
    exact = torch.cat([rises[0] * wave, rises[1] * wave, rises[2] + 0 * y], 1)
    torch.testing.assert_close(d.x(u), exact, rtol=0, atol=1e-12)
    torch.testing.assert_close(d.of("tracer").x(u[:, 2:]), exact[:, 2:])
    v = d.of("velocity")
    rise = 2 * torch.cos(2 * x) * wave - torch.cos(3 * x) * torch.sin(y)
    torch.testing.assert_close(v.div(u[:, :2]), rise, rtol=0, atol=1e-12)


def test_one_value_per_channel():
    grid = Grid((8,), (2.0,), boundary=[(D((1.0, -3.0)), D((2.0, 5.0)))])
    s = grid.coords(dtype=F64)
    u = torch.cat([1 + s / 2, -3 + 4 * s], 1)
    d = Spectral().bind(grid, dtype=F64)
    wanted = torch.tensor([[0.5], [4.0]], dtype=F64).expand(1, 2, 8)
    torch.testing.assert_close(d.x(u), wanted)
    torch.testing.assert_close(d.bound_to({"u": 1, "v": 1}).x(u), wanted)
    same = Spectral().bind(grid.with_boundary(D((3.0,))), dtype=F64)
    split = {"u": S(), "v": D((3.0,))}
    mixed = Spectral().bind(grid.with_boundary(split), dtype=F64)
    three = 0 * u + 3
    for bound in (same, mixed.bound_to({"u": 1, "v": 1})):
        assert float(bound.x(three).abs().max()) < 1e-14


@pytest.mark.parametrize("walls", [(D, D), (D, N), (N, N)], ids=["DD", "DN", "NN"])
def test_heat_decays_exactly(walls):
    """The lowest wave on a lift, by exp(-k² t), in a plane with a periodic side."""
    low, high = walls[0](0.5), walls[1](0.5 if walls == (D, D) else 0.0)
    grid = Grid((13, 10), (pi, 2 * pi), boundary=[(low, high), Periodic()])
    if walls == (N, N):
        grid = grid.with_boundary([(N(0.0), N(0.0)), Periodic()])
    x, y = grid.coords(dtype=F64).split(1, dim=1)
    k = {(D, D): 2.0, (D, N): 1.5, (N, N): 2.0}[walls]
    wave = (torch.cos if walls[0] is N else torch.sin)(k * x) * torch.cos(y)
    u = torch.cat([0.5 + wave, 0.5 + 3 * wave])
    solver = Solver(Heat(0.2), grid, scheme=Spectral(), stepper=RK4(), dt=0.01).double()
    found = solver(u, torch.tensor([0.0, 0.3], dtype=F64))[:, -1]
    decay = torch.exp(torch.tensor(-0.2 * (k**2 + 1) * 0.3, dtype=F64))
    torch.testing.assert_close(found, 0.5 + decay * (u - 0.5), rtol=0, atol=1e-10)


def test_burgers_between_walls_keeps_to_cole_and_hopf():
    """u = -2 nu phi_x / phi with phi = 2 + e^(-nu t) cos x is odd about 0 and pi."""
    grid = Grid((64,), (pi,), boundary=D(0.0))
    x, nu, end = grid.coords(dtype=F64), 0.3, 0.4
    scheme = Spectral()
    solver = Solver(Burgers(nu), grid, scheme=scheme, stepper=RK4(), dt=2e-3).double()

    def exact(t: float) -> Tensor:
        decay = torch.exp(torch.tensor(-nu * t, dtype=F64))
        return 2 * nu * decay * torch.sin(x) / (2 + decay * torch.cos(x))

    found = solver(exact(0.0), torch.tensor([0.0, end], dtype=F64))[:, -1]
    torch.testing.assert_close(found, exact(end), rtol=0, atol=1e-10)


def test_fluxes_by_images():
    """Slip walls: depth even, momentum odd; (h, m)_t by hand, mass to round-off."""
    grid = Grid((32,), (pi,), boundary=Symmetry())
    law = ShallowWater(gravity=2.0)
    d = Spectral(dealias=None).bind(grid, dtype=F64).bound_to(law.fields)
    x = grid.coords(dtype=F64)
    c, s = torch.cos(2 * x), torch.sin(2 * x)
    h, v = 3 + 0.2 * c, 0.5 * s
    found = law.rhs(torch.cat([h, h * v], 1), d)
    h_x, v_x = -0.4 * s, c
    mass = -(h_x * v + h * v_x)
    force = -(h_x * v**2 + 2 * h * v * v_x + 2.0 * h * h_x)
    torch.testing.assert_close(found, torch.cat([mass, force], 1), rtol=0, atol=1e-11)
    assert float(found[:, 0].sum()) == pytest.approx(0, abs=1e-12)


def test_fluxes_with_a_coefficient_that_varies():
    """-(c u)_x with c = 2 + cos x even about both walls and u = sin x, by hand."""
    grid = Grid((24, 5), (pi, 1.0), boundary=[D(0.0), Periodic()])
    x = grid.coords(dtype=F64)[:, :1]
    c, u = 2 + torch.cos(x), torch.sin(x)
    law = Advection(torch.cat([c, 0 * c], 1))
    found = law.rhs(u, Spectral().bind(grid, dtype=F64))
    exact = -2 * torch.cos(x) - torch.cos(2 * x)
    torch.testing.assert_close(found, exact, rtol=0, atol=1e-12)


def test_the_shortest_wave_between_walls():
    """(-1)^i is a sine of the walls: even derivatives see it, odd ones do not."""
    grid = Grid((8,), (4.0,), boundary=D(0.0))
    d = Spectral(dealias=None).bind(grid, dtype=F64)
    u = torch.tensor([1.0, -1.0] * 4, dtype=F64)[None, None]
    assert float(d.x(u).abs().max()) < 1e-14
    torch.testing.assert_close(d.laplacian(u), -((2 * pi) ** 2) * u)


def test_diffusion_with_a_coefficient_that_varies():
    """(a u')' with a = 2 + cos x even about both walls, by hand."""
    grid = Grid((24, 10), (pi, 2 * pi), boundary=[(D(1.0), D(1.0)), Periodic()])
    x, y = grid.coords(dtype=F64).split(1, dim=1)
    a, u = 2 + torch.cos(x) + 0 * y, 1 + torch.sin(x) * torch.cos(y)
    d = Spectral().bind(grid, dtype=F64)
    exact = -torch.sin(x) * torch.cos(x) * torch.cos(y) - 2 * a * (u - 1)
    torch.testing.assert_close(d.diffuse(u, a), exact, rtol=0, atol=1e-11)


@pytest.mark.parametrize("pair", [(D(2.0), D(1.0)), (N(0.3), N(0.0)), (D(1.0), N(2.0))])
def test_dealiasing_keeps_low_waves_and_the_lift(pair):
    grid = Grid((12,), (pi,), boundary=[pair])
    d = Spectral().bind(grid, dtype=F64)
    x = grid.coords(dtype=F64)
    half = 0.5 if isinstance(pair[0], D) != isinstance(pair[1], D) else 0.0
    wave = torch.sin if isinstance(pair[0], D) else torch.cos
    kept, dropped = wave((7 + half) * x), wave((8 + half) * x)
    torch.testing.assert_close(d.dealias(kept + dropped), kept)
    lift = {True: 2 - x / pi, False: 0.3 * (x**2 / (2 * pi) - x)}[
        isinstance(pair[0], D)
    ]
    if half:
        lift = 1 + 2 * x
    torch.testing.assert_close(d.dealias_state(lift + kept + dropped), lift + kept)
    same = Spectral(dealias=None).bind(grid, dtype=F64)
    assert same.dealias_state(kept) is kept


@pytest.mark.parametrize("count", [6, 9, 16, 31])
def test_two_thirds_leave_no_alias_of_a_product(count):
    """sin kx sin lx = (cos (k - l)x - cos (k + l)x)/2: no kept wave is an image."""
    grid = Grid((count,), (pi,), boundary=D(0.0))
    d = Spectral().bind(grid, dtype=F64)
    x = grid.coords(dtype=F64)
    kept = [
        k
        for k in range(1, count + 1)
        if float((d.dealias(torch.sin(k * x)) - torch.sin(k * x)).abs().max()) < 1e-9
    ]
    largest = max(kept)
    assert kept == list(range(1, largest + 1))
    assert 2 * count - 2 * largest > largest  # where sin 2kx folds to


def test_float32_batch_and_gradients():
    grid = Grid((9, 6), (1.0, 2.0), boundary=[(D(1.0), N(0.5)), Periodic()])
    u = torch.randn(3, 1, 9, 6, dtype=F64)
    exact, d = Spectral().bind(grid, dtype=F64), Spectral().bind(grid)
    found = d.laplacian(u.float())
    assert found.dtype == torch.float32
    scale = float(exact.laplacian(u).abs().max())
    assert float((found - exact.laplacian(u)).abs().max()) < 1e-5 * scale
    torch.testing.assert_close(exact.x(u)[1:2], exact.x(u[1:2]))
    v = torch.randn(1, 1, 5, 4, dtype=F64, requires_grad=True)
    small = Grid((5, 4), (1.0, 2.0), boundary=[(D(1.0), N(0.5)), S()])
    bound = Spectral().bind(small, dtype=F64)
    assert gradcheck(lambda u: bound.dealias(u * bound.x(u) + bound.laplacian(u)), v)


def test_a_field_that_is_neither_odd_nor_even_converges_slowly(observed):
    """u = x (1 - x): order 1 beside a value, and no order for the second derivative."""
    first, second = [], []
    for count in (32, 64):
        grid = Grid((count,), (1.0,), boundary=D(0.0))
        x = grid.coords(dtype=F64)
        d, u = Spectral(dealias=None).bind(grid, dtype=F64), x * (1 - x)
        first.append(float((d.x(u) - (1 - 2 * x)).abs()[0, 0, 0]))
        second.append(float((d.laplacian(u) + 2).abs()[0, 0, 0]))
    assert observed((32, 64), first)[0] == pytest.approx(-1, abs=0.1)
    assert observed((32, 64), second)[0] == pytest.approx(0, abs=0.1)


def test_verify_accepts_it():
    grid = Grid((24,), (LENGTH,), boundary=[(D(2.0), N(1.0))])
    report = verify(Heat(0.3), grid, scheme=Spectral())
    assert report.ok, str(report)
    assert report["order in space"].value < 1e-11
    assert "odd about their values" in report["boundary closures"].meaning


@pytest.mark.parametrize(
    ("side", "name"),
    [
        (Robin(1.0, 1.0), r"Robin\(.*on the lower side of x"),
        (Inflow(1.0), r"Inflow\(.*on the lower side of x"),
        (Outflow(1), r"Outflow\(.*on the lower side of x"),
        ({"u": Robin(1.0, 1.0)}, r"Robin\(.*on the lower side of x"),
    ],
)
def test_other_walls_are_refused_by_name(side, name):
    grid = Grid((8, 8), (1.0, 1.0), boundary=[(side, D()), Periodic()])
    with pytest.raises(ArgumentError, match=f"grid: found {name}.*FiniteDiff"):
        Spectral().bind(grid)


@pytest.mark.parametrize("value", [torch.ones(8), lambda x, t: x[:, 1:]])
def test_values_that_vary_are_refused(value):
    grid = Grid((8, 8), (1.0, 1.0), boundary=[Periodic(), (N(), D(value))])
    with pytest.raises(ArgumentError, match=r"values that vary on the upper side of y"):
        Spectral().bind(grid)


def test_what_has_no_parity_is_refused():
    grid = Grid((8,), (1.0,), boundary=D(1.0))
    d = Spectral().bind(grid)
    u = torch.ones(1, 1, 8)
    with pytest.raises(
        ArgumentError, match=r"d.derived: found what is no field.*Compact"
    ):
        d.derived.x(u)
    with pytest.raises(
        ArgumentError, match=r"boundary: found Dirichlet.*expected zeros"
    ):
        d.continued(u, 0)
    with pytest.raises(ArgumentError, match=r"an axis with walls.*Leray"):
        d.leray(u)
    law = pde(lambda u, d: d.derived.x(u * u), "u")
    with pytest.raises(ArgumentError, match=r"d.derived: found what is no field"):
        law.rhs(u, d)
