"""What no use of an equation may break: samples apart, symmetries, precision."""

from collections.abc import Callable
from math import pi

import pytest
import torch
from torch import Tensor, nn

from physbias.grid import Dirichlet, Grid, Neumann, Periodic
from physbias.numerics import ARS443, FiniteDifference, Spectral
from physbias.pdes import AdvectionDiffusion, Burgers, Heat, TracerFlow
from physbias.strong import Hybrid, LerayProjection, Solver
from physbias.weak import ResidualLoss

F64 = torch.float64
SCHEMES = [FiniteDifference(2), FiniteDifference(8), Spectral()]
TIMES = [0.0, 0.02, 0.05]
Use = Callable[[Tensor], Tensor]


class Local(nn.Module):
    """A network that is the same everywhere and in every direction."""

    def forward(self, u: Tensor) -> Tensor:
        return torch.tanh(u) * u.square().sum(1, keepdim=True)


def uses(grid: Grid, scheme, *, viscosity=0.05, diffusivity=0.02) -> dict[str, Use]:
    """Every use of the flow equation, from states to something of many samples."""
    equation = TracerFlow(viscosity, diffusivity)
    options = {"scheme": scheme, "dt": 0.01}
    solve = Solver(equation, grid, **options)
    hybrid = Hybrid(solve, Local())
    nn.init.constant_(hybrid.gain, 0.3)
    project = LerayProjection(grid, scheme=scheme)
    loss = ResidualLoss(equation, grid, 0.1, scheme=scheme)

    def residual(u: Tensor) -> Tensor:
        return loss.residual(torch.stack([u, 0.9 * u, u**2], 1))

    implicit = Solver(equation, grid, stepper=ARS443(), **options)
    return {
        "solver": lambda u: solve(u, TIMES)[:, -1],
        "implicit": lambda u: implicit(u, TIMES)[:, -1],
        "step": lambda u: solve.step(u, dt=0.01),
        "hybrid": lambda u: hybrid(u, TIMES)[:, -1].detach(),
        "projection": project,
        "residual": residual,
        "pressure": lambda u: solve.diagnose(u)["pressure"],
    }


NAMES = ["solver", "implicit", "step", "hybrid", "projection", "residual", "pressure"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
def test_samples_do_not_see_each_other(name, scheme, box, smooth):
    use, u = uses(box, scheme)[name], smooth(box, 3, batch=3)
    other = u.clone()
    other[1:] = 0.5 * other[1:] + 0.1
    assert torch.equal(use(other)[0], use(u)[0])
    assert not torch.equal(use(other)[1], use(u)[1])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
def test_coefficients_per_sample_equal_separate_runs(name, scheme, box, smooth):
    nu, kappa = torch.tensor([0.05, 0.2], dtype=F64), torch.tensor([0.3, 0.01])
    u = smooth(box, 3)
    together = uses(box, scheme, viscosity=nu, diffusivity=kappa)[name](u)
    for n in range(2):
        own = {"viscosity": float(nu[n]), "diffusivity": float(kappa[n])}
        alone = uses(box, scheme, **own)[name](u[n : n + 1])
        torch.testing.assert_close(together[n : n + 1], alone, atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
def test_shifting_commutes(name, scheme, box, smooth):
    use, u = uses(box, scheme)[name], smooth(box, 3)
    shifted = use(u.roll((2, -4), (2, 3)))
    torch.testing.assert_close(
        shifted, use(u).roll((2, -4), (-2, -1)), atol=1e-11, rtol=0
    )


def swapped(u: Tensor) -> Tensor:
    """Exchange x and y of everything: the axes and the velocity's components."""
    u = u.transpose(-1, -2)
    if u.shape[-3] < 2:
        return u
    order = [1, 0, *range(2, u.shape[-3])]
    return u.index_select(-3, torch.tensor(order))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
def test_swapping_the_axes_commutes(name, scheme, box, smooth):
    turned = Grid(box.num_points[::-1], box.lengths[::-1], boundary=Periodic())
    u = smooth(box, 3)
    found = uses(turned, scheme)[name](swapped(u))
    torch.testing.assert_close(
        found, swapped(uses(box, scheme)[name](u)), atol=1e-11, rtol=0
    )


def test_swapping_the_axes_commutes_between_walls():
    sides = [(Dirichlet(1.0), Neumann(-2.0)), Periodic()]
    grid = Grid((13, 16), (1.0, 3.0), boundary=sides)
    turned = Grid((16, 13), (3.0, 1.0), boundary=sides[::-1])
    u = torch.rand(2, 1, 13, 16, dtype=F64)
    for order in (2, 4, 6):
        scheme = FiniteDifference(order)
        one = Solver(AdvectionDiffusion(0.1, (1.0, 2.0)), grid, scheme=scheme, dt=1e-4)
        two = Solver(
            AdvectionDiffusion(0.1, (2.0, 1.0)), turned, scheme=scheme, dt=1e-4
        )
        found = two(u.transpose(2, 3), [0.0, 0.01])
        torch.testing.assert_close(found, one(u, [0.0, 0.01]).transpose(3, 4))


@pytest.mark.parametrize(
    "boundary",
    [(Dirichlet(1.0), Neumann(2.0)), (Neumann(0.5), Neumann(-1.0))],
    ids=repr,
)
def test_mirroring_space_commutes_between_walls(boundary):
    """x -> -x swaps the sides and turns the wind."""
    grid = Grid((20,), (1.0,), boundary=[boundary])
    mirror = Grid((20,), (1.0,), boundary=[boundary[::-1]])
    u = torch.rand(2, 1, 20, dtype=F64)
    for order in (2, 4, 6, 8):
        scheme = FiniteDifference(order)
        one = Solver(AdvectionDiffusion(0.1, (0.7,)), grid, scheme=scheme, dt=1e-4)
        two = Solver(AdvectionDiffusion(0.1, (-0.7,)), mirror, scheme=scheme, dt=1e-4)
        found = two(u.flip(2), [0.0, 0.003]).flip(3)
        torch.testing.assert_close(found, one(u, [0.0, 0.003]))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
def test_single_precision_agrees(name, scheme, box, smooth):
    use, u = uses(box, scheme)[name], smooth(box, 3)
    wide, narrow = use(u), use(u.float())
    assert narrow.dtype == torch.float32
    size = float(wide.abs().max())
    torch.testing.assert_close(narrow.double(), wide, atol=1e-5 * max(size, 1), rtol=0)


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
def test_a_plane_that_is_a_line_behaves_like_one(scheme):
    """Nothing along y: Burgers and heat of a plane equal those of a line."""
    line = Grid((16,), (2 * pi,), boundary=Periodic())
    plane = Grid((16, 10), (2 * pi, 1.0), boundary=Periodic())
    u = 0.5 * torch.sin(line.coords(dtype=F64)).repeat(2, 1, 1)
    wide = u[..., None].expand(2, 1, 16, 10)
    flat = Solver(Heat(0.1), line, scheme=scheme, dt=1e-3)(u, TIMES)
    found = Solver(Heat(0.1), plane, scheme=scheme, dt=1e-3)(wide, TIMES)
    torch.testing.assert_close(found[..., 3], flat)
    still = torch.cat([wide, 0 * wide], 1)
    flat = Solver(Burgers(0.01), line, scheme=scheme, dt=1e-3)(u, TIMES)
    found = Solver(Burgers(0.01), plane, scheme=scheme, dt=1e-3)(still, TIMES)
    torch.testing.assert_close(found[:, :, :1, :, 3], flat)
    assert float(found[:, :, 1].abs().max()) < 1e-14


def test_a_moving_frame_sees_the_same_flow(box, smooth):
    """Galilean invariance: adding a uniform wind only moves everything with it."""
    scheme, t = Spectral(), 0.5
    u = smooth(box, 3)
    wind = torch.tensor([2 * pi / 12 * 3 / t, 3.0 / 15 * 5 / t, 0.0], dtype=F64)
    solve = Solver(TracerFlow(0.05, 0.02), box, scheme=scheme, dt=2e-3)
    rest = solve(u, [0.0, t])[:, -1]
    moving = solve(u + wind[:, None, None], [0.0, t])[:, -1] - wind[:, None, None]
    torch.testing.assert_close(moving, rest.roll((3, 5), (2, 3)), atol=2e-5, rtol=0)
