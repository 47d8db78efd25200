"""Symmetries of equations and of schemes."""

import pytest
import torch

from physbias.grid import Dirichlet, Grid, Neumann, Periodic
from physbias.pdes import AdvectionDiffusion, Burgers, Heat, TracerFlow, pde
from physbias.verify import Status, verify
from physbias.verify.symmetry import NAME

ALL = ("translation", "reflection", "exchange")


def probe(physics, grid, **options):
    return verify(physics, grid, probes=(NAME,), **options)[NAME]


def test_isotropic_equations_have_all(plane):
    for physics in (Heat(0.1), Burgers(0.1), TracerFlow(0.1, 0.2)):
        finding = probe(physics, plane, symmetries=ALL)
        assert finding.status is Status.PASSED
        for word in ("translation along x", "reflection of y", "exchange of x and y"):
            assert word in finding.meaning


def test_a_wind_breaks_reflection_and_exchange(plane):
    finding = probe(AdvectionDiffusion(0.1, (1.0, 0.5)), plane)
    assert finding.status is Status.PASSED
    assert "reflection" not in finding.meaning
    finding = probe(AdvectionDiffusion(0.1, (1.0, 0.5)), plane, symmetries=ALL)
    assert finding.status is Status.FAILED
    assert "exchange of x and y" in finding.meaning


def test_a_term_along_the_wrong_axis_is_seen_where_isotropy_is_asked(plane):
    wrong = pde(lambda u, d: 2 * d.partial(u, 0, 2), "u")
    assert probe(wrong, plane).status is Status.PASSED
    finding = probe(wrong, plane, symmetries=("exchange",))
    assert finding.status is Status.FAILED
    assert "wrong axis" in finding.remedy


def test_scalars_may_change_their_sign(line):
    """u_t = -u u_x is mirrored with u to -u."""
    finding = probe(pde(lambda u, d: -u * d.x(u), "u"), line)
    assert "reflection of x" in finding.meaning


def test_a_place_of_its_own_breaks_translation(line):
    forced = pde(lambda u, d: d.laplacian(u) + torch.cos(d.coords[:, :1]), "u")
    assert "translation" not in probe(forced, line).meaning
    finding = probe(forced, line, symmetries=("translation",))
    assert finding.status is Status.FAILED


def test_walls_are_mirrored_too():
    pair = (Dirichlet(1.0), Neumann(2.0))
    grid = Grid((12, 9), (1.0, 2.0), boundary=[pair, Periodic()])
    finding = probe(Heat(0.1), grid, symmetries=ALL)
    assert finding.status is Status.PASSED


@pytest.mark.parametrize("flaw", ["one_sided", "one_spacing_for_all"])
def test_schemes_that_break_a_symmetry_are_named(flaw, flawed, line, plane):
    grid = line if flaw == "one_sided" else plane
    finding = probe(Burgers(0.1), grid, scheme=flawed[flaw])
    assert finding.status is Status.FAILED
    word = "reflection of x" if flaw == "one_sided" else "exchange of x and y"
    assert f"symmetry {word}, but on the grid it is broken" in finding.meaning
