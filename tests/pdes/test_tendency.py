"""A right-hand side must be a new tensor, shaped like the state."""

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Grid, Periodic
from physbias.numerics import FiniteDifference
from physbias.pdes import Heat, ShallowWater, pde
from physbias.pdes.tendency import version_of
from physbias.strong import Solver

LINE = Grid((8,), (1.0,), boundary=Periodic())
D = FiniteDifference().bind(LINE)


def zeroed(u, d):
    u[:, :1] = 0.0
    return -u


@pytest.mark.parametrize("rhs", [lambda u, d: u.mul_(-1.0), zeroed])
def test_a_state_changed_in_place_is_refused(rhs):
    u = torch.ones(1, 1, 8)
    message = r"rhs: found an in-place change of the state, expected a new.*u\.clone"
    with pytest.raises(ArgumentError, match=message):
        pde(rhs, "u").tendency(u, D)
    with pytest.raises(ArgumentError, match=message):
        Solver(pde(rhs, "u"), LINE, dt=0.1)(u, [0.0, 0.1])


def test_changes_of_a_copy_are_fine():
    copied = pde(lambda u, d: u.clone().mul_(-1.0), "u")
    u = torch.ones(1, 1, 8)
    assert torch.equal(copied.tendency(u, D), -u)
    with torch.inference_mode():
        held = torch.ones(1, 1, 8)
        assert version_of(held) == 0
        assert torch.equal(copied.tendency(held, D), -u)


def test_transforms_of_functions_pass():
    equation = Heat(0.1)
    u = torch.randn(3, 1, 1, 8)
    each = torch.func.vmap(lambda v: equation.tendency(v, D))(u)
    torch.testing.assert_close(each[:, 0], equation.tendency(u[:, 0], D))
    _, rise = torch.func.jvp(lambda v: equation.tendency(v, D), (u[0],), (u[1],))
    torch.testing.assert_close(rise, equation.tendency(u[1], D))


@pytest.mark.parametrize("make", [Heat, lambda value: ShallowWater(9.81, value)])
def test_a_field_without_the_axes_of_a_state_is_named(make):
    equation = make(torch.rand(8))
    u = torch.ones(1, equation.num_channels(1), 8)
    message = (
        r"pde: found (diffusivity|bathymetry) \(8,\) for states of shape \(1, ., 8\), "
        r".*one axis is one value per sample of the batch; .*of a state, \(1, 1, 8\)"
    )
    with pytest.raises(ShapeError, match=message):
        Solver(equation, LINE)(u, [0.0, 1e-3])


def test_a_result_of_another_shape_is_not_blamed_on_a_wind():
    class Shorter(Heat):
        def rhs(self, u, d):
            return u[..., :4]

    equation = Shorter(torch.ones(3))
    with pytest.raises(ShapeError, match=r"rhs: found a result of shape \(1, 1, 4\)"):
        equation.tendency(torch.ones(1, 1, 8), D)
