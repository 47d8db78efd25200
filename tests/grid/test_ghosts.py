import pytest
import torch

from physbias.errors import ShapeError
from physbias.grid.conditions import (
    Dirichlet,
    Mirror,
    Neumann,
    Outflow,
    Periodic,
    Robin,
)
from physbias.grid.ghosts import cells_needed, extrapolate, ghost_cells, into_corners

F64 = torch.float64
H = 0.25


def poly(x: torch.Tensor, degree: int) -> torch.Tensor:
    """2 - x + x^degree, of value 2 and slope -1 (0 for degree 1) at the wall x = 0."""
    return 2 - x + x**degree


@pytest.mark.parametrize("degree", [2, 3, 5, 7, 9])
@pytest.mark.parametrize(("a", "b"), [(1.0, 0.0), (0.0, 1.0), (2.0, 3.0), (0.5, 40.0)])
def test_robin_continues_polynomials(a, b, degree):
    """The outward normal of a lower wall points along -x."""
    x = (torch.arange(12, dtype=F64) + 0.5) * H
    u = poly(x, degree)[None, None]
    wall = Robin(a, b, a * 2.0 - b * -1.0)
    ghosts = ghost_cells(u, 2, 4, wall=wall, data=wall.data, spacing=H, degree=degree)
    expected = poly(-x[:4], degree)[None, None]
    torch.testing.assert_close(ghosts, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("degree", [None, 3])
def test_robin_reaches_its_limits(degree):
    """b = 0 is a Dirichlet wall, a = 0 a Neumann wall."""
    u = torch.randn(2, 1, 6, dtype=F64)

    def ghosts(wall):
        data = wall.data
        return ghost_cells(u, 2, 3, wall=wall, data=data, spacing=H, degree=degree)

    torch.testing.assert_close(ghosts(Robin(2.0, 0.0, 6.0)), ghosts(Dirichlet(3.0)))
    torch.testing.assert_close(ghosts(Robin(0.0, 2.0, 6.0)), ghosts(Neumann(3.0)))


def test_mirrored_robin_by_hand():
    """Second ghost: (g2 + 4)/2 + 2 (g2 - 4)/(3 h) = 5 with h = 0.5: g2 = 50/11."""
    u = torch.tensor([[[1.0, 4.0, 9.0]]], dtype=F64)
    wall = Robin(1.0, 2.0, 5.0)
    ghosts = ghost_cells(u, 2, 2, wall=wall, data=wall.data, spacing=0.5, degree=None)
    # first ghost: (g1 + 1)/2 + 4 (g1 - 1) = 5: g1 = 17/9
    torch.testing.assert_close(ghosts[0, 0], torch.tensor([17 / 9, 50 / 11], dtype=F64))


def test_mirrors_are_exact_whatever_the_degree():
    u = torch.randn(1, 1, 5)
    for degree in (None, 3, 9):
        for sign in (1, -1):
            ghosts = ghost_cells(
                u, 2, 3, wall=Mirror(sign), data=(), spacing=H, degree=degree
            )
            assert torch.equal(ghosts, sign * u[..., :3])


@pytest.mark.parametrize("degree", [0, 1, 2, 4])
def test_extrapolation_continues_polynomials_and_no_higher_ones(degree):
    x = torch.arange(8, dtype=F64)
    for power in range(degree + 1):
        ghosts = extrapolate(x[None] ** power, 1, 3, degree=degree)[0]
        torch.testing.assert_close(ghosts, (-1 - x[:3]) ** power)
    missed = extrapolate(x[None] ** (degree + 1), 1, 1, degree=degree)[0, 0]
    assert abs(float(missed - (-1.0) ** (degree + 1))) > 0.5


def test_an_outflow_of_degree_zero_repeats_the_last_cell():
    u = torch.tensor([[[3.0, 1.0, 7.0]]])
    wall = Outflow(0)
    ghosts = ghost_cells(u, 2, 2, wall=wall, data=(), spacing=H, degree=5)
    assert ghosts.tolist() == [[[3.0, 3.0]]]


def test_cells_that_ghosts_are_made_of():
    assert cells_needed(Outflow(3), 2, 5) == 4
    assert cells_needed(Robin(1.0, 1.0), 2, 5) == 5
    assert cells_needed(Robin(1.0, 1.0), 2, None) == 2
    assert cells_needed(Mirror(1), 2, 5) == 2
    assert cells_needed(Periodic(), 2, 5) == 2


@pytest.mark.parametrize("degree", [None, 3])
def test_values_on_an_edge_are_continued_into_corners(degree):
    x = torch.arange(5, dtype=F64)
    known = (2 * x - 1).reshape(1, 1, 5, 1)
    u = torch.zeros(1, 1, 9, 6, dtype=F64)
    wide = into_corners(known, u, 1, periodic=[False, False], degree=degree)
    expected = 2 * torch.arange(-2, 7, dtype=F64) - 1
    torch.testing.assert_close(wide.flatten(), expected)
    wrapped = into_corners(known, u, 1, periodic=[True, False], degree=degree)
    assert wrapped.flatten().tolist() == [5, 7, -1, 1, 3, 5, 7, -1, 1]
    constant = torch.ones(1, 1, 1, 1, dtype=F64)
    assert into_corners(constant, u, 1, periodic=[False] * 2, degree=3) is constant


@pytest.mark.parametrize("points", [4, 6])
def test_fields_that_do_not_fit_the_edge(points):
    known = torch.zeros(1, 1, 5, 1)
    u = torch.zeros(1, 1, points, 6)
    message = f"u: found {points} points along x, expected the 5 of the values"
    with pytest.raises(ShapeError, match=message):
        into_corners(known, u, 1, periodic=[False, False], degree=None)
