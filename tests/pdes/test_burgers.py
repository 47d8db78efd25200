from math import pi

import pytest
import torch
from torch import Tensor

from physbias.errors import ArgumentError
from physbias.grid import Grid, Periodic
from physbias.numerics import RK4, FiniteDifference, Spectral
from physbias.pdes import Burgers, cole_hopf
from physbias.strong import Solver

F64 = torch.float64
NU = 0.4


def exact_line(x: Tensor, t: float) -> Tensor:
    """-2 nu phi_x / phi of phi = 2 + e^(-nu t) cos x."""
    a = torch.exp(torch.tensor(-NU * t, dtype=F64))
    return 2 * NU * a * torch.sin(x) / (2 + a * torch.cos(x))


def exact_plane(grid: Grid, t: float) -> Tensor:
    """-2 nu grad(phi)/phi of phi = 3 + e^(-nu (k² + l²) t) cos kx cos ly."""
    k, l = (2 * pi / length for length in grid.lengths)  # noqa: E741
    x, y = grid.coords(dtype=F64).split(1, dim=1)
    a = torch.exp(torch.tensor(-NU * (k**2 + l**2) * t, dtype=F64))
    phi = 3 + a * torch.cos(k * x) * torch.cos(l * y)
    u = k * torch.sin(k * x) * torch.cos(l * y)
    v = l * torch.cos(k * x) * torch.sin(l * y)
    return 2 * NU * a * torch.cat([u, v], 1) / phi


def test_rhs_by_hand():
    """u = sin x: u_t = -nu sin x - sin x cos x."""
    grid = Grid((16,), (2 * pi,), boundary=Periodic())
    x = grid.coords(dtype=F64)
    d = Spectral(dealias=None).bind(grid, dtype=F64)
    found = Burgers(NU).rhs(torch.sin(x), d)
    expected = -NU * torch.sin(x) - torch.sin(x) * torch.cos(x)
    torch.testing.assert_close(found, expected)


def test_the_library_agrees_with_the_closed_form():
    x = torch.linspace(0, 6, 50, dtype=F64)
    torch.testing.assert_close(cole_hopf(x, 0.7, NU), exact_line(x, 0.7))


def test_cole_hopf():
    grid = Grid((48,), (2 * pi,), boundary=Periodic())
    x = grid.coords(dtype=F64)
    solve = Solver(Burgers(NU), grid, scheme=Spectral(), stepper=RK4(), dt=0.01)
    u = solve(exact_line(x, 0.0), [0.0, 1.0, 2.0])
    torch.testing.assert_close(u[:, 1], exact_line(x, 1.0), atol=1e-9, rtol=0)
    torch.testing.assert_close(u[:, 2], exact_line(x, 2.0), atol=1e-9, rtol=0)


def test_potential_flow_of_an_anisotropic_plane():
    grid = Grid((40, 50), (2 * pi, 4.0), boundary=Periodic())
    solve = Solver(Burgers(NU), grid, scheme=Spectral(), stepper=RK4(), dt=0.005)
    u = solve(exact_plane(grid, 0.0), [0.0, 0.5])[:, -1]
    torch.testing.assert_close(u, exact_plane(grid, 0.5), atol=1e-7, rtol=0)


def test_symbol_is_the_viscous_term():
    grid = Grid((16,), (2 * pi,), boundary=Periodic())
    symbol = Burgers(NU).stiff_symbol(Spectral().bind(grid, dtype=F64))
    assert float(symbol[0, 0, 3]) == pytest.approx(-9 * NU)


@pytest.mark.parametrize("order", [2, 4, 6, 8])
def test_solver_error_has_the_order_of_the_scheme(order, observed):
    counts = {2: (64, 128), 4: (48, 96), 6: (48, 96), 8: (56, 80)}[order]
    errors = []
    for count in counts:
        grid = Grid((count,), (2 * pi,), boundary=Periodic())
        x = grid.coords(dtype=F64)
        scheme = FiniteDifference(order)
        solve = Solver(Burgers(NU), grid, scheme=scheme, stepper=RK4(), dt=2e-3)
        u = solve(exact_line(x, 0.0), [0.0, 0.2])[:, -1]
        errors.append(float((u - exact_line(x, 0.2)).abs().max()))
    assert -observed(counts, errors)[0] == pytest.approx(order, abs=0.3)


def test_negative_viscosity():
    with pytest.raises(
        ArgumentError, match=r"viscosity: found -0\.1, expected at least 0"
    ):
        Burgers(-0.1)
    with pytest.raises(ArgumentError, match="viscosity: found -1"):
        Burgers(torch.tensor([0.1, -1.0]))
