from math import pi

import pytest
import torch
from torch import nn

from physbias.errors import ArgumentError
from physbias.grid import Dirichlet, Grid, Neumann
from physbias.pdes import Helmholtz
from physbias.strong import EllipticSolver
from physbias.weak import CollocationLoss

F64 = torch.float64


@pytest.mark.parametrize("shift", [-4.0, 30.0])
def test_the_solution_converges_to_the_closed_form(shift, observed):
    """u'' + s u = 0, u(0) = 1, u'(1) = 0: cos or cosh of k (1 - x), below resonance."""
    k, errors, counts = abs(shift) ** 0.5, [], (128, 256)
    for count in counts:
        grid = Grid((count,), (1.0,), boundary=[(Dirichlet(1.0), Neumann(0.0))])
        shifts = torch.tensor([shift], dtype=F64)
        x = grid.coords(dtype=F64)
        wave = torch.cos if shift > 0 else torch.cosh
        truth = wave(k * (1 - x)) / wave(torch.tensor(k, dtype=F64))
        errors.append(
            float((EllipticSolver(Helmholtz(shifts), grid)() - truth).abs().max())
        )
    assert -observed(counts, errors)[0] == pytest.approx(2, abs=0.1)


def test_at_points_a_plane_wave_scores_round_off():
    class Wave(nn.Module):
        def __init__(self):
            super().__init__()
            self.k = nn.Parameter(torch.tensor([3.0, 4.0], dtype=F64))

        def forward(self, x):
            return torch.cos(x @ self.k)[:, None]

    points = torch.rand(40, 2, dtype=F64)
    loss = CollocationLoss(Helmholtz(25.0), steady=True)
    assert loss(Wave(), points).item() < 1e-24
    assert CollocationLoss(Helmholtz(-25.0), steady=True)(Wave(), points).item() > 1


def test_a_resonance_of_the_box_is_refused():
    grid = Grid((2,), (1.0,), boundary=Dirichlet(0.0))
    lowest = torch.tensor([8.0], dtype=F64)  # (2 / h sin(pi h / 2))^2 at h = 1/2
    with pytest.raises(ArgumentError, match="a resonance of the box"):
        EllipticSolver(Helmholtz(lowest, 1.0), grid)()
    assert float(EllipticSolver(Helmholtz(pi**2, 1.0), grid)().abs().max()) < 10
