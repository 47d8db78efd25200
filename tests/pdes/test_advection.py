import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Grid, Periodic
from physbias.numerics import (
    MUSCL,
    WENO5,
    Autodiff,
    FiniteDifference,
    Godunov,
    Spectral,
    Upwind,
    superbee,
)
from physbias.pdes import Advection, carried
from physbias.strong import Solver

F64 = torch.float64


def bump(x):
    return torch.exp(torch.cos(2 * torch.pi * x).sum(1, keepdim=True))


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_a_profile_is_carried_along(ndim):
    grid = Grid((24, 20, 22)[:ndim], (1.0, 2.0, 1.0)[:ndim], boundary=Periodic())
    wind, x = (1.0, -2.0, 0.5)[:ndim], grid.coords(dtype=F64)
    solve = Solver(Advection(wind), grid, scheme=Spectral(None), dt=2e-3)
    u = solve(bump(x), [0.0, 0.1])[:, -1]
    torch.testing.assert_close(u, carried(bump, x, 0.1, wind), atol=2e-4, rtol=0)


def test_rhs_by_hand():
    """u = sin x, c = 1 + 0.5 cos x: (c u)_x = cos x + 0.5 cos 2x."""
    grid = Grid((32,), (2 * torch.pi,), boundary=Periodic())
    x = grid.coords(dtype=F64)
    law = Advection(1 + 0.5 * torch.cos(x))
    exact = -(torch.cos(x) + 0.5 * torch.cos(2 * x))
    found = law.rhs(torch.sin(x), Spectral(None).bind(grid, dtype=F64))
    torch.testing.assert_close(found, exact)
    for scheme in (WENO5(), Upwind(5)):
        found = law.rhs(torch.sin(x), scheme.bind(grid, dtype=F64))
        torch.testing.assert_close(found, exact, atol=2e-3, rtol=0)
    found = law.rhs(torch.sin(x), MUSCL().bind(grid, dtype=F64))
    assert float((found - exact).abs().mean()) < 0.03


def test_at_points():
    points = torch.rand(9, 3, dtype=F64, requires_grad=True)
    d = Autodiff(points, 2)
    u = torch.sin(points[:, :1] + 2 * points[:, 1:2])
    exact = -(3 * 1 - 2) * torch.cos(points[:, :1] + 2 * points[:, 1:2])
    torch.testing.assert_close(Advection((3.0, -1.0)).rhs(u, d), exact)


def zalesak(grid):
    """A disc of radius 0.15 about (0.5, 0.75) with a slot 0.05 wide, 0.25 high."""
    x, y = grid.coords(dtype=F64).split(1, 1)
    disc = (x - 0.5) ** 2 + (y - 0.75) ** 2 < 0.15**2
    slot = ((x - 0.5).abs() < 0.025) & (y < 0.85)
    return (disc & ~slot).to(F64)


def rotation(grid):
    x, y = grid.coords(dtype=F64).split(1, 1)
    return 2 * torch.pi * torch.cat([0.5 - y, x - 0.5], 1)


@pytest.mark.parametrize("scheme", [Godunov(), MUSCL(), MUSCL(superbee)], ids=repr)
def test_zalesak_disc_stays_within_its_bounds(scheme):
    """S. T. Zalesak (1979), J. Comput. Phys. 31, 335-362: a quarter turn."""
    grid = Grid((50, 50), (1.0, 1.0), boundary=Periodic())
    law, u0 = Advection(rotation(grid)), zalesak(grid)
    solve = Solver(law, grid, scheme=scheme, dt=0.0025, allow_unstable=True)
    u = solve(u0, [0.0, 0.25])[:, -1]
    assert float(u.min()) > -1e-3
    assert float(u.max()) < 1 + 1e-3
    assert float(u.sum()) == pytest.approx(float(u0.sum()), rel=1e-9)
    turned = u0.rot90(1, (2, 3))
    correlation = float((u * turned).sum() / u0.square().sum())
    assert correlation > (0.7 if isinstance(scheme, MUSCL) else 0.3)
    back = float((u * u0.rot90(-1, (2, 3))).sum())
    assert back < 0.01 * correlation


def test_invariants_and_single_precision():
    grid = Grid((8, 9), (1.0, 2.0), boundary=Periodic())
    d = FiniteDifference(4).bind(grid)
    u = torch.rand(3, 1, 8, 9)
    law = Advection((1.0, 2.0))
    assert law.rhs(u, d).dtype == torch.float32
    found = law.invariants(u, d)["u"]
    torch.testing.assert_close(found, u.mean((1, 2, 3)) * 2.0)


def test_velocities_that_do_not_fit():
    with pytest.raises(ArgumentError, match=r"velocity: found 1\.0, expected one"):
        Advection(1.0)
    for value in (("fast",), (None,), (1j,)):
        with pytest.raises(ArgumentError, match=r"velocity: found \(.*expected one"):
            Advection(value)
    with pytest.raises(ArgumentError, match="velocity: found 'fast', expected one"):
        Advection("fast")
    grid = Grid((8, 9), (1.0, 2.0), boundary=Periodic())
    d = FiniteDifference(2).bind(grid, dtype=F64)
    with pytest.raises(
        ShapeError, match=r"velocity: found 1 entries, expected one per"
    ):
        Advection((1.0,)).rhs(torch.rand(1, 1, 8, 9, dtype=F64), d)


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_the_plane_wave_is_the_carried_one(ndim):
    x = torch.rand(7, ndim, dtype=F64)
    winds = torch.rand(7, ndim, dtype=F64)
    k = (1.0, 2.0, -3.0)[:ndim]
    expected = torch.cos(((x - 0.7 * winds) * torch.tensor(k, dtype=F64)).sum(1))
    found = Advection(winds).plane_wave(x, 0.7, wavenumbers=k)
    torch.testing.assert_close(found[:, 0], expected)
    with pytest.raises(ArgumentError, match="velocity: found a field of shape"):
        Advection(torch.rand(1, 1, 8)).plane_wave(torch.rand(1, 1, 8), 0.0)
