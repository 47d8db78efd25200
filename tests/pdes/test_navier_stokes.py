from math import exp, pi

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Grid, Periodic
from physbias.numerics import ARS443, RK4, FiniteDifference, Spectral
from physbias.pdes import TracerFlow
from physbias.strong import Solver

F64 = torch.float64
NU, D = 0.05, 0.02


def taylor_green(grid: Grid, t: float) -> tuple[torch.Tensor, torch.Tensor]:
    """State and pressure of the stream function sin kx sin ly, tracer included.

    Vorticity and tracer are functions of the stream function, so that nothing is
    advected; p = l²/4 cos 2kx + k²/4 cos 2ly balances (v . grad) v.
    """
    k, l = (2 * pi / length for length in grid.lengths)  # noqa: E741
    x, y = grid.coords(dtype=F64).split(1, dim=1)
    u = l * torch.sin(k * x) * torch.cos(l * y)
    v = -k * torch.cos(k * x) * torch.sin(l * y)
    s = torch.sin(k * x) * torch.sin(l * y)
    slow, fast = exp(-NU * (k**2 + l**2) * t), exp(-D * (k**2 + l**2) * t)
    p = l**2 / 4 * torch.cos(2 * k * x) + k**2 / 4 * torch.cos(2 * l * y)
    return torch.cat([slow * u, slow * v, fast * s], 1), slow**2 * p


@pytest.mark.parametrize("stepper", [RK4(), ARS443()], ids=repr)
@pytest.mark.parametrize("lengths", [(2 * pi, 2 * pi), (2.0, 5.0)])
def test_taylor_green_decays_with_its_pressure_and_tracer(stepper, lengths):
    grid = Grid((18, 25), lengths, boundary=Periodic())
    equation = TracerFlow(NU, D)
    solve = Solver(equation, grid, scheme=Spectral(), stepper=stepper, dt=0.01)
    u = solve(taylor_green(grid, 0.0)[0], [0.0, 0.5, 1.0])
    for n, t in ((1, 0.5), (2, 1.0)):
        state, pressure = taylor_green(grid, t)
        torch.testing.assert_close(u[:, n], state, atol=1e-7, rtol=0)
        found = solve.diagnose(u[:, n])["pressure"]
        torch.testing.assert_close(found, pressure, atol=1e-6, rtol=0)


@pytest.mark.parametrize("order", [2, 4, 6, 8])
def test_taylor_green_on_differences(order, observed):
    errors, counts = [], {2: (32, 64), 4: (24, 48), 6: (16, 32), 8: (16, 24)}[order]
    for count in counts:
        grid = Grid((count, count + 4), (2.0, 3.0), boundary=Periodic())
        scheme = FiniteDifference(order)
        solve = Solver(TracerFlow(NU, D), grid, scheme=scheme, stepper=RK4(), dt=5e-3)
        u = solve(taylor_green(grid, 0.0)[0], [0.0, 0.1])[:, -1]
        errors.append(float((u - taylor_green(grid, 0.1)[0]).abs().max()))
    assert -observed(counts, errors)[0] > order - 0.7  # y is refined a little less
    assert errors[-1] < 2e-2 / 2**order


def test_beltrami_flow_decays_in_three_dimensions():
    """ABC flow: curl v = v, so that v decays like e^(-nu t) and p = -|v|²/2 + c."""
    grid = Grid((12, 14, 16), (2 * pi,) * 3, boundary=Periodic())
    x, y, z = (
        w + torch.zeros(1, 1, 12, 14, 16)
        for w in grid.coords(dtype=F64).split(1, dim=1)
    )
    sin, cos = torch.sin, torch.cos
    v = torch.cat(
        [sin(z) + 3 * cos(y), 2 * sin(x) + cos(z), 3 * sin(y) + 2 * cos(x)], 1
    )
    u0 = torch.cat([v, torch.ones_like(x)], 1)
    solve = Solver(TracerFlow(NU), grid, scheme=Spectral(), stepper=RK4(), dt=0.02)
    u = solve(u0, [0.0, 0.4])[:, -1]
    torch.testing.assert_close(u[:, :3], exp(-NU * 0.4) * v, atol=1e-6, rtol=0)
    torch.testing.assert_close(u[:, 3:], u0[:, 3:])
    p = solve.diagnose(u0)["pressure"]
    q = -v.square().sum(1, keepdim=True) / 2
    torch.testing.assert_close(p, q - q.mean())


def test_a_tracer_in_a_uniform_flow_drifts():
    grid = Grid((32, 24), (2 * pi, 3.0), boundary=Periodic())
    x, y = (
        w + torch.zeros(1, 1, 32, 24) for w in grid.coords(dtype=F64).split(1, dim=1)
    )
    k = 2 * pi / 3

    def state(t: float) -> torch.Tensor:
        s = exp(-D * (1 + k**2) * t) * torch.sin(x - 2 * t) * torch.cos(k * (y + t))
        return torch.cat([2 + 0 * x, -1 + 0 * x, s], 1)

    solve = Solver(TracerFlow(NU, D), grid, scheme=Spectral(), stepper=RK4(), dt=0.01)
    u = solve(state(0.0), [0.0, 0.7])[:, -1]
    torch.testing.assert_close(u, state(0.7), atol=1e-7, rtol=0)


def test_viscosity_serves_as_diffusivity():
    assert TracerFlow(0.3).diffusivity == 0.3
    with pytest.raises(ArgumentError, match="diffusivity: found -1"):
        TracerFlow(0.1, -1.0)
    with pytest.raises(ArgumentError, match="viscosity: found -1"):
        TracerFlow(-1.0, 0.1)


def test_the_exact_solution_of_the_plane_refuses_space():
    with pytest.raises(
        ShapeError, match="d: found 3 space axes, expected 2 for Tracer"
    ):
        TracerFlow().taylor_green(torch.zeros(4, 3), 0.0)


def test_friction_that_varies_presses_too():
    """nu = a (1 + e cos x cos y) on cells of vortices, the divergence by hand.

    The friction is -2 nu v, whose divergence is a e (cos 2y - cos 2x): the pressure is
    that of Taylor and Green and a e (cos 2x - cos 2y) / 4.
    """
    grid = Grid((24, 40), (2 * pi, 4 * pi), boundary=Periodic())
    x, y = grid.coords(dtype=F64).split(1, dim=1)
    a, e = torch.tensor([0.1, 0.4], dtype=F64).reshape(2, 1, 1, 1), 0.5
    flow = TracerFlow(a * (1 + e * torch.cos(x) * torch.cos(y)), 0.1)
    v = [torch.sin(x) * torch.cos(y), -torch.cos(x) * torch.sin(y)]
    u = torch.cat([*v, 0 * x], 1).expand(2, -1, -1, -1)
    found = Solver(flow, grid, scheme=Spectral(None)).diagnose(u)["pressure"]
    p, q = torch.cos(2 * x), torch.cos(2 * y)
    torch.testing.assert_close(found, (p + q + a * e * (p - q)) / 4)
