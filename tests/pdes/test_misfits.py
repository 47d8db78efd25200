"""Which coefficient does not fit is said where shapes fail to broadcast."""

import pytest
import torch
from torch import nn

from physbias.errors import DivergenceError, ShapeError
from physbias.grid import Grid, Periodic
from physbias.pdes import PDE, Heat
from physbias.pdes.misfits import naming_misfits
from physbias.weak import ResidualLoss

SHAPE = (2, 1, 8)


def fail(error):
    raise error


@pytest.mark.parametrize("shape", [(3,), (2, 1, 9), (2, 1, 1, 8)])
def test_the_coefficient_is_named(shape):
    equation = Heat()
    equation.diffusivity = torch.ones(shape)
    with (
        pytest.raises(ShapeError, match=r"pde: found diffusivity \(.*one value per"),
        naming_misfits(equation, SHAPE),
    ):
        fail(RuntimeError("sizes do not match"))


@pytest.mark.parametrize("shape", [(), (1,), (2,), (2, 1, 1), (1, 8), (2, 1, 8)])
def test_other_failures_are_left_as_they_are(shape):
    equation = Heat(torch.ones(shape))
    with (
        pytest.raises(RuntimeError, match="out of memory"),
        naming_misfits(equation, SHAPE),
    ):
        fail(RuntimeError("out of memory"))


def test_errors_that_explain_themselves_pass_through():
    equation = Heat(torch.ones(3))
    with pytest.raises(DivergenceError, match="boom"), naming_misfits(equation, SHAPE):
        fail(DivergenceError("boom"))


def test_weights_of_a_network_are_no_coefficients():
    class Learned(PDE):
        fields = {"u": 1}  # noqa: RUF012

        def __init__(self):
            super().__init__()
            self.net = nn.Linear(5, 5)

    with pytest.raises(RuntimeError, match="sizes"), naming_misfits(Learned(), SHAPE):
        fail(RuntimeError("sizes"))


def test_a_residual_loss_names_it():
    grid = Grid((8,), (1.0,), boundary=Periodic())
    loss = ResidualLoss(Heat(torch.ones(3)), grid, 0.1)
    message = r"diffusivity \(3,\) for states of shape \(2, 1, 8\)"
    with pytest.raises(ShapeError, match=message):
        loss(torch.ones(2, 4, 1, 8))
