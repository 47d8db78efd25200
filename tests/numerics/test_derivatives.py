from math import pi

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Dirichlet, Grid, Periodic
from physbias.numerics import FiniteDifference, FramePairs, Spectral, Upwind

F64 = torch.float64
SPACE = Grid((8, 9, 10), (2 * pi, 4 * pi, pi), boundary=Periodic())


def space():
    d = Spectral().bind(SPACE, dtype=F64)
    x, y, z = (w + torch.zeros(2, 1, 8, 9, 10) for w in d.coords.split(1, dim=1))
    return d, x, y, z


def test_vector_calculus_by_hand():
    """v = (sin 2z, sin x cos(y/2), cos x)."""
    d, x, y, z = space()
    v = torch.cat([torch.sin(2 * z), torch.sin(x) * torch.cos(y / 2), torch.cos(x)], 1)
    div = -torch.sin(x) * torch.sin(y / 2) / 2
    curl = torch.cat(
        [0 * x, 2 * torch.cos(2 * z) + torch.sin(x), torch.cos(x) * torch.cos(y / 2)], 1
    )
    torch.testing.assert_close(d.div(v), div)
    torch.testing.assert_close(d.curl(v), curl)
    s = torch.sin(x) * torch.cos(y / 2) * torch.sin(2 * z)
    torch.testing.assert_close(d.laplacian(s), -(1 + 0.25 + 4) * s)
    grad_x = torch.cos(x) * torch.cos(y / 2) * torch.sin(2 * z)
    torch.testing.assert_close(d.grad(s)[:, :1], grad_x)
    advected = (
        v[:, :1] * grad_x
        - v[:, 1:2] * torch.sin(x) * torch.sin(y / 2) * torch.sin(2 * z) / 2
        + v[:, 2:] * torch.sin(x) * torch.cos(y / 2) * torch.cos(2 * z) * 2
    )
    torch.testing.assert_close(d.advect(v, s), advected)
    both = d.advect(v, torch.cat([s, 2 * s], 1))
    torch.testing.assert_close(both, torch.cat([advected, 2 * advected], 1))


def test_curl_of_a_plane_is_a_scalar():
    """v = (-sin y, sin x): v_x - u_y = cos x + cos y."""
    grid = Grid((8, 10), (2 * pi, 2 * pi), boundary=Periodic())
    d = Spectral().bind(grid, dtype=F64)
    x, y = (w + torch.zeros(1, 1, 8, 10) for w in d.coords.split(1, dim=1))
    found = d.curl(torch.cat([-torch.sin(y), torch.sin(x)], 1))
    torch.testing.assert_close(found, torch.cos(x) + torch.cos(y))


@pytest.mark.parametrize(
    "scheme", [FiniteDifference(2), FiniteDifference(6), Spectral()]
)
def test_inverse_laplacian_undoes_div_grad(scheme):
    d = scheme.bind(SPACE, dtype=F64)
    f = d.div(torch.randn(2, 3, 8, 9, 10, dtype=F64))
    p = d.inverse_laplacian(f)
    torch.testing.assert_close(d.div(d.grad(p)), f)
    torch.testing.assert_close(p.mean((2, 3, 4)), torch.zeros(2, 1, dtype=F64))
    # adding a constant to the source changes nothing
    torch.testing.assert_close(d.inverse_laplacian(f + 3), p)


def test_integrals_of_every_channel_and_sample():
    """1 + x over [0, 2] x [0, 3] between walls: 12; twice that in the second."""
    grid = Grid((8, 9), (2.0, 3.0), boundary=Dirichlet())
    x = grid.coords(dtype=torch.float64)[:, :1]
    u = torch.cat([1 + x, 0 * x - 2], 1)
    found = FiniteDifference().bind(grid).integral(torch.cat([u, 2 * u]))
    assert found.tolist() == [
        pytest.approx([12.0, -12.0]),
        pytest.approx([24.0, -24.0]),
    ]


def test_coefficients_meet_their_samples():
    grid = Grid((4, 5), (1.0, 1.0), boundary=Periodic())
    d = FiniteDifference().bind(grid)
    assert d.coefficient(0.5) == 0.5
    per_sample = torch.tensor([1.0, 2.0], dtype=F64)
    assert d.coefficient(per_sample).shape == (2, 1, 1, 1)
    assert d.coefficient(per_sample).dtype == torch.float32  # would promote the state
    field = torch.rand(2, 1, 4, 5)
    assert torch.equal(d.coefficient(field), field)
    scalar = torch.tensor(3.0)
    assert d.coefficient(scalar) is scalar
    pairs = d.at(0.0, FramePairs(dt=0.1, intervals=3))
    values = pairs.coefficient(per_sample).flatten().tolist()
    assert values == [1, 1, 1, 2, 2, 2] * 2
    assert torch.equal(pairs.coefficient(field)[3:6], field[1:].expand(3, 1, 4, 5))
    assert pairs.coefficient(field[:1]).shape == (1, 1, 4, 5)


def test_time_derivative_of_pairs():
    grid = Grid((4,), (1.0,), boundary=Periodic())
    d = FiniteDifference().bind(grid)
    u = torch.cat([torch.ones(3, 1, 4), torch.full((3, 1, 4), 2.0)])
    assert torch.equal(d.at(0.0, FramePairs(0.5, 3)).t(u), torch.full((6, 1, 4), 2.0))
    with pytest.raises(ArgumentError, match=r"d.t: found a single time.*residual"):
        d.t(u)


def test_time_is_a_tensor_that_does_not_promote():
    grid = Grid((4,), (1.0,), boundary=Periodic())
    d = FiniteDifference().bind(grid).at(0.25)
    assert float(torch.sin(d.time)) == pytest.approx(torch.tensor(0.25).sin().item())
    assert (torch.ones(1, 1, 4) * d.time).dtype == torch.float32
    assert (d.coords * d.time).dtype == torch.float32


def test_mistakes_are_named():
    plane = Grid((8, 8), (1.0, 1.0), boundary=[Periodic(), Dirichlet()])
    line = Grid((8,), (1.0,), boundary=Periodic())
    d, one = FiniteDifference().bind(plane), FiniteDifference().bind(line)
    u = torch.ones(1, 1, 8, 8)
    with pytest.raises(
        ShapeError, match=r"v: found 1 channels.*\(2\); split the state"
    ):
        d.div(u)
    with pytest.raises(ShapeError, match="v: found 3 channels"):
        d.advect(torch.ones(1, 3, 8, 8), u)
    with pytest.raises(ShapeError, match=r"u: found 2 channels.*use d\.partial"):
        d.grad(torch.ones(1, 2, 8, 8))
    with pytest.raises(ShapeError, match="v: found one space axis"):
        one.curl(torch.ones(1, 1, 8))
    with pytest.raises(ArgumentError, match=r"axis: found 2 \(z\), expected 0 to 1"):
        d.z(u)
    with pytest.raises(ArgumentError, match=r"axis: found 'x' \(no axis\)"):
        d.partial(u, "x")
    for order in (0, 1.5):
        with pytest.raises(ArgumentError, match=f"order: found {order}"):
            d.partial(u, 0, order)
    for other in (u[..., :7], u[0, 0]):
        for take in (d.x, Spectral().bind(d.grid.with_boundary(Periodic())).x):
            with pytest.raises(ShapeError, match=r"u: found shape .*sampled on"):
                take(other)
    with pytest.raises(ArgumentError, match=r"grid: .*walls.*Leray.*Periodic\(\)"):
        d.leray(torch.ones(1, 2, 8, 8))
    with pytest.raises(ArgumentError, match="a periodic grid for a Poisson solve"):
        d.inverse_laplacian(u)
    with pytest.raises(ArgumentError, match="a periodic grid for a Fourier symbol"):
        d.symbol(0)


def test_every_scheme_refuses_what_it_cannot_take():
    grid = Grid((8, 8), (1.0, 1.0), boundary=Periodic())
    walls = Grid((8, 8), (1.0, 1.0), boundary=Dirichlet(0.0))
    u, short = torch.ones(1, 1, 8, 8), torch.ones(1, 1, 8, 7)
    d = Spectral().bind(grid)
    for take in (d.curl, d.leray, lambda v: Upwind(3).bind(grid).advect(v, u)):
        with pytest.raises(ShapeError, match="v: found 1 channels, expected a vect"):
            take(u)
    for bound in (d, Spectral().bind(walls)):
        with pytest.raises(ArgumentError, match=r"axis: found 3 .*expected 0 to 1"):
            bound.partial(u, 3)
    for take in (lambda axis: d.symbol(axis), lambda axis: d.partial(u, axis)):
        with pytest.raises(ArgumentError, match=r"axis: found -1 .*expected 0 to 1"):
            take(-1)
    with pytest.raises(ShapeError, match=r"u: found shape .*sampled on"):
        d.laplacian(short)
