from math import pi
from typing import ClassVar

import pytest
import torch
from torch import nn

from physbias.errors import ArgumentError, ShapeError
from physbias.pdes import PDE, Burgers, Heat, TracerFlow
from physbias.weak import CollocationLoss

F64 = torch.float64


class Formula(nn.Module):
    """A "network" that is a formula of the coordinates."""

    def __init__(self, formula) -> None:
        super().__init__()
        self.formula = formula
        self.scale = nn.Parameter(torch.ones((), dtype=F64))

    def forward(self, points):
        return self.scale * self.formula(*points.split(1, dim=1))


def test_residual_of_any_function_by_hand():
    """u = x² t under heat: x² - 2 D t."""
    points = torch.rand(9, 2, dtype=F64)
    x, t = points.split(1, dim=1)
    residual, violations = CollocationLoss(Heat(0.5)).residual(
        Formula(lambda x, t: x**2 * t), points
    )
    torch.testing.assert_close(residual, x**2 - t)
    assert not violations
    value = CollocationLoss(Heat(0.5))(Formula(lambda x, t: x**2 * t), points)
    torch.testing.assert_close(value, (x**2 - t).square().mean())
    assert not points.requires_grad  # the user's points are not touched


def test_cole_hopf_scores_round_off():
    """phi = 2 + e^(-nu t) cos x, u = -2 nu phi_x / phi."""

    def exact(x, t):
        a = torch.exp(-0.3 * t)
        return 0.6 * a * torch.sin(x) / (2 + a * torch.cos(x))

    points = torch.rand(50, 2, dtype=F64) * 6
    assert CollocationLoss(Burgers(0.3))(Formula(exact), points).item() < 1e-28
    assert CollocationLoss(Burgers(0.4))(Formula(exact), points).item() > 1e-6


def taylor_green(x, y, t, pressure=1.0):
    """Stream function sin kx sin ly, tracer and pressure included."""
    k, l = pi, 2 * pi / 5  # noqa: E741
    slow = torch.exp(-0.05 * (k**2 + l**2) * t)
    fast = torch.exp(-0.02 * (k**2 + l**2) * t)
    u = slow * l * torch.sin(k * x) * torch.cos(l * y)
    v = -slow * k * torch.cos(k * x) * torch.sin(l * y)
    s = fast * torch.sin(k * x) * torch.sin(l * y)
    p = l**2 / 4 * torch.cos(2 * k * x) + k**2 / 4 * torch.cos(2 * l * y)
    return torch.cat([u, v, s, pressure * slow**2 * p], 1)


def test_taylor_green_scores_round_off_with_its_pressure_alone():
    points = torch.rand(40, 3, dtype=F64)
    loss = CollocationLoss(TracerFlow(0.05, 0.02))
    assert loss(Formula(taylor_green), points).item() < 1e-26
    without = Formula(lambda x, y, t: taylor_green(x, y, t, pressure=0.0))
    assert loss(without, points).item() > 1e-2


def test_divergence_is_punished_with_weight_one():
    """v = (x, y) and p = 0: divergence 2, residual (x, y, 0)."""
    points = torch.rand(20, 3, dtype=F64)

    def net(x, y, t):
        return torch.cat([x, y, 0 * x, 0 * x], 1)

    loss = CollocationLoss(TracerFlow(0.1))
    residual, (divergence,) = loss.residual(Formula(net), points)
    torch.testing.assert_close(divergence, torch.full((20, 1), 2.0, dtype=F64))
    zero = torch.zeros(20, 1, dtype=F64)
    torch.testing.assert_close(residual, torch.cat([points[:, :2], zero], 1))
    expected = residual.square().mean() + 4
    torch.testing.assert_close(loss(Formula(net), points), expected)


def test_steady_equations_have_no_time():
    class Poisson(PDE):
        fields: ClassVar = {"u": 1}

        def residual(self, u, d, multipliers=None):
            return d.laplacian(u) + 2 * torch.sin(d.x(0 * u) + d.coords[:, :1]) * u

    points = torch.rand(6, 2, dtype=F64)
    x, y = points.split(1, dim=1)
    found, _ = CollocationLoss(Poisson(), steady=True).residual(
        Formula(lambda x, y: x * y), points
    )
    torch.testing.assert_close(found, 2 * torch.sin(x) * x * y)


def test_points_are_independent_and_gradients_reach_net_and_coefficient():
    nu = nn.Parameter(torch.tensor(0.3, dtype=F64))
    net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    loss = CollocationLoss(Burgers(nu))
    points = torch.rand(5, 2, dtype=F64)
    before, _ = loss.residual(net, points)
    moved = points.clone()
    moved[1:] += 1
    after, _ = loss.residual(net, moved)
    torch.testing.assert_close(after[0], before[0], rtol=1e-13, atol=1e-14)
    loss(net, points).backward()
    assert float(nu.grad) != 0
    assert all(bool(p.grad.any()) for p in net[0].parameters())
    bent = 1e-5
    with torch.no_grad():
        nu.add_(bent)
    high = float(loss(net, points).detach())
    with torch.no_grad():
        nu.sub_(2 * bent)
    low = float(loss(net, points).detach())
    assert float(nu.grad) == pytest.approx((high - low) / (2 * bent), rel=1e-6)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (torch.ones(4, 1), r"points: found shape \(4, 1\).*2 to 4 columns.*time last"),
        (torch.ones(4, 5), "points: found shape"),
        (torch.ones(4), r"points: found shape \(4,\).*stack"),
    ],
)
def test_points_that_are_no_points(points, message):
    with pytest.raises(ShapeError, match=message):
        CollocationLoss(Heat())(nn.Linear(2, 1), points)


def test_what_is_no_equation_and_no_tensor():
    with pytest.raises(ArgumentError, match="pde: found the class Heat, expected PDE"):
        CollocationLoss(Heat)
    with pytest.raises(ArgumentError, match="points: found list, expected a real"):
        CollocationLoss(Heat())(nn.Linear(2, 1), [[0.0, 1.0]])


def test_networks_that_do_not_fit():
    points = torch.ones(4, 3)
    with pytest.raises(
        ShapeError,
        match=r"net: found .*\(4, 3\).*\(4, 4\): 3 channels .* 1 of constraints; widen",
    ):
        CollocationLoss(TracerFlow())(nn.Linear(3, 3), points)
    with (
        torch.no_grad(),
        pytest.raises(ArgumentError, match=r"net: found .*no gradient.*no_grad"),
    ):
        CollocationLoss(Heat())(nn.Linear(3, 1), points)
