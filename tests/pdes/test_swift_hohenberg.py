from math import exp, pi, sqrt

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Periodic
from physbias.numerics import ETDRK4, RK4, FiniteDifference, Spectral
from physbias.pdes import SwiftHohenberg
from physbias.strong import Solver

F64 = torch.float64
BOX = Grid((24, 30), (4 * pi, 10.0), boundary=Periodic())


def test_small_waves_grow_at_the_known_rates(growth_matrix):
    """r - (1 - k²)² about rest, for waves of length near 2 pi and far from it."""
    x, y = BOX.coords(dtype=F64).split(1, dim=1)
    growth = torch.tensor([0.3, -0.1], dtype=F64)
    for scheme, error in ((Spectral(None), 1e-10), (FiniteDifference(8), 1e-3)):
        d = scheme.bind(BOX, dtype=F64)
        for n, m in ((1, 0), (2, 0), (2, 1), (1, 2), (0, 2)):
            k = n / 2, 2 * pi * m / 10
            wave = torch.cos(k[0] * x + k[1] * y)
            found = growth_matrix(SwiftHohenberg(growth, 0.7), d, [0.0], wave)
            square = k[0] ** 2 + k[1] ** 2
            expected = growth - (1 - square) ** 2
            torch.testing.assert_close(found[:, 0, 0], expected, atol=error, rtol=error)
    symbol = SwiftHohenberg(0.3).stiff_symbol(Spectral().bind(BOX, dtype=F64))
    square = 1 + (4 * pi / 10) ** 2
    assert float(symbol[0, 0, 2, 2]) == pytest.approx(0.3 - (1 - square) ** 2)


def test_nonlinear_terms_by_hand(growth_matrix):
    """About the uniform state 0.5 the reaction's slope is 2 g u - 3 u²."""
    x, _ = BOX.coords(dtype=F64).split(1, dim=1)
    d = Spectral(None).bind(BOX, dtype=F64)
    found = growth_matrix(SwiftHohenberg(0.3, 0.7), d, [0.5], torch.cos(x) + 0 * x)
    assert float(found) == pytest.approx(0.3 + 0.7 - 0.75)
    half = torch.full((1, 1, 24, 30), 0.5, dtype=F64)
    rate = SwiftHohenberg(0.3, 0.7).rhs(half, d)
    torch.testing.assert_close(rate, 0 * half - 0.7 * 0.5 + 0.7 * 0.25 - 0.125)


@pytest.mark.parametrize("stepper", [RK4(), ETDRK4()], ids=repr)
def test_a_uniform_state_decays(stepper):
    """u^-2 = (u0^-2 + 1/s) e^(2st) - 1/s with s = 1 - r."""
    grid = Grid((12,), (6.0,), boundary=Periodic())
    equation = SwiftHohenberg(torch.tensor([0.3, -1.0], dtype=F64))
    coords = grid.coords(dtype=F64)
    solve = Solver(equation, grid, scheme=Spectral(), stepper=stepper, dt=1e-3)
    u = solve(equation.uniform_decay(coords, 0.0), [0.0, 0.5])[:, -1]
    torch.testing.assert_close(
        u, equation.uniform_decay(coords, 0.5), atol=1e-9, rtol=0
    )
    by_hand = 1 / sqrt((4 + 1 / 0.7) * exp(2 * 0.7 * 0.5) - 1 / 0.7)
    assert float(u[0, 0, 3]) == pytest.approx(by_hand, rel=1e-8)


def test_rolls_reach_their_amplitude_and_energy_falls():
    r"""One mode: u ~ 2 sqrt(r/3) cos x for small r; each sample its own r."""
    grid = Grid((32,), (4 * pi,), boundary=Periodic())
    equation = SwiftHohenberg(torch.tensor([0.1, 0.05]))
    u0 = (0.1 * torch.cos(grid.coords(dtype=F64))).expand(2, 1, 32)
    solve = Solver(equation, grid, scheme=Spectral(1 / 2), stepper=ETDRK4(), dt=0.5)
    u = solve(u0, [0.0, 20.0, 40.0, 80.0, 160.0])
    heights = u[:, -1].amax((1, 2))
    expected = torch.tensor([2 * sqrt(0.1 / 3), 2 * sqrt(0.05 / 3)], dtype=F64)
    torch.testing.assert_close(heights, expected, rtol=2e-3, atol=0)
    d = solve.system(u0).derivatives
    fall = torch.stack([equation.dissipated(u[:, n], d)["energy"] for n in range(5)])
    assert bool((fall.diff(dim=0) < 1e-12).all())
    # the energy of the roll: -r a²/4 + 3 a⁴/32 per length
    amplitude = expected
    energy = (
        4 * pi * (-torch.tensor([0.1, 0.05]) * amplitude**2 / 4 + 3 * amplitude**4 / 32)
    )
    torch.testing.assert_close(fall[-1], energy, rtol=5e-3, atol=0)


def test_bad_growth():
    with pytest.raises(ArgumentError, match="growth: found str"):
        SwiftHohenberg("0.3")
