"""Samples apart, and coefficients of their own."""

from typing import ClassVar

import pytest
import torch

from physbias.grid import Grid, Periodic
from physbias.pdes import PDE, Heat, Poisson, TracerFlow, pde
from physbias.verify import Status, verify
from physbias.verify.batch import COEFFICIENTS, NAME


def probe(physics, grid, **options):
    return verify(physics, grid, probes=(NAME, COEFFICIENTS), **options)


def coefficients(physics, grid):
    return verify(physics, grid, probes=(COEFFICIENTS,))


def test_samples_of_the_library_are_apart(line, plane):
    for physics, grid in ((Heat(0.1), line), (TracerFlow(0.1, 0.2), plane)):
        report = probe(physics, grid)
        assert [f.status for f in report] == [Status.PASSED] * 2
        assert report[NAME].value == 0
    assert "viscosity, diffusivity" in report[COEFFICIENTS].meaning


@pytest.mark.parametrize(
    "leak",
    [
        lambda u, d: -u.mean() * d.x(u),
        lambda u, d: -u[:1] * d.x(u),
        lambda u, d: -u.flip(0) * d.x(u),
        lambda u, d: -u / u.abs().max(),
        lambda u, d: d.x(u) - 1e-10 * u.cumsum(0),
    ],
    ids=["mean", "sample zero", "flip", "maximum", "a little"],
)
def test_leaks_are_seen(leak, line):
    report = probe(pde(leak, "u"), line)
    assert report.failed == (NAME,)


def test_a_state_kept_between_calls_is_seen(line):
    class Remembers(PDE):
        fields: ClassVar = {"u": 1}
        last = None

        def rhs(self, u, d):
            last = u if self.last is None else self.last
            object.__setattr__(self, "last", u.detach())
            return -u - 0.1 * last.mean()

    assert NAME in probe(Remembers(), line).failed


def test_the_right_hand_side_says_where(line):
    report = probe(pde(lambda u, d: -u.mean() * d.x(u), "u"), line)
    assert "in the right-hand side" in report[NAME].meaning
    assert report[NAME].value > 1e-3


def test_coefficients_that_broadcast_along_space_are_refused_or_seen(line):
    class Bare(PDE):
        fields: ClassVar = {"u": 1}

        def __init__(self):
            super().__init__()
            self.speed = 0.7

        def rhs(self, u, d):
            return -self.speed * d.x(u)

    report = probe(Bare(), line)
    assert report[COEFFICIENTS].status is Status.SKIPPED
    assert report[COEFFICIENTS].meaning.endswith("refused, not misread, for: speed.")
    assert "d.coefficient" in report[COEFFICIENTS].remedy
    three = Grid((3,), (1.0,), boundary=Periodic())  # as many points as samples

    class OnThree(Bare):
        def rhs(self, u, d):
            return -self.speed * u

    assert probe(OnThree(), three).failed == (COEFFICIENTS,)


class Damped(torch.nn.Module):
    """A right-hand side with a number, a buffer, a parameter and a layer."""

    def __init__(self, wrapped):
        super().__init__()
        self.wrapped = wrapped
        self.diffusivity = 0.1
        self.register_buffer("speed", torch.tensor(0.2))
        self.damping = torch.nn.Parameter(torch.tensor(0.3))
        self.norm = torch.nn.LayerNorm(1)

    def forward(self, u, d):
        own = d.coefficient if self.wrapped else lambda value: value
        smooth = own(self.diffusivity) * d.laplacian(u)
        return smooth - own(self.speed) * d.x(u) - own(self.damping) * u


def test_coefficients_of_a_module_are_coefficients(line):
    report = coefficients(pde(Damped(wrapped=True), "u"), line)
    assert report[COEFFICIENTS].status is Status.PASSED
    assert report[COEFFICIENTS].value == 0
    for name in ("diffusivity", "speed", "damping"):
        assert f"function.{name}" in report[COEFFICIENTS].meaning
    assert "norm" not in report[COEFFICIENTS].meaning
    three = Grid((9, 3), (1.0, 2.0), boundary=Periodic())  # as many points as samples
    report = coefficients(pde(Damped(wrapped=False), "u"), three)
    assert report.failed == (COEFFICIENTS,)
    assert "Wrap function." in report[COEFFICIENTS].remedy


def test_numbers_beside_a_coefficient_field_are_exchanged(line):
    class Layered(PDE):
        fields: ClassVar = {"u": 1}

        def __init__(self):
            super().__init__()
            self.diffusivity = torch.linspace(0.1, 0.2, 24).reshape(1, 1, 24)
            self.damping = 0.3

        def rhs(self, u, d):
            return self.diffusivity * d.laplacian(u) - d.coefficient(self.damping) * u

    finding = coefficients(Layered(), line)[COEFFICIENTS]
    assert finding.status is Status.PASSED
    assert finding.meaning == "Tensors (batch,) equal separate runs for: damping."


def test_what_a_closure_holds_cannot_be_exchanged(line):
    finding = coefficients(pde(lambda u, d: d.laplacian(u), "u"), line)[COEFFICIENTS]
    assert finding.status is Status.SKIPPED
    assert "what a function holds" in finding.meaning


def test_steady_equations_have_samples_too(plane):
    report = probe(Poisson(), plane)
    assert report[NAME].status is Status.PASSED
