from itertools import product

import numpy as np
import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Dirichlet, Grid, Periodic, Symmetry
from physbias.numerics import Staggered

F64 = torch.float64
SLIDE = Dirichlet((0.0, 0.7))
LID = Dirichlet((1.0, 0.0))
SHUT = {
    "periodic": Periodic(),
    "no slip": Dirichlet(0.0),
    "free slip": Symmetry(),
    "mixed": [Periodic(), (Symmetry(), LID)],
    "sliding": [(SLIDE, Symmetry()), (Dirichlet(0.0), LID)],
}


def bound(boundary, *, num_points=(6, 9), lengths=(1.5, 2.0), origin=None):
    grid = Grid(num_points, lengths, boundary=boundary, origin=origin)
    return Staggered().bind(grid, dtype=F64)


def sample(d, function):
    """Return a vector on the faces: each component where it sits."""
    parts = [function(d.face_coords(i))[:, i : i + 1] for i in range(d.ndim)]
    return torch.cat(parts, 1)


def dot(a, b):
    return (a * b).flatten(1).sum(1)


def free(d, *, batch=2):
    shape = (batch, d.ndim, *d.grid.num_points)
    return d.leray(torch.randn(shape, dtype=F64))


@pytest.mark.parametrize("boundary", SHUT.values(), ids=SHUT)
def test_projection_is_orthogonal_onto_vectors_without_divergence(boundary):
    d = bound(boundary).derived
    a, b = torch.randn(2, 3, 2, 6, 9, dtype=F64)
    p = d.leray(a)
    assert float(d.div(p).abs().max()) < 1e-13
    torch.testing.assert_close(d.leray(p), p, atol=1e-14, rtol=0)
    torch.testing.assert_close(dot(d.leray(a), b), dot(a, d.leray(b)))
    q = torch.randn(3, 1, 6, 9, dtype=F64)
    torch.testing.assert_close(dot(d.div(a), q), -dot(a, d.grad(q)))
    torch.testing.assert_close(
        d.inverse_laplacian(d.div(d.grad(q))), q - q.mean((2, 3), keepdim=True)
    )


@pytest.mark.parametrize(
    "boundary",
    [
        Periodic(),
        [Dirichlet(0.0), Periodic(), (Symmetry(), Dirichlet((1.0, -2.0, 0.0)))],
    ],
    ids=["periodic", "walls"],
)
def test_projection_holds_in_three_dimensions(boundary):
    d = bound(boundary, num_points=(4, 5, 6), lengths=(1.0, 2.0, 1.5))
    p = free(d)
    assert float(d.div(p).abs().max()) < 1e-13
    torch.testing.assert_close(d.leray(p), p, atol=1e-14, rtol=0)
    size = float(dot(p, p).max()) ** 1.5
    assert float(dot(p, d.advect(p, p)).abs().max()) < 1e-14 * size


def test_through_flow_is_met_and_keeps_no_divergence():
    """What enters through one wall leaves through another, sample by sample."""
    enters = torch.rand(2, 1, 9, dtype=F64)
    leaves = enters.mean((1, 2), keepdim=True).expand(2, 1, 9)
    side = [torch.cat([g, 0.3 * torch.ones_like(g)], 1) for g in (enters, leaves)]
    d = bound([tuple(map(Dirichlet, side)), (Symmetry(), Dirichlet(0.0))])
    p = free(d)
    assert float(d.div(p).abs().max()) < 1e-13
    torch.testing.assert_close(p[:, :1, 0], enters)
    torch.testing.assert_close(d.leray(p), p, atol=1e-14, rtol=0)
    rate = d.derived.leray(torch.randn_like(p))
    assert float(d.div(p + rate).abs().max()) < 1e-13
    centres = d.to_centres(p)
    torch.testing.assert_close(centres[:, :1, -1], (p[:, :1, -1] + leaves) / 2)


def by_loops(v, spacing, *, left, right, below, above):
    """Return divergence, advection and Laplacian cell by cell: periodic along y.

    Args:
        v: velocity ``(2, nx, ny)``.
        spacing: of both axes.
        left, right: both components on the walls across x.
        below, above: None, or the velocity along x on the walls across y.
    """
    (nx, ny), (hx, hy) = v.shape[1:], spacing
    walls = below is not None

    def a(i, j):  # component x at (i, j + 1/2)
        if i in (0, nx):
            return left[0] if i == 0 else right[0]
        if walls and j in (-1, ny):
            return 2 * (below if j < 0 else above) - v[0, i, 0 if j < 0 else ny - 1]
        return v[0, i, j % ny]

    def b(i, j):  # component y at (i + 1/2, j)
        if walls and j in (0, ny):
            return 0.0
        if i in (-1, nx):
            near = v[1, 0 if i < 0 else nx - 1, j % ny]
            return 2 * (left if i < 0 else right)[1] - near
        return v[1, i, j % ny]

    div = np.zeros((nx, ny))
    advect, laplacian = np.zeros((2, 2, nx, ny))
    for i, j in product(range(nx), range(ny)):
        div[i, j] = (a(i + 1, j) - a(i, j)) / hx + (b(i, j + 1) - b(i, j)) / hy
        if i > 0:
            east, west = a(i + 1, j) + a(i, j), a(i, j) + a(i - 1, j)
            north = (b(i, j + 1) + b(i - 1, j + 1)) * (a(i, j + 1) + a(i, j))
            south = (b(i, j) + b(i - 1, j)) * (a(i, j) + a(i, j - 1))
            advect[0, i, j] = (east**2 - west**2) / 4 / hx + (north - south) / 4 / hy
            laplacian[0, i, j] = (a(i + 1, j) - 2 * a(i, j) + a(i - 1, j)) / hx**2
            laplacian[0, i, j] += (a(i, j + 1) - 2 * a(i, j) + a(i, j - 1)) / hy**2
        if not walls or j > 0:
            north, south = b(i, j + 1) + b(i, j), b(i, j) + b(i, j - 1)
            east = (a(i + 1, j) + a(i + 1, j - 1)) * (b(i + 1, j) + b(i, j))
            west = (a(i, j) + a(i, j - 1)) * (b(i, j) + b(i - 1, j))
            advect[1, i, j] = (north**2 - south**2) / 4 / hy + (east - west) / 4 / hx
            laplacian[1, i, j] = (b(i + 1, j) - 2 * b(i, j) + b(i - 1, j)) / hx**2
            laplacian[1, i, j] += (b(i, j + 1) - 2 * b(i, j) + b(i, j - 1)) / hy**2
    return div, advect, laplacian


@pytest.mark.parametrize("walls", [False, True])
def test_operators_are_those_written_out_cell_by_cell(walls):
    left, right = (0.4, -0.3), (0.4, 0.8)
    below, above = (-0.2, 1.1) if walls else (None, None)
    across_y = Periodic()
    if walls:
        across_y = Dirichlet((below, 0.0)), Dirichlet((above, 0.0))
    sides = [(Dirichlet(left), Dirichlet(right)), across_y]
    d = bound(sides, num_points=(4, 5), lengths=(1.0, 3.0))
    v = torch.randn(2, 2, 4, 5, dtype=F64)
    for n in range(2):
        found = d.div(v)[n, 0], d.advect(v, v)[n], d.laplacian(v)[n]
        expected = by_loops(
            v[n].numpy(),
            d.grid.spacing,
            left=left,
            right=right,
            below=below,
            above=above,
        )
        for have, want in zip(found, expected, strict=True):
            torch.testing.assert_close(have, torch.from_numpy(want))


@pytest.mark.parametrize("name", ["periodic", "no slip", "free slip"])
def test_advection_keeps_energy_and_viscosity_takes_it(name):
    d = bound(SHUT[name])
    v = free(d)
    size = float(dot(v, v).max()) ** 1.5
    assert float(dot(v, d.advect(v, v)).abs().max()) < 1e-14 * size
    assert float(dot(v, d.laplacian(v)).max()) < 0
    if name == "periodic":
        assert float(d.advect(v, v).sum((2, 3)).abs().max()) < 1e-13 * size


def test_faces_and_centres_keep_straight_lines():
    sides = [Periodic(), (Dirichlet((0.0, 1.0)), Dirichlet((0.0, 4.0)))]
    d = bound(sides, num_points=(4, 6), lengths=(1.0, 3.0))
    cells = d.coords[:, 1:] + 1
    u = torch.cat([cells, cells], 1)
    faces = d.to_faces(u)
    torch.testing.assert_close(
        faces, sample(d, lambda x: x[:, 1:].expand(1, 2, 4, 6) + 1)
    )
    torch.testing.assert_close(d.to_centres(faces), u)


def test_what_has_no_place_is_refused():
    d = bound(Dirichlet(0.0))
    v = torch.zeros(1, 2, 6, 9, dtype=F64)
    with pytest.raises(ArgumentError, match="a derivative of order 1 of a state"):
        d.x(v)
    with pytest.raises(ArgumentError, match="coefficient that varies on a staggered"):
        d.diffuse(v[:, :1], v[:, :1])
    with pytest.raises(
        ArgumentError, match="a scalar coefficient that varies in space"
    ):
        d.coefficient(v[:, :1] + torch.arange(9, dtype=F64))
    with pytest.raises(ArgumentError, match="symbol of a derivative of order 1"):
        bound(Periodic()).symbol(0)
    with pytest.raises(ShapeError, match="1 channel in the cells"):
        d.grad(v)
    with pytest.raises(ArgumentError, match="a periodic grid for a Fourier symbol"):
        d.laplacian_symbol()


def test_a_net_flow_through_walls_is_refused():
    d = bound([(Dirichlet((1.0, 0.0)), Dirichlet(0.0)), Symmetry()])
    with pytest.raises(
        ArgumentError, match=r"walls that let 2 m\^2/s more in than out"
    ):
        d.leray(torch.zeros(1, 2, 6, 9, dtype=F64))


def test_what_is_no_vector_or_no_scalar_is_refused():
    d = bound(Dirichlet(0.0))
    one, two = (torch.zeros(1, n, 6, 9, dtype=F64) for n in (1, 2))
    message = "v: found 1 channels, expected a vector, one channel per space axis"
    for take in (d.div, d.to_centres, d.to_faces, d.leray, lambda v: d.advect(v, two)):
        with pytest.raises(ShapeError, match=message):
            take(one)
    for take in (lambda u: d.advect(two, u), lambda u: d.partial(u, 0, 2)):
        with pytest.raises(ShapeError, match="found 1 channels, expected a vector"):
            take(one)
    for name, take in (("u", d.grad), ("f", d.inverse_laplacian)):
        with pytest.raises(
            ShapeError, match=f"{name}: found 2 channels, expected 1 channel in the"
        ):
            take(two)
    for take in (d.face_coords, lambda axis: d.partial(two, axis, 2)):
        with pytest.raises(
            ArgumentError, match=r"axis: found 2 \(z\), expected 0 to 1"
        ):
            take(2)
