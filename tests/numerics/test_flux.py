import pytest
import torch

from physbias.grid import Dirichlet, Grid, Neumann, Outflow, Periodic
from physbias.numerics import (
    MUSCL,
    RK4,
    SSPRK3,
    WENO5,
    Euler,
    FiniteDifference,
    FramePairs,
    Godunov,
    Upwind,
)
from physbias.pdes import Advection, InviscidBurgers, pde
from physbias.strong import Solver
from physbias.weak import ResidualLoss

F64 = torch.float64
SCHEMES = [Upwind(3), WENO5(), MUSCL()]


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
@pytest.mark.parametrize("boundary", [Periodic(), Neumann()], ids=repr)
def test_what_leaves_one_cell_enters_the_next(scheme, boundary):
    """The integral changes by what passes the walls alone."""
    grid = Grid((11, 8), (1.0, 2.0), boundary=boundary)
    u = torch.rand(2, 1, 11, 8, dtype=F64)
    d = scheme.bind(grid, dtype=F64)
    change = d.flux_divergence(u, Advection((1.0, -2.0))).sum((2, 3)) * grid.cell_volume
    if boundary == Periodic():
        assert float(change.abs().max()) < 1e-13
    else:
        # the state beside an open wall is its own ghost: the flux is c u there, up to
        # the slope that the reconstruction sees, none in a mirror of one cell
        first = Upwind(1).bind(grid, dtype=F64)
        out = (u[:, :, -1].sum(2) - u[:, :, 0].sum(2)) * grid.spacing[1]
        out = out + 2 * (u[..., 0].sum(2) - u[..., -1].sum(2)) * grid.spacing[0]
        found = first.flux_divergence(u, Advection((1.0, -2.0))).sum((2, 3))
        torch.testing.assert_close(found * grid.cell_volume, out)


def test_a_dirichlet_wall_lets_its_value_in():
    grid = Grid((40,), (1.0,), boundary=[(Dirichlet(2.0), Neumann())])
    d = Upwind(1).bind(grid, dtype=F64)
    u = torch.zeros(1, 1, 40, dtype=F64)
    inflow = d.flux_divergence(u, Advection((1.0,)))[0, 0, 0] * grid.spacing[0]
    assert float(inflow) == pytest.approx(-4.0)  # the mirrored ghost is 2 * 2 - 0


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
def test_residuals_at_two_times_and_samples(scheme):
    """The law on frames: a travelling wave has a residual of the size of the errors."""
    grid, dt = Grid((48,), (1.0,), boundary=Periodic()), 1e-3
    x = grid.coords(dtype=F64)
    speeds = torch.tensor([[1.0], [-0.5]], dtype=F64)
    shift = speeds[:, :, None] * dt
    frames = [torch.sin(2 * torch.pi * (x - n * shift)) for n in range(3)]
    u = torch.stack(frames, 1)
    loss = ResidualLoss(Advection(speeds), grid, dt, scheme=scheme)
    wrong = ResidualLoss(Advection(-speeds), grid, dt, scheme=scheme)
    assert float(loss(u)) < 1e-2 * float(wrong(u))


def test_partial_stays_central_and_time_is_kept(box, smooth):
    u = smooth(box, 1)
    d = Upwind(3).bind(box, dtype=F64)
    central = FiniteDifference(4).bind(box, dtype=F64)
    torch.testing.assert_close(d.partial(u, 1, 2), central.partial(u, 1, 2))
    later = d.at(0.7, FramePairs(0.1, 1))
    assert float(later.time) == pytest.approx(0.7)
    assert later.pairs == FramePairs(0.1, 1)


def test_central_schemes_differentiate_the_flux(box, smooth):
    u = smooth(box, 1)
    d = FiniteDifference(4).bind(box, dtype=F64)
    by_hand = pde(lambda u, d: -d.x(u * u / 2) - d.y(u * u / 2), "u").rhs(u, d)
    torch.testing.assert_close(InviscidBurgers().rhs(u, d), by_hand)


def test_the_longest_step_is_the_courant_number_of_theory():
    """Euler 1 for the first order; two axes add; RK4 is stable to 1.745 at order 3."""
    grid = Grid((10, 20), (1.0, 1.0), boundary=Periodic())
    u = torch.rand(2, 1, 10, 20, dtype=F64)
    law = Advection(torch.tensor([[1.0, -2.0], [0.5, 1.0]], dtype=F64))
    rate = 10 * 1 + 20 * 2
    for scheme, stepper, courant in (
        (Godunov(), Euler(), 1.0),
        (MUSCL(), Euler(), 0.5),
        (Godunov(), SSPRK3(), 2.5127 / 2),
        (Upwind(3), RK4(), 1.745),
        (Upwind(5), SSPRK3(), 1.435),
    ):
        step = Solver(law, grid, scheme=scheme, stepper=stepper).stable_step(u)
        assert step * rate == pytest.approx(courant / 1.05, rel=0.01)


@pytest.mark.parametrize("scheme", [Godunov(), MUSCL(), WENO5()], ids=repr)
def test_what_flows_in_counts_towards_the_longest_step(scheme):
    """Slow air behind a fast inflow: a Courant number of at most one at 10 m/s."""
    grid = Grid((100,), (1.0,), boundary=[(Dirichlet(10.0), Outflow(0))])
    u = torch.full((2, 1, 100), 0.1, dtype=F64)
    solve = Solver(InviscidBurgers(), grid, scheme=scheme)
    assert solve.stable_step(u) < 1e-2 / 10
    # the shock moves at the mean of both sides
    front = solve(u, [0.0, 0.05])[:, -1].gt(5).sum(-1) / 100
    torch.testing.assert_close(front, torch.full_like(front, 0.2525), atol=0.02, rtol=0)


def test_a_law_with_a_source_is_held_to_both_limits():
    class Decay(Advection):
        def source(self, u, d):
            return -100 * u

    grid = Grid((10,), (1.0,), boundary=Periodic())
    u = torch.rand(1, 1, 10, dtype=F64)
    step = Solver(Decay((1e-3,)), grid, scheme=Godunov(), stepper=Euler())
    assert step.stable_step(u) == pytest.approx(0.02 / 1.05, rel=0.02)
    d = Godunov().bind(grid, dtype=F64)
    flat = torch.ones_like(u)
    torch.testing.assert_close(Decay((1e-3,)).rhs(flat, d), -100 * flat)
