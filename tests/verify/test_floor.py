"""The residual of the truth."""

import pytest
import torch

from physbias.grid import Dirichlet, Grid, Periodic
from physbias.numerics import FiniteDifference, Spectral
from physbias.pdes import Burgers, Heat, Poisson, TracerFlow, VorticityFlow, pde
from physbias.verify import Status, verify
from physbias.verify.floor import NAME


def probe(physics, grid, **options):
    return verify(physics, grid, probes=(NAME,), **options)[NAME]


def test_it_falls_with_the_grid_until_the_interval_counts():
    values = [
        probe(
            Burgers(0.1),
            Grid((count,), (3.0,), boundary=Periodic()),
            scheme=FiniteDifference(2),
        ).value
        for count in (24, 48, 96)
    ]
    assert values[0] / values[1] == pytest.approx(4, rel=0.15)
    fine = probe(Burgers(0.1), Grid((96,), (3.0,), boundary=Periodic()))
    exact = probe(
        Burgers(0.1), Grid((96,), (3.0,), boundary=Periodic()), scheme=Spectral()
    )
    assert fine.value == pytest.approx(exact.value, rel=0.1)
    assert exact.value < 1e-3


def test_a_grid_that_is_too_coarse_is_named():
    coarse = Grid((6,), (3.0,), boundary=Periodic())
    finding = probe(Heat(0.1), coarse, scheme=FiniteDifference(2))
    assert finding.status is Status.FAILED
    assert finding.value > 0.1
    assert finding.remedy.startswith("Use more points")


def test_between_walls_the_closures_come_first():
    rod = Grid((24,), (1.3,), boundary=Dirichlet(1.0))
    finding = probe(pde(lambda u, d: d.div(d.coords.cos() * d.grad(u)), "u"), rod)
    assert finding.status is Status.FAILED
    assert finding.remedy.startswith("Look at 'boundary closures' first: ")
    assert "needs d.derived. Use more points" in finding.remedy


def test_time_and_pressure_take_part(line, plane):
    driven = pde(lambda u, d: 0.1 * d.laplacian(u) + torch.cos(9 * d.time) + 0 * u, "u")
    assert probe(driven, line).status is Status.PASSED
    assert probe(TracerFlow(0.1), plane).status is Status.PASSED


def test_where_no_source_is_at_hand_it_says_what_to_do(line, plane):
    assert probe(Poisson(), plane).status is Status.SKIPPED
    for physics, grid in (
        (VorticityFlow(0.1), plane),
        (Heat(torch.ones(1, 1, 24)), line),
    ):
        finding = probe(physics, grid)
        assert finding.status is Status.SKIPPED
        assert "ResidualLoss.floor" in finding.remedy
