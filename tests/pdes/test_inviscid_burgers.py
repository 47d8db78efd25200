import pytest
import torch

from physbias.grid import Grid, Neumann, Periodic
from physbias.numerics import MUSCL, RK4, WENO5, FiniteDifference, Godunov, Upwind
from physbias.pdes import InviscidBurgers, along_characteristics
from physbias.strong import Solver

F64 = torch.float64
SCHEMES = [Godunov(), MUSCL(), WENO5()]


def profile(x):
    return 0.5 + torch.sin(2 * torch.pi * x)


def test_characteristics_carry_what_they_should():
    """x = y + t f(y) puts the value f(y) at x."""
    y, t = torch.linspace(0, 1, 50, dtype=F64), 0.1
    x = y + t * profile(y)
    found = along_characteristics(profile, x, t, largest=2.0)
    torch.testing.assert_close(found, profile(y))


@pytest.mark.parametrize(("scheme", "order"), [(WENO5(), 5), (Upwind(5), 5)], ids=repr)
def test_order_before_breaking(scheme, order, observed):
    counts, errors, t = (80, 160), [], 0.08
    for count in counts:
        grid = Grid((count,), (1.0,), boundary=Periodic())
        x = grid.coords(dtype=F64)
        exact = along_characteristics(profile, x, t, largest=2.0)
        solve = Solver(
            InviscidBurgers(),
            grid,
            scheme=scheme,
            stepper=RK4(),
            dt=0.002,
            allow_unstable=True,
        )
        gap = solve(profile(x), [0.0, t])[:, -1] - exact
        errors.append(float(gap.abs().mean()))
    assert -observed(counts, errors)[0] == pytest.approx(order, abs=0.5)


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
@pytest.mark.parametrize(("left", "right"), [(2.0, 0.5), (0.5, -1.5)])
def test_a_shock_moves_with_the_mean_of_its_sides(scheme, left, right):
    """Rankine-Hugoniot: the integral between open walls gains s (left - right) t."""
    grid = Grid((100,), (2.0,), boundary=Neumann(), origin=(-1.0,))
    x = grid.coords(dtype=F64)
    u0 = torch.where(x < 0, left, right).to(F64)
    solve = Solver(
        InviscidBurgers(), grid, scheme=scheme, dt=0.008, allow_unstable=True
    )
    t, speed = 0.4, (left + right) / 2
    u = solve(u0, [0.0, t])[:, -1]
    gained = float((u - u0).sum() * grid.spacing[0])
    assert gained == pytest.approx(speed * t * (left - right), rel=1e-9)
    crossing = x[u < (left + right) / 2].min()
    assert float(crossing) == pytest.approx(speed * t, abs=2 * grid.spacing[0])


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
def test_a_jump_up_opens_into_a_fan(scheme):
    """u = x / t between the sides, through zero."""
    grid = Grid((200,), (2.0,), boundary=Neumann(), origin=(-1.0,))
    x = grid.coords(dtype=F64)
    u0 = torch.where(x < 0, -1.0, 1.0).to(F64)
    solve = Solver(
        InviscidBurgers(), grid, scheme=scheme, dt=0.008, allow_unstable=True
    )
    u = solve(u0, [0.0, 0.5])[:, -1]
    exact = (x / 0.5).clamp(-1, 1)
    assert float((u - exact).abs().mean()) < (0.04 if scheme == Godunov() else 0.01)
    assert float(u.diff(dim=2).max()) < 0.06  # no expansion shock is left


def test_rhs_by_hand_on_a_plane():
    grid = Grid((24, 24), (1.0, 1.0), boundary=Periodic())
    x, y = (2 * torch.pi * grid.coords(dtype=F64)).split(1, 1)
    u = torch.sin(x) + torch.cos(y)
    exact = -2 * torch.pi * u * (torch.cos(x) - torch.sin(y))
    found = InviscidBurgers().rhs(u, FiniteDifference(8).bind(grid, dtype=F64))
    torch.testing.assert_close(found, exact, atol=2e-3, rtol=0)
