"""Known solutions against equation, grid and solver."""

from math import pi

import pytest
import torch

from physbias.grid import (
    Dirichlet,
    Grid,
    Inflow,
    Neumann,
    Outflow,
    Periodic,
    Robin,
    Symmetry,
)
from physbias.numerics import RK4, DormandPrince, FiniteDifference, Spectral, Upwind
from physbias.pdes import AllenCahn, Heat, NavierStokes, Poisson, VorticityFlow, pde
from physbias.verify import Status, verify
from physbias.verify.witness import BOUNDARY, RESIDUAL, SOLVER

ALL = (RESIDUAL, BOUNDARY, SOLVER)
NU = 0.3


def probe(physics, grid, witness=None, **options):
    return verify(physics, grid, witness=witness, probes=ALL, **options)


def residual(physics, grid, witness):
    return verify(physics, grid, witness=witness, probes=(RESIDUAL,))[RESIDUAL]


def decaying(shape):
    """Return exp(-NU pi^2 t) times a function of x of wavenumber pi."""

    def mode(coords, time):
        decay = torch.exp(-NU * pi**2 * torch.as_tensor(time))
        return decay * shape(pi * coords[:, :1])

    return mode


def rod(*pair) -> Grid:
    return Grid((24,), (1.0,), boundary=[pair])


@pytest.mark.parametrize(
    ("shape", "grid"),
    [
        (torch.sin, rod(Dirichlet(0.0), Dirichlet(0.0))),
        (torch.cos, rod(Neumann(0.0), Neumann(0.0))),
        (torch.cos, rod(Symmetry(), Symmetry())),
        (torch.sin, Grid((24,), (2.0,), boundary=Periodic())),
        (
            torch.sin,
            rod(
                Dirichlet(lambda coords, time: 0 * coords[:, :1]),
                Robin(torch.tensor(3.0), 0.0, 0.0),
            ),
        ),
    ],
    ids=["values", "slopes", "mirrors", "periodic", "functions"],
)
def test_a_solution_passes_on_its_own_grid(shape, grid):
    report = probe(Heat(NU), grid, decaying(shape), duration=0.01)
    report.raise_if_failed()
    assert report[RESIDUAL].value < 1e-13
    assert report[BOUNDARY].value < 1e-13
    assert report[SOLVER].value < 1e-5


@pytest.mark.parametrize(
    ("shape", "grid", "where"),
    [
        (torch.sin, rod(Dirichlet(0.0), Dirichlet(0.1)), "upper wall of x by 1"),
        (torch.sin, rod(Neumann(0.0), Dirichlet(0.0)), "lower wall of x"),
        (torch.cos, rod(Dirichlet(0.0), Neumann(0.0)), "lower wall of x"),
        (torch.sin, rod(Symmetry(), Dirichlet(0.0)), "lower wall of x"),
        (torch.sin, Grid((24,), (1.0,), boundary=Periodic()), "period along x"),
    ],
)
def test_a_grid_with_another_boundary_is_named(shape, grid, where):
    report = probe(Heat(NU), grid, decaying(shape), duration=0.01)
    assert BOUNDARY in report.failed
    assert where in report[BOUNDARY].meaning
    assert RESIDUAL not in report.failed


def test_the_sign_of_the_outward_slope_counts():
    """u = x has the outward slopes -1 and 1."""

    def steady(coords, time):
        return coords[:, :1] + 0 * torch.as_tensor(time)

    assert probe(Heat(NU), rod(Neumann(-1.0), Neumann(1.0)), steady).ok
    report = probe(Heat(NU), rod(Neumann(1.0), Neumann(1.0)), steady)
    assert "lower wall" in report[BOUNDARY].meaning


def fading(coords, time):
    """Heat in one dimension, not at rest at any wall: exp(-NU t) cos(x)."""
    return torch.exp(-NU * torch.as_tensor(time)) * torch.cos(coords[:, :1])


def leaning(coords, time):
    """Heat in two: exp(NU (1 - 9) t) exp(x) sin(3 y)."""
    rate = torch.exp(-8 * NU * torch.as_tensor(time))
    return rate * torch.exp(coords[:, :1]) * torch.sin(3 * coords[:, 1:2])


def slope_of_leaning(coords, time):
    """Its derivative along y."""
    rate = torch.exp(-8 * NU * torch.as_tensor(time))
    return 3 * rate * torch.exp(coords[:, :1]) * torch.cos(3 * coords[:, 1:2])


def moving_rod(lower=fading, upper=fading) -> Grid:
    pair = (Dirichlet(lower), Dirichlet(upper))
    return Grid((24,), (1.0,), boundary=[pair], origin=(0.2,))


def moving_plate(lower=leaning, upper=slope_of_leaning) -> Grid:
    """Values along x and at the lower wall of y, a slope at the upper one."""
    pair = (Dirichlet(lower), Neumann(upper))
    values = Dirichlet(leaning)
    return Grid((14, 18), (1.0, 1.7), boundary=[values, pair], origin=(0.1, 0.3))


@pytest.mark.parametrize(
    ("grid", "witness", "start"),
    [(moving_rod(), fading, 0.0), (moving_plate(), leaning, 0.7)],
)
def test_walls_that_vary_along_them_and_in_time_pass(grid, witness, start):
    report = probe(Heat(NU), grid, witness, start=start)
    report.raise_if_failed()
    assert report[RESIDUAL].value < 1e-13
    assert report[BOUNDARY].value < 1e-13
    assert report[SOLVER].value < 1e-6


def rated(function):
    """The data at a rate of change 5 % too fast."""
    return lambda coords, time: function(coords, 1.05 * time)


def frozen(function):
    """The data of the start for ever."""
    return lambda coords, time: function(coords, 0.0)


def growing(function):
    """The data times 1 + 3 t."""
    return lambda coords, time: function(coords, time) * (1 + 3 * time)


@pytest.mark.parametrize("wrong", [rated, frozen, growing])
@pytest.mark.parametrize(
    ("grid", "witness", "where"),
    [
        (lambda w: moving_rod(lower=w(fading)), fading, "lower wall of x"),
        (lambda w: moving_rod(upper=w(fading)), fading, "upper wall of x"),
        (lambda w: moving_plate(lower=w(leaning)), leaning, "lower wall of y"),
        (lambda w: moving_plate(upper=w(slope_of_leaning)), leaning, "upper wall of y"),
    ],
)
def test_walls_right_at_the_start_alone_are_named(grid, witness, where, wrong):
    report = verify(Heat(NU), grid(wrong), witness=witness, probes=(BOUNDARY,))
    assert report.failed == (BOUNDARY,)
    assert where in report[BOUNDARY].meaning


def test_the_solver_sees_walls_that_stand_still():
    grid = moving_plate(upper=frozen(slope_of_leaning))
    assert probe(Heat(NU), grid, leaning).failed == (BOUNDARY, SOLVER)


def test_data_wrong_along_an_edge_are_named():
    def turned(coords, time):
        return leaning(coords.flip(1), time)

    grid = moving_plate(lower=turned)
    report = verify(Heat(NU), grid, witness=leaning, probes=(BOUNDARY,))
    assert report.failed == (BOUNDARY,)
    assert "lower wall of y" in report[BOUNDARY].meaning


def test_a_period_that_is_lost_later_is_named():
    def tilting(coords, time):
        return torch.sin(pi * coords[:, :1]) + torch.as_tensor(time) * coords[:, :1]

    grid = Grid((24,), (2.0,), boundary=Periodic())
    report = probe(Heat(NU), grid, tilting)
    assert BOUNDARY in report.failed
    assert "period along x" in report[BOUNDARY].meaning


def test_what_is_not_finite_misses_its_walls():
    def broken(coords, time):
        return torch.sqrt(-1 - torch.as_tensor(time)) * fading(coords, time)

    report = probe(Heat(NU), moving_rod(), broken)
    assert {RESIDUAL, BOUNDARY} <= set(report.failed)


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        (
            Grid((8, 9), (1.0, 2.0), boundary=[Dirichlet(torch.ones(9)), Periodic()]),
            "expected one that broadcasts against (batch, channel, 28)",
        ),
        (rod(*[Dirichlet(torch.ones(2, 1))] * 2), "(batch, channel) = (2, 1)"),
    ],
    ids=["on points", "per sample"],
)
def test_data_that_cannot_be_refined_are_no_fault(grid, words):
    def level(coords, time):
        return 1 + 0 * coords[:, :1] + 0 * torch.as_tensor(time)

    report = probe(Heat(NU), grid, level)
    assert report.ok
    assert report[BOUNDARY].status is Status.PASSED
    assert report[SOLVER].status is Status.SKIPPED
    assert words in report[SOLVER].meaning
    assert "functions" in report[SOLVER].remedy


def oblique(coords, time):
    """A wave of numbers 3 and 2, carried at the speeds 1 and 0.5."""
    time = torch.as_tensor(time)
    return torch.sin(3 * (coords[:, :1] - time) + 2 * (coords[:, 1:2] - 0.5 * time))


@pytest.mark.parametrize(
    "boundary", [Periodic(), (Inflow(oblique), Outflow(3))], ids=["periodic", "inflow"]
)
def test_axes_that_are_mixed_up_are_seen(boundary):
    """The speeds 1 along x and 0.5 along y, and the other way round."""
    lengths = (2 * pi / 3, pi)
    grid = Grid((24, 20), lengths, boundary=[boundary, boundary])
    right = pde(lambda u, d: -d.x(u) - 0.5 * d.y(u), "u")
    swapped = pde(lambda u, d: -d.y(u) - 0.5 * d.x(u), "u")
    probe(right, grid, oblique).raise_if_failed()
    assert probe(swapped, grid, oblique).failed == (RESIDUAL, SOLVER)


@pytest.mark.parametrize(
    ("scheme", "degree"),
    [(FiniteDifference(4), 0), (FiniteDifference(4), 3), (Upwind(3), 3)],
)
def test_a_wave_that_enters_and_leaves_passes(scheme, degree):
    """Order 2 at the inflow, degree + 1 at the outflow: no fault of the equation."""

    def wave(coords, time):
        return torch.sin(3 * (coords[:, :1] - torch.as_tensor(time)))

    grid = Grid((24,), (1.0,), boundary=[(Inflow(wave), Outflow(degree))])
    carried = pde(lambda u, d: -d.x(u), "u")
    probe(carried, grid, wave, scheme=scheme).raise_if_failed()
    slow = pde(lambda u, d: -0.8 * d.x(u), "u")
    assert probe(slow, grid, wave, scheme=scheme).failed == (RESIDUAL, SOLVER)


def test_one_grid_tells_no_order():
    """A coefficient on the grid's points, here the same at each."""
    grid = Grid((24,), (2.0,), boundary=Periodic())
    layered = Heat(torch.full((1, 1, 24), NU))
    report = probe(layered, grid, decaying(torch.sin))
    assert report[RESIDUAL].status is Status.SKIPPED
    assert report[SOLVER].status is Status.SKIPPED
    assert "one grid tells no order" in report[SOLVER].meaning
    report = probe(layered, grid, decaying(torch.sin), scheme=FiniteDifference(8))
    assert report[SOLVER].status is Status.PASSED


def test_a_source_of_growth_stops_the_solver():
    grid = Grid((24,), (2.0,), boundary=Periodic())
    wrong = pde(lambda u, d: -NU * d.laplacian(u), "u")
    report = probe(wrong, grid, decaying(torch.sin))
    assert set(report.failed) == {RESIDUAL, SOLVER}
    assert report[RESIDUAL].value > 0.5


def test_stationary_solutions_have_terms_to_compare_with():
    """A kink of Allen-Cahn: everything cancels, and nothing moves."""
    grid = Grid((24,), (6.0,), boundary=Periodic())
    report = probe(AllenCahn(), grid)
    assert report[RESIDUAL].status is Status.PASSED
    assert report[BOUNDARY].status is Status.SKIPPED

    class Wrong(AllenCahn):
        def rhs(self, u, d):
            return super().rhs(u, d) + 0.05 * u

    assert probe(Wrong(), grid).failed == (RESIDUAL,)


def test_pressure_may_come_with_the_witness_or_not():
    grid = Grid((16, 16), (2 * pi, 2 * pi), boundary=Periodic())
    flow = NavierStokes(0.1)
    report = probe(flow, grid, flow.taylor_green, scheme=Spectral(), stepper=RK4())
    report.raise_if_failed()
    assert report[RESIDUAL].value < 1e-10

    def without(coords, time):
        return flow.taylor_green(coords, time)[:, :2]

    assert residual(flow, grid, without).value < 1e-10
    for witness in (flow.taylor_green, without):
        assert residual(NavierStokes(0.2), grid, witness).status is Status.FAILED


def test_a_solution_that_needs_a_grid_is_put_on_one():
    grid = Grid((16, 16), (2 * pi, 2 * pi), boundary=Periodic())
    flow = VorticityFlow(0.1)
    report = probe(flow, grid, flow.taylor_green)
    report.raise_if_failed()
    assert report[RESIDUAL].value < 1e-10
    wrong = residual(VorticityFlow(0.2), grid, flow.taylor_green)
    assert wrong.status is Status.FAILED
    other = Grid((16, 16), (2 * pi, 3.0), boundary=Periodic())
    report = probe(flow, other, flow.taylor_green)
    assert report[RESIDUAL].status is Status.SKIPPED
    assert "has not its period" in report[RESIDUAL].meaning
    assert BOUNDARY in report.failed


def test_what_needs_a_grid_cannot_be_judged_between_walls():
    """An integral over the domain is known on a grid alone."""
    fed = pde(lambda u, d: d.laplacian(u) - d.integral(u)[..., None], "u")
    finding = residual(fed, rod(Dirichlet(0.0), Dirichlet(0.0)), decaying(torch.sin))
    assert finding.status is Status.SKIPPED
    assert "between walls none is exact" in finding.meaning


def test_steady_equations_have_witnesses():
    """- u_xx - u_yy = 2 pi^2 sin sin, for whichever sign the equation takes."""
    grid = Grid((12, 12), (2.0, 2.0), boundary=Periodic())

    def mode(coords, time):
        return torch.sin(pi * coords[:, :1]) * torch.sin(pi * coords[:, 1:])

    steady = Poisson(lambda coords: -2 * pi**2 * mode(coords, 0))
    mirrored = Poisson(lambda coords: 2 * pi**2 * mode(coords, 0))
    outcomes = [probe(p, grid, mode)[RESIDUAL].status for p in (steady, mirrored)]
    assert sorted(s.name for s in outcomes) == ["FAILED", "PASSED"]


def test_adaptive_steps_are_taken_too():
    grid = Grid((24,), (2.0,), boundary=Periodic())
    stepper = DormandPrince(1e-9, 1e-9)
    report = probe(Heat(NU), grid, decaying(torch.sin), stepper=stepper)
    report.raise_if_failed()


def test_without_a_witness_it_says_what_cannot_be_seen(line):
    report = probe(pde(lambda u, d: d.laplacian(u), "u"), line)
    assert "wrong sign or factor" in report[RESIDUAL].meaning
    assert all(f.status is Status.SKIPPED for f in report)
