from math import pi, sin

import pytest
import torch
from torch import nn

from physbias.errors import ArgumentError
from physbias.grid import Dirichlet, Grid, Neumann, Periodic
from physbias.numerics import (
    SDIRK2,
    SSPRK3,
    CrankNicolson,
    FiniteDifference,
    ImplicitEuler,
    NewtonKrylov,
    SemiDiscrete,
    Spectral,
)
from physbias.pdes import Burgers, Heat, cole_hopf, pde
from physbias.strong import Checkpoint, Solver

F64 = torch.float64
METHODS = [ImplicitEuler(), CrankNicolson(), SDIRK2()]
NAMES = ["euler", "crank-nicolson", "sdirk2"]
every = pytest.mark.parametrize("method", METHODS, ids=NAMES)


@every
def test_order_on_a_nonlinear_equation_that_knows_the_time(method, observed):
    """u' = -u² (1 + sin t): 1/u = 1/u0 + t + 1 - cos t."""
    equation = pde(lambda u, d: -(u**2) * (1 + torch.sin(d.time)), "u")
    grid = Grid((2,), (1.0,), boundary=Periodic())
    system = SemiDiscrete(equation, FiniteDifference(2).bind(grid, dtype=F64))
    start = torch.rand(2, 1, 2, dtype=F64) + 0.5
    exact = 1 / (1 / start + 2 - torch.tensor(1.0, dtype=F64).cos())
    counts, errors = (20, 40), []
    for count in counts:
        u, dt = start, 1 / count
        for n in range(count):
            u = method.step(system, u, n * dt, dt)
        errors.append(float((u - exact).abs().max()))
    assert -observed(counts, errors)[0] == pytest.approx(method.order, abs=0.1)


@every
def test_order_on_burgers_above_the_explicit_limit(method, observed):
    """Cole and Hopf's solution; SSPRK3 ends at 0.02 s."""
    grid = Grid((32,), (2 * pi,), boundary=Periodic())
    x, steps, errors = grid.coords(dtype=F64), (0.05, 0.025), []
    for dt in steps:
        options = {"scheme": Spectral(dealias=None), "stepper": method, "dt": dt}
        solve = Solver(Burgers(0.5), grid, **options)
        u = solve(cole_hopf(x, 0.0, 0.5), [0.0, 0.2])[:, -1]
        errors.append(float((u - cole_hopf(x, 0.2, 0.5)).abs().max()))
    assert observed(steps, errors)[0] == pytest.approx(method.order, abs=0.2)


@every
def test_stable_on_the_whole_left_half_plane(method):
    real, imag = torch.meshgrid(
        -torch.logspace(-4, 8, 25, dtype=F64),
        torch.linspace(-1e3, 1e3, 41, dtype=F64),
        indexing="ij",
    )
    z = torch.complex(real, imag)
    assert float(method.growth(z).abs().max()) <= 1
    assert float(method.growth(1j * imag[:1]).abs().max()) <= 1 + 1e-14
    far = method.growth(torch.tensor([-1e10 + 0j], dtype=torch.complex128)).abs()
    keeps = isinstance(method, CrankNicolson)
    assert float(far) == pytest.approx(1.0 if keeps else 0.0, abs=1e-8)
    small = torch.tensor([1e-3 + 2e-3j], dtype=torch.complex128)
    gap = float((method.growth(small) - small.exp()).abs())
    assert gap < 3 * 2.3e-3 ** (method.order + 1)


@every
def test_a_step_multiplies_a_mode_by_the_growth(method):
    """Second differences of sin kx: -4 D / h² sin²(k h / 2)."""
    grid = Grid((32,), (2.0,), boundary=Periodic())
    x = grid.coords(dtype=F64)
    for mode, dt in ((1, 0.3), (7, 0.02), (15, 1.0)):
        rate = -4 * 0.7 * 16**2 * sin(pi * mode / 32) ** 2
        system = SemiDiscrete(Heat(0.7), FiniteDifference(2).bind(grid, dtype=F64))
        u = torch.sin(mode * pi * x)
        z = torch.tensor([rate * dt], dtype=torch.complex128)
        expected = float(method.growth(z).real) * u
        found = method.step(system, u, 0.0, dt)
        torch.testing.assert_close(found, expected, atol=1e-9, rtol=0)


@every
def test_heat_at_a_hundred_times_the_explicit_limit(method):
    """Anisotropic plane between walls: no growth; a smooth mode is still right."""
    grid = Grid((16, 12), (1.0, 3.0), boundary=[Dirichlet(), (Neumann(), Neumann())])
    options = {"scheme": FiniteDifference(2)}
    x = grid.coords(dtype=F64)[:, :1]
    rough = torch.sin(pi * x) + 0.1 * torch.rand(2, 1, 16, 12, dtype=F64)
    limit = Solver(Heat(0.1), grid, stepper=SSPRK3(), **options).stable_step(rough)
    solve = Solver(Heat(0.1), grid, stepper=method, dt=100 * limit, **options)
    assert solve.stable_step(rough) == float("inf")
    u = solve(rough, [0.0, 400 * limit])
    assert float(u.abs().max()) <= float(rough.abs().max())
    smooth = Solver(Heat(0.1), grid, stepper=method, dt=10 * limit, **options)
    t = 100 * limit
    found = smooth(torch.sin(pi * x) + 0 * rough, [0.0, t])[:, -1]
    exact = torch.exp(torch.tensor(-0.1 * pi**2 * t, dtype=F64)) * torch.sin(pi * x)
    gap = 0.05 if method.order == 1 else 3e-3
    torch.testing.assert_close(found, exact.expand_as(found), atol=gap, rtol=0)


@every
def test_gradients_against_central_differences_and_between_modes(method, smooth):
    """State, learned coefficient, both ways back; all iterations left out."""
    grid = Grid((4, 3), (1.0, 2.0), boundary=Periodic())
    tight = type(method)(NewtonKrylov(rtol=1e-13))
    u0, nu = smooth(grid, 2, modes=1), nn.Parameter(torch.tensor(0.1, dtype=F64))
    weight, found = torch.randn(2, 2, 4, 3, dtype=F64), []

    def run(u, gradient=None):
        equation = Burgers(nu)
        options = {} if gradient is None else {"gradient": gradient}
        solve = Solver(equation, grid, stepper=tight, dt=0.1, **options)
        return (solve(u, [0.0, 0.2])[:, -1] * weight).sum()

    for gradient in (None, Checkpoint()):
        start = u0.clone().requires_grad_()
        found.append(torch.autograd.grad(run(start, gradient), (start, nu)))
    for one, two in zip(*found, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-8, atol=1e-10)
    direction, h = torch.randn_like(u0), 1e-4
    with torch.no_grad():
        ends = [run(u0 + s * h * direction) for s in (1, -1)]
        slope = float(ends[0] - ends[1]) / (2 * h)
        assert float((found[0][0] * direction).sum()) == pytest.approx(slope, rel=1e-6)
        nu += h
        above = run(u0)
        nu -= 2 * h
        slope = float(above - run(u0)) / (2 * h)
    assert float(found[0][1]) == pytest.approx(slope, rel=1e-5)


@every
def test_samples_apart_single_precision_and_inference(method, box, smooth):
    nu = torch.tensor([0.1, 0.3, 0.2], dtype=F64)
    u = smooth(box, 2, batch=3)
    solve = Solver(Burgers(nu), box, stepper=method, dt=0.1)
    other = torch.cat([u[:1], 0.3 * u[1:]])
    with torch.inference_mode():
        one, two = solve(u, [0.0, 0.2]), solve(other, [0.0, 0.2])
    assert torch.equal(one[0], two[0])
    narrow = solve(u.float(), [0.0, 0.2])
    assert narrow.dtype == torch.float32
    torch.testing.assert_close(narrow.double(), one, atol=1e-4, rtol=0)
    assert torch.equal(solve(u, [0.0, 0.2]), one)


def test_methods_are_values_with_settings():
    assert ImplicitEuler() == ImplicitEuler()
    assert ImplicitEuler() != SDIRK2()
    assert SDIRK2(NewtonKrylov(rtol=1e-6)) != SDIRK2()
    assert hash(CrankNicolson()) == hash(CrankNicolson())


def test_a_newton_that_is_none_is_refused():
    with pytest.raises(ArgumentError, match="newton: found 'gmres', expected NewtonK"):
        SDIRK2("gmres")


def test_compilation_is_refused():
    grid = Grid((8,), (1.0,), boundary=Periodic())
    with pytest.raises(ArgumentError, match=r"compile: found True with SDIRK2.*leave"):
        Solver(Heat(1.0), grid, stepper=SDIRK2(), compile=True)
