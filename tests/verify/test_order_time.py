"""Orders in time are those of the steppers."""

import pytest
import torch

from physbias.grid import Dirichlet, Grid, Neumann, Periodic, Robin
from physbias.numerics import (
    ARS443,
    RK2,
    RK4,
    SSPRK3,
    DormandPrince,
    Euler,
    Spectral,
)
from physbias.numerics.runge_kutta import AbstractRungeKutta
from physbias.numerics.stepper import ButcherTableau
from physbias.pdes import Burgers, Heat, Poisson, TracerFlow, pde
from physbias.verify import Status, verify
from physbias.verify.order_time import NAME


def probe(physics, grid, stepper, **options):
    return verify(physics, grid, stepper=stepper, probes=(NAME,), **options)[NAME]


@pytest.mark.parametrize("stepper", [Euler(), RK2(), SSPRK3(), RK4()], ids=repr)
def test_explicit_methods_have_their_order(stepper, line):
    finding = probe(Burgers(0.1), line, stepper)
    assert finding.status is Status.PASSED
    assert finding.value == pytest.approx(stepper.order, abs=0.2)


def test_implicit_explicit_methods_have_theirs(line, plane):
    for grid, physics in ((line, Burgers(0.1)), (plane, TracerFlow(0.1))):
        finding = probe(physics, grid, ARS443(), scheme=Spectral())
        assert finding.status is Status.PASSED
        assert finding.value == pytest.approx(3, abs=0.4)


def test_forcing_and_walls_take_part():
    grid = Grid((24,), (1.0,), boundary=Dirichlet(1.0))
    forced = pde(lambda u, d: 0.1 * d.laplacian(u) + torch.sin(40 * d.time) * u, "u")
    finding = probe(forced, grid, RK4())
    assert finding.value == pytest.approx(4, abs=0.4)


class WrongWeights(AbstractRungeKutta):
    """Kutta's method with two weights exchanged; it says order 4."""

    tableau = ButcherTableau(
        a=((), (1 / 2,), (0.0, 1 / 2), (0.0, 0.0, 1.0)),
        b=(1 / 3, 1 / 6, 1 / 3, 1 / 6),
        order=4,
    )


class WrongStage(AbstractRungeKutta):
    """Heun's method whose second stage is taken too early; it says order 2."""

    tableau = ButcherTableau(a=((), (0.8,)), b=(1 / 2, 1 / 2), order=2)


@pytest.mark.parametrize("stepper", [WrongWeights(), WrongStage()], ids=repr)
def test_a_method_that_is_not_what_it_says_is_seen(stepper, line):
    finding = probe(Burgers(0.1), line, stepper)
    assert finding.status is Status.FAILED
    assert finding.value == pytest.approx(1, abs=0.2)


def test_where_there_are_no_fixed_steps_it_is_skipped(line):
    assert probe(Heat(0.1), line, DormandPrince()).status is Status.SKIPPED
    box = Grid((12, 12), (1.0, 1.0), boundary=Periodic())
    assert probe(Poisson(), box, RK4()).status is Status.SKIPPED


def test_an_order_that_longer_steps_do_not_show_is_looked_for_at_shorter_ones():
    """Two species that react, beside a Robin wall: 2.52 at 32 steps, 2.81 at 64."""

    def reaction(u, d):
        a, b = u[:, :1], u[:, 1:]
        spread = 0.1 * d.of("a").laplacian(a), 0.2 * d.of("b").laplacian(b)
        return torch.cat([spread[0] - a * b, spread[1] + a * b], 1)

    rod = Grid((32,), (1.3,), boundary=[(Robin(1.0, 1.0, 0.5), Neumann(0.0))])
    finding = probe(pde(reaction, {"a": 1, "b": 1}), rod, SSPRK3())
    assert finding.status is Status.PASSED
    assert "after 64 steps" in finding.meaning
