from math import log2, pi

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import (
    Dirichlet,
    Grid,
    Neumann,
    Outflow,
    Periodic,
    Robin,
    Symmetry,
)
from physbias.numerics import ARS222, RK4, Staggered
from physbias.pdes import DivergenceFree, NavierStokes, pde
from physbias.strong import LerayProjection, Solver
from physbias.weak import ResidualLoss

F64 = torch.float64
SLIDE = Dirichlet((0.0, 0.7))
LID = Dirichlet((1.0, 0.0))
SHUT = {
    "periodic": Periodic(),
    "no slip": Dirichlet(0.0),
    "free slip": Symmetry(),
    "mixed": [Periodic(), (Symmetry(), LID)],
    "sliding": [(SLIDE, Symmetry()), (Dirichlet(0.0), LID)],
}


def bound(boundary, *, num_points=(6, 9), lengths=(1.5, 2.0), origin=None):
    grid = Grid(num_points, lengths, boundary=boundary, origin=origin)
    return Staggered().bind(grid, dtype=F64)


def sample(d, function):
    """Return a vector on the faces: each component where it sits."""
    parts = [function(d.face_coords(i))[:, i : i + 1] for i in range(d.ndim)]
    return torch.cat(parts, 1)


def free(d, *, batch=2):
    shape = (batch, d.ndim, *d.grid.num_points)
    return d.leray(torch.randn(shape, dtype=F64))


def test_the_projection_layer_takes_a_staggered_scheme():
    grid = Grid((6, 9), (1.5, 2.0), boundary=SHUT["sliding"])
    layer = LerayProjection(grid, scheme=Staggered())
    p = layer(torch.randn(2, 2, 6, 9, dtype=F64))
    assert float(layer.divergence(p).abs().max()) < 1e-13


def vortices(points, boundary, *, plane=(0, 1), ndim=2, stepper=RK4(), dt=0.01):  # noqa: B008
    """Return errors of decaying Taylor-Green vortices and pressures at t = 0.1."""
    a, b = plane
    viscosity = torch.tensor([0.05, 0.1], dtype=F64)
    equation = NavierStokes(viscosity)
    counts, lengths = [3] * ndim, [1.0] * ndim
    counts[a], counts[b] = points
    lengths[a], lengths[b] = 2.0, 1.0
    waves = (pi, 2 * pi)

    def exact(coords, time):
        flat = torch.cat([coords[:, a : a + 1], coords[:, b : b + 1]], 1)
        return equation.taylor_green(flat, time, wavenumbers=waves)

    def velocity(coords, time):
        flow = exact(coords, time)
        parts = [torch.zeros_like(flow[:, :1])] * ndim
        parts[a], parts[b] = flow[:, :1], flow[:, 1:2]
        return torch.cat(parts, 1)

    sides = [Periodic()] * ndim
    for axis in plane:
        sides[axis] = Dirichlet(velocity) if boundary == "moving" else boundary
    grid = Grid(counts, lengths, boundary=sides)
    solve = Solver(
        equation, grid, scheme=Staggered(), stepper=stepper, dt=dt, allow_unstable=True
    )
    d = Staggered().bind(grid, dtype=F64)
    u = solve(sample(d, lambda x: velocity(x, 0.0)), [0.0, 0.1])[:, -1]
    error = u - sample(d, lambda x: velocity(x, 0.1))
    known = exact(grid.coords(dtype=F64), 0.1)[:, 2:]
    pressure = d.at(0.1).inverse_laplacian(d.derived.div(equation.rhs(u, d.at(0.1))))
    gap = pressure - (known - known.flatten(2).mean(2).reshape(2, 1, *[1] * ndim))
    assert float(solve.system(u).derivatives.at(0.1).div(u).abs().max()) < 1e-11
    return [e.square().sum(1).flatten(1).mean(1).sqrt() for e in (error, gap)]


@pytest.mark.parametrize("boundary", [Periodic(), Symmetry(), "moving"], ids=repr)
def test_decaying_vortices_converge_at_second_order(boundary):
    """Between walls too: the normal velocity vanishes on lines half a wave apart."""
    coarse = vortices((16, 12), boundary, dt=0.01)
    fine = vortices((32, 24), boundary, dt=0.005)
    # between walls that rub, the pressure beside them is of first order
    judged = 1 if boundary == "moving" else 2
    for a, b in zip(coarse[:judged], fine[:judged], strict=True):
        assert torch.log2(a / b).tolist() == pytest.approx([2, 2], abs=0.1)


@pytest.mark.parametrize("plane", [(0, 2), (1, 2), (1, 0)])
def test_vortices_decay_in_every_plane_of_a_box(plane):
    flat = vortices((12, 10), Symmetry())[0]
    box = vortices((12, 10), Symmetry(), plane=plane, ndim=3)[0]
    torch.testing.assert_close(box, flat)


def test_implicit_viscosity_on_a_periodic_grid():
    explicit = vortices((12, 10), Periodic(), dt=0.01)[0]
    implicit = vortices((12, 10), Periodic(), stepper=ARS222(), dt=0.01)[0]
    torch.testing.assert_close(implicit, explicit, atol=0, rtol=1e-2)


def test_poiseuille_flow_is_the_parabola_of_its_differences():
    """By hand: (G/2ν)(y (H - y) + h²/4) has second difference -G/ν, at walls too."""
    push, viscosity, height = 0.6, 0.05, 2.0
    grid = Grid((4, 10), (1.0, height), boundary=[Periodic(), Dirichlet(0.0)])
    force = torch.tensor([push, 0.0], dtype=F64).reshape(1, 2, 1, 1)
    driven = pde(
        lambda u, d: viscosity * d.laplacian(u) - d.advect(u, u) + force,
        {"velocity": "vector"},
        constraints=(DivergenceFree("velocity"),),
    )
    solve = Solver(driven, grid, scheme=Staggered())
    y = grid.coords(dtype=F64)[:, 1:]
    speed = push / 2 / viscosity * (y * (height - y) + grid.spacing[1] ** 2 / 4)
    u = torch.cat([speed, torch.zeros_like(speed)], 1)
    assert float(solve.system(u)(u, 0.0).abs().max()) < 1e-12


def test_couette_flow_is_exact_between_moving_walls():
    sides = [
        Periodic(),
        (Dirichlet((0.0, 0.0, -1.0)), Dirichlet((2.0, 0.0, 1.0))),
        Periodic(),
    ]
    grid = Grid((3, 7, 4), (1.0, 2.0, 1.0), boundary=sides)
    y = grid.coords(dtype=F64)[:, 1:2]
    u = torch.cat([y, 0 * y, y - 1], 1)
    solve = Solver(NavierStokes(0.1), grid, scheme=Staggered())
    assert float(solve.system(u)(u, 0.0).abs().max()) < 1e-13


def wake(points, *, periodic):
    """Return largest and mean-square error of Kovasznay flow at Reynolds 40."""
    equation = NavierStokes(1 / 40)

    def velocity(coords, time):
        return equation.kovasznay(coords, time, wavenumber=2 * pi)[:, :2]

    side = Dirichlet(velocity)
    grid = Grid(
        points,
        (1.5, 1.0 if periodic else 2.0),
        boundary=[side, Periodic() if periodic else side],
        origin=(-0.5, -0.5),
    )
    d = Staggered().bind(grid, dtype=F64)
    solve = Solver(
        equation,
        grid,
        scheme=Staggered(),
        stepper=RK4(),
        dt=0.08 * (12 / points[0]) ** 2,
        allow_unstable=True,
    )
    exact = sample(d, lambda x: velocity(x, 0.0))
    u = solve(exact, [0.0, 0.8])[:, -1]
    assert float(d.div(u).abs().max()) < 1e-11
    error = u - exact
    return float(error.abs().max()), float(error.square().mean().sqrt())


def test_kovasznay_flow_converges_at_second_order():
    coarse, fine = (wake(n, periodic=True) for n in ((12, 16), (24, 32)))
    assert log2(coarse[0] / fine[0]) == pytest.approx(2, abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("periodic", [True, False])
def test_kovasznay_flow_converges_between_walls_all_around(periodic):
    coarse, fine = (wake(n, periodic=periodic) for n in ((24, 32), (48, 64)))
    for a, b in zip(coarse, fine, strict=True):
        assert log2(a / b) == pytest.approx(2, abs=0.1)


def test_gradients_through_a_step_are_central_differences():
    given = {
        "u": torch.randn(2, 2, 5, 6, dtype=F64),
        "viscosity": torch.tensor([0.1, 0.2], dtype=F64),
        "lid": torch.rand(2, 2, 5, dtype=F64)
        * torch.tensor([[[1.0], [0.0]]], dtype=F64),
        "inlet": torch.rand(1, 1, 6, dtype=F64),
    }
    ways = {name: torch.randn_like(value) for name, value in given.items()}
    ways["lid"][:, 1] = 0
    weight = torch.randn(2, 2, 5, 6, dtype=F64)

    def total(u, viscosity, lid, inlet):
        through = torch.cat([inlet, 0 * inlet], 1)
        sides = [Dirichlet(through), (Symmetry(), Dirichlet(lid))]
        grid = Grid((5, 6), (1.0, 2.0), boundary=sides)
        solve = Solver(NavierStokes(viscosity), grid, scheme=Staggered(), stepper=RK4())
        u = solve.step(solve.system(u).admit(u), dt=0.02)
        return (weight * u).sum()

    def moved(step):
        return total(*(given[n] + step * ways[n] for n in given))

    expected = (moved(1e-5) - moved(-1e-5)) / 2e-5
    leaves = [value.requires_grad_() for value in given.values()]
    slopes = torch.autograd.grad(total(*leaves), leaves)
    assert all(bool(slope.any()) for slope in slopes)
    found = sum((s * w).sum() for s, w in zip(slopes, ways.values(), strict=True))
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)


def test_samples_do_not_see_each_other():
    lid = torch.tensor([[[1.0], [0.0]], [[-0.5], [0.0]]], dtype=F64)
    viscosity = torch.tensor([0.1, 0.02], dtype=F64)
    u0 = torch.randn(2, 2, 6, 7, dtype=F64)

    def run(chosen):
        sides = [Dirichlet(0.0), (Dirichlet(0.0), Dirichlet(lid[chosen]))]
        grid = Grid((6, 7), (1.0, 1.0), boundary=sides)
        solve = Solver(
            NavierStokes(viscosity[chosen]), grid, scheme=Staggered(), dt=0.01
        )
        return solve(u0[chosen], [0.0, 0.05])

    together = run(slice(0, 2))
    for n in range(2):
        torch.testing.assert_close(together[n : n + 1], run(slice(n, n + 1)))


def test_loss_judges_what_the_solver_does():
    grid = Grid((6, 7), (1.0, 1.0), boundary=SHUT["sliding"])
    equation, dt = NavierStokes(0.1), 1e-4
    solve = Solver(equation, grid, scheme=Staggered(), stepper=RK4(), dt=dt)
    u = solve(torch.randn(2, 2, 6, 7, dtype=F64), [0.0, dt, 2 * dt])
    loss = ResidualLoss(equation, grid, dt, scheme=Staggered())
    rate = (u[:, 1] - u[:, 0]).abs().max() / dt
    assert float(loss.residual(u).abs().max()) < 1e-2 * float(rate)


def test_single_precision_stays_single():
    grid = Grid((8, 6), (1.0, 1.0), boundary=SHUT["sliding"])
    solve = Solver(NavierStokes(0.1), grid, scheme=Staggered())
    u = solve(torch.randn(1, 2, 8, 6), [0.0, 0.1])[:, -1]
    assert u.dtype == torch.float32
    assert float(solve.system(u).derivatives.div(u).abs().max()) < 1e-4
    assert solve.diagnose(u)["pressure"].dtype == torch.float32


@pytest.mark.slow
def test_a_step_compiles_without_breaks():
    grid = Grid((6, 7), (1.0, 1.0), boundary=SHUT["sliding"])
    solve = Solver(NavierStokes(0.1), grid, scheme=Staggered(), stepper=RK4())
    u = torch.randn(2, 2, 6, 7, dtype=F64)
    system = solve.system(u)
    compiled = torch.compile(system, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(u, 0.0), system(u, 0.0))


def test_other_fields_and_grids_are_refused():
    with pytest.raises(ArgumentError, match="grid: found one space axis"):
        Staggered().bind(Grid((8,), (1.0,), boundary=Periodic()))
    d = bound(Periodic())
    with pytest.raises(
        ArgumentError, match="fields: found velocity: vector, tracer: 1"
    ):
        d.bound_to({"velocity": "vector", "tracer": 1})
    with pytest.raises(ArgumentError, match="found 'wind'"):
        bound(Dirichlet(0.0)).of("wind")
    named = bound({"wind": Dirichlet(0.0)})
    with pytest.raises(ArgumentError, match="conditions for wind"):
        named.bound_to({"velocity": "vector"})
    assert (
        float(named.bound_to({"wind": "vector"}).div(free(named)).abs().max()) < 1e-13
    )


@pytest.mark.parametrize("side", [Neumann(0.0), Outflow(), Robin(1.0, 1.0)])
def test_walls_without_a_velocity_are_refused(side):
    with pytest.raises(ArgumentError, match="staggered grid knows the velocity across"):
        bound([Periodic(), (Dirichlet(0.0), side)])


def test_a_flow_through_a_wall_that_changes_is_refused():
    def pulsed(coords, time):
        return torch.cat([torch.cos(time) + 0 * coords[:, :1], 0 * coords[:, :1]], 1)

    with pytest.raises(ArgumentError, match="a velocity across the wall that changes"):
        bound([Dirichlet(pulsed), Periodic()])
    bound([Periodic(), Dirichlet(pulsed)])


def test_walls_of_two_fields_are_refused():
    message = "fields: found conditions for buoyancy, velocity, expected a single vec"
    with pytest.raises(ArgumentError, match=message):
        bound({"velocity": Dirichlet(0.0), "buoyancy": Dirichlet(0.0)})


def test_a_lid_given_as_one_number_is_explained():
    """One number would blow across the wall as well as along it."""
    d = bound([Periodic(), (Dirichlet(0.0), Dirichlet(1.0))])
    message = r"m\^2/s more in than .*one number holds for.*Dirichlet\(\(1\.0, 0\.0\)"
    with pytest.raises(ArgumentError, match=message):
        d.leray(torch.randn(1, 2, *d.grid.num_points, dtype=F64))
