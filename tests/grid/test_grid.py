import pickle
from copy import deepcopy

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Dirichlet, Grid, Neumann, Outflow, Periodic, Robin

MIXED = Grid(
    (4, 6),
    (2.0, 3.0),
    boundary=[Periodic(), (Dirichlet(1.0), Neumann(-2.0))],
    origin=(1.0, -1.0),
)


def test_spacing_coordinates_and_volume_by_hand():
    assert MIXED.spacing == (0.5, 0.5)
    assert MIXED.cell_volume == 0.25
    x, y = MIXED.axes(dtype=torch.float64)
    assert x.tolist() == [1.0, 1.5, 2.0, 2.5]
    assert y.tolist() == [-0.75, -0.25, 0.25, 0.75, 1.25, 1.75]
    coords = MIXED.coords(dtype=torch.float64)
    assert coords.shape == (1, 2, 4, 6)
    assert coords[0, :, 3, 1].tolist() == [2.5, -0.25]
    assert not MIXED.is_periodic


def test_a_grid_is_a_value():
    same = Grid(
        [4, 6],
        [2, 3],
        boundary=[Periodic(), [Dirichlet(1.0), Neumann(-2.0)]],
        origin=[1, -1],
    )
    assert same == MIXED
    assert hash(same) == hash(MIXED)
    assert pickle.loads(pickle.dumps(MIXED)) == deepcopy(MIXED) == MIXED
    whole = Grid((4.0,), (1.0,), boundary=Periodic())
    assert type(whole.num_points[0]) is int


def test_periodic_pad_wraps():
    u = torch.arange(4.0)[None, None, :, None].expand(1, 1, 4, 6)
    padded = MIXED.pad(u, 0, 2)
    assert padded[0, 0, :, 0].tolist() == [2, 3, 0, 1, 2, 3, 0, 1]


@pytest.mark.parametrize("degree", [1, 2, 3, 5])
def test_pad_continues_polynomials_exactly(degree):
    """p = (y + 1)^degree - 2 (y + 1) + 3 along y, whose lower wall is at -1."""
    slope = degree * 3.0 ** (degree - 1) - 2  # at the upper wall, 3 m away
    low = 3.0
    grid = Grid(
        (4, 6),
        (2.0, 3.0),
        boundary=[Periodic(), (Dirichlet(low), Neumann(slope))],
        origin=(1.0, -1.0),
    )

    def p(y: torch.Tensor) -> torch.Tensor:
        return (y + 1) ** degree - 2 * (y + 1) + 3

    y = grid.axes(dtype=torch.float64)[1]
    u = p(y).expand(2, 1, 4, 6)
    wide = torch.arange(-3, 9, dtype=torch.float64) * 0.5 - 0.75
    expected = p(wide).expand(2, 1, 4, 12)
    torch.testing.assert_close(grid.pad(u, 1, 3, degree=degree), expected)


def test_mirror_is_odd_about_a_value_and_even_about_a_slope():
    grid = Grid((4,), (2.0,), boundary=[(Dirichlet(1.0), Neumann(3.0))])
    u = torch.tensor([[[1.0, 2.0, 4.0, 8.0]]])
    # spacing 0.5: beyond the slope u grows by 3 times the distance between mirrors
    expected = [2 - 2.0, 2 - 1.0, 1, 2, 4, 8, 8 + 1.5, 4 + 4.5]
    assert grid.pad(u, 0, 2)[0, 0].tolist() == expected


def test_pad_keeps_the_batch_apart_and_its_input():
    u = torch.randn(2, 3, 4, 6)
    before = u.clone()
    padded = MIXED.pad(u, 1, 2, degree=3)
    assert torch.equal(u, before)
    u[1] += 1
    assert torch.equal(MIXED.pad(u, 1, 2, degree=3)[0], padded[0])


def test_pad_spacing_follows_a_coarser_level():
    """A network's coarse level has fewer cells on the same length."""
    coarse = torch.ones(1, 1, 4, 3)
    padded = MIXED.pad(coarse, 1, 1)
    assert padded[0, 0, 0, -1] == 1 + -2.0 * 1.0


def test_an_empty_batch_is_refused():
    with pytest.raises(ShapeError, match="u0: found an empty batch, shape"):
        Grid((4,), (1.0,), boundary=Periodic()).check(torch.ones(0, 1, 4), "u0")


def test_boundary_has_no_default():
    with pytest.raises(TypeError, match="boundary"):
        Grid((4,), (1.0,))


def test_fields_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match=r"u0: found 2 axes.*unsqueeze"):
        MIXED.check(torch.ones(4, 6), "u0")
    with pytest.raises(ShapeError, match=r"u: found spatial shape \(6, 4\).*\(4, 6\)"):
        MIXED.check(torch.ones(1, 1, 6, 4), "u")
    with pytest.raises(ShapeError, match=r"\(batch, time, channel"):
        MIXED.check(torch.ones(1, 1, 4, 6), "u", leading=3)


@pytest.mark.parametrize(("axis", "word"), [(0, "along x"), (1, "along y")])
def test_too_few_points_for_the_ghosts(axis, word):
    with pytest.raises(ShapeError, match=f"num_points: found . points {word}.*finer"):
        MIXED.pad(torch.ones(1, 1, 4, 6), axis, 5, degree=7)


F64 = torch.float64


def test_with_boundary_changes_walls():
    changed = MIXED.with_boundary([Periodic(), Outflow(2)])
    assert changed.boundary == ((Periodic(),) * 2, (Outflow(2),) * 2)
    assert changed.origin == MIXED.origin
    assert changed.num_points == MIXED.num_points


@pytest.mark.parametrize(
    ("boundary", "message"),
    [
        (
            Dirichlet(1.0),
            r"boundary: found Dirichlet\(value=1.0\) for the axis x, which is periodic"
            r", expected Periodic\(\) there; .*a new Grid, .* in the middle of cells",
        ),
        (
            [(Neumann(1.0), Outflow()), Dirichlet()],
            r"found \(Neumann\(slope=1.0\), Outflow\(degree=1\)\) for the axis x",
        ),
        (
            Periodic(),
            r"found Periodic\(\) for the axis y, which is walled, expected a "
            "condition for its walls there; .*on the lower edge",
        ),
    ],
    ids=["walls", "pair", "periodic"],
)
def test_with_boundary_moves_no_points(boundary, message):
    """Periodic points lie on the faces between cells, others in their middle."""
    with pytest.raises(ArgumentError, match=message):
        MIXED.with_boundary(boundary)


def test_coordinates_of_edges():
    grid = Grid((2, 3), (2.0, 6.0), boundary=Dirichlet(), origin=(1.0, -1.0))
    assert grid.edge_coords(0, 1, dtype=F64).tolist() == [[[3.0] * 3, [0, 2, 4]]]
    assert grid.edge_coords(1, 0, dtype=F64).tolist() == [[[1.5, 2.5], [-1.0, -1.0]]]
    line = Grid((4,), (2.0,), boundary=Dirichlet(), origin=(1.0,))
    assert line.edge_coords(0, 1).tolist() == [[3.0]]


@pytest.mark.parametrize("degree", [None, 3])
def test_values_along_an_edge_in_every_form(degree):
    """A number per cell, a tensor with all axes, and a function are one condition."""
    grid = Grid((3, 5), (3.0, 5.0), boundary=Dirichlet())
    y = grid.axes(dtype=F64)[1]
    u = torch.randn(2, 3, 3, 5, dtype=F64)

    def cubic(coords, time):
        return coords[:, 1:2] ** 3 + 0 * time

    padded = [
        grid.with_boundary([Robin(2.0, 1.0, value), Dirichlet()]).pad(
            u, 0, 1, degree=degree
        )
        for value in (y**3, (y**3).expand(2, 3, 5), cubic)
    ]
    assert torch.equal(padded[0], padded[1])
    assert torch.equal(padded[0], padded[2])
    constant = grid.with_boundary(Robin(2.0, 1.0, float(y[2] ** 3)))
    row = constant.pad(u, 0, 1, degree=degree)[..., 2]
    torch.testing.assert_close(padded[0][..., 2], row)


def test_values_that_depend_on_sample_channel_and_time():
    per_sample = torch.tensor([[1.0], [2.0]])
    grid = Grid(
        (4,),
        (4.0,),
        boundary=[(Dirichlet(per_sample), Neumann(lambda x, t: x * t))],
    )
    u = torch.zeros(2, 3, 4)
    padded = grid.pad(u, 0, 1, time=0.5)
    assert padded[:, :, 0].tolist() == [[2.0] * 3, [4.0] * 3]
    assert padded[:, :, -1].tolist() == [[2.0] * 3] * 2
    assert padded.dtype == torch.float32
    times = torch.tensor([0.5, 1.0]).reshape(2, 1, 1)
    assert grid.pad(u, 0, 1, time=times)[:, 0, -1].tolist() == [2.0, 4.0]
    channels = grid.with_boundary(Dirichlet((1.0, 2.0, 3.0)))
    assert channels.pad(u, 0, 1)[1, :, 0].tolist() == [2.0, 4.0, 6.0]


def bilinear(x, y, z):
    return 1 + x - 2 * y + x * y - 0.5 * x * z + y * z


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("degree", [None, 3])
def test_pads_in_sequence_fill_corners(order, degree):
    """A field linear along each axis is continued exactly, corners included."""
    counts, lengths = (4, 5, 6), (1.0, 2.0, 3.0)

    def value(coords, time):
        return bilinear(*coords.split(1, dim=1))

    box = Grid(counts, lengths, boundary=Dirichlet(value))
    edge = box.edge_coords(1, 1, dtype=F64)
    # the slope along y at the upper side is -2 + x + z; on the axis z a mix
    slope = -2 + edge[0, 0] + edge[0, 2]
    mix = box.edge_coords(2, 0, dtype=F64)[0]
    robin = 3 * bilinear(*mix) - (-0.5 * mix[0] + mix[1])
    sides = [
        Dirichlet(value),
        (Dirichlet(value), Neumann(slope)),
        (Robin(3.0, 1.0, robin), Outflow(1)),
    ]
    grid = box.with_boundary(sides)
    u = bilinear(*grid.coords(dtype=F64).split(1, dim=1))
    for axis in order:
        u = grid.pad(u, axis, 2, degree=degree)
    wide = Grid(
        tuple(n + 4 for n in counts),
        tuple(a * (n + 4) / n for a, n in zip(lengths, counts, strict=True)),
        boundary=Dirichlet(),
        origin=[-2 * h for h in grid.spacing],
    )
    expected = bilinear(*wide.coords(dtype=F64).split(1, dim=1))
    torch.testing.assert_close(u, expected)


def test_values_at_an_edge_are_differentiable():
    value = torch.randn(3, 5, dtype=F64, requires_grad=True)
    weight = torch.tensor(0.7, dtype=F64, requires_grad=True)
    u = torch.randn(2, 3, 4, 5, dtype=F64, requires_grad=True)

    def pad(value, weight, u):
        sides = [(Robin(weight, 1.3, value), Dirichlet(value)), Periodic()]
        grid = Grid((4, 5), (1.0, 2.0), boundary=sides)
        return grid.pad(u, 0, 2, degree=3)

    assert torch.autograd.gradcheck(pad, (value, weight, u))


@pytest.mark.parametrize(
    ("boundary", "shape", "message"),
    [
        (
            [Dirichlet(torch.zeros(4)), Periodic()],
            (1, 1, 4, 6),
            r"boundary: found a value of shape \(4,\) on the lower side of x, expected "
            r"one that broadcasts against \(batch, channel, 6\)",
        ),
        (
            [Periodic(), Dirichlet(lambda x, t: x[0, 0, 1:])],
            (1, 1, 4, 6),
            r"boundary: found a value of shape \(3,\) on the lower side of y",
        ),
        (
            [Dirichlet(torch.zeros(3, 1, 1)), Periodic()],
            (2, 1, 4, 6),
            r"values for \(batch, channel\) = \(3, 1\) on the lower side of x",
        ),
        (
            [Dirichlet(torch.zeros(2, 1)), Periodic()],
            (2, 3, 4, 6),
            r"\(batch, channel\) = \(1, 2\) on .* field's \(2, 3\); give one value",
        ),
        (
            [Dirichlet(torch.zeros(6)), Periodic()],
            (4, 6),
            r"expected \(batch, channel\) that broadcast against the field's \(\)",
        ),
        (
            [Outflow(4), Periodic()],
            (1, 1, 4, 6),
            "num_points: found 4 points along x, expected at least 5",
        ),
    ],
)
def test_values_that_do_not_fit(boundary, shape, message):
    axis = 1 if isinstance(boundary[0], Periodic) else 0

    def pad():
        grid = Grid((4, 6), (1.0, 1.0), boundary=boundary)
        return grid.pad(torch.zeros(shape), axis, 1)

    with pytest.raises(ShapeError, match=message):
        pad()


def test_values_per_channel_keep_double_precision():
    grid = Grid((2,), (1.0,), boundary=Dirichlet((0.1, 0.3)))
    padded = grid.pad(torch.zeros(1, 2, 2, dtype=torch.float64), 0, 1)
    assert (padded[0, :, 0] / 2).tolist() == [0.1, 0.3]


def test_edges_and_fields_that_are_none_are_refused():
    with pytest.raises(ArgumentError, match=r"axis: found 2, .* at most 1"):
        MIXED.edge_coords(2, 0)
    with pytest.raises(ArgumentError, match=r"side: found 2, .* at most 1"):
        MIXED.edge_coords(0, 2)
    array = torch.ones(1, 1, 4, 6).numpy()
    for use in (lambda u: MIXED.check(u, "u"), lambda u: MIXED.pad(u, 0, 1)):
        with pytest.raises(ArgumentError, match=r"(?s)u: found array.*expected Tensor"):
            use(array)
