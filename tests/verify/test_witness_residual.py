"""Known solutions against the equation."""

from math import pi

import torch

from physbias.grid import (
    Dirichlet,
    Grid,
    Periodic,
)
from physbias.numerics import RK4, Spectral
from physbias.pdes import AllenCahn, NavierStokes, Poisson, VorticityFlow, pde
from physbias.verify import Status, verify
from physbias.verify.witness_boundary import BOUNDARY
from physbias.verify.witness_residual import RESIDUAL

NU = 0.3


def residual(physics, grid, witness):
    return verify(physics, grid, witness=witness, probes=(RESIDUAL,))[RESIDUAL]


def test_stationary_solutions_have_terms_to_compare_with(judge):
    """A kink of Allen-Cahn: everything cancels, and nothing moves."""
    grid = Grid((24,), (6.0,), boundary=Periodic())
    report = judge(AllenCahn(), grid)
    assert report[RESIDUAL].status is Status.PASSED
    assert report[BOUNDARY].status is Status.SKIPPED

    class Wrong(AllenCahn):
        def rhs(self, u, d):
            return super().rhs(u, d) + 0.05 * u

    assert judge(Wrong(), grid).failed == (RESIDUAL,)


def test_pressure_may_come_with_the_witness_or_not(judge):
    grid = Grid((16, 16), (2 * pi, 2 * pi), boundary=Periodic())
    flow = NavierStokes(0.1)
    report = judge(flow, grid, flow.taylor_green, scheme=Spectral(), stepper=RK4())
    report.raise_if_failed()
    assert report[RESIDUAL].value < 1e-10

    def without(coords, time):
        return flow.taylor_green(coords, time)[:, :2]

    assert residual(flow, grid, without).value < 1e-10
    for witness in (flow.taylor_green, without):
        assert residual(NavierStokes(0.2), grid, witness).status is Status.FAILED


def test_a_solution_that_needs_a_grid_is_put_on_one(judge):
    grid = Grid((16, 16), (2 * pi, 2 * pi), boundary=Periodic())
    flow = VorticityFlow(0.1)
    report = judge(flow, grid, flow.taylor_green)
    report.raise_if_failed()
    assert report[RESIDUAL].value < 1e-10
    wrong = residual(VorticityFlow(0.2), grid, flow.taylor_green)
    assert wrong.status is Status.FAILED
    other = Grid((16, 16), (2 * pi, 3.0), boundary=Periodic())
    report = judge(flow, other, flow.taylor_green)
    assert report[RESIDUAL].status is Status.SKIPPED
    assert "has not its period" in report[RESIDUAL].meaning
    assert BOUNDARY in report.failed


def test_what_needs_a_grid_cannot_be_judged_between_walls(cooling):
    """An integral over the domain is known on a grid alone."""
    fed = pde(lambda u, d: d.laplacian(u) - d.integral(u)[..., None], "u")
    rod = Grid((24,), (1.0,), boundary=Dirichlet(0.0))
    finding = residual(fed, rod, cooling(torch.sin, NU))
    assert finding.status is Status.SKIPPED
    assert "between walls none is exact" in finding.meaning


def test_steady_equations_have_witnesses(judge):
    """- u_xx - u_yy = 2 pi^2 sin sin, for whichever sign the equation takes."""
    grid = Grid((12, 12), (2.0, 2.0), boundary=Periodic())

    def mode(coords, time):
        return torch.sin(pi * coords[:, :1]) * torch.sin(pi * coords[:, 1:])

    steady = Poisson(lambda coords: -2 * pi**2 * mode(coords, 0))
    mirrored = Poisson(lambda coords: 2 * pi**2 * mode(coords, 0))
    outcomes = [judge(p, grid, mode)[RESIDUAL].status for p in (steady, mirrored)]
    assert sorted(s.name for s in outcomes) == ["FAILED", "PASSED"]
