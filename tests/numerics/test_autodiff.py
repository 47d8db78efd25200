import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.numerics import Autodiff

F64 = torch.float64


@pytest.fixture
def points():
    return torch.rand(7, 3, dtype=F64, requires_grad=True)


def test_derivatives_by_hand(points):
    """u = (x³ y t², sin(x y))."""
    d = Autodiff(points, 2)
    x, y, t = points.split(1, dim=1)
    u = torch.cat([x**3 * y * t**2, torch.sin(x * y)], 1)
    torch.testing.assert_close(
        d.x(u), torch.cat([3 * x**2 * y * t**2, y * torch.cos(x * y)], 1)
    )
    torch.testing.assert_close(d.partial(u, 0, 3)[:, :1], (6 * y * t**2))
    torch.testing.assert_close(d.t(u), torch.cat([2 * x**3 * y * t, 0 * x], 1))
    lap = torch.cat([6 * x * y * t**2, -(x**2 + y**2) * torch.sin(x * y)], 1)
    torch.testing.assert_close(d.laplacian(u), lap)
    torch.testing.assert_close(d.div(u), d.x(u)[:, :1] + x * torch.cos(x * y))
    torch.testing.assert_close(d.coords, points[:, :2])
    torch.testing.assert_close(d.time, t)
    assert d.ndim == 2


def test_derivatives_carry_gradients(points):
    scale = torch.tensor(2.0, dtype=F64, requires_grad=True)
    d = Autodiff(points, 2)
    u = (scale * points[:, :1]) ** 3
    (slope,) = torch.autograd.grad(d.partial(u, 0, 2).sum(), scale)
    # d/ds sum 6 s³ x = sum 18 s² x
    torch.testing.assert_close(slope, 72 * points[:, 0].detach().sum())


def test_coefficients_per_point_do_not_promote(points):
    d = Autodiff(points.detach().float().requires_grad_(), 2)
    value = torch.rand(7, dtype=F64)
    assert d.coefficient(value).shape == (7, 1)
    assert d.coefficient(value).dtype == torch.float32
    assert d.coefficient(2.0) == 2.0


def test_mistakes_are_named(points):
    with pytest.raises(ArgumentError, match=r"points: found .*requires_grad_\(\)"):
        Autodiff(points.detach(), 2)
    for given, space in ((points, 1), (points, 4), (points[0], 1)):
        with pytest.raises(ShapeError, match=r"points: found shape .* stack the coord"):
            Autodiff(given, space)
    with pytest.raises(ArgumentError, match="points: found list, expected a real"):
        Autodiff([[0.0]], 1)
    for other in (torch.ones(7, 1), points[:, 0]):
        with pytest.raises(ArgumentError, match=r"u: found shape .*from the points"):
            Autodiff(points, 2).x(other)
    d = Autodiff(points, 3)
    u = points**2
    with pytest.raises(
        ArgumentError, match=r"points: found 3 columns.*one more column"
    ):
        d.t(u)
    for call in (
        lambda: d.leray(u),
        lambda: d.inverse_laplacian(u),
        lambda: d.integral(u),
        lambda: d.symbol(0),
        d.laplacian_symbol,
    ):
        with pytest.raises(ArgumentError, match="d: found points, expected a grid for"):
            call()
    with pytest.raises(ArgumentError, match="axis: found 3"):
        d.partial(u, 3)
