from math import pi

import pytest
import torch
from torch import nn

from physbias.grid import Dirichlet, Grid, Neumann, Periodic
from physbias.numerics import FiniteDifference
from physbias.pdes import Poisson
from physbias.strong import EllipticSolver
from physbias.weak import CollocationLoss, ResidualLoss

F64 = torch.float64


def bump(x):
    """u = sin(pi x / 2) sin(pi y): u_xx + u_yy = -5/4 pi^2 u."""
    return torch.sin(pi * x[:, :1] / 2) * torch.sin(pi * x[:, 1:])


class Bump(nn.Module):
    def __init__(self):
        super().__init__()
        self.height = nn.Parameter(torch.ones((), dtype=F64))

    def forward(self, x):
        return self.height * bump(x)


EQUATION = Poisson(lambda x: -1.25 * pi**2 * bump(x))


def unit_square(count):
    sides = [(Dirichlet(0.0), Neumann(0.0)), Dirichlet(0.0)]
    return Grid((count, 2 * count), (1.0, 1.0), boundary=sides)


def test_the_solution_converges_to_the_closed_form(observed):
    errors, counts = [], (16, 32)
    for count in counts:
        grid = unit_square(count)
        solve = EllipticSolver(EQUATION, grid).double()
        truth = bump(grid.coords(dtype=F64))
        errors.append(float((solve(-1.25 * pi**2 * truth) - truth).abs().max()))
    assert -observed(counts, errors)[0] == pytest.approx(2, abs=0.05)


def test_at_points_the_truth_scores_round_off():
    loss = CollocationLoss(EQUATION, steady=True)
    assert loss(Bump(), torch.rand(50, 2, dtype=F64)).item() < 1e-24
    wrong = CollocationLoss(Poisson(lambda x: 1.25 * pi**2 * bump(x)), steady=True)
    assert wrong(Bump(), torch.rand(50, 2, dtype=F64)).item() > 1


def test_on_a_grid_the_solution_scores_round_off():
    """Two frames at rest, judged by the scheme that the solver solves."""
    grid = unit_square(8)
    source = torch.randn(2, 1, 8, 16, dtype=F64)
    equation = Poisson(source)
    u = EllipticSolver(equation, grid)()
    loss = ResidualLoss(equation, grid, 1.0, scheme=FiniteDifference(2, mirror=True))
    assert float(loss(torch.stack([u, u], 1))) < 1e-20
    assert float(loss(torch.stack([u, 2 * u], 1))) > 0.1


def test_eigenvalue_of_a_periodic_wave_by_hand():
    """A wave of period L / 3 is divided by the stencil's -(2/h sin(k h / 2))^2."""
    grid = Grid((12,), (2.0,), boundary=Periodic())
    wave = torch.cos(3 * pi * grid.coords(dtype=F64))
    found = EllipticSolver(Poisson(wave), grid)()
    torch.testing.assert_close(found, -wave / 72.0)  # 144 / 4 * 4 sin(pi / 4)^2
