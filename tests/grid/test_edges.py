import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Grid
from physbias.grid.conditions import (
    Dirichlet,
    Inflow,
    Neumann,
    Outflow,
    Periodic,
    Symmetry,
)
from physbias.grid.edges import Edges

FIELDS = {"velocity": "vector", "tracer": 1, "colours": 2}
WALL = {
    "velocity": Dirichlet((1.0, 2.0)),
    "tracer": Neumann(4.0),
    "colours": Dirichlet((3.0, 5.0)),
}
GRID = Grid(
    (3, 4),
    (3.0, 4.0),
    boundary=[(Symmetry(), Inflow({"tracer": 7.0})), (WALL, Outflow(0))],
)


def test_each_field_meets_its_own_wall():
    """Unit spacing, all fields one: ghosts are 2 g - 1 and 1 + 4."""
    edges = Edges(GRID, FIELDS)
    ghosts = edges.pad(torch.ones(2, 5, 3, 4), 1, 1)[:, :, :, 0]
    assert ghosts[1, :, 0].tolist() == [1, 3, 5, 5, 9]
    above = edges.pad(torch.ones(2, 5, 3, 4), 1, 1)[:, :, :, -1]
    assert torch.equal(above, torch.ones(2, 5, 3))


def test_inflow_carries_what_it_names_and_symmetry_turns_the_normal_component():
    ghosts = Edges(GRID, FIELDS).pad(torch.ones(1, 5, 3, 4), 0, 1)
    assert ghosts[0, :, 0, 0].tolist() == [-1, 1, 1, 1, 1]
    assert ghosts[0, :, -1, 0].tolist() == [1, 1, 13, 1, 1]


def test_parts_are_runs_of_channels_with_conditions_of_their_own():
    u = torch.ones(1, 5, 3, 4)
    sizes = [size for _, size in Edges(GRID, FIELDS).parts(u, 0)]
    assert sum(sizes) == 5
    assert sizes[:2] == [1, 1]  # the components of the velocity
    alike = Grid((3, 4), (3.0, 4.0), boundary=Neumann(0.0))
    assert Edges(alike, FIELDS).parts(u, 1) == [(alike, 5)]
    with pytest.raises(
        ShapeError, match=r"the 5 channels of velocity, tracer, colours"
    ):
        Edges(GRID, FIELDS).parts(u[:, :2], 0)


def test_a_chosen_field_is_padded_as_in_the_state():
    edges = Edges(GRID, FIELDS)
    u = torch.randn(2, 5, 3, 4)
    parts = {"velocity": slice(0, 2), "tracer": slice(2, 3), "colours": slice(3, 5)}
    for axis in (0, 1):
        whole = edges.pad(u, axis, 2, degree=3)
        for name, where in parts.items():
            part = edges.of(name).pad(u[:, where], axis, 2, degree=3)
            assert torch.equal(part, whole[:, where])
        velocity = edges.of("velocity")
        for c in (0, 1):
            part = velocity.component(c).pad(u[:, c : c + 1], axis, 2, degree=3)
            assert torch.equal(part, whole[:, c : c + 1])


def test_values_of_a_whole_state_are_dealt_to_its_fields():
    side = Dirichlet((0.0, 1.0, 2.0, 3.0, 4.0))
    edges = Edges(Grid((2, 3), (2.0, 3.0), boundary=side), FIELDS)
    u = torch.zeros(1, 5, 2, 3)
    assert edges.pad(u, 0, 1)[0, :, 0, 0].tolist() == [0, 2, 4, 6, 8]
    colours = edges.of("colours").pad(u[:, 3:], 0, 1)
    assert colours[0, :, 0, 0].tolist() == [6, 8]
    second = edges.of("colours").component(1).pad(u[:, :1], 0, 1)
    assert second[0, 0, 0, 0] == 8


def test_in_one_dimension_a_vector_is_turned_and_a_scalar_is_not():
    grid = Grid((4,), (1.0,), boundary=Symmetry())
    u = torch.ones(1, 1, 4)
    turned = Edges(grid, {"velocity": "vector"}).pad(u, 0, 1)
    assert turned.flatten().tolist() == [-1, 1, 1, 1, 1, -1]
    for edges in (Edges(grid, {"u": 1}), Edges(grid)):
        assert torch.equal(edges.pad(u, 0, 1), torch.ones(1, 1, 6))
    several = Edges(grid, {"u": 1, "v": 1}).pad(torch.ones(1, 2, 4), 0, 1)
    assert torch.equal(several, torch.ones(1, 2, 6))


def test_derived_quantities_know_nothing_of_the_walls():
    derived = Edges(GRID, FIELDS, degree=2).derived
    x = torch.arange(4.0).expand(1, 1, 3, 4)
    wide = derived.pad(x**2, 1, 2)
    assert torch.equal(wide, (torch.arange(-2.0, 6.0) ** 2).expand(1, 1, 3, 8))
    assert derived.derived is derived
    assert derived.component(0) is derived
    box = Edges(Grid((4,), (1.0,), boundary=Periodic()), {"u": 1})
    assert box.derived is box
    assert box.of("u") is box


def test_values_are_changed_for_states_and_fields():
    value = torch.ones(2, 1)
    grid = Grid((4,), (1.0,), boundary={"u": Dirichlet(value), "v": Neumann(0.0)})
    edges = Edges(grid, {"u": 1, "v": 1}).map_values(lambda g: 10 * g)
    u = torch.zeros(2, 2, 4)
    assert edges.pad(u, 0, 1)[1, :, 0].tolist() == [20, 0]
    assert edges.of("u").pad(u[:, :1], 0, 1)[1, :, 0].tolist() == [20]


def test_unknown_and_missing_fields():
    walls = {"velocity": Dirichlet(0.0), "smoke": Dirichlet(0.0)}
    grid = Grid((4,), (1.0,), boundary=[(Outflow(), walls)])
    message = (
        "boundary: found conditions for smoke, velocity on the upper side of x, "
        r"expected the equation's fields \(velocity, tracer\); name each"
    )
    with pytest.raises(ArgumentError, match=message):
        Edges(grid, {"velocity": "vector", "tracer": 1})
    lone = Grid((4,), (1.0,), boundary={"velocity": Dirichlet(0.0)})
    with pytest.raises(ArgumentError, match="found conditions for velocity on the low"):
        Edges(lone, {"velocity": "vector", "tracer": 1})
    with pytest.raises(ArgumentError, match="found conditions for salt on the lower"):
        Edges(Grid((4,), (1.0,), boundary=Inflow({"salt": 1.0})), {"tracer": 1})
    with pytest.raises(ArgumentError, match=r"field: found 'salt'.*\(velocity, tr"):
        Edges(GRID, FIELDS).of("salt")
    with pytest.raises(ArgumentError, match=r"field: found 'u'.*no names.*bound_to"):
        Edges(Grid((4,), (1.0,), boundary=Symmetry())).of("u")
    with pytest.raises(ArgumentError, match=r"field: found 'salt'.*\(u\)"):
        Edges(Grid((4,), (1.0,), boundary=Periodic()), {"u": 1}).of("salt")


def test_channels_without_names_are_refused():
    with pytest.raises(
        ShapeError,
        match=r"u: found shape \(1, 2, 3, 4\), expected the 5 channels of velocity, "
        r"tracer, colours, whose conditions along x differ; name the field",
    ):
        Edges(GRID, FIELDS).pad(torch.ones(1, 2, 3, 4), 0, 1)
    with pytest.raises(
        ArgumentError, match="found a Symmetry edge and channels whose fields"
    ):
        Edges(GRID).pad(torch.ones(1, 2, 3, 4), 0, 1)
    with pytest.raises(
        ArgumentError,
        match=r"found conditions of the fields colours, tracer, velocity and.*d.of",
    ):
        Edges(GRID).pad(torch.ones(1, 1, 3, 4), 1, 1)


def test_a_vector_of_values_does_not_fit_a_scalar():
    grid = Grid((4,), (1.0,), boundary=Dirichlet((1.0, 2.0)))
    with pytest.raises(
        ShapeError,
        match=r"boundary: found values for \(batch, channel\) = \(1, 2\) on the lower "
        r"side of x, expected .*field's \(3, 1\); give one value per sample",
    ):
        Edges(grid).pad(torch.ones(3, 1, 4), 0, 1)
    walls = {"u": Dirichlet((1.0, 2.0)), "v": Dirichlet(0.0)}
    grid = Grid((4,), (1.0,), boundary=walls)
    edges = Edges(grid, {"u": 3, "v": 1})
    with pytest.raises(
        ShapeError, match=r"values for 2 channels on the lower.*least 3"
    ):
        edges.pad(torch.ones(1, 4, 4), 0, 1)


def test_what_is_derived_still_repeats_along_a_periodic_axis():
    edges = Edges(Grid((4, 4), (1.0, 1.0), boundary=[Periodic(), Dirichlet()]))
    assert edges.derived.grid.boundary == ((Periodic(),) * 2, (Outflow(1),) * 2)
