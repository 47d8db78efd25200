import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid.boundary import (
    field_names,
    map_values,
    narrow,
    normalise_boundary,
    outflow_degrees,
)
from physbias.grid.conditions import (
    Dirichlet,
    Inflow,
    Mirror,
    Neumann,
    Outflow,
    PerField,
    Periodic,
    Robin,
    Symmetry,
)
from physbias.grid.edge_values import Part


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
