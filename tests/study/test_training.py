"""Training within a budget."""

import torch
from torch import nn

from physbias.study.data import read_splits
from physbias.study.recipes import Recipe, build_fno, data_loss
from physbias.study.settings import EpochBudget
from physbias.study.task import make_task
from physbias.study.training import schedule, train


def test_schedule_rises_then_falls_to_zero():
    assert schedule(0.0) < 0.03
    assert schedule(0.05) > 0.99
    assert abs(schedule(0.5) - 0.5) < 1e-12
    assert schedule(1.0) == 0.0


def test_an_epoch_sees_every_window_once(shear_flow_files):
    """Counted through the loss: 4 trajectories of 3 windows, in batches of 2."""
    task = make_task(read_splits(shear_flow_files), stride=1, device="cpu")
    seen = []

    def loss(model, task):
        real = data_loss(model, task)

        def counted(window):
            # what is kept, such as mass, would not tell windows apart
            flat = window.target.flatten(1).double()
            seen.append(flat @ torch.linspace(0, 1, flat.shape[1], dtype=flat.dtype))
            return real(window)

        return counted

    torch.manual_seed(0)
    recipe = Recipe("none", "", build_fno, loss, 1e-3, 2)
    model = build_fno(task)
    before = [p.clone() for p in model.parameters()]
    training = train(
        model,
        recipe,
        task,
        budget=EpochBudget(2),
        seed=0,
        device="cpu",
        progress=lambda f: None,
    )
    assert training.epochs == 2.0
    values = torch.cat(seen)
    assert len(values) == 24
    once, again = values[:12].sort().values, values[12:].sort().values
    torch.testing.assert_close(once, again, rtol=1e-12, atol=0)
    assert once.diff().min() > 1e-6
    pairs = zip(before, model.parameters(), strict=True)
    changed = [not torch.equal(a, b) for a, b in pairs]
    assert all(changed)
    costs = [point.seconds for point in training.curve]
    assert costs == sorted(costs)
    assert training.curve[-1].epoch == 2.0
    assert isinstance(model, nn.Module)
