"""Integrals that must not drift."""

import pytest
import torch

from physbias.grid import Dirichlet, Grid, Neumann, Periodic, Robin
from physbias.numerics import FiniteDifference
from physbias.pdes import AdvectionDiffusion, Burgers, Heat, KortewegDeVries, pde
from physbias.verify import Status, verify
from physbias.verify.case import F64
from physbias.verify.conservation import NAME, quadrature


def probe(physics, grid, **options):
    return verify(physics, grid, probes=(NAME,), **options)[NAME]


def test_mass_is_kept_to_rounding(line):
    finding = probe(Burgers(0.1), line)
    assert finding.status is Status.PASSED
    assert "Kept to rounding: integral of velocity" in finding.meaning
    assert finding.value < 1e-13


def test_mirrored_ghosts_keep_it_between_insulated_walls():
    rod = Grid((24,), (1.0,), boundary=Neumann(0.0))
    finding = probe(Heat(0.3), rod, scheme=FiniteDifference(2, mirror=True))
    assert "Kept to rounding: integral of u" in finding.meaning


def test_what_is_not_conserved_is_not_asked():
    rod = Grid((24,), (1.0,), boundary=Dirichlet(1.0))
    assert probe(Heat(0.3), rod).status is Status.SKIPPED


@pytest.mark.parametrize("seed", range(4))
def test_an_integral_that_stands_still_by_chance_is_not_asked_for(seed):
    """In a plane u (div u) does not integrate to nothing, but of few waves it may."""
    plane = Grid((14, 18), (6.0, 3.0), boundary=Periodic())
    assert probe(Burgers(0.1), plane, seed=seed).status is Status.SKIPPED


HELD, FREE = Dirichlet(0.0), Neumann(0.0)


@pytest.mark.parametrize(
    "boundary",
    [[HELD, FREE], [FREE, HELD], [(HELD, FREE), FREE], [(Robin(1.0, 1.0), FREE), FREE]],
    ids=["first", "second", "one side", "mix"],
)
def test_heat_that_leaves_through_one_axis_is_not_asked_for(boundary):
    plane = Grid((24, 20), (1.0, 1.3), boundary=boundary)
    assert probe(Heat(0.3), plane).status is Status.SKIPPED


@pytest.mark.parametrize("seed", range(3))
def test_what_a_wind_carries_through_insulated_walls_is_not_asked_for(seed):
    box = Grid((16, 16), (1.3, 0.9), boundary=FREE)
    blown = AdvectionDiffusion(0.1, wind=(0.5, 0.3))
    assert probe(blown, box, seed=seed).status is Status.SKIPPED


@pytest.mark.parametrize("seed", range(3))
def test_conduction_between_insulated_walls_keeps_its_heat(seed):
    box = Grid((16, 16), (1.3, 0.9), boundary=FREE)
    layered = pde(
        lambda u, d: d.diffuse(u, 1 + torch.cos(3 * d.coords[:, :1]) / 2), "u"
    )
    finding = probe(layered, box, seed=seed)
    assert finding.status is Status.PASSED
    assert "integral of u" in finding.meaning


@pytest.mark.parametrize("seed", range(3))
def test_a_slow_leak_between_insulated_walls_is_named(seed):
    """A thousandth per second, seen over a few steps of some 1e-4 s."""
    box = Grid((16, 16), (1.3, 0.9), boundary=FREE)
    leaking = pde(lambda u, d: 0.3 * d.laplacian(u) - 1e-3 * u, "u")
    mass = {"invariants": lambda u, d: {"mass": d.integral(u)[:, 0]}}
    finding = probe(leaking, box, seed=seed, **mass)
    assert finding.status is Status.FAILED
    assert "no less on a finer grid: mass" in finding.meaning


def test_closures_at_insulated_walls_drift_less_on_finer_grids():
    """(3 u^2 u_x)_x keeps its integral, its formula at the walls nearly so."""
    porous = pde(lambda u, d: d.diffuse(u, 3 * u**2), "u")
    rod = Grid((32,), (1.3,), boundary=FREE)
    finding = probe(porous, rod, mean=(3.0,), amplitude=0.5)
    assert finding.status is Status.PASSED
    assert "Kept to the scheme's accuracy: integral of u" in finding.meaning


def test_invariants_of_the_equation_are_followed(line):
    finding = probe(KortewegDeVries(), line)
    assert finding.status is Status.PASSED
    assert "mass" in finding.meaning


def test_a_scheme_that_is_not_conservative_drifts_with_its_order(line):
    cubic = pde(lambda u, d: -(u**2) * d.x(u), "u")
    finding = probe(cubic, line, scheme=FiniteDifference(2))
    assert finding.status is Status.PASSED
    assert "Kept to the scheme's accuracy: integral of u" in finding.meaning


def energy(u, d):
    return {"energy": d.integral(u**2)[:, 0]}


def test_given_invariants_that_do_not_hold_are_named(line):
    held = pde(lambda u, d: -d.x(u), "u")
    assert probe(held, line, invariants=energy).status is Status.PASSED
    lost = pde(lambda u, d: -d.x(u) + 0.3 * d.laplacian(u), "u")
    finding = probe(lost, line, invariants=energy)
    assert finding.status is Status.FAILED
    assert "Drifts, and no less on a finer grid: energy" in finding.meaning


def test_a_scheme_that_leaks_is_seen(flawed, line):
    class Leak:
        order = 4

        def bind(self, grid, *, dtype=torch.float32, device=None):
            return flawed["leak"].bind(grid, dtype=dtype, device=device)

    def leak(partial, grid, u, axis, order):
        return partial(u, axis, order) + 0.01 * u

    flawed = {**flawed, "leak": type(flawed["half"])(leak)}
    finding = probe(Burgers(0.1), line, scheme=Leak())
    assert finding.status is Status.FAILED
    assert "integral of velocity" in finding.meaning


@pytest.mark.parametrize("boundary", [Periodic(), Neumann(0.0)], ids=repr)
def test_the_quadrature_is_exact_for_smooth_functions(boundary):
    """1 + cos(2 pi x) over [1, 3], times y^2 over [0, 2] between walls."""
    grid = Grid((8, 8), (2.0, 2.0), boundary=[Periodic(), boundary], origin=(1.0, 0.0))
    coords, weights = quadrature(grid, 12)
    assert float(weights.sum()) == pytest.approx(4.0)
    x, y = coords.unbind(1)
    along = 1 + torch.cos(2 * torch.pi * x)
    if boundary == Periodic():
        found, wanted = along * torch.sin(torch.pi * y) ** 2, 2.0
    else:
        found, wanted = along * y**2, 2 * 8 / 3
    assert found.dtype == F64
    assert float((found * weights).sum()) == pytest.approx(wanted, rel=1e-12)
