import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Periodic
from physbias.numerics import Autodiff, FiniteDifference
from physbias.pdes import Constraint, DivergenceFree, TracerFlow

F64 = torch.float64


def test_projection_touches_its_field_alone(box):
    equation, constraint = TracerFlow(), DivergenceFree("velocity")
    assert isinstance(constraint, Constraint)
    d = FiniteDifference(4).bind(box, dtype=F64)
    u = torch.randn(2, 3, 12, 15, dtype=F64)
    free = constraint.project(equation, u, d)
    assert torch.equal(free[:, 2], u[:, 2])
    assert float(constraint.violation(equation, free, d).abs().max()) < 1e-12
    assert float(constraint.violation(equation, u, d).abs().max()) > 1


def test_force_is_minus_the_pressure_gradient_by_hand():
    """p = x² y at points: -(2xy, x²), and nothing on the tracer."""
    points = torch.rand(5, 3, dtype=F64, requires_grad=True)
    x, y, _ = points.split(1, dim=1)
    d = Autodiff(points, 2)
    force = DivergenceFree("velocity").force(TracerFlow(), x**2 * y, d)
    torch.testing.assert_close(force, torch.cat([-2 * x * y, -(x**2), 0 * x], 1))


def test_force_on_a_grid_is_what_the_projection_takes_away():
    grid = Grid((9, 11), (1.0, 2.0), boundary=Periodic())
    d = FiniteDifference(2).bind(grid, dtype=F64)
    v = torch.randn(2, 3, 9, 11, dtype=F64)
    pressure = d.inverse_laplacian(d.div(v[:, :2]))
    constraint = DivergenceFree("velocity")
    pushed = v + constraint.force(TracerFlow(), pressure, d)
    torch.testing.assert_close(pushed, constraint.project(TracerFlow(), v, d))


def test_a_field_that_is_not_there_is_named(box):
    message = r"field: found 'wind', expected one of .* \(velocity, tracer\)"
    equation, u = TracerFlow(), torch.ones(1, 3, 12, 15)
    d = FiniteDifference(2).bind(box)
    wind = DivergenceFree("wind")
    for call in (wind.project, wind.violation, wind.force):
        with pytest.raises(ArgumentError, match=message):
            call(equation, u, d)
