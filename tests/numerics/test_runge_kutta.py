import pytest
import torch

from physbias.grid import Grid, Periodic
from physbias.numerics import RK2, RK4, SSPRK3, Euler, FiniteDifference, SemiDiscrete
from physbias.pdes import pde

F64 = torch.float64


@pytest.mark.parametrize("stepper", [Euler(), RK2(), SSPRK3(), RK4()], ids=repr)
def test_order_on_a_nonlinear_equation_that_knows_the_time(stepper, observed):
    """u' = -u² (1 + sin t): 1/u = 1/u0 + t + 1 - cos t."""
    equation = pde(lambda u, d: -(u**2) * (1 + torch.sin(d.time)), "u")
    grid = Grid((2, 3), (1.0, 1.0), boundary=Periodic())
    system = SemiDiscrete(equation, FiniteDifference().bind(grid, dtype=F64))
    start = torch.rand(2, 1, 2, 3, dtype=F64) + 0.5
    exact = 1 / (1 / start + 3 - torch.tensor(2.0, dtype=F64).cos())
    counts, errors = (80, 160), []
    for count in counts:
        u, dt = start, 2 / count
        for n in range(count):
            u = stepper.step(system, u, n * dt, dt)
        errors.append(float((u - exact).abs().max()))
    assert -observed(counts, errors)[0] == pytest.approx(stepper.order, abs=0.1)


def test_one_step_by_hand():
    """Heun on u' = u²: u1 = u + dt/2 (u² + (u + dt u²)²)."""
    equation = pde(lambda u, d: u**2, "u")
    grid = Grid((2,), (1.0,), boundary=Periodic())
    system = SemiDiscrete(equation, FiniteDifference().bind(grid, dtype=F64))
    u = torch.tensor([[[1.0, 2.0]]], dtype=F64)
    found = RK2().step(system, u, 0.0, 0.1)
    expected = u + 0.05 * (u**2 + (u + 0.1 * u**2) ** 2)
    torch.testing.assert_close(found, expected)
