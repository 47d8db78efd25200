import math

import pytest
import torch

from physbias.boundary import (
    Dirichlet,
    Inflow,
    Mirror,
    Neumann,
    Outflow,
    PerField,
    Periodic,
    Robin,
    Symmetry,
    field_names,
    map_values,
    narrow,
    normalise_boundary,
    outflow_degrees,
)
from physbias.edge_values import Part
from physbias.errors import ArgumentError


def test_conditions_are_values():
    edge = torch.linspace(0, 1, 4)
    assert Dirichlet(edge) == Dirichlet(edge.clone())
    assert hash(Dirichlet(edge)) == hash(Dirichlet(edge.clone()))
    assert Dirichlet(edge) != Dirichlet(2 * edge)
    assert Dirichlet(1) == Dirichlet(1.0)
    assert Dirichlet(1.0) != Neumann(1.0)
    assert Dirichlet(math.atan2) == Dirichlet(math.atan2)
    assert Robin(1.0, 2.0) == Robin(1.0, 2.0, 0.0) != Robin(2.0, 1.0)
    assert Inflow({"u": 1.0}) == Inflow({"u": 1}) != Inflow(1.0)
    assert Outflow(1) != Outflow(2)
    assert Periodic() != "periodic"
    assert len({Symmetry(), Symmetry(), Periodic(), Inflow({"u": edge})}) == 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Dirichlet("hot"), "value: found str, expected a finite number"),
        (lambda: Neumann(math.nan), "slope: found nan"),
        (lambda: Robin(0.0, 0.0, 1.0), "Robin: found a = b = 0, expected a weight"),
        (
            lambda: Robin(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 0.0])),
            "Robin: found a = b = 0.*says nothing",
        ),
        (lambda: Robin((0.0, 1.0), 0.0), "Robin: found a = b = 0"),
        (
            lambda: Robin(torch.ones(2), torch.ones(3)),
            r"Robin: found weights of shapes \(2,\) and \(3,\), expected .* broadcast",
        ),
        (lambda: Robin(math.inf, 0.0), "a: found inf"),
        (lambda: Inflow({"tracer": "much"}), r"values\['tracer'\]: found str"),
        (lambda: Inflow(None), "values: found NoneType"),
        (
            lambda: Dirichlet(lambda x: 1.0),
            r"Dirichlet value: found a function of \(x\) .*coords, time.*axis, \*edge",
        ),
        (lambda: Robin(1.0, lambda: 1.0), r"Robin b: found a function of \(\)"),
        (
            lambda: Inflow({"u": lambda a, b, c: a}),
            r"Inflow values\['u'\]: found a function of \(a, b, c\) \(missing",
        ),
        (lambda: Outflow(-1), "degree: found -1, expected a whole number from 0 to 8"),
        (lambda: Outflow(9), "degree: found 9"),
        (lambda: Outflow(1.5), "degree: found 1.5"),
        (lambda: Outflow(True), "degree: found True"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


def test_weights_of_robin_may_vanish_at_different_places():
    a, b = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    assert Robin(a, b).data[0] is a


def of(side, field="v", sign=1):
    return narrow(side, field, start=3, offset=1, size=2, sign=sign)


def test_narrowing_to_a_field():
    edge = torch.zeros(5, 1)
    assert of(Dirichlet(1.0)) == Dirichlet(1.0)
    assert of(Dirichlet(edge)) == Dirichlet(Part(edge, 3, 2))
    sides = PerField({"u": Neumann(0.0), "v": Robin(edge, 1.0)})
    assert of(sides) == Robin(Part(edge, 1, 2), 1.0)
    assert of(sides, "u") == Neumann(0.0)
    assert of(Inflow({"v": 2.0})) == Dirichlet(2.0)
    assert of(Inflow({"u": 2.0})) == Neumann(0.0)
    assert of(Inflow(3.0)) == Dirichlet(3.0)
    assert [of(Symmetry(), sign=s) for s in (1, -1, 0)] == [
        Mirror(1),
        Mirror(-1),
        Symmetry(),
    ]
    assert of(Outflow(2)) == Outflow(2)


def test_values_are_changed_wherever_they_are():
    sides = [
        Dirichlet(1.0),
        Neumann(1.0),
        Robin(1.0, 1.0, 1.0),
        Inflow(1.0),
        Inflow({"u": 1.0}),
        PerField({"u": Dirichlet(1.0)}),
    ]
    for side in sides:
        changed = map_values(side, lambda value: value + 1)
        assert changed.data == tuple(2.0 for _ in side.data)
        assert type(changed) is type(side)
    assert map_values(Symmetry(), lambda value: value + 1) == Symmetry()


def test_names_and_degrees():
    mixed = PerField({"u": Outflow(3), "v": Dirichlet(0.0)})
    assert field_names(mixed) == {"u", "v"}
    assert field_names(Inflow({"u": 0.0})) == {"u"}
    assert field_names(Inflow(0.0)) == field_names(Symmetry()) == set()
    assert outflow_degrees([mixed, Outflow(0), Periodic()]) == {0, 3}


def test_mappings_are_taken_for_a_side_an_axis_or_all():
    walls = {"u": Dirichlet(1.0), "v": Neumann(0.0)}
    kept = PerField(walls)
    assert normalise_boundary(walls, 2) == ((kept, kept),) * 2
    assert normalise_boundary([walls, Periodic()], 2)[0] == (kept, kept)
    assert normalise_boundary([(walls, Symmetry())], 1) == ((kept, Symmetry()),)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            [{"u": Periodic()}],
            r"boundary: found Periodic\(\) for the field 'u'.*for all fields or none",
        ),
        ([{"u": 1.0}], "boundary: found 1.0 for the field 'u', expected a condition"),
        (
            [{"u": Inflow({"u": 1.0})}],
            "boundary: found Inflow.* for the field 'u', expected .* single field",
        ),
        ([(Periodic(), Outflow())], "boundary: found one periodic side along x"),
    ],
)
def test_mappings_that_are_refused(spec, message):
    with pytest.raises(ArgumentError, match=message):
        normalise_boundary(spec, 1)
