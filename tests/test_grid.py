import pickle
from copy import deepcopy

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Dirichlet, Grid, Neumann, Periodic

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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"num_points": (0,), "lengths": (1.0,)},
            r"num_points: found 0, expected positive whole numbers; correct",
        ),
        ({"num_points": (4.5,), "lengths": (1.0,)}, "num_points: found 4.5"),
        (
            {"num_points": (4,), "lengths": (float("nan"),)},
            "lengths: found nan, expected positive numbers",
        ),
        ({"num_points": (4,), "lengths": (-1.0,)}, "lengths: found -1.0"),
        (
            {"num_points": (4, 4), "lengths": (1.0,)},
            r"lengths: found 1 entries, expected one per axis \(x, y\)",
        ),
        (
            {"num_points": (4,) * 4, "lengths": (1.0,) * 4},
            "num_points: found 4 axes, expected one to three.*batch",
        ),
        (
            {"num_points": (4,), "lengths": (1.0,), "origin": (0.0, 0.0)},
            r"origin: found 2 entries, expected one per axis \(1\); give the lower",
        ),
        (
            {"num_points": (4,), "lengths": (1.0,), "boundary": "periodic"},
            r"boundary: found 'periodic' along x, expected a condition.*use Periodic",
        ),
        (
            {"num_points": (4,), "lengths": (1.0,), "boundary": None},
            "boundary: found None along x",
        ),
        (
            {
                "num_points": (4, 4),
                "lengths": (1.0, 1.0),
                "boundary": [Periodic(), (Periodic(), Dirichlet())],
            },
            "boundary: found one periodic side along y, expected both sides.*make",
        ),
        (
            {"num_points": (4, 4), "lengths": (1.0, 1.0), "boundary": [Periodic()]},
            r"boundary: found 1 entries, expected one per axis \(x, y\)",
        ),
        (
            {"num_points": (4,), "lengths": (1.0,), "boundary": [(Dirichlet(),) * 3]},
            "boundary: found .*along x, expected a condition or a .lower, upper. pair",
        ),
    ],
)
def test_bad_grids_are_refused(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        Grid(**{"boundary": Periodic(), **arguments})


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((64, (1.0,)), "num_points: found 64"), (((64,), 1.0), "lengths: found 1.0")],
)
def test_a_bare_number_is_no_axis(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        Grid(*arguments, boundary=Periodic())
