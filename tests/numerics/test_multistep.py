from math import pi

import pytest
import torch

from physbias.errors import ArgumentError, DivergenceError
from physbias.grid import Grid, Periodic
from physbias.numerics import (
    CNAB2,
    RK4,
    Multistep,
    Spectral,
    largest_stable_step,
)
from physbias.pdes import Burgers, Heat, cole_hopf, pde
from physbias.strong import Checkpoint, Solver

F64 = torch.float64
LINE = Grid((64,), (2 * pi,), boundary=Periodic())


def test_it_carries_more_than_the_state():
    assert isinstance(CNAB2(), Multistep)
    assert not isinstance(RK4(), Multistep)


def test_two_steps_by_hand():
    """u' = L u + u² with one number: the formula of Ascher, Ruuth and Wetton."""

    class Scalar:
        """Stands in for an equation: L = -3."""

        def rest(self, u, time):
            return u**2

        def solve(self, u, dt):
            return u / (1 + 3 * dt)

    u0, dt, system = torch.tensor([[[0.7]]], dtype=F64), 0.1, Scalar()
    guess = (0.7 + dt * 0.49) / (1 + 3 * dt)
    u1 = ((1 - 0.15) * 0.7 + dt * (0.49 + guess**2) / 2) / 1.15
    u2 = ((1 - 0.15) * u1 + dt * (1.5 * u1**2 - 0.5 * 0.49)) / 1.15
    carried = CNAB2().begin(system, u0, 0.0, dt)
    for expected, time in ((u1, 0.0), (u2, dt)):
        carried = CNAB2().advance(system, carried, time, dt)
        assert float(CNAB2().state(carried)) == pytest.approx(expected, rel=1e-14)
    assert float(CNAB2().step(system, u0, 0.0, dt)) == pytest.approx(u1, rel=1e-14)


@pytest.mark.parametrize("intervals", [1, 4])
def test_order_two_above_the_explicit_limit_of_diffusion(intervals, observed):
    """Cole and Hopf's solution; more output times mean more beginnings."""
    x = LINE.coords(dtype=F64)
    times = [n / intervals for n in range(intervals + 1)]
    errors, steps = [], (0.0125, 0.00625)
    for dt in steps:
        options = {"scheme": Spectral(dealias=None), "stepper": CNAB2(), "dt": dt}
        solve = Solver(Burgers(0.5), LINE, **options)
        u = solve(cole_hopf(x, 0.0, 0.5), times)[:, -1]
        errors.append(float((u - cole_hopf(x, 1.0, 0.5)).abs().max()))
    assert observed(steps, errors)[0] == pytest.approx(2, abs=0.2)


def test_stiff_modes_keep_their_size():
    """Crank and Nicolson: far out the factor is -1, here in one step and in four."""
    solve = Solver(Heat(1e6), LINE, scheme=Spectral(), stepper=CNAB2(), dt=0.1)
    u0 = torch.sin(3 * LINE.coords(dtype=F64))
    u = solve(u0, [0.0, 0.1, 0.4])
    torch.testing.assert_close(u[:, 1], -u0, atol=1e-5, rtol=0)
    torch.testing.assert_close(u[:, 2], u0, atol=2e-5, rtol=0)


def test_stability_is_that_of_adams_and_bashforth():
    """-1 on the real axis; rho² - (1 + 3z/2) rho + z/2 = 0."""
    real = torch.tensor([-2.0 + 0j], dtype=torch.complex128)
    found = largest_stable_step(real, CNAB2().growth)
    assert found == pytest.approx(1 / 2 / 1.05, rel=2e-3)
    z = torch.tensor([-0.4 + 0.3j], dtype=torch.complex128)
    rho = CNAB2().growth(z)
    assert float((rho**2 - (1 + 1.5 * z) * rho + z / 2).abs()) < 1e-15
    small = torch.tensor([1e-3j], dtype=torch.complex128)
    assert float((CNAB2().growth(small) - small.exp()).abs()) < 1e-9


def test_gradients_are_those_of_central_differences_in_every_mode(smooth):
    grid = Grid((6, 5), (1.0, 2.0), boundary=Periodic())
    u0 = smooth(grid, 2, modes=1)
    nu = torch.tensor([0.05, 0.2], dtype=F64)
    weight, found = torch.randn(2, 2, 6, 5, dtype=F64), []

    def run(u, gradient):
        options = {"stepper": CNAB2(), "dt": 0.02, "gradient": gradient}
        solve = Solver(Burgers(nu), grid, **options, allow_unstable=True)
        return (solve(u, [0.0, 0.1, 0.16])[:, -1] * weight).sum()

    for gradient in (Solver(Burgers(nu), grid).gradient, Checkpoint()):
        start = u0.clone().requires_grad_()
        found += torch.autograd.grad(run(start, gradient), start)
    torch.testing.assert_close(found[0], found[1], rtol=1e-10, atol=1e-12)
    direction, h = torch.randn_like(u0), 1e-5
    ends = [run(u0 + s * h * direction, Checkpoint()) for s in (1, -1)]
    slope = float(ends[0] - ends[1]) / (2 * h)
    assert float((found[0] * direction).sum()) == pytest.approx(slope, rel=1e-6)


def test_samples_apart_single_precision_and_compiled(box, smooth):
    u = smooth(box, 2, batch=3)
    nu = torch.tensor([0.1, 0.3, 0.2], dtype=F64)
    solve = Solver(Burgers(nu), box, stepper=CNAB2(), dt=0.02)
    other = torch.cat([u[:1], 0.3 * u[1:]])
    one, two = solve(u, [0.0, 0.1]), solve(other, [0.0, 0.1])
    assert torch.equal(one[0], two[0])
    narrow = solve(u.float(), [0.0, 0.1])
    assert narrow.dtype == torch.float32
    torch.testing.assert_close(narrow.double(), one, atol=1e-5, rtol=0)


def test_the_step_that_blows_up_is_named():
    options = {"stepper": CNAB2(), "dt": 0.2, "allow_unstable": True}
    solve = Solver(pde_with_symbol(), LINE, **options)
    with pytest.raises(DivergenceError, match=r"solution: found NaN .* after step \d+"):
        solve(torch.full((1, 1, 64), 3.0, dtype=F64), [0.0, 4.0])


def pde_with_symbol():
    equation = Burgers(0.1)
    equation.rhs = lambda u, d: u**2 + 0.1 * d.laplacian(u)
    return equation


def test_an_equation_without_a_symbol_is_refused():
    equation = pde(lambda u, d: d.laplacian(u), "u")
    solve = Solver(equation, LINE, stepper=CNAB2(), dt=0.1)
    with pytest.raises(ArgumentError, match=r"stepper: found an implicit .*stiff"):
        solve(torch.ones(1, 1, 64), [0.0, 0.1])
