"""The tables of orders: complete, able to find a fault, and right in one row a kind."""

import importlib
from dataclasses import replace
from inspect import isabstract, isclass
from pathlib import Path
from typing import get_args

import pytest

from physbias import numerics, pdes, stencil
from physbias.grid import conditions
from physbias.numerics import ButcherTableau

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
WALLS = ("Dirichlet", "Neumann")


@pytest.fixture(scope="module", autouse=True)
def _scripts():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        yield


@pytest.fixture
def orders():
    return importlib.import_module("orders")


def kept(row) -> bool:
    return all(isinstance(cell, str) or cell.ok for cell in row)


def case(orders, cases, scheme):
    return next(case for case in cases if case.scheme == scheme)


def exported(module):
    values = {name: getattr(module, name) for name in module.__all__}
    return {
        name: value
        for name, value in values.items()
        if isclass(value)
        and not isabstract(value)
        and not getattr(value, "_is_protocol", False)
    }


def test_every_scheme_limiter_and_flux_has_a_line(orders):
    space, others = orders.orders_space, orders.orders_others
    cases = (*space.DERIVATIVES, *space.TRANSPORTS, space.SPECTRAL_SCHEME)
    known = {type(case.scheme).__name__ for case in cases}
    known |= {type(scheme).__name__ for scheme in others.SKEWED} | {"Staggered"}
    schemes = {n for n, v in exported(numerics).items() if hasattr(v, "bind")}
    assert schemes == known
    functions = {
        name
        for name in numerics.__all__
        if getattr(numerics, name).__module__ == "physbias.numerics.limiters"
    }
    assert functions == {limiter.__name__ for limiter in space.LIMITERS}
    fluxes = {
        name
        for name, value in exported(numerics).items()
        if value.__module__ == "physbias.numerics.riemann"
    }
    assert fluxes == {type(flux).__name__ for flux in space.FLUXES}
    orders_of = {
        kind: {c.scheme.order for c in cases if isinstance(c.scheme, kind)}
        for kind in (numerics.FiniteDifference, numerics.Compact, numerics.Upwind)
    }
    assert list(orders_of.values()) == [{2, 4, 6, 8}, {4, 6}, {1, 3, 5}]


def test_every_condition_has_a_line(orders):
    internal = {conditions.Mirror, conditions.PerField}
    public = {*get_args(conditions.Wall), conditions.Periodic} - internal
    tried = {side for pair in orders.PAIRS for side in pair}
    assert {condition.__name__ for condition in public} == tried


def test_every_stepper_has_a_line(orders):
    time = orders.orders_time
    known = {type(stepper).__name__ for stepper in time.STEPPERS}
    known |= {stepper.__name__ for stepper in time.ADAPTIVE}
    steppers = {
        name
        for name, value in exported(numerics).items()
        if (hasattr(value, "step") or value.__module__.endswith("adaptive"))
        and not name.startswith("Abstract")
    }
    assert steppers == known


def test_every_equation_has_a_witness(orders):
    known = {witness.equation for witness in orders.orders_witnesses.WITNESSES}
    equations = {
        name for name, value in exported(pdes).items() if issubclass(value, pdes.PDE)
    }
    assert equations - {"PDE", "ConservationLaw"} == known


def test_one_row_of_each_kind_in_space(orders):
    space, others = orders.orders_space, orders.orders_others
    central = case(orders, space.DERIVATIVES, numerics.FiniteDifference(4))
    upwind = case(orders, space.TRANSPORTS, numerics.Upwind(3))
    rows = [
        space.derivatives(central, WALLS, bases=(40,)),
        space.mixed(central, WALLS, bases=(40,)),
        space.transport(upwind, ("Outflow", "Outflow"), bases=(40,)),
        space.nonlinear(replace(upwind, finest=40)),
        others.spectral(WALLS),
        others.skewed(others.SKEWED[0], ("Symmetry", "Symmetry")),
        *others.staggered(("Symmetry", "Dirichlet")),
    ]
    assert all(map(kept, rows))
    assert str(rows[0][2]).endswith("(4)")


def test_a_stepper_and_an_equation(orders):
    time, witnesses = orders.orders_time, orders.orders_witnesses
    assert kept(time.row(time.EXPLICIT[1], time.MILD))
    heat = next(w for w in witnesses.WITNESSES if w.equation == "Heat")
    assert kept(heat.row())


def test_a_wrong_weight_is_reported(orders, monkeypatch, tmp_path, capsys):
    """One weight of the central difference of order 4, off by a part in 10^4."""
    space = orders.orders_space
    central = case(orders, space.DERIVATIVES, numerics.FiniteDifference(4))
    right = stencil.rounded_central_weights(1, 4)
    wrong = (*right[:-1], right[-1] * (1 + 1e-4))
    monkeypatch.setitem(stencil._CENTRAL, (1, 4), wrong)
    row = space.derivatives(central, WALLS, bases=(40,))
    assert not row[2].ok
    assert kept(row[3:6])
    table = orders.Table("Planted", "text", ("scheme",), (row,))
    monkeypatch.setitem(orders.PARTS, "derivatives", lambda: table)
    out = tmp_path / "page.md"
    assert orders.main(["--parts", "derivatives", "--out", str(out)]) == 1
    assert "**out**" in out.read_text()
    assert "1 of 1 rows are" in out.read_text()
    assert "out of tolerance: `FiniteDifference(4)`" in capsys.readouterr().err


def test_a_wrong_stage_and_a_wrong_sign_are_reported(orders, monkeypatch):
    time, witnesses = orders.orders_time, orders.orders_witnesses
    wrong = ButcherTableau(a=((), (0.9,)), b=(1 / 2, 1 / 2), order=2)
    monkeypatch.setattr(numerics.RK2, "tableau", wrong)
    assert not kept(time.row(time.EXPLICIT[1], time.MILD))
    heat = next(w for w in witnesses.WITNESSES if w.equation == "Heat")
    monkeypatch.setattr(pdes.Heat, "rhs", lambda self, u, d: 0.21 * d.laplacian(u))
    assert not kept(heat.row())


def test_the_command_succeeds_where_nothing_is_out(orders, tmp_path, capsys):
    out = tmp_path / "page.md"
    assert orders.main(["--parts", "spectral", "--out", str(out)]) == 0
    text = out.read_text()
    assert "none of 5 rows is" in text
    assert "## Spectral derivatives" in text
    assert "| Dirichlet – Neumann |" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize(
    "part",
    [
        "derivatives",
        "mixed",
        "spectral",
        "transport",
        "fluxes",
        "skewed",
        "staggered",
        "steppers",
        "equations",
    ],
)
def test_no_figure_is_out_of_tolerance(orders, part):
    assert not orders.PARTS[part]().missed
