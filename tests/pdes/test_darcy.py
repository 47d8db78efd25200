import pytest
import torch
from torch import nn

from physbias.grid import Dirichlet, Grid, Neumann
from physbias.numerics import FiniteDifference
from physbias.pdes import Darcy
from physbias.strong import EllipticSolver
from physbias.weak import CollocationLoss, ResidualLoss

F64 = torch.float64


def test_flow_through_layers_in_series_by_hand():
    """Each layer drops the pressure by q h / k; k per sample, across and along."""
    layers = torch.tensor([1.0, 10.0, 0.1, 1000.0], dtype=F64)
    drop = 1 / (2 * layers)  # two cells of 1/4 in each
    flow = 1 / drop.sum()
    grid = Grid(
        (8, 4), (2.0, 1.0), boundary=[(Dirichlet(1.0), Dirichlet(0.0)), Neumann(0.0)]
    )
    k = layers.repeat_interleave(2)[None, None, :, None].expand(1, 1, 8, 4)
    p = EllipticSolver(Darcy(torch.cat([k, 0 * k + 3]), 0.0), grid, tolerance=1e-12)()
    resistance = (1 / layers / 4).repeat_interleave(2)
    series = 1 - flow * (resistance.cumsum(0) - resistance / 2)
    torch.testing.assert_close(p[0, 0, :, 2], series, atol=1e-10, rtol=0)
    line = 1 - (torch.arange(8, dtype=F64) + 0.5) / 8
    torch.testing.assert_close(p[1, 0, :, 1], line, atol=1e-10, rtol=0)


def test_injection_between_fixed_pressures_is_a_parabola():
    """-(k p')' = f: p = f x (1 - x) / (2 k), and the stencil is exact but for walls."""
    grid = Grid((40,), (1.0,), boundary=Dirichlet(0.0))
    x = grid.coords(dtype=F64)
    k = torch.tensor([1.0, 4.0], dtype=F64)
    found = EllipticSolver(Darcy(k, 3.0), grid)()
    truth = 3 * x * (1 - x) / (2 * k[:, None, None])
    assert float((found - truth).abs().max()) < 3 / 8 / 40**2 * 1.01


class Pressure(nn.Module):
    """p = x^2 y, as a network of the coordinates."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones((), dtype=F64))

    def forward(self, x):
        return self.gain * x[:, :1] ** 2 * x[:, 1:]


def test_at_points_the_truth_scores_round_off():
    """k = 1 + x y: div(k grad p) = d/dx (2 x y (1 + x y)) + d/dy (x^2 (1 + x y))."""

    def source(c):
        x, y = c[:, :1], c[:, 1:]
        return -(2 * y + 4 * x * y**2 + x**3)

    equation = Darcy(lambda c: 1 + c[:, :1] * c[:, 1:], source)
    points = torch.rand(40, 2, dtype=F64)
    assert CollocationLoss(equation, steady=True)(Pressure(), points).item() < 1e-24
    flipped = Darcy(equation.permeability, lambda c: -source(c))
    assert CollocationLoss(flipped, steady=True)(Pressure(), points).item() > 1


def test_on_a_grid_the_solution_scores_round_off_for_each_permeability():
    grid = Grid(
        (8, 6), (1.0, 1.0), boundary=[(Dirichlet(0.0), Neumann(0.5)), Dirichlet(1.0)]
    )
    equation = Darcy(torch.exp(torch.randn(2, 1, 8, 6, dtype=F64)), 2.0)
    p = EllipticSolver(equation, grid, tolerance=1e-13)()
    loss = ResidualLoss(equation, grid, 1.0, scheme=FiniteDifference(2, mirror=True))
    rest = torch.stack([p, p], 1)
    assert float(loss(rest)) < 1e-16
    assert float(loss(rest.flip(0))) > 1e-3


def test_the_residual_is_what_flows_in_less_what_flows_out():
    """With insulating walls the residual's sum is that of the source."""
    grid = Grid((6, 5), (1.0, 2.0), boundary=Neumann(0.0))
    k = torch.rand(1, 1, 6, 5, dtype=F64) + 0.1
    d = FiniteDifference(2, mirror=True).bind(grid, dtype=F64)
    residual = Darcy(k, 0.25).residual(torch.randn(1, 1, 6, 5, dtype=F64), d)
    assert float(residual.mean()) == pytest.approx(0.25)
