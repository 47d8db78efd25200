from math import cos, pi, sin, sqrt

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Neumann, Periodic
from physbias.numerics import RK4, Autodiff, FiniteDifference, Leapfrog, Spectral
from physbias.pdes import KleinGordon
from physbias.strong import Solver

F64 = torch.float64


@pytest.mark.parametrize("stepper", [RK4(), Leapfrog()], ids=repr)
def test_plane_waves_obey_the_dispersion_relation(stepper):
    """w² = c² |k|² + mu, for each sample its own."""
    grid = Grid((16, 18), (2.0, 5.0), boundary=Periodic())
    k = (pi, -0.4 * pi)
    equation = KleinGordon(torch.tensor([1.0, 0.5]), torch.tensor([2.0, 0.0]))
    coords = grid.coords(dtype=F64)
    solve = Solver(equation, grid, scheme=Spectral(None), stepper=stepper, dt=2e-3)
    u = solve(equation.plane_wave(coords, 0.0, wavenumbers=k), [0.0, 0.6])
    x, y = coords.split(1, dim=1)
    for n, (c, stiffness) in enumerate(((1.0, 2.0), (0.5, 0.0))):
        w = sqrt(c * c * (k[0] ** 2 + k[1] ** 2) + stiffness)
        angle = k[0] * x + k[1] * y - w * 0.6
        by_hand = torch.cat([torch.cos(angle), w * torch.sin(angle)], 1)
        torch.testing.assert_close(u[n : n + 1, 1], by_hand, atol=1e-4, rtol=0)
        energy = equation.invariants(u[:, 1], solve.system(u[:, 0]).derivatives)
        assert float(energy["energy"][n]) == pytest.approx(10 * w * w / 2, rel=1e-5)


def test_the_kink_of_two_wells_moves_between_walls():
    grid = Grid((160,), (40.0,), boundary=Neumann(), origin=(-20.0,))
    equation = KleinGordon(torch.tensor([1.0, 2.0]), -2.0, torch.tensor([2.0, 0.5]))
    coords = grid.coords(dtype=F64)
    u0 = equation.kink(coords, 0.0, velocity=0.6)
    torch.testing.assert_close(u0[:, 0, -1], torch.tensor([1.0, 2.0], dtype=F64))
    solve = Solver(equation, grid, scheme=FiniteDifference(6), stepper=RK4(), dt=0.05)
    u = solve(u0, [0.0, 2.0])[:, -1]
    expected = equation.kink(coords, 2.0, velocity=0.6)
    torch.testing.assert_close(u, expected, atol=3e-3, rtol=0)


def test_the_kink_leaves_no_residual_at_points():
    points = (4 * torch.rand(30, 2, dtype=F64) - 2).requires_grad_()
    equation = KleinGordon(1.5, -2.0, 0.7)
    u = equation.kink(points[:, :1], points[:, 1:], velocity=-0.4)
    d = Autodiff(points, 1)
    residual = equation.residual(u, d).detach()
    assert float(residual.abs().max()) < 1e-12


def test_a_uniform_state_turns_by_hand():
    """q = cos(sqrt(mu) t) without a cubic term; with one, the energy stays."""
    grid = Grid((4,), (1.0,), boundary=Periodic())
    u0 = torch.tensor([1.0, 0.0], dtype=F64)[None, :, None].expand(1, 2, 4)
    options = {"scheme": Spectral(None), "stepper": RK4(), "dt": 5e-3}
    u = Solver(KleinGordon(1.0, 4.0), grid, **options)(u0, [0.0, 0.7])[0, 1, :, 2]
    assert u.tolist() == pytest.approx([cos(1.4), -2 * sin(1.4)], rel=1e-6)
    solve = Solver(KleinGordon(1.0, 4.0, 3.0), grid, **options)
    q, p = solve(u0, [0.0, 0.7])[0, 1, :, 2].tolist()
    assert p**2 / 2 + 2 * q**2 + 3 / 4 * q**4 == pytest.approx(2.75, rel=1e-7)


def test_speed_must_be_positive():
    with pytest.raises(ArgumentError, match="speed: found 0, expected more than 0"):
        KleinGordon(0.0)
