from math import pi

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Dirichlet, Grid, Periodic
from physbias.numerics import FiniteDifference, Spectral

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


def test_vectors_and_axes_that_are_none_are_refused():
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


@pytest.mark.parametrize("call", ["advect", "div", "curl"])
def test_what_is_no_vector_is_refused_by_name(call):
    grid = Grid((4, 4), (1.0, 1.0), boundary=Periodic())
    d = FiniteDifference().bind(grid)
    take = (lambda v: d.advect(v, d.coords)) if call == "advect" else getattr(d, call)
    with pytest.raises(
        ArgumentError, match=r"v: found 1.0, expected Tensor; .*c \* d\.x\(u\)"
    ):
        take(1.0)
    with pytest.raises(ShapeError, match=r"v: found shape \(2,\), expected a vector"):
        take(torch.ones(2))
    with pytest.raises(ArgumentError, match=r"u: found 1\.0, expected Tensor"):
        d.grad(1.0)
