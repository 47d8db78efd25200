"""The catalogue of evolution equations: exact at points, the same on grids and there.

Every case has two samples with coefficients of their own, on anisotropic grids.
"""

from math import pi

import pytest
import torch
from torch import Tensor, nn

import physbias.pdes as catalogue
from physbias.errors import ArgumentError
from physbias.grid import Grid, Periodic
from physbias.numerics import RK4, Autodiff, FiniteDifference, Spectral
from physbias.pdes import PDE
from physbias.strong import Solver
from physbias.weak import CollocationLoss, ResidualLoss

F64 = torch.float64
GRIDS = {
    1: Grid((16,), (5.0,), boundary=Periodic()),
    2: Grid((12, 9), (2 * pi, 3.0), boundary=Periodic()),
    3: Grid((8, 10, 9), (2.0, 5.0, 3.0), boundary=Periodic()),
}
ALL = (1, 2, 3)
CASES = {
    "Advection": (ALL, {}),
    "AdvectionDiffusion": (ALL, {"diffusivity": (0.3, 0.1)}),
    "AllenCahn": (ALL, {"diffusivity": (0.3, 1.0), "rate": (2.0, 0.7)}),
    "BoussinesqFlow": (
        (2, 3),
        {"viscosity": (0.1, 0.3), "diffusivity": (0.2, 0.2), "stratification": (2, -3)},
    ),
    "Brusselator": (
        ALL,
        {
            "activator_diffusivity": (0.3, 0.1),
            "inhibitor_diffusivity": (1.0, 2.0),
            "feed": (1.1, 0.9),
            "control": (2.0, 3.0),
        },
    ),
    "Burgers": (ALL, {"viscosity": (0.3, 0.1)}),
    "CahnHilliard": (ALL, {"mobility": (0.3, 1.0), "tension": (0.1, 0.2)}),
    "CubicSchroedinger": (ALL, {"dispersion": (0.3, 1.0), "focusing": (1.5, 0.5)}),
    "FisherKPP": (ALL, {"diffusivity": (0.3, 1.0), "rate": (2.0, 0.7)}),
    "FitzHughNagumo": (
        ALL,
        {
            "diffusivity": (0.3, 1.0),
            "recovery_diffusivity": (0.1, 0.2),
            "timescale": (0.1, 0.3),
            "offset": (0.7, 0.1),
            "damping": (0.8, 0.3),
            "current": (0.0, 0.5),
        },
    ),
    "GrayScott": (
        ALL,
        {
            "substrate_diffusivity": (0.2, 0.4),
            "catalyst_diffusivity": (0.1, 0.3),
            "feed": (0.3, 0.5),
            "kill": (0.6, 0.2),
        },
    ),
    "Heat": (ALL, {"diffusivity": (0.3, 0.1)}),
    "KleinGordon": (
        ALL,
        {"speed": (1.0, 2.0), "stiffness": (0.5, 1.5), "cubic": (0.0, 0.0)},
    ),
    "KortewegDeVries": ((1,), {"nonlinearity": (6.0, -2.0), "dispersion": (1.0, 0.3)}),
    "KuramotoSivashinsky": (
        (1,),
        {"antidiffusion": (1.0, 0.5), "hyperdiffusion": (1.0, 0.3)},
    ),
    "Maxwell": (ALL, {"permittivity": (1.0, 2.0), "permeability": (0.5, 1.5)}),
    "Nagumo": (
        ALL,
        {"diffusivity": (0.3, 1.0), "rate": (2.0, 0.7), "threshold": (0.2, 0.6)},
    ),
    "NavierStokes": ((2, 3), {"viscosity": (0.3, 0.1)}),
    "Schroedinger": (ALL, {"dispersion": (0.3, 1.0), "potential": (0.0, 0.0)}),
    "SineGordon": (ALL, {"speed": (1.0, 2.0), "frequency": (0.5, 1.5)}),
    "SwiftHohenberg": (ALL, {"growth": (0.3, 0.1), "quadratic": (0.0, 0.0)}),
    "TracerFlow": ((2, 3), {"viscosity": (0.3, 0.1), "diffusivity": (0.1, 0.2)}),
    "VorticityFlow": ((2,), {"viscosity": (0.3, 0.1), "drag": (0.1, 0.0)}),
    "Wave": (ALL, {"speed": (1.0, 2.0)}),
}
NEEDS_A_GRID = {"VorticityFlow"}
ON_AXES = [(name, n) for name, (axes, _) in CASES.items() for n in axes]
AT_POINTS = [case for case in ON_AXES if case[0] not in NEEDS_A_GRID]
EXACT = [
    (name, method, n)
    for name in CASES
    if name not in NEEDS_A_GRID
    for method, axes in getattr(catalogue, name).exact.items()
    for n in axes
]


def make(name: str, ndim: int, *, repeats: int = 1, sample: int | None = None) -> PDE:
    """Return an equation with coefficients per sample, or those of one sample."""
    values = {}
    for key, pair in CASES[name][1].items():
        if sample is None:
            values[key] = torch.tensor(pair, dtype=F64).repeat_interleave(repeats)
        else:
            values[key] = float(pair[sample])
    if name == "AdvectionDiffusion":
        values["wind"] = (1.0, -0.5, 0.3)[:ndim]
    if name == "Advection":
        values["velocity"] = (1.0, -0.5, 0.3)[:ndim]
    return getattr(catalogue, name)(**values)


def wavy(points: Tensor, channels: int, lengths: tuple[float, ...]) -> Tensor:
    """Return a field of one wave per axis and channel, ``(points, channels)``."""
    result = []
    for c in range(channels):
        value = 0.2 + 0.1 * c + 0.0 * points[:, 0]
        for axis, length in enumerate(lengths):
            angle = 2 * pi * points[:, axis] / length
            value = value + 0.3 / (1 + axis) * torch.sin(angle + 1.3 * c + axis)
        angle = sum(2 * pi * points[:, n] / length for n, length in enumerate(lengths))
        result.append(value + 0.2 * torch.cos(angle - 0.7 * c))
    return torch.stack(result, 1)


def on_grid(grid: Grid, channels: int, *, batch: int = 2) -> Tensor:
    points = grid.coords(dtype=F64).flatten(2)[0].T
    u = wavy(points, channels, grid.lengths).T.reshape(1, channels, *grid.num_points)
    return torch.cat([(1 - 0.3 * n) * u for n in range(batch)])


def test_the_list_is_complete():
    known = {
        name
        for name, value in vars(catalogue).items()
        if isinstance(value, type) and issubclass(value, PDE) and value.exact
    }
    # no field of waves is a gas: its density would have to stay positive
    assert known - {"CompressibleEuler"} <= set(CASES)
    for name, (axes, values) in CASES.items():
        assert set().union(*getattr(catalogue, name).exact.values()) <= set(axes)
        coefficients = dict(make(name, 2).named_buffers())
        assert set(coefficients) - {"wind", "velocity"} == set(values)


@pytest.mark.parametrize(("name", "method", "ndim"), EXACT)
def test_exact_solutions_leave_no_residual_at_random_points(name, method, ndim):
    """By automatic differentiation, each point with the coefficients of a sample."""
    equation = make(name, ndim, repeats=16)

    class Truth(nn.Module):
        def forward(self, points):
            return getattr(equation, method)(points[:, :ndim], points[:, ndim:])

    points = 3 * torch.rand(32, ndim + 1, dtype=F64)
    points[:, :ndim] -= 1.5
    residual, violations = CollocationLoss(equation).residual(Truth(), points)
    assert residual.shape == (32, equation.num_channels(ndim))
    assert float(residual.detach().abs().max()) < 1e-9
    assert all(float(v.detach().abs().max()) < 1e-12 for v in violations)


@pytest.mark.parametrize(("name", "method", "ndim"), EXACT)
def test_exact_solutions_are_states_of_every_sample(name, method, ndim):
    grid = GRIDS[ndim]
    together = make(name, ndim)
    u = getattr(together, method)(grid.coords(dtype=F64), 0.3)
    channels = together.num_channels(ndim) + together.num_multipliers
    assert u.dtype == F64
    assert u.shape[1:] == (channels, *grid.num_points)
    for n in range(2):
        alone = getattr(make(name, ndim, sample=n), method)
        expected = alone(grid.coords(dtype=F64), 0.3)[0]
        torch.testing.assert_close(u.expand(2, *u.shape[1:])[n], expected)
        single = alone(grid.coords(), 0.3)
        assert single.dtype == torch.float32
        torch.testing.assert_close(single[0].double(), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("name", "ndim"), AT_POINTS)
def test_grid_and_points_see_the_same_right_hand_side(name, ndim):
    grid = GRIDS[ndim]
    equation = make(name, ndim)
    channels = equation.num_channels(ndim)
    u = on_grid(grid, channels)
    spectral = equation.rhs(u, Spectral(None).bind(grid, dtype=F64))
    count = u[0, 0].numel()
    points = grid.coords(dtype=F64).flatten(2)[0].T.repeat(2, 1).requires_grad_()
    field = wavy(points, channels, grid.lengths)
    field = torch.cat([field[:count], 0.7 * field[count:]])
    at_points = make(name, ndim, repeats=count).rhs(field, Autodiff(points, ndim))
    expected = at_points.detach().unflatten(0, (2, count)).mT.reshape(u.shape)
    size = float(expected.abs().max())
    torch.testing.assert_close(spectral, expected, atol=1e-9 * size, rtol=0)


@pytest.mark.parametrize(("name", "ndim"), ON_AXES)
def test_loss_and_solver_agree_sample_by_sample(name, ndim):
    """A trajectory of the solver has next to no residual in its own scheme."""
    grid, scheme = GRIDS[ndim], FiniteDifference(4)
    equation = make(name, ndim)
    u0 = on_grid(grid, equation.num_channels(ndim))
    dt = 2e-5
    solve = Solver(
        equation, grid, scheme=scheme, stepper=RK4(), dt=dt, allow_unstable=True
    )
    u = solve(u0, [0.0, dt])
    loss = ResidualLoss(equation, grid, dt, scheme=scheme)
    rate = (u[:, 1] - u[:, 0]) / dt
    assert float(loss.residual(u).abs().max()) < 1e-4 * float(rate.abs().max())
    for n in range(2):
        own = Solver(make(name, ndim, sample=n), grid, scheme=scheme, stepper=RK4())
        alone = own.step(u[n : n + 1, 0], dt=dt)
        torch.testing.assert_close(u[n : n + 1, 1], alone, atol=1e-12, rtol=1e-10)


@pytest.mark.parametrize("scheme", [Spectral(1 / 2), FiniteDifference(8)], ids=repr)
@pytest.mark.parametrize(("name", "ndim"), ON_AXES)
def test_invariants_stay_and_energies_fall_along_the_tendency(name, ndim, scheme):
    """The gradient of a conserved quantity is orthogonal to the tendency."""
    coarse = GRIDS[ndim]
    fine = {1: (64,), 2: (32, 36), 3: (18, 20, 16)}[ndim]
    grid = Grid(fine, coarse.lengths, boundary=Periodic())
    equation = make(name, ndim)
    solve = Solver(equation, grid, scheme=scheme)
    u0 = on_grid(grid, equation.num_channels(ndim))
    if name == "VorticityFlow":  # a periodic flow has no circulation
        u0 = u0 - u0.mean((2, 3), keepdim=True)
    u = solve.system(u0).admit(u0).requires_grad_()
    d = solve.system(u0).derivatives
    tendency = equation.tendency(u, d).detach()

    def slope(total: Tensor) -> Tensor:
        assert total.shape == (2,)
        (pull,) = torch.autograd.grad(total.sum(), u, retain_graph=True)
        size = pull.flatten(1).norm(dim=1) * tendency.flatten(1).norm(dim=1)
        return (pull * tendency).flatten(1).sum(1) / size

    for key, total in equation.invariants(u, d).items():
        assert float(slope(total).abs().max()) < 2e-6, key
    for key, total in equation.dissipated(u, d).items():
        bounded = slope(total)[: 1 if name == "BoussinesqFlow" else 2]
        assert float(bounded.max()) < 2e-6, key  # a heavy top feeds the second


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_coefficient_is_checked_and_can_be_learned(name):
    """Gradients agree with central differences along a random direction."""
    axes, values = CASES[name]
    ndim = axes[0]
    for key in values:
        with pytest.raises(ArgumentError, match=f"{key}: found NaN"):
            getattr(catalogue, name)(**{key: float("nan")})
    grid = GRIDS[ndim]
    d = FiniteDifference(2).bind(grid, dtype=F64)
    equation = make(name, ndim)
    u = on_grid(grid, equation.num_channels(ndim))
    given = {"u": u, **{key: getattr(equation, key) for key in values}}
    ways = {key: torch.randn_like(value) for key, value in given.items()}
    weight = torch.randn_like(u)

    def total(step: float) -> Tensor:
        for key in values:
            # past the check of its range, which may end at the value
            equation._buffers[key] = given[key] + step * ways[key]
        rate = equation.tendency(u + step * ways["u"], d)
        return (weight * rate).sum()

    by_differences = (total(1e-5) - total(-1e-5)) / 2e-5
    for key in values:
        delattr(equation, key)
        setattr(equation, key, nn.Parameter(given[key]))
    leaves = [u.requires_grad_(), *(getattr(equation, key) for key in values)]
    score = (weight * equation.tendency(u, d)).sum()
    slopes = torch.autograd.grad(score, leaves)
    for key, slope in zip(given, slopes, strict=True):
        assert bool((slope.flatten(1 if key == "u" else 0) != 0).any()), key
    pairs = zip(slopes, ways.values(), strict=True)
    along = sum(((slope * way).sum() for slope, way in pairs), torch.tensor(0.0))
    size = sum(
        float((s * w).abs().sum()) for s, w in zip(slopes, ways.values(), strict=True)
    )
    torch.testing.assert_close(along, by_differences, atol=1e-8 * size, rtol=1e-6)


@pytest.mark.parametrize("name", sorted(CASES))
def test_single_precision_stays_single(name):
    axes, _ = CASES[name]
    equation, grid = make(name, axes[0]), GRIDS[axes[0]]
    u = on_grid(grid, equation.num_channels(axes[0]))
    d = FiniteDifference(2).bind(grid)
    found = equation.tendency(u.float(), d)
    assert found.dtype == torch.float32
    expected = equation.tendency(u, FiniteDifference(2).bind(grid, dtype=F64))
    size = float(expected.abs().max())
    torch.testing.assert_close(found.double(), expected, atol=1e-3 * size, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(CASES))
def test_the_tendency_is_one_program(name):
    """No graph breaks, and the same values, eagerly run."""
    axes, _ = CASES[name]
    equation, grid = make(name, axes[-1]), GRIDS[axes[-1]]
    u = on_grid(grid, equation.num_channels(axes[-1]))
    d = FiniteDifference(2).bind(grid, dtype=F64)
    torch.compiler.reset()
    program = torch.compile(equation.tendency, backend="eager", fullgraph=True)
    torch.testing.assert_close(program(u, d), equation.tendency(u, d))
