"""One equation, three uses: loss on a grid, loss at points, solver. They must agree."""

from math import pi

import pytest
import torch
from torch import nn

from physbias.grid import Grid, Periodic
from physbias.numerics import RK4, FiniteDifference, Spectral
from physbias.pdes import Burgers, TracerFlow, pde
from physbias.strong import Solver
from physbias.weak import CollocationLoss, ResidualLoss

F64 = torch.float64
NU = 0.4


class ColeHopf(nn.Module):
    """-2 nu phi_x / phi of phi = 2 + e^(-nu t) cos x, as a network of (x, t)."""

    def __init__(self) -> None:
        super().__init__()
        self.nu = nn.Parameter(torch.tensor(NU, dtype=F64))

    def forward(self, points):
        x, t = points.split(1, dim=1)
        a = torch.exp(-self.nu * t)
        return 2 * self.nu * a * torch.sin(x) / (2 + a * torch.cos(x))

    @torch.no_grad()
    def trajectory(self, grid, times):
        (x,) = grid.axes(dtype=F64)
        frames = [torch.stack([x, torch.full_like(x, t)], 1) for t in times]
        return torch.stack([self(points).T for points in frames])[None]


def line(count: int) -> Grid:
    return Grid((count,), (2 * pi,), boundary=Periodic())


EQUATIONS = [
    Burgers(NU),
    pde(lambda u, d: NU * d.laplacian(u) - u * d.x(u), "u"),
]


@pytest.mark.parametrize("equation", EQUATIONS, ids=["class", "function"])
def test_at_points_the_truth_scores_round_off(equation):
    points = torch.rand(40, 2, dtype=F64) * 6
    assert CollocationLoss(equation)(ColeHopf(), points).item() < 1e-27


@pytest.mark.parametrize("equation", EQUATIONS, ids=["class", "function"])
@pytest.mark.parametrize("order", [2, 4, 6, 8])
def test_on_a_grid_the_truth_scores_by_the_order_of_the_scheme(
    equation, order, observed
):
    """Over a frame interval so short that it does not count."""
    counts = {2: (32, 64), 4: (32, 64), 6: (32, 48), 8: (36, 48)}[order]
    dt, values = 1e-5, []
    for count in counts:
        u = ColeHopf().trajectory(line(count), [0.3, 0.3 + dt])
        scheme = FiniteDifference(order)
        loss = ResidualLoss(equation, line(count), dt, scheme=scheme)
        values.append(float(loss(u).sqrt()))
    assert order - 0.6 < -observed(counts, values)[0] < order + 0.2


def test_on_a_grid_the_truth_scores_by_the_square_of_the_interval(observed):
    steps, values = (0.1, 0.05), []
    for dt in steps:
        u = ColeHopf().trajectory(line(48), [0.3 - dt / 2, 0.3 + dt / 2])
        loss = ResidualLoss(Burgers(NU), line(48), dt, scheme=Spectral(None))
        values.append(float(loss(u).sqrt()))
    assert observed(steps, values)[0] == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(
    "scheme", [FiniteDifference(2), FiniteDifference(6), Spectral()]
)
def test_a_solver_trajectory_scores_at_the_floor_of_the_truth(scheme):
    """Judged by its own scheme it scores the interval's error, as the truth does."""
    grid, dt = line(48), 0.05
    times = [n * dt for n in range(6)]
    truth = ColeHopf().trajectory(grid, times)
    solve = Solver(Burgers(NU), grid, scheme=scheme, stepper=RK4(), dt=0.005)
    loss = ResidualLoss(Burgers(NU), grid, dt, scheme=scheme)
    floor, own = loss.floor(truth), loss(solve(truth[:, 0], times))
    assert float(own) < 1.2 * float(floor)
    wrong = ResidualLoss(Burgers(1.1 * NU), grid, dt, scheme=scheme)
    assert float(wrong(truth)) > 10 * float(floor)


def test_points_and_grid_see_the_same_residual_of_any_field():
    """The instantaneous residual of a field that solves nothing, spectrally."""
    grid, dt = line(32), 1e-4

    class Wave(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.speed = nn.Parameter(torch.tensor(0.7, dtype=F64))

        def forward(self, points):
            x, t = points.split(1, dim=1)
            return torch.sin(x - self.speed * t) + 0.5 * torch.cos(2 * x + t)

    (x,) = grid.axes(dtype=F64)
    frames = [Wave()(torch.stack([x, torch.full_like(x, t)], 1)).T for t in (0.0, dt)]
    u = torch.stack(frames)[None].detach()
    on_grid = ResidualLoss(Burgers(NU), grid, dt, scheme=Spectral(None)).residual(u)
    points = torch.stack([x, torch.full_like(x, dt / 2)], 1)
    at_points, _ = CollocationLoss(Burgers(NU)).residual(Wave(), points)
    torch.testing.assert_close(on_grid[0, 0, 0], at_points[:, 0], atol=1e-7, rtol=0)


def test_all_see_the_same_flow_with_its_pressure(box, smooth):
    """The tendency of the solver is the one that the losses ask for."""
    equation = TracerFlow(0.05, 0.02)
    d = Spectral(None).bind(box, dtype=F64)
    u = smooth(box, 3)
    u = torch.cat([d.leray(u[:, :2]), u[:, 2:]], 1)
    pressure = equation.diagnose(u, d)["pressure"]
    by_pressure = equation.tendency(u, d, pressure)
    torch.testing.assert_close(by_pressure, equation.tendency(u, d))
