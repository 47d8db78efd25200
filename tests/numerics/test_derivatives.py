from math import pi

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Dirichlet, Grid, Periodic
from physbias.numerics import FiniteDifference, FramePairs, Spectral, Upwind

F64 = torch.float64
SPACE = Grid((8, 9, 10), (2 * pi, 4 * pi, pi), boundary=Periodic())


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
    torus = Grid((8, 8), (1.0, 1.0), boundary=Periodic())
    d = FiniteDifference().bind(plane)
    u = torch.ones(1, 1, 8, 8)
    for other in (u[..., :7], u[0, 0]):
        for take in (d.x, Spectral().bind(torus).x):
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
