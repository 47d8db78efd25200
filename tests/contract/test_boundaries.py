"""Every condition against closed forms, through whole solutions and losses."""

from math import atan, pi, sqrt, tan

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Dirichlet, Grid, Inflow, Neumann, Outflow, Periodic, Robin
from physbias.numerics import RK4, SSPRK3, Euler, FiniteDifference, SemiDiscrete
from physbias.pdes import AdvectionDiffusion, Heat, TracerFlow, pde
from physbias.strong import Solver
from physbias.weak import ResidualLoss

F64 = torch.float64


def end_error(pde, grid, exact, *, order, time, steps):
    """Largest error at the end of a run from the exact state at time zero."""
    x = grid.coords(dtype=F64)
    scheme = FiniteDifference(order)
    solve = Solver(pde, grid, scheme=scheme, stepper=RK4(), dt=time / steps)
    with torch.no_grad():
        found = solve(exact(x, torch.tensor(0.0)), [0.0, time])[:, -1]
    return float((found - exact(x, torch.tensor(time, dtype=F64))).abs().max())


@pytest.mark.parametrize("order", [2, 4])
def test_heat_between_robin_walls(order, observed):
    """u = 1 + 2x + exp(-D k² t) cos(kx - a): lower wall 3u + u_n, upper u + b u_n."""
    k, diffusivity = 2.0, 0.3
    shift = atan(3.0 / k)  # 3 cos a = k sin a
    b = 1 / (k * tan(k - shift))  # cos(k - a) = b k sin(k - a)

    def exact(x, t):
        mode = torch.exp(-diffusivity * k**2 * t) * torch.cos(k * x - shift)
        return 1 + 2 * x + mode

    sides = (Robin(3.0, 1.0, 3 * 1.0 - 2.0), Robin(1.0, b, 3.0 + 2 * b))
    errors, counts = [], {2: (16, 32), 4: (12, 36)}[order]
    for count in counts:
        grid = Grid((count,), (1.0,), boundary=[sides])
        steps = count**2 // 12
        errors.append(
            end_error(
                Heat(diffusivity), grid, exact, order=order, time=0.1, steps=steps
            )
        )
    assert -observed(counts, errors)[0] > order - 0.1
    assert errors[-1] < 1e-3


@pytest.mark.parametrize("order", [2, 4])
def test_heat_below_an_oscillating_wall(order, observed):
    """Stokes' second problem, u = exp(-s x) cos(w t - s x) with s² = w / 2D."""
    frequency, diffusivity = 2 * pi, 0.2
    s = sqrt(frequency / (2 * diffusivity))

    def exact(x, t):
        return torch.exp(-s * x) * torch.cos(frequency * t - s * x)

    errors, counts = [], (24, 48)
    for count in counts:
        grid = Grid((count,), (1.0,), boundary=Dirichlet(exact))
        steps = count**2 // 8
        errors.append(
            end_error(
                Heat(diffusivity), grid, exact, order=order, time=0.2, steps=steps
            )
        )
    assert -observed(counts, errors)[0] > order - 0.1
    assert errors[-1] < 2e-3


@pytest.mark.parametrize("order", [2, 4])
def test_heat_over_a_plate_with_slopes_that_vary_along_its_edges(order, observed):
    """u = sin x cosh(y + 1/2) + exp(-D (1 + pi²) t) cos x cos(pi y), periodic in x."""
    diffusivity = 0.5

    def exact(coords, t):
        x, y = coords.split(1, dim=1)
        decay = torch.exp(-diffusivity * (1 + pi**2) * t)
        steady = torch.sin(x) * torch.cosh(y + 0.5)
        return steady + decay * torch.cos(x) * torch.cos(pi * y)

    errors, counts = [], {2: (20, 40), 4: (12, 24)}[order]
    for count in counts:
        shape, lengths = (2 * count, count), (2 * pi, 1.0)
        bare = Grid(shape, lengths, boundary=[Periodic(), Neumann()])
        x = bare.axes(dtype=F64)[0]
        low, high = (torch.tensor(y, dtype=F64).sinh() for y in (0.5, 1.5))
        walls = (Neumann(-low * x.sin()), Neumann(high * x.sin()))
        grid = bare.with_boundary([Periodic(), walls])
        steps = int(0.2 * count**2)
        errors.append(
            end_error(
                Heat(diffusivity), grid, exact, order=order, time=0.1, steps=steps
            )
        )
    assert -observed(counts, errors)[0] > order - 0.1
    assert errors[-1] < 2e-3


@pytest.mark.parametrize(
    ("degree", "largest"), [(0, 5e-2), (1, 5e-3), (2, 6e-4), (3, 7e-5)]
)
def test_a_gaussian_leaves_through_an_outflow(degree, largest):
    """Reflection falls by a factor of ten or so per degree, and with the spacing."""
    left = []
    for count in (64, 128):
        grid = Grid((count,), (1.0,), boundary=[(Inflow(0.0), Outflow(degree))])
        u0 = torch.exp(-(((grid.coords(dtype=F64) - 0.5) / 0.08) ** 2))
        solve = Solver(
            AdvectionDiffusion(0.0, (1.0,)),
            grid,
            scheme=FiniteDifference(2),
            stepper=SSPRK3(),
            dt=0.4 / count,
        )
        with torch.no_grad():
            left.append(float(solve(u0, [0.0, 1.2])[:, -1].abs().max()))
    assert left[1] < largest
    # of order degree + 1 in the spacing, nearly so on these grids
    assert left[0] / left[1] > 1.6 * 2**degree


def test_a_signal_enters_through_an_inflow_that_depends_on_time(observed):
    """u = f(x - t) with f a sine, entering at x = 0 and leaving at x = 1."""

    def exact(x, t):
        return torch.sin(5 * (x - t))

    errors, counts = [], (48, 96)
    for count in counts:
        grid = Grid((count,), (1.0,), boundary=[(Inflow(exact), Outflow(3))])
        errors.append(
            end_error(
                AdvectionDiffusion(0.0, (1.0,)),
                grid,
                exact,
                order=4,
                time=0.4,
                steps=96,
            )
        )
    assert -observed(counts, errors)[0] > 3.9


def test_fields_of_an_equation_meet_their_own_walls():
    """Couette flow carries s = y: with these walls nothing changes."""
    lid = {"velocity": Dirichlet((1.0, 0.0)), "tracer": Neumann(1.0)}
    rest = {"velocity": Dirichlet(0.0), "tracer": Neumann(-1.0)}
    grid = Grid((6, 8), (2.0, 1.0), boundary=[Periodic(), (rest, lid)])
    d = FiniteDifference(4).bind(grid, dtype=F64).bound_to(TracerFlow.fields)
    y = grid.coords(dtype=F64)[:, 1:]
    u = torch.cat([y, 0 * y, y], dim=1)
    change = TracerFlow(0.1).rhs(u, d)
    assert float(change.abs().max()) < 1e-11
    assert float(d.of("velocity").div(u[:, :2]).abs().max()) < 1e-12


def test_solvers_and_losses_refuse_walls_for_other_fields():
    grid = Grid((8,), (1.0,), boundary={"heat": Dirichlet(0.0)})
    message = r"boundary: found conditions for heat on the lower.*fields \(u\)"
    with pytest.raises(ArgumentError, match=message):
        Solver(Heat(), grid)
    with pytest.raises(ArgumentError, match=message):
        ResidualLoss(Heat(), grid, 0.1)


def test_the_gradient_of_a_wall_value_equals_central_differences():
    u0 = torch.rand(2, 1, 12, dtype=F64)

    def loss(wall):
        sides = (Robin(wall[0], 1.0, wall[1]), Dirichlet(lambda x, t: wall[2] * t))
        grid = Grid((12,), (1.0,), boundary=[sides])
        solve = Solver(Heat(0.1), grid, dt=0.02)
        return solve(u0, [0.0, 0.2])[:, -1].square().sum()

    wall = torch.tensor([1.2, 0.4, -2.0], dtype=F64, requires_grad=True)
    (found,) = torch.autograd.grad(loss(wall), wall)
    step = 1e-5
    for entry in range(3):
        shift = torch.zeros(3, dtype=F64)
        shift[entry] = step
        with torch.no_grad():
            expected = (loss(wall + shift) - loss(wall - shift)) / (2 * step)
        torch.testing.assert_close(found[entry], expected, rtol=1e-6, atol=1e-9)
        assert abs(float(expected)) > 1e-3


def test_a_wall_value_is_learned_through_a_solver_made_once():
    """The gradient flows again after a run without gradients and an update."""
    value = torch.nn.Parameter(torch.tensor(0.0, dtype=F64))
    grid = Grid((8,), (1.0,), boundary={"u": Dirichlet(value)})
    solve = Solver(Heat(1.0), grid, dt=5e-3)
    u0 = torch.zeros(1, 1, 8, dtype=F64)
    with torch.no_grad():
        solve(u0, [0.0, 0.01])
    optimiser = torch.optim.SGD([value], lr=0.5)
    losses = []
    for _ in range(8):
        optimiser.zero_grad()
        loss = (solve(u0, [0.0, 0.05])[:, -1].mean() - 0.8).square()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.05 * losses[0]


def test_a_loss_keeps_the_walls_of_samples_apart():
    """Per-sample values are those of every frame of their sample."""
    walls = torch.tensor([[1.0], [-3.0], [0.5]], dtype=F64)
    u = torch.randn(3, 4, 1, 9, dtype=F64)

    def loss(rows, fields):
        side = {"u": Dirichlet(walls[rows])} if fields else Dirichlet(walls[rows])
        grid = Grid((9,), (1.0,), boundary=[(side, Neumann(0.0))])
        return ResidualLoss(Heat(0.3), grid, 0.1)(u[rows])

    for fields in (False, True):
        apart = [loss([row], fields) for row in range(3)]
        torch.testing.assert_close(loss([0, 1, 2], fields), torch.stack(apart).mean())
    assert float((apart[0] - apart[1]).abs()) > 1


def test_a_loss_takes_each_frame_at_its_own_time(observed):
    """Stokes' second problem, whose walls move between the frames."""

    def exact(x, t):
        return torch.exp(-2 * x) * torch.cos(8 * t - 2 * x)

    errors, counts = [], (24, 48)
    for count in counts:
        grid = Grid((count,), (1.0,), boundary=Dirichlet(exact))
        x, dt = grid.coords(dtype=F64), 0.25 / count
        times = torch.arange(4, dtype=F64).reshape(1, 4, 1, 1) * dt + 0.3
        u = exact(x[:, None], times)
        loss = ResidualLoss(Heat(1.0), grid, dt, scheme=FiniteDifference(4))
        errors.append(float(loss(u, start=0.3).sqrt()))
    assert -observed(counts, errors)[0] == pytest.approx(2, abs=0.1)


def test_the_divergence_form_of_a_product_uses_its_own_cells():
    """(u²/2)_x between walls where u = 2: the product has no wall value of 2."""
    burgers = pde(lambda u, d: -d.derived.x(u * u / 2), "u")
    grid = Grid((12,), (1.0,), boundary=Dirichlet(2.0))
    d = FiniteDifference(4).bind(grid, dtype=F64).bound_to(burgers.fields)
    x = grid.coords(dtype=F64)
    torch.testing.assert_close(
        burgers.rhs(2 + x * (1 - x), d), -(2 + x - x**2) * (1 - 2 * x)
    )


@pytest.mark.slow
def test_walls_of_every_kind_are_captured_whole():
    """One graph without breaks, with the gradient of what the walls hold."""
    learned = torch.tensor(0.3, requires_grad=True)
    edge = torch.linspace(0, 1, 8)
    lower = {"u": Robin(learned, 1.0, edge), "v": Inflow(1.0)}
    upper = {"u": Dirichlet(lambda x, t: t * x[:, 1:]), "v": Outflow(2)}
    grid = Grid((9, 8), (1.0, 2.0), boundary=[(lower, upper), Neumann(0.2)])
    spread = pde(lambda u, d: 0.1 * d.laplacian(u) + d.derived.x(u), {"u": 1, "v": 1})
    system = SemiDiscrete(spread, FiniteDifference(2).bind(grid))
    u0 = torch.rand(2, 2, 9, 8)
    clock, length = torch.tensor([0.5, 1e-2], dtype=F64).unbind()
    compiled = torch.compile(Euler().step, fullgraph=True, backend="eager")
    found = compiled(system, u0, clock, length)
    expected = Euler().step(system, u0, clock, length)
    torch.testing.assert_close(found, expected)
    gradients = [torch.autograd.grad(w.sum(), learned)[0] for w in (found, expected)]
    torch.testing.assert_close(*gradients)
    assert float(gradients[0].abs()) > 1e-3
