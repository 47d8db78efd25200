from math import pi

import pytest
import torch

from physbias.errors import ArgumentError, DivergenceError
from physbias.grid import Grid, Periodic
from physbias.numerics import DormandPrince, Spectral
from physbias.pdes import Heat, pde
from physbias.strong import Adjoint, Backprop, Solver

F64 = torch.float64
LINE = Grid((16,), (2 * pi,), boundary=Periodic())


@pytest.mark.parametrize("tolerance", [1e-4, 1e-7, 1e-10])
def test_the_tolerance_is_met(tolerance):
    """sin x decays like e^-t."""
    u0 = torch.sin(LINE.coords(dtype=F64)).repeat(2, 1, 1)
    stepper = DormandPrince(rtol=tolerance, atol=tolerance)
    u = Solver(Heat(1.0), LINE, scheme=Spectral(), stepper=stepper)(u0, [0.0, 0.5, 1.0])
    exact = torch.exp(-torch.tensor([0.0, 0.5, 1.0], dtype=F64))
    expected = exact.reshape(1, 3, 1, 1) * u0[:, None]
    assert float((u - expected).abs().max()) < 10 * tolerance


@pytest.mark.parametrize("gradient", [Backprop(), Adjoint()])
def test_float32_works_and_stays(gradient):
    u0 = torch.sin(LINE.coords()).requires_grad_()
    stepper = DormandPrince(1e-4, 1e-5)
    solve = Solver(Heat(0.1), LINE, stepper=stepper, gradient=gradient)
    u = solve(u0, [0.0, 0.1, 0.2])
    assert u.dtype == torch.float32
    u.sum().backward()
    assert u0.grad.dtype == torch.float32


def test_the_adjoint_finds_what_was_computed_and_what_no_module_owns():
    """u' = -a b u with b = a^2: u = u0 exp(-a^3 t), by a -3 a^2 t u."""
    a = torch.tensor(0.8, dtype=F64, requires_grad=True)
    b = a**2
    decay = pde(lambda u, d: -a * b * u, "u")
    u0 = torch.ones(2, 1, 16, dtype=F64)
    stepper = DormandPrince(1e-11, 1e-12)
    solve = Solver(decay, LINE, stepper=stepper, gradient=Adjoint())
    u = solve(u0, [0.0, 0.5])[0, 1, 0, 0]
    (found,) = torch.autograd.grad(u, a)
    expected = -3 * 0.64 * 0.5 * torch.exp(torch.tensor(-0.256, dtype=F64))
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=0)


def test_a_coefficient_set_before_the_adjoint_is_solved_is_refused():
    equation = Heat(torch.tensor([0.1], dtype=F64))
    u0 = torch.sin(LINE.coords(dtype=F64)).requires_grad_()
    solve = Solver(equation, LINE, stepper=DormandPrince(), gradient=Adjoint())
    result = solve(u0, [0.0, 0.1])
    equation.diffusivity = torch.tensor([0.3], dtype=F64)
    with pytest.raises(ArgumentError, match="coefficients that were set between"):
        result.sum().backward()


def test_times_that_float32_cannot_tell_apart():
    u0 = torch.ones(1, 1, 16)
    decay = pde(lambda u, d: -u, "u")
    u = Solver(decay, LINE, stepper=DormandPrince())(u0, [1e6, 1e6 + 0.01])
    torch.testing.assert_close(u[:, 1], u0 * 0.99005, atol=1e-4, rtol=0)


def test_one_time_is_the_state_itself():
    u0 = torch.randn(1, 1, 16)
    u = Solver(Heat(), LINE, stepper=DormandPrince())(u0, [3.0])
    assert torch.equal(u[:, 0], u0)


def test_a_blow_up_is_named():
    explosion = pde(lambda u, d: u**2, "u")  # infinite at t = 1
    solve = Solver(explosion, LINE, stepper=DormandPrince())
    with pytest.raises(
        DivergenceError, match=r"solution: found adaptive steps.*loosen"
    ):
        solve(torch.ones(1, 1, 16, dtype=F64), [0.0, 2.0])
