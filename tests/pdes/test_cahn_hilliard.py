from math import pi, sqrt

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Periodic
from physbias.numerics import ARS443, ETDRK4, FiniteDifference, Spectral
from physbias.pdes import CahnHilliard
from physbias.strong import Solver

F64 = torch.float64


def borders(x: torch.Tensor, tension: float) -> torch.Tensor:
    """Two borders 20 apart on a periodic line of 40."""
    width = sqrt(2 * tension)
    return torch.tanh((x + 10) / width) - torch.tanh((x - 10) / width) - 1


def test_the_kink_has_no_chemical_potential():
    line = Grid((400,), (40.0,), boundary=Periodic(), origin=(-20.0,))
    x = line.coords(dtype=F64)
    d, equation = Spectral(None).bind(line, dtype=F64), CahnHilliard(1.0, 0.5)
    u = borders(x, 0.5)
    torch.testing.assert_close(
        equation.diagnose(u, d)["potential"], 0 * u, atol=2e-7, rtol=0
    )
    middle = slice(75, 125)  # around x = -10
    kink = equation.kink(x + 10, 0.0)
    torch.testing.assert_close(u[..., middle], kink[..., middle], atol=1e-8, rtol=0)
    energy = equation.dissipated(u, d)["energy"]  # sqrt(8 gamma)/3 per border
    assert float(energy) == pytest.approx(2 * sqrt(8 * 0.5) / 3, rel=1e-6)


@pytest.mark.parametrize("stepper", [ETDRK4(), ARS443()], ids=repr)
def test_borders_stay_with_large_steps(stepper):
    line = Grid((160,), (40.0,), boundary=Periodic(), origin=(-20.0,))
    u0 = borders(line.coords(dtype=F64), 0.5)
    solve = Solver(
        CahnHilliard(1.0, 0.5), line, scheme=Spectral(), stepper=stepper, dt=0.05
    )
    u = solve(u0, [0.0, 5.0])[:, -1]
    torch.testing.assert_close(u, u0, atol=1e-5, rtol=0)


def test_small_waves_about_a_mixture(growth_matrix):
    """-D k² (3 u0² - 1 + gamma k²), each sample with its own medium."""
    grid = Grid((24, 20), (2 * pi, 5.0), boundary=Periodic())
    x, y = grid.coords(dtype=F64).split(1, dim=1)
    square = 4 + (2 * pi / 5) ** 2
    wave = torch.cos(2 * x) * torch.cos(2 * pi / 5 * y)
    mobility, tension = torch.tensor([[0.5, 2.0], [0.1, 0.3]], dtype=F64)
    equation = CahnHilliard(mobility, tension)
    for scheme, error in ((Spectral(None), 1e-6), (FiniteDifference(8), 1e-3)):
        d = scheme.bind(grid, dtype=F64)
        for state in (0.0, 0.4):
            found = growth_matrix(equation, d, [state], wave)[:, 0, 0]
            rate = -mobility * square * (3 * state**2 - 1 + tension * square)
            torch.testing.assert_close(found, rate.double(), rtol=error, atol=0)
    symbol = equation.stiff_symbol(Spectral(None).bind(grid, dtype=F64))[:, 0, 2, 1]
    expected = -mobility * square * (2 + tension * square)
    torch.testing.assert_close(symbol, expected.double(), rtol=1e-6, atol=0)


def test_mass_is_kept_and_energy_falls_while_phases_separate(smooth):
    grid = Grid((24, 32), (3.0, 4.0), boundary=Periodic())
    equation = CahnHilliard(torch.tensor([1.0, 0.5]), 0.02)
    solve = Solver(equation, grid, scheme=Spectral(), stepper=ETDRK4(), dt=4e-3)
    u = solve(0.1 + 0.3 * smooth(grid, 1), [0.08 * n for n in range(6)])
    d = solve.system(u[:, 0]).derivatives
    mass = torch.stack([equation.invariants(u[:, n], d)["mass"] for n in range(6)])
    torch.testing.assert_close(mass, mass[:1].expand(6, 2), rtol=0, atol=1e-12)
    fall = torch.stack([equation.dissipated(u[:, n], d)["energy"] for n in range(6)])
    assert bool((fall.diff(dim=0) < 0).all())
    assert float(u[:, -1].abs().max()) > 0.9  # the phases are there


def test_no_borders_without_tension():
    with pytest.raises(ArgumentError, match="tension: found 0, expected more than 0"):
        CahnHilliard(1.0, 0.0)
