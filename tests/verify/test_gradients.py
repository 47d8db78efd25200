"""Gradients against central differences."""

from typing import ClassVar

import pytest
import torch
from torch import nn

from physbias.pdes import PDE, Burgers, Heat, Poisson, pde
from physbias.verify import Status, verify
from physbias.verify.gradients import NAME


def probe(physics, grid, **options):
    return verify(physics, grid, probes=(NAME,), **options)[NAME]


def test_those_of_the_library_agree(line, plane):
    learned = Burgers(nn.Parameter(torch.tensor(0.1)))
    finding = probe(learned, line)
    assert finding.status is Status.PASSED
    assert finding.value < 1e-8
    assert "the initial state, viscosity" in finding.meaning
    assert probe(Poisson(), plane).status is Status.PASSED


@pytest.mark.parametrize(
    ("broken", "size"),
    [
        (lambda u, d: d.laplacian(u) - u.detach() * d.x(u), 1e-3),
        (lambda u, d: d.laplacian(u.data), 0.1),
        (lambda u, d: -u - 1e-3 * float(u.detach().square().mean()) * u, 1e-6),
    ],
    ids=["detach", "data", "a little"],
)
def test_what_is_cut_off_is_seen(broken, size, line):
    finding = probe(pde(broken, "u"), line)
    assert finding.status is Status.FAILED
    assert finding.value > size
    assert "the initial state" in finding.meaning


def test_no_gradient_at_all_is_seen(line):
    with_none = pde(lambda u, d: torch.tensor(-u.detach().numpy()), "u")
    assert probe(with_none, line).status is Status.FAILED


def test_a_coefficient_that_is_cut_off_is_named(line):
    class Detached(PDE):
        fields: ClassVar = {"u": 1}

        def __init__(self):
            super().__init__()
            self.good = nn.Parameter(torch.tensor(0.7))
            self.lost = nn.Parameter(torch.tensor(0.3))

        def rhs(self, u, d):
            return self.good * d.laplacian(u) - self.lost.detach() * d.x(u)

    finding = probe(Detached(), line)
    assert finding.status is Status.FAILED
    assert "with respect to lost" in finding.meaning
    assert finding.value == pytest.approx(1)


def test_a_coefficient_that_does_nothing_is_no_error(line):
    physics = Heat(0.1)
    physics.unused = nn.Parameter(torch.tensor(1.0))
    assert probe(physics, line).status is Status.PASSED
