"""The equation at points."""

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.pdes import Burgers, Heat, InviscidBurgers, TracerFlow, pde
from physbias.verify.points import NotAtPointsError, at_points, evolves

F64 = torch.float64
POINTS = torch.rand(12, 1, dtype=F64)


def wave(coords, time):
    return torch.sin(coords[:, :1] - 2 * time)


def test_derivatives_of_a_linear_state_go_on():
    """u = 2 x: u_x = 2 and nothing after it."""
    physics = pde(lambda u, d: d.x(u) + d.laplacian(u) + d.x(d.x(u)), "u")
    found = at_points(physics, lambda x, t: 2 * x, POINTS, 0.0)
    assert torch.equal(found.tendency, torch.full_like(POINTS, 2.0))


def test_it_is_what_calculus_says():
    """u = sin(x - 2 t): nu u_xx - u u_x = -nu u - u cos(x - 2 t), and u_t = -2 cos."""
    found = at_points(Burgers(0.3), wave, POINTS, 0.7)
    angle = POINTS - 1.4
    wanted = -0.3 * torch.sin(angle) - torch.sin(angle) * torch.cos(angle)
    torch.testing.assert_close(found.tendency, wanted)
    torch.testing.assert_close(found.rate, -2 * torch.cos(angle))
    torch.testing.assert_close(found.state, torch.sin(angle))
    assert found.highest == 2


def test_it_remembers_what_has_no_datum_at_walls():
    """The flux of a continued state has one."""
    diffusion = pde(lambda u, d: d.diffuse(u, 1 + d.coords), "u")
    for physics, expected in (
        (diffusion, True),
        (InviscidBurgers(), False),
        (Heat(), False),
    ):
        assert at_points(physics, wave, POINTS, 0.0).derived is expected


def test_multipliers_act_where_they_are_given():
    def still(coords, time):
        return 0 * coords[:, [0, 0, 0]]

    def pressure(coords, time):
        return coords[:, :1] ** 2 * coords[:, 1:]

    coords = torch.rand(12, 2, dtype=F64)
    found = at_points(TracerFlow(0.1), still, coords, 0.0, pressure=pressure)
    x, y = coords.split(1, 1)
    wanted = torch.cat([-2 * x * y, -(x**2), 0 * x], 1)
    torch.testing.assert_close(found.tendency, wanted)


def test_what_needs_a_grid_says_so():
    poisson = pde(lambda u, d: d.inverse_laplacian(u), "u")
    with pytest.raises(NotAtPointsError, match="a Poisson solve"):
        at_points(poisson, wave, POINTS, 0.0)


def test_other_errors_stay_what_they_are():
    with pytest.raises(ShapeError, match="v: found 0 channels"):
        at_points(pde(lambda u, d: d.div(u[:, :0]), "u"), wave, POINTS, 0.0)
    with pytest.raises(ArgumentError, match="axis: found 1"):
        at_points(pde(lambda u, d: d.y(u), "u"), wave, POINTS, 0.0)


def test_whether_an_equation_evolves():
    from physbias.pdes import Poisson

    assert evolves(Heat())
    assert evolves(pde(lambda u, d: -u, "u"))
    assert not evolves(Poisson())
