from math import cos, pi, sin, sqrt

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Dirichlet, Grid, Neumann, Periodic
from physbias.numerics import RK4, FiniteDifference, Leapfrog, Spectral
from physbias.pdes import Wave
from physbias.strong import Solver

F64 = torch.float64
GRIDS = [
    Grid((24,), (3.0,), boundary=Periodic()),
    Grid((16, 20), (2.0, 3.0), boundary=Periodic()),
    Grid((10, 12, 14), (2.0, 3.0, 5.0), boundary=Periodic()),
]


@pytest.mark.parametrize("grid", GRIDS, ids=lambda g: str(g.ndim))
@pytest.mark.parametrize("stepper", [RK4(), Leapfrog()], ids=repr)
def test_standing_modes_swing_and_keep_their_energy(grid, stepper):
    k = [2 * pi / length for length in grid.lengths]
    equation = Wave(torch.tensor([1.0, 0.4]))
    coords = grid.coords(dtype=F64)
    solve = Solver(equation, grid, scheme=Spectral(None), stepper=stepper, dt=2e-3)
    u = solve(
        equation.standing_mode(coords, 0.0, wavenumbers=k).expand(
            2, -1, *[-1] * grid.ndim
        ),
        [0.0, 0.7],
    )
    shape = torch.ones(1, 1, *grid.num_points, dtype=F64)
    for axis, wavenumber in enumerate(k):
        shape = shape * torch.cos(wavenumber * coords[:, axis : axis + 1])
    for n, c in enumerate((1.0, 0.4)):
        w = c * sqrt(sum(value**2 for value in k))
        by_hand = torch.cat([cos(0.7 * w) * shape, -w * sin(0.7 * w) * shape], 1)
        torch.testing.assert_close(u[n : n + 1, 1], by_hand, atol=4e-5, rtol=0)
    d = Spectral(None).bind(grid, dtype=F64)
    first, last = (equation.invariants(u[:, n], d)["energy"] for n in range(2))
    torch.testing.assert_close(last, first, rtol=4e-5, atol=0)
    size = 1.0
    for length in grid.lengths:
        size *= length / 2  # the mean of cos² is a half
    expected = (
        size * sum(value**2 for value in k) * torch.tensor([1.0, 0.16]).double() / 2
    )
    torch.testing.assert_close(first, expected, rtol=1e-6, atol=0)


def test_a_hump_parts_into_halves():
    grid = Grid((96,), (24.0,), boundary=Periodic(), origin=(-12.0,))
    x, equation = grid.coords(dtype=F64), Wave(2.0)
    solve = Solver(equation, grid, scheme=FiniteDifference(8), stepper=RK4(), dt=0.01)
    u = solve(torch.cat([torch.exp(-x * x / 2), 0 * x], 1), [0.0, 2.5])[:, -1]
    halves = torch.exp(-((x - 5) ** 2) / 2) / 2 + torch.exp(-((x + 5) ** 2) / 2) / 2
    torch.testing.assert_close(u[:, :1], halves, atol=5e-5, rtol=0)
    torch.testing.assert_close(u, equation.pulses(x, 2.5), atol=2e-4, rtol=0)


def test_a_string_with_fixed_ends():
    grid = Grid((40,), (2.0,), boundary=Dirichlet())
    x = grid.coords(dtype=F64)
    shape = torch.sin(pi * x / 2)
    solve = Solver(Wave(3.0), grid, scheme=FiniteDifference(2), stepper=RK4(), dt=5e-3)
    u = solve(torch.cat([shape, 0 * x], 1), [0.0, 1.0])[:, -1]
    torch.testing.assert_close(u[:, :1], cos(1.5 * pi) * shape, atol=5e-3, rtol=0)


def test_leapfrog_keeps_the_energy_over_many_periods(smooth):
    grid = Grid((16,), (1.0,), boundary=Periodic())
    solve = Solver(
        Wave(), grid, scheme=FiniteDifference(2), stepper=Leapfrog(), dt=0.02
    )
    u = solve(smooth(grid, 2), [0.0, 15.0, 30.0])
    d = solve.system(u[:, 0]).derivatives
    energy = [solve.pde.invariants(u[:, n], d)["energy"] for n in range(3)]
    for later in energy[1:]:
        torch.testing.assert_close(later, energy[0], rtol=2e-2, atol=0)


def test_negative_speed():
    with pytest.raises(ArgumentError, match="speed: found -1, expected at least 0"):
        Wave(-1.0)


def test_displacement_and_speed_have_walls_of_their_own():
    """A string pulled at one end: q = g(t - x) until the wave meets the other."""

    def pull(coords, time):
        return torch.sin(2 * pi * time) ** 3

    def speed(coords, time):
        return 6 * pi * torch.sin(2 * pi * time) ** 2 * torch.cos(2 * pi * time)

    driven = {"q": Dirichlet(pull), "p": Dirichlet(speed)}
    grid = Grid((160,), (2.0,), boundary=[(driven, Neumann(0.0))])
    x = grid.coords(dtype=F64)
    rest = torch.zeros(2, 2, 160, dtype=F64)
    q = Solver(Wave(1.0), grid, stepper=RK4())(rest, [0.0, 1.5])[:, -1, :1]
    exact = torch.where(x < 1.5, torch.sin(2 * pi * (1.5 - x)) ** 3, 0.0)
    # the third derivative jumps at the front
    torch.testing.assert_close(q, exact.expand_as(q), rtol=0, atol=1e-3)
