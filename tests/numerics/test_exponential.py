from decimal import Decimal, getcontext
from math import factorial, pi
from typing import ClassVar

import pytest
import torch
from torch import nn

from physbias.errors import ArgumentError
from physbias.grid import Dirichlet, Grid, Periodic
from physbias.numerics import (
    ETDRK1,
    ETDRK2,
    ETDRK3,
    ETDRK4,
    FiniteDifference,
    SemiDiscrete,
    Spectral,
    phi,
)
from physbias.pdes import PDE, Burgers, Heat, cole_hopf, pde
from physbias.strong import Solver

F64, C128 = torch.float64, torch.complex128
LINE = Grid((32,), (2 * pi,), boundary=Periodic())
METHODS = [ETDRK1(), ETDRK2(), ETDRK3(), ETDRK4()]


class Split(PDE):
    """u' = symbol u + the rest of a tendency that the symbol does not know."""

    fields: ClassVar = {"u": 1}

    def __init__(self, stiff, tendency):
        super().__init__()
        self.stiff = stiff
        self.tendency_of = tendency

    def rhs(self, u, d):
        return self.tendency_of(u, d)

    def stiff_symbol(self, d):
        return self.stiff(d)


# --- the functions ----------------------------------------------------------------


def taylor(z: float, count: int) -> list[float]:
    """phi_k(z) = sum of z^j / (j + k)!, in 80 digits."""
    getcontext().prec = 80
    x = Decimal(z)
    return [
        float(sum(x**j / factorial(j + k) for j in range(250)))
        for k in range(count + 1)
    ]


@pytest.mark.parametrize(
    "z", [1e-300, 1e-9, -1e-4, 0.3, -0.7, -0.99, -1.0, -1.01, 1.5, -3.0, -30.0, 12.0]
)
def test_functions_of_real_numbers(z):
    found = phi(torch.tensor([z], dtype=C128), 4)[:, 0]
    expected = torch.tensor(taylor(z, 4), dtype=C128)
    torch.testing.assert_close(found, expected, rtol=2e-14, atol=1e-300)


@pytest.mark.parametrize("y", [1e-6, 0.5, 1.0, -2.0, 40.0])
def test_functions_of_imaginary_numbers(y):
    """Real and imaginary part of the series apart, in 80 digits."""
    getcontext().prec = 80
    x, expected = Decimal(y), []
    for k in range(5):
        terms = [x**j / factorial(j + k) for j in range(300)]
        real = sum(terms[::4]) - sum(terms[2::4])
        imag = sum(terms[1::4]) - sum(terms[3::4])
        expected.append(complex(real, imag))
    found = phi(torch.tensor([1j * y], dtype=C128), 4)[:, 0]
    torch.testing.assert_close(
        found, torch.tensor(expected, dtype=C128), rtol=2e-14, atol=0
    )


def test_functions_at_zero_and_far_out():
    found = phi(torch.tensor([0.0, -1e8], dtype=C128), 3)
    expected = torch.tensor([1, 1, 1 / 2, 1 / 6], dtype=C128)
    torch.testing.assert_close(found[:, 0], expected, rtol=1e-15, atol=0)
    # phi_k -> -1 / ((k - 1)! z), to first order in 1 / z
    expected = torch.tensor([0, 1e-8, 1e-8, 0.5e-8], dtype=C128)
    torch.testing.assert_close(found[:, 1], expected, rtol=1e-7, atol=1e-300)


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_what_no_symbol_acts_on_is_kept_exactly(method):
    """A mean over a circle would lose a bit in every step, always on one side."""
    still = Split(
        lambda d: -d.laplacian_symbol().square(), lambda u, d: -d.partial(u, 0, 4)
    )
    system = SemiDiscrete(still, Spectral().bind(LINE, dtype=F64))
    u = torch.ones(1, 1, 32, dtype=F64)
    for _ in range(100):
        u = method.step(system, u, 0.0, 0.1)
    assert float((u - 1).abs().max()) < 1e-15


def test_functions_are_differentiable_twice():
    z = torch.tensor([0.0, 0.4 + 0.2j, -3.0, 5j], dtype=C128, requires_grad=True)
    assert torch.autograd.gradcheck(lambda w: phi(w, 3), z)
    assert torch.autograd.gradgradcheck(lambda w: phi(w, 2), z)


# --- the methods ------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_order_on_a_stiff_equation_that_knows_the_time(method, observed):
    """u' = -5 u + u² + f, f such that u = cos t; the symbol knows -5 alone."""
    equation = Split(
        lambda d: -5 + 0 * d.laplacian_symbol(),
        lambda u, d: -5 * u + u**2 - torch.cos(d.time) ** 2 + forcing(d.time),
    )

    def forcing(t):
        return 5 * torch.cos(t) - torch.sin(t)

    system = SemiDiscrete(equation, FiniteDifference().bind(LINE, dtype=F64))
    counts, errors = (80, 160), []
    for count in counts:
        u, dt = torch.ones(2, 1, 32, dtype=F64), 1 / count
        for n in range(count):
            u = method.step(system, u, n * dt, dt)
        errors.append(float((u - torch.tensor(1.0, dtype=F64).cos()).abs().max()))
    assert -observed(counts, errors)[0] == pytest.approx(method.order, abs=0.1)


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_order_on_burgers_above_the_explicit_limit(method, observed):
    """Cole and Hopf's solution; viscosity 0.5 on 64 points ends SSPRK3 at 0.005 s."""
    grid = Grid((64,), (2 * pi,), boundary=Periodic())
    x, steps, errors = grid.coords(dtype=F64), (0.05, 0.025), []
    for dt in steps:
        options = {"scheme": Spectral(dealias=None), "stepper": method}
        solve = Solver(Burgers(0.5), grid, dt=dt, allow_unstable=True, **options)
        u = solve(cole_hopf(x, 0.0, 0.5), [0.0, 1.0])[:, -1]
        errors.append(float((u - cole_hopf(x, 1.0, 0.5)).abs().max()))
    assert observed(steps, errors)[0] == pytest.approx(method.order, abs=0.1)


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_a_linear_equation_is_solved_exactly_at_any_step(method):
    """Heat, one step of 100 times the explicit limit, in two dimensions."""
    grid = Grid((12, 15), (2 * pi, 3.0), boundary=Periodic())
    x, y = grid.coords(dtype=F64).split(1, dim=1)
    k = 2 * pi / 3
    u0 = 1 + torch.sin(2 * x) + torch.cos(k * y) * torch.cos(x)
    nu = torch.tensor([0.3, 0.1], dtype=F64)
    solve = Solver(Heat(nu), grid, scheme=Spectral(), stepper=method, dt=2.0)
    found = solve(u0.repeat(2, 1, 1, 1), [0.0, 2.0])[:, -1]
    rate = nu[:, None, None, None]
    exact = 1 + torch.exp(-rate * 8) * torch.sin(2 * x)
    exact = exact + torch.exp(-2 * rate * (1 + k**2)) * torch.cos(k * y) * torch.cos(x)
    torch.testing.assert_close(found, exact, atol=1e-13, rtol=0)


def test_an_imaginary_symbol_moves_waves_without_damping():
    """u_t = -u_xxx: sin kx becomes sin(kx + k³ t); the third derivative alone."""
    equation = Split(lambda d: -d.symbol(0, 3), lambda u, d: -d.partial(u, 0, 3))
    x = LINE.coords(dtype=F64)
    solve = Solver(equation, LINE, scheme=Spectral(), stepper=ETDRK4(), dt=0.7)
    found = solve(torch.sin(3 * x) + torch.cos(8 * x), [0.0, 7.0])[:, -1]
    exact = torch.sin(3 * x + 27 * 7) + torch.cos(8 * x + 512 * 7)
    torch.testing.assert_close(found, exact, atol=1e-11, rtol=0)


def test_a_soliton_keeps_its_shape(observed):
    """KdV, u_t + 6 u u_x + u_xxx = 0: c/2 sech²(sqrt(c) (x - c t) / 2)."""
    grid = Grid((128,), (40.0,), boundary=Periodic())
    x, c, t = grid.coords(dtype=F64), 2.0, 2.0
    equation = Split(
        lambda d: -d.symbol(0, 3),
        lambda u, d: -6 * u * d.x(u) - d.partial(u, 0, 3),
    )

    def soliton(centre):
        return c / 2 / torch.cosh(c**0.5 * (x - centre) / 2) ** 2

    steps, errors = (0.02, 0.01), []
    for dt in steps:
        options = {"scheme": Spectral(dealias=None), "stepper": ETDRK4()}
        solve = Solver(equation, grid, dt=dt, **options)
        u = solve(soliton(18.0), [0.0, t])[:, -1]
        errors.append(float((u - soliton(18.0 + c * t)).abs().max()))
    assert observed(steps, errors)[0] == pytest.approx(4, abs=0.1)
    assert errors[-1] < 1e-5


@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_growth_of_small_waves_is_that_of_kuramoto_and_sivashinsky(dtype):
    """u_t = -u u_x - u_xx - u_xxxx: a small wave k grows at the rate k² - k⁴."""
    grid = Grid((64,), (32 * pi,), boundary=Periodic())
    equation = Split(
        lambda d: -d.symbol(0, 2) - d.symbol(0, 4),
        lambda u, d: -u * d.x(u) - d.partial(u, 0, 2) - d.partial(u, 0, 4),
    )
    x = grid.coords(dtype=dtype)
    waves = torch.tensor([4, 8, 11, 20], dtype=dtype)[:, None, None] / 16
    u0 = 1e-6 * torch.sin(waves * x)
    solve = Solver(equation, grid, scheme=Spectral(), stepper=ETDRK4(), dt=0.5)
    u = solve(u0, [0.0, 2.0])[:, -1]
    exact = torch.exp(2.0 * (waves**2 - waves**4)) * u0
    torch.testing.assert_close(u, exact, atol=3e-11, rtol=0)


# --- coefficients -----------------------------------------------------------------


def test_coefficients_are_kept_and_found_anew_when_the_equation_changes():
    method, equation = ETDRK2(), Heat(0.1)
    system = SemiDiscrete(equation, Spectral().bind(LINE, dtype=F64))
    u = torch.sin(2 * LINE.coords(dtype=F64))
    for diffusivity in (0.1, 0.4):
        equation.diffusivity = diffusivity
        for dt in (0.5, 0.25, 0.5):
            found = method.step(system, u, 0.0, dt)
            factor = torch.exp(torch.tensor(-4 * diffusivity * dt, dtype=F64))
            torch.testing.assert_close(found, factor * u)


def test_coefficients_kept_in_inference_mode_serve_training():
    solve = Solver(Burgers(0.1), LINE, scheme=Spectral(), stepper=ETDRK4(), dt=0.01)
    u0 = torch.sin(LINE.coords(dtype=F64))
    with torch.inference_mode():
        u = solve(u0, [0.0, 0.02])
    start = u0.clone().requires_grad_()
    trained = solve(start, [0.0, 0.02])
    trained.sum().backward()
    assert torch.equal(trained.detach(), u)


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_gradients_reach_the_state_and_learned_coefficients(method, smooth):
    grid = Grid((6, 5), (1.0, 2.0), boundary=Periodic())
    u0 = smooth(grid, 2, modes=1)

    def run(u, viscosity):
        equation = Burgers(0.1)
        equation.viscosity = viscosity
        system = SemiDiscrete(equation, FiniteDifference(2).bind(grid, dtype=F64))
        for n in range(2):
            u = method.step(system, u, n * 0.05, 0.05)
        return u

    nu = torch.tensor([0.05, 0.2], dtype=F64, requires_grad=True)
    assert torch.autograd.gradcheck(run, (u0.requires_grad_(), nu), fast_mode=True)


def test_a_learned_coefficient_is_recovered():
    """The gradient through 8 exponential steps finds the viscosity of the data."""
    x = LINE.coords(dtype=F64)
    options = {"scheme": Spectral(dealias=None), "stepper": ETDRK4(), "dt": 0.05}
    learned = nn.Parameter(torch.tensor(0.4, dtype=F64))
    solve = Solver(Burgers(learned), LINE, **options)
    search = torch.optim.LBFGS(
        [learned], tolerance_grad=1e-14, line_search_fn="strong_wolfe"
    )

    def closure():
        search.zero_grad()
        gap = solve(cole_hopf(x, 0.0, 0.5), [0.0, 0.4])[:, -1] - cole_hopf(x, 0.4, 0.5)
        loss = gap.square().mean()
        loss.backward()
        return loss

    search.step(closure)
    assert float(learned.detach()) == pytest.approx(0.5, abs=1e-4)


def test_single_precision_differs_by_rounding_only(box, smooth):
    """Coefficients are found in double precision, where differences cancel less."""
    u = smooth(box, 2)
    for method in METHODS:
        solve = Solver(Burgers(0.5), box, stepper=method, dt=0.01, allow_unstable=True)
        wide, narrow = solve(u, [0.0, 0.2]), solve(u.float(), [0.0, 0.2])
        assert narrow.dtype == torch.float32
        torch.testing.assert_close(narrow.double(), wide, atol=2e-6, rtol=0)


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_samples_do_not_see_each_other(method, box, smooth):
    nu = torch.tensor([0.1, 0.3, 0.2], dtype=F64)
    system = SemiDiscrete(Burgers(nu), Spectral().bind(box, dtype=F64))
    u = smooth(box, 2, batch=3)
    other = torch.cat([u[:1], 3 * u[1:] + 1])
    one, two = (method.step(system, v, 0.0, 0.05) for v in (u, other))
    assert torch.equal(one[0], two[0])
    alone = SemiDiscrete(Burgers(0.1), Spectral().bind(box, dtype=F64))
    torch.testing.assert_close(one[:1], method.step(alone, u[:1], 0.0, 0.05))


def test_what_has_no_symbol_is_refused():
    u = torch.ones(1, 1, 32)
    solve = Solver(
        pde(lambda u, d: d.laplacian(u), "u"), LINE, stepper=ETDRK4(), dt=0.1
    )
    with pytest.raises(ArgumentError, match=r"exponential stepper for .*stiff_symbol"):
        solve(u, [0.0, 0.1])
    walls = Grid((32,), (1.0,), boundary=Dirichlet())
    with pytest.raises(ArgumentError, match=r"grid: found an axis with walls"):
        Solver(Heat(1.0), walls, stepper=ETDRK4(), dt=0.1)(u, [0.0, 0.1])
    with pytest.raises(ArgumentError, match=r"diffusivity: found a field"):
        Solver(Heat(torch.rand(1, 1, 32)), LINE, stepper=ETDRK1(), dt=0.1)(
            u, [0.0, 0.1]
        )
