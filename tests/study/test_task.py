"""The task that all candidates share."""

from dataclasses import replace

import pytest
import torch

from physbias.errors import DataError
from physbias.study.data import read_splits
from physbias.study.task import make_task, set_parameters


@pytest.fixture
def splits(shear_flow_files):
    return read_splits(shear_flow_files)


def test_grid_step_and_scales(splits):
    task = make_task(splits, stride=1, device="cpu")
    assert task.grid.num_points == (24, 48)
    assert task.grid.lengths == (1.0, 2.0)
    assert task.grid.origin == (0.0, -1.0)
    assert task.interval == pytest.approx(0.5)
    assert make_task(splits, stride=2, device="cpu").interval == pytest.approx(1.0)
    fields = splits["train"].fields
    torch.testing.assert_close(task.state.scale, fields.std(dim=(0, 1, 3, 4)))
    # an increment of the velocity has one scale: its root mean square
    change = fields.diff(dim=1)[:, :, :2].square().mean().sqrt()
    torch.testing.assert_close(task.increment.scale[:2], change.expand(2))
    assert task.conditions.names == ("Reynolds",)


def test_coefficients_follow_the_parameters_of_a_batch(splits):
    task = make_task(splits, stride=1, device="cpu")
    pde = task.equation()
    set_parameters(
        pde,
        {"Reynolds": torch.tensor([200.0, 400.0]), "Schmidt": torch.tensor([1.0, 2.0])},
    )
    torch.testing.assert_close(pde.viscosity, torch.tensor([5e-3, 2.5e-3]))
    torch.testing.assert_close(pde.diffusivity, torch.tensor([5e-3, 1.25e-3]))


def test_files_that_do_not_fit_are_refused(splits):
    def change(**parts):
        return {name: replace(t, **parts) for name, t in splits.items()}

    with pytest.raises(DataError, match="expected Reynolds among them"):
        make_task(change(parameters={}), stride=1, device="cpu")
    with pytest.raises(DataError, match="expected a periodic box"):
        make_task(change(boundary=("periodic", "wall")), stride=1, device="cpu")
