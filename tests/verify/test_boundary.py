"""Closures at walls."""

import pytest

from physbias.grid import Dirichlet, Grid, Neumann, Outflow, Periodic
from physbias.numerics import Compact, FiniteDifference, Spectral
from physbias.pdes import AdvectionDiffusion, Heat, pde
from physbias.verify import Status, verify
from physbias.verify.boundary import NAME, beside_walls

PAIRS = {
    "values": (Dirichlet(1.0), Dirichlet(-0.5)),
    "slopes": (Neumann(0.7), Neumann(-1.0)),
    "mixed": (Dirichlet(2.0), Neumann(1.0)),
}


def probe(physics, grid, **options):
    return verify(physics, grid, probes=(NAME,), **options)[NAME]


def rod(pair) -> Grid:
    return Grid((24,), (1.3,), boundary=[pair])


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize("order", [2, 4, 6])
def test_the_order_is_kept_to_the_wall(pair, order):
    physics = AdvectionDiffusion(0.3, (1.0,))
    finding = probe(physics, rod(pair), scheme=FiniteDifference(order))
    assert finding.status is Status.PASSED
    assert finding.value > order - 0.4


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_mirrored_ghosts_keep_it_for_symmetric_states(pair):
    scheme = FiniteDifference(2, mirror=True)
    finding = probe(Heat(0.3), rod(pair), scheme=scheme)
    assert finding.status is Status.PASSED
    assert finding.value > 1.7
    assert "odd about a value" in finding.meaning


@pytest.mark.parametrize(
    ("pair", "flaw"),
    [
        ("values", "values_taken_for_slopes"),
        ("values", "another_value"),
        ("slopes", "slopes_taken_for_values"),
        ("mixed", "values_taken_for_slopes"),
        ("mixed", "slopes_taken_for_values"),
    ],
)
def test_wrong_conditions_are_seen(pair, flaw, flawed):
    finding = probe(Heat(0.3), rod(PAIRS[pair]), scheme=flawed[flaw])
    assert finding.status is Status.FAILED
    assert finding.value < 0
    assert "does not see the conditions" in finding.meaning


def test_in_a_plane_with_one_pair_of_walls():
    grid = Grid((8, 8), (1.0, 2.0), boundary=[Periodic(), PAIRS["mixed"]])
    finding = probe(AdvectionDiffusion(0.3, (1.0, 0.5)), grid)
    assert finding.status is Status.PASSED
    assert beside_walls(grid)[0].tolist() == [True] * 2 + [False] * 4 + [True] * 2


def test_an_outflow_has_the_order_of_its_degree():
    grid = rod((Dirichlet(1.0), Outflow(1)))
    finding = probe(AdvectionDiffusion(0.0, (1.0,)), grid)
    assert finding.status is Status.PASSED


FORMS = {
    "plain": lambda u, d: d.div((1 + 0.5 * d.coords) * d.grad(u)),
    "derived": lambda u, d: d.derived.div((1 + 0.5 * d.coords) * d.grad(u)),
    "diffuse": lambda u, d: d.diffuse(u, 1 + 0.5 * d.coords),
}
SCHEMES = (FiniteDifference(2), FiniteDifference(4), Compact(4))


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
def test_a_flux_that_obeys_no_condition_is_told_what_to_do(scheme):
    """The conductivity varies; at a value of u its flux is anything."""
    rod_of = rod(PAIRS["values"])
    finding = probe(pde(FORMS["plain"], "u"), rod_of, scheme=scheme)
    assert finding.status is Status.FAILED
    assert finding.value < -0.9
    assert "does not obey the conditions" in finding.meaning
    assert "write d.derived.div(k * d.grad(u)) or d.diffuse(u, k)" in finding.remedy
    for name in ("derived", "diffuse"):
        finding = probe(pde(FORMS[name], "u"), rod_of, scheme=scheme)
        assert finding.status is Status.PASSED
        assert finding.criterion.startswith(f"order at least {scheme.order - 1} - 0.5")


def test_sines_and_cosines_are_not_sent_to_what_they_refuse():
    finding = probe(pde(FORMS["plain"], "u"), rod(PAIRS["values"]), scheme=Spectral())
    assert finding.status is Status.FAILED
    assert "use d.diffuse(u, k) for a k that is even" in finding.remedy
    assert "write d.derived" not in finding.remedy


def test_a_closure_of_low_order_is_not_said_to_be_blind():
    """The order asked for is twice what differences of order 2 can give."""
    finding = probe(
        pde(FORMS["derived"], "u"),
        rod(PAIRS["values"]),
        scheme=FiniteDifference(2),
        order=4,
    )
    assert finding.status is Status.FAILED
    assert finding.value == pytest.approx(1.6, abs=0.2)
    assert "less accurate than the interior" in finding.meaning


def test_without_walls_there_is_nothing_to_do(line):
    assert probe(Heat(0.3), line).status is Status.SKIPPED
