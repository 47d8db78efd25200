from math import pi, sqrt

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Dirichlet, Grid, Periodic
from physbias.numerics import RK4, FiniteDifference, Leapfrog, Spectral
from physbias.pdes import Schroedinger
from physbias.strong import Solver

F64 = torch.float64


def complex_packet(x: torch.Tensor, t: float, dispersion: float, k: float):
    """Free packet of width 1 by Fourier's integral over wavenumbers."""
    p = torch.linspace(-12, 12, 2401, dtype=F64)[:, None]
    weight = torch.exp(-((p - k) ** 2) / 2) / sqrt(2 * pi) * 0.01
    waves = torch.exp(1j * (p * x - dispersion * p**2 * t))
    return (weight * waves).sum(0)


def test_the_packet_is_fouriers_integral():
    x = torch.linspace(-5, 7, 40, dtype=F64)
    found = Schroedinger(0.4).packet(x[None, None], 1.3, wavenumbers=(2.0,))[0]
    expected = complex_packet(x, 1.3, 0.4, 2.0)
    torch.testing.assert_close(found, torch.stack([expected.real, expected.imag]))


@pytest.mark.parametrize("stepper", [RK4(), Leapfrog()], ids=repr)
@pytest.mark.parametrize("ndim", [1, 2])
def test_packets_move_spread_and_keep_their_norm(stepper, ndim):
    grid = Grid(
        (40, 36)[:ndim],
        (16.0, 14.0)[:ndim],
        boundary=Periodic(),
        origin=(-8.0, -7.0)[:ndim],
    )
    equation = Schroedinger(torch.tensor([0.5, 0.25]))
    coords = grid.coords(dtype=F64)
    u0 = equation.packet(coords, 0.0)
    solve = Solver(equation, grid, scheme=Spectral(None), stepper=stepper, dt=2.5e-3)
    u = solve(u0.expand(2, *u0.shape[1:]), [0.0, 0.5])
    expected = equation.packet(coords, 0.5)
    torch.testing.assert_close(u[:, 1], expected, atol=1e-5, rtol=0)
    d = solve.system(u0).derivatives
    first, last = (equation.invariants(u[:, n], d) for n in range(2))
    for key in ("norm", "energy"):
        torch.testing.assert_close(last[key], first[key], rtol=1e-6, atol=0)
    torch.testing.assert_close(
        first["norm"], torch.full((2,), pi ** (ndim / 2), dtype=F64)
    )
    mean = equation.dispersion.double() * ndim * 1.5  # D (k² + 1/2) along each axis
    torch.testing.assert_close(first["energy"] / first["norm"], mean)


def test_states_of_a_box_and_of_an_oscillator_only_turn():
    """Energies D (n pi/L)², and sqrt(D) (2n + 1) in the potential x²."""
    box = Grid((40,), (2.0,), boundary=Dirichlet())
    well = Grid((64,), (20.0,), boundary=Periodic(), origin=(-10.0,))
    x, y = box.coords(dtype=F64), well.coords(dtype=F64)
    cases = [
        (box, Schroedinger(0.5), torch.sin(pi * x), 0.5 * pi**2),
        (
            well,
            Schroedinger(0.25, y**2),
            y * torch.exp(-y * y),  # first excited state for D = 1/4
            1.5,
        ),
    ]
    for grid, equation, shape, energy in cases:
        scheme = FiniteDifference(4) if grid is box else Spectral(None)
        solve = Solver(equation, grid, scheme=scheme, stepper=RK4(), dt=1e-3)
        u = solve(torch.cat([shape, 0 * shape], 1), [0.0, 0.3])[:, -1]
        angle = torch.tensor(energy * 0.3, dtype=F64)
        expected = torch.cat([torch.cos(angle) * shape, -torch.sin(angle) * shape], 1)
        torch.testing.assert_close(u, expected, atol=1e-4, rtol=0)


def test_negative_dispersion():
    with pytest.raises(ArgumentError, match="dispersion: found -1, expected at least"):
        Schroedinger(-1.0)
